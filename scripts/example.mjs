// npm run example: installs what is missing, builds, and runs example strategies on the bundled data. Arguments go to them.
import { join } from 'node:path';
import { prepare, root, run } from './lib/workspace.mjs';

process.exitCode = await prepare()
  ? await run(process.execPath, [join(root, 'examples', 'dist', 'run-strategy', 'main.js'), ...process.argv.slice(2)])
  : 1;
