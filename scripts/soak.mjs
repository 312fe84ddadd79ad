// npm run soak: installs what is missing, builds, and runs the bus under stress for 10⁹ records. `npm run soak -- starts` begins a
// thousand streams at random moments instead, `npm run soak -- kills` kills threads and processes, `npm run soak -- simulation` runs
// the engine on a simulated machine for a hundred million steps, `npm run soak -- power-loss` opens what power losses leave behind,
// a hundred thousand times (`--steps`, `--states`, `--seed`). Other arguments go to it.
import { join } from 'node:path';
import { prepare, root, run, toolPath } from './lib/workspace.mjs';

const bus = (file) => [join(root, 'packages', 'deepwater', 'test', 'bus', file)];
/** Written in TypeScript, and built for this alone. */
const simulation = (name) => [join(root, 'packages', 'deepwater', 'dist', 'simulation', 'soak.js'), name];
const SOAKS = { bus: bus('soak.mjs'), starts: bus('starts.mjs'), kills: bus('kills.mjs'), simulation: simulation('simulation'), 'power-loss': simulation('power-loss') };
const [first, ...rest] = process.argv.slice(2);
const named = first !== undefined && Object.hasOwn(SOAKS, first);
const soak = SOAKS[named ? first : 'bus'];

async function build() {
  if (!await prepare()) return false;
  if (!soak[0].includes('simulation')) return true;
  return await run(process.execPath, [toolPath('typescript', 'bin/tsc'), '-p', join(root, 'packages', 'deepwater', 'test', 'simulation', 'tsconfig.json')]) === 0;
}

process.exitCode = await build() ? await run(process.execPath, [...soak, ...(named ? rest : process.argv.slice(2))]) : 1;
