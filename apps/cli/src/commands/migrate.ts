import { Command } from 'commander';
import { DeepwaterError, type MigrationReport, migrateStore } from 'deepwater';
import { toJson } from '../output/json.js';
import { flush, print } from '../output/stdout.js';
import { tableText } from '../output/table.js';
import { bytesText, printable } from '../output/text.js';
import { type StoreOptions, basePathOption } from '../store.js';

interface MigrateCommandOptions extends StoreOptions {
  readonly dryRun?: true;
  /** `false` with `--no-backup`, true where neither is given. */
  readonly backup: string | boolean;
  readonly json?: true;
}

/** `deepwater migrate` */
export function migrateCommand(): Command {
  return new Command('migrate')
    .description('bring a store of an earlier version up to date; while nobody writes it')
    .addOption(basePathOption())
    .option('--dry-run', 'say what would be done, and change nothing')
    .option('--backup <directory>', 'where the store as it is goes first (default: beside it)')
    .option('--no-backup', 'go without')
    .option('--json', 'print JSON')
    .addHelpText('after', `
Interrupted at any step, it is run again and goes on; the store has its old format until the last step.

Examples:
  deepwater migrate --base-path ./data --dry-run
  deepwater migrate --base-path ./data
  deepwater migrate --base-path ./data --backup /mnt/other/data-before`)
    .action(async ({ basePath, dryRun, backup, json }: MigrateCommandOptions) => {
      if (backup === '') throw new DeepwaterError('DW_OPTION_INVALID', '--backup is empty. Name a directory, or go without with --no-backup.');
      const report = await migrateStore(basePath, {
        dryRun: dryRun === true, ...(backup === true ? {} : { backup }),
        ...(process.stderr.isTTY && dryRun !== true ? { onProgress: ({ feed, feeds, of }) => { process.stderr.write(`${feeds} of ${of} feeds: ${printable(feed)}\n`); } } : {}),
      });
      await print(json === true ? `${toJson(report, 2)}\n` : textOf(report));
      await flush();
    });
}

function textOf({ basePath, from, to, dryRun, backup, feeds, bytesNeeded, bytesFree }: MigrationReport): string {
  if (from === to) return `The store at ${basePath} has format ${to}: there is nothing to do.\n`;
  const rows = feeds.map(({ feed, records, inRing, chunks, rewritten, reasons, segments }) => [
    printable(feed), records.toLocaleString('en'), inRing.toLocaleString('en'), chunks.toLocaleString('en'),
    rewritten === 0 ? '-' : `${rewritten.toLocaleString('en')}: ${reasons.join(', ')}`, String(segments),
  ]);
  const problems = feeds.flatMap(({ feed, problems: found }) => found.map((problem) => `  ${printable(feed)}: ${printable(problem)}\n`));
  return [
    dryRun ? `Format ${from} would become ${to}. Nothing was changed.\n` : `Format ${from} became ${to}.\n`,
    feeds.length === 0 ? '' : tableText(['feed', 'records', 'in ring', 'chunks', 'written anew', 'segments'], rows, [false, true, true, true, false, true]),
    `${dryRun ? 'Would take' : 'Took'} about ${bytesText(bytesNeeded)}; ${bytesText(bytesFree)} were free.\n`,
    backup === undefined ? 'No backup.\n' : `${dryRun ? 'The backup would go to' : 'The store as it was is kept in'} ${backup}.\n`,
    problems.length === 0 ? '' : `Left as they are, see \`deepwater repair\`:\n${problems.join('')}`,
  ].join('');
}
