import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { backtestCommand } from './commands/backtest.js';
import { barsCommand } from './commands/bars.js';
import { cleanupCommand } from './commands/cleanup.js';
import { exportCommand } from './commands/export.js';
import { feedsCommand } from './commands/feeds.js';
import { healthCommand } from './commands/health.js';
import { importCommand } from './commands/import.js';
import { infoCommand } from './commands/info.js';
import { ingestCommand } from './commands/ingest.js';
import { migrateCommand } from './commands/migrate.js';
import { queryCommand } from './commands/query.js';
import { repairCommand } from './commands/repair.js';
import { replayServerCommand } from './commands/replay-server.js';
import { segmentsCommand } from './commands/segments.js';
import { tailCommand } from './commands/tail.js';
import { topCommand } from './commands/top.js';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };

/** The `deepwater` command with all of its commands. */
export function createProgram(): Command {
  const program = new Command('deepwater')
    .description('Look into a Deepwater store, fill it from files, and keep it in order. Commands that look open it only for reading: a running writer is not disturbed.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .showSuggestionAfterError()
    // Errors come back to run(), which decides about the exit code.
    .exitOverride();
  const commands = [
    feedsCommand(), infoCommand(), queryCommand(), barsCommand(), tailCommand(), topCommand(), backtestCommand(), segmentsCommand(),
    ingestCommand(), importCommand(), exportCommand(), healthCommand(), cleanupCommand(), migrateCommand(), repairCommand(),
  ];
  for (const command of commands) {
    program.addCommand(command.copyInheritedSettings(program));
  }
  // Its help is its own, too.
  program.addCommand(replayServerCommand());
  return program.addHelpText('after', '\nExit codes: 0 done, 1 an error that is printed with its code, 2 an unexpected error; those of `health`, `import` and `repair` are their own.');
}
