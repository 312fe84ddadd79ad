// npm run bench: installs what is missing, builds, and runs the benchmarks. Arguments go to them.
import { join } from 'node:path';
import { prepare, root, run } from './lib/workspace.mjs';

process.exitCode = await prepare()
  ? await run(process.execPath, [join(root, 'bench', 'dist', 'main.js'), ...process.argv.slice(2)])
  : 1;
