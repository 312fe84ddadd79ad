import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { backtestCommand } from './commands/backtest.js';
import { barsCommand } from './commands/bars.js';
import { cleanupCommand } from './commands/cleanup.js';
import { feedsCommand } from './commands/feeds.js';
import { healthCommand } from './commands/health.js';
import { infoCommand } from './commands/info.js';
import { migrateCommand } from './commands/migrate.js';
import { queryCommand } from './commands/query.js';
import { repairCommand } from './commands/repair.js';
import { replayServerCommand } from './commands/replay-server.js';
import { segmentsCommand } from './commands/segments.js';
import { tailCommand } from './commands/tail.js';
import { topCommand } from './commands/top.js';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };

/** Commands that need more of our packages than the others: they are loaded where one of them is meant, or all commands are to be listed. */
const HEAVY: readonly (() => Promise<Command>)[] = [
  async () => (await import('./commands/ingest.js')).ingestCommand(),
  async () => (await import('./commands/import.js')).importCommand(),
  async () => (await import('./commands/export.js')).exportCommand(),
  async () => (await import('./commands/shell.js')).shellCommand(),
];

/**
 * The `deepwater` command with its commands.
 * @param first the first word behind it: where that is one of the commands that are always there, the heavy ones are left out
 */
export async function createProgram(first?: string): Promise<Command> {
  const program = new Command('deepwater')
    .description('Look into a Deepwater store, fill it from files, and keep it in order. Commands that look open it only for reading: a running writer is not disturbed.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .showSuggestionAfterError()
    // Errors come back to run(), which decides about the exit code.
    .exitOverride();
  const light = [
    feedsCommand(), infoCommand(), queryCommand(), barsCommand(), tailCommand(), topCommand(), backtestCommand(), segmentsCommand(),
    healthCommand(), cleanupCommand(), migrateCommand(), repairCommand(),
  ];
  const heavy = first !== undefined && (first === '--version' || first === '-V' || light.some((command) => command.name() === first)) ? [] : await Promise.all(HEAVY.map((load) => load()));
  for (const command of [...light, ...heavy]) {
    program.addCommand(command.copyInheritedSettings(program));
  }
  // Its help is its own, too.
  program.addCommand(replayServerCommand());
  return program.addHelpText('after', '\nExit codes: 0 done, 1 an error that is printed with its code, 2 an unexpected error; those of `health`, `import` and `repair` are their own.');
}
