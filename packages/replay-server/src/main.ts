import { replayServerCommand } from './command.js';

process.exitCode = await replayServerCommand(process.argv.slice(2));
