// npm run lint: ESLint over the whole repository. It is type-aware, so the packages are built first.
import { prepare, run, toolPath } from './lib/workspace.mjs';

process.exitCode = await prepare()
  ? await run(process.execPath, [toolPath('eslint', 'bin/eslint.js'), '.', ...process.argv.slice(2)])
  : 1;
