// npm run soak -- NAME [arguments]: installs what is missing, builds, and runs one of the long tests below; their short forms are in
// npm test. Without a name: the bus. `npm run soak -- --help` lists them.
import { join } from 'node:path';
import { prepare, root, run, toolPath } from './lib/workspace.mjs';

const deepwater = (...parts) => join(root, 'packages', 'deepwater', ...parts);
const vitest = (file) => [toolPath('vitest', 'vitest.mjs'), 'run', file];
/** Those of the simulation are written in TypeScript and built for this alone. */
const SIMULATION = [toolPath('typescript', 'bin/tsc'), '-p', deepwater('test', 'simulation', 'tsconfig.json')];

/** What each does, and how it is started. */
const SOAKS = {
  bus: { does: '10⁹ records from writers to subscribers, with stops and kills (--records, --seed)', args: [deepwater('test', 'bus', 'soak.mjs')] },
  starts: { does: '1,000 streams begun at random moments (--starts, --seed)', args: [deepwater('test', 'bus', 'starts.mjs')] },
  kills: { does: 'threads and processes of the bus killed (--kills, --seed)', args: [deepwater('test', 'bus', 'kills.mjs')] },
  writers: { does: '10,000 writers killed, at random and at every failpoint (--kills, --seed, --lanes)', args: [join(root, 'packages', 'ingest', 'test', 'kills', 'kills.mjs')] },
  'store-kills': { does: '2,000 processes killed at stores: feeds made, changed, deleted; clean-ups, repairs, migrations (--kills, --seed)', args: [deepwater('test', 'store-kills', 'store-kills.mjs')] },
  mutations: { does: '10⁶ mutations of files, each read in every way (--count, --seed, --from, --workers)', args: [deepwater('test', 'mutations', 'soak.mjs')] },
  simulation: { does: 'the engine on a simulated machine, 10⁸ steps (--steps, --seed)', args: [deepwater('dist', 'simulation', 'soak.js'), 'simulation'], before: SIMULATION },
  'power-loss': { does: '10⁵ states that power losses leave, each opened (--states, --seed)', args: [deepwater('dist', 'simulation', 'soak.js'), 'power-loss'], before: SIMULATION },
  faults: { does: 'every call of the system fails in every way it can, of a feed', args: vitest('packages/ingest/test/faults.test.ts'), env: { FAULTS: 'all' } },
  together: { does: 'half an hour of ingest, strategies, queries and retention at once (--minutes, --seed)', args: [deepwater('test', 'together', 'soak.mjs')] },
  mutants: { does: 'bugs planted in our own code, each of which a named test has to catch (--only, --sample)', args: [join(root, 'test', 'mutants', 'run.mjs')] },
  'exchange-faults': { does: 'everything that goes wrong on the way from an exchange, alone and in pairs, at every venue (SEED)', args: vitest('packages/exchanges/test/faults.test.ts'), env: { FAULTS: 'all' } },
  recording: { does: 'an exchange recorded for half an hour at ten times its pace, with a dashboard (--minutes, --speed, --capture)', args: [join(root, 'apps', 'cli', 'test', 'recording', 'soak.mjs')] },
  captures: { does: 'every recording of an exchange into a store, read back message for message', args: [...vitest('packages/exchanges/test/whole-captures.test.ts'), 'packages/exchanges/test/binance-captures.test.ts'], env: { CAPTURES: 'all' } },
  files: { does: 'imports of all real files there are, read back value for value', args: vitest('packages/import-export/test'), env: { FILES: 'all' } },
  'store-faults': { does: 'the same of a store and its feeds', args: vitest('packages/deepwater/test/store-faults.test.ts'), env: { FAULTS: 'all' } },
};

const [first, ...rest] = process.argv.slice(2);
if (first === '--help' || first === '-h') {
  for (const [name, { does }] of Object.entries(SOAKS)) console.log(`npm run soak -- ${name.padEnd(15)} ${does}`);
} else {
  const named = first !== undefined && Object.hasOwn(SOAKS, first);
  const { args, before, env } = SOAKS[named ? first : 'bus'];
  const ready = await prepare() && (before === undefined || await run(process.execPath, before) === 0);
  process.exitCode = ready ? await run(process.execPath, [...args, ...(named ? rest : process.argv.slice(2))], env) : 1;
}
