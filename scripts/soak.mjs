// npm run soak: installs what is missing, builds, and runs the bus under stress for 10⁹ records. Arguments go to it.
import { join } from 'node:path';
import { prepare, root, run } from './lib/workspace.mjs';

process.exitCode = await prepare()
  ? await run(process.execPath, [join(root, 'packages', 'deepwater', 'test', 'bus', 'soak.mjs'), ...process.argv.slice(2)])
  : 1;
