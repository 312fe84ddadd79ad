// npm run soak: installs what is missing, builds, and runs the bus under stress for 10⁹ records. `npm run soak -- starts` begins a
// thousand streams at random moments instead, `npm run soak -- kills` kills threads and processes, `npm run soak -- mutations` changes files and
// reads them. Other arguments go to it.
import { join } from 'node:path';
import { prepare, root, run } from './lib/workspace.mjs';

const SOAKS = { bus: 'bus/soak.mjs', starts: 'bus/starts.mjs', kills: 'bus/kills.mjs', mutations: 'mutations/soak.mjs' };
const [first, ...rest] = process.argv.slice(2);
const named = first !== undefined && Object.hasOwn(SOAKS, first);

process.exitCode = await prepare()
  ? await run(process.execPath, [join(root, 'packages', 'deepwater', 'test', SOAKS[named ? first : 'bus']), ...(named ? rest : process.argv.slice(2))])
  : 1;
