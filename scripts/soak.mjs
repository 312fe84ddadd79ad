// npm run soak: installs what is missing, builds, and runs the bus under stress for 10⁹ records. `npm run soak -- starts` begins a
// thousand streams at random moments instead, `npm run soak -- kills` kills threads and processes of the bus, `npm run soak -- writers` kills
// 10,000 writers at random moments and at every failpoint, `npm run soak -- mutations` changes files and reads them. Other arguments go to it.
import { join } from 'node:path';
import { prepare, root, run } from './lib/workspace.mjs';

const DEEPWATER = 'packages/deepwater/test';
const SOAKS = {
  bus: `${DEEPWATER}/bus/soak.mjs`, starts: `${DEEPWATER}/bus/starts.mjs`, kills: `${DEEPWATER}/bus/kills.mjs`, mutations: `${DEEPWATER}/mutations/soak.mjs`,
  writers: 'packages/ingest/test/kills/kills.mjs',
};
const [first, ...rest] = process.argv.slice(2);
const named = first !== undefined && Object.hasOwn(SOAKS, first);

process.exitCode = await prepare()
  ? await run(process.execPath, [join(root, SOAKS[named ? first : 'bus']), ...(named ? rest : process.argv.slice(2))])
  : 1;
