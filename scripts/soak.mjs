// npm run soak: installs what is missing, builds, and runs the bus under stress for 10⁹ records. `npm run soak -- starts` begins a
// thousand streams at random moments instead. Other arguments go to it.
import { join } from 'node:path';
import { prepare, root, run } from './lib/workspace.mjs';

const SOAKS = { bus: 'soak.mjs', starts: 'starts.mjs' };
const [first, ...rest] = process.argv.slice(2);
const named = first !== undefined && Object.hasOwn(SOAKS, first);

process.exitCode = await prepare()
  ? await run(process.execPath, [join(root, 'packages', 'deepwater', 'test', 'bus', SOAKS[named ? first : 'bus']), ...(named ? rest : process.argv.slice(2))])
  : 1;
