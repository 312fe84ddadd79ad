// npm start: installs what is missing, builds, and runs the main job on the bundled data. Arguments go to the job.
import { join } from 'node:path';
import { prepare, root, run } from './lib/workspace.mjs';

process.exitCode = await prepare()
  ? await run(process.execPath, [join(root, 'examples', 'dist', 'main-job', 'main.js'), ...process.argv.slice(2)])
  : 1;
