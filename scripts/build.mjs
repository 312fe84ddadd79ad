// npm run build: installs what is missing and compiles every package.
import { prepare } from './lib/workspace.mjs';

process.exitCode = await prepare() ? 0 : 1;
