import { realpathSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, CommanderError, Option } from 'commander';
import { type CleanupReport, Platform } from 'deepwater';
import { cronLine, withJob, withoutJob } from '../cron/cron-line.js';
import { readCrontab, writeCrontab } from '../cron/crontab.js';
import { toJson } from '../output/json.js';
import { StatusLine } from '../output/status-line.js';
import { flush, print } from '../output/stdout.js';
import { stopSignal } from '../output/stop-signal.js';
import { tableText } from '../output/table.js';
import { bytesText, printable } from '../output/text.js';
import { type StoreOptions, basePathOption, withStore } from '../store.js';
import { names, wholeNumber } from './record-options.js';

interface CleanupCommandOptions extends StoreOptions {
  readonly feed?: readonly string[];
  readonly dryRun?: true;
  readonly acceptClock?: true;
  readonly installCron?: true;
  readonly uninstallCron?: true;
  readonly interval: number;
  readonly json?: true;
}

/** `deepwater cleanup` */
export function cleanupCommand(): Command {
  return new Command('cleanup')
    .description('remove what is beyond the retention of its feed, and what killed processes left; writers and readers go on')
    .addOption(basePathOption())
    .addOption(new Option('--feed <names>', 'only these feeds, separated by commas').argParser((text: string) => names(text, 'trades,quotes')))
    .option('--dry-run', 'only say what would be removed')
    .option('--accept-clock', 'the clock is right although it jumped: remove by age all the same')
    .addOption(new Option('--install-cron', 'have cron do this regularly: one line in your crontab for each store').conflicts(['dryRun', 'acceptClock', 'feed', 'uninstallCron']))
    .addOption(new Option('--interval <minutes>', 'with --install-cron: how often').default(15).argParser(wholeNumber))
    .option('--uninstall-cron', "take the store's line out of your crontab")
    .option('--json', 'print JSON')
    .addHelpText('after', `
Examples:
  deepwater cleanup --base-path /var/deepwater --dry-run
  deepwater cleanup --base-path /var/deepwater --install-cron --interval 15
  crontab -l | grep deepwater

A platform that has the store open for writing does the same every 15 minutes (option cleanupMinutes).
Exit codes: 0 done, 1 an error, or a feed that could not be cleaned.`)
    .action(async (options: CleanupCommandOptions) => {
      if (options.uninstallCron === true) await uninstall(options);
      else if (options.installCron === true) await install(options);
      else if (!await cleanUp(options)) throw new CommanderError(1, 'deepwater.failed', '');
      await flush();
    });
}

/** Whether all feeds could be cleaned. */
async function cleanUp(options: CleanupCommandOptions): Promise<boolean> {
  const line = new StatusLine();
  const signal = stopSignal();
  const run = async (platform: Platform): Promise<CleanupReport> => platform.cleanup({
    dryRun: options.dryRun === true, acceptClock: options.acceptClock === true, signal,
    ...(options.feed === undefined ? {} : { feeds: options.feed }),
    onProgress: ({ feeds, feedsOf, removedBytes }) => { line.show(`${feeds} of ${feedsOf} feeds, ${bytesText(removedBytes)}`); },
  });
  try {
    // Opened for reading first: a clean-up of a store that is not there is a mistake, not a new store.
    const report = await withStore(options, async (platform) => (options.dryRun === true ? run(platform) : undefined)) ?? await withWritableStore(options.basePath, run);
    line.clear();
    await print(options.json === true ? `${toJson(report, 2)}\n` : reportText(report));
    for (const { feed, problem } of report.feeds) if (problem !== undefined) process.stderr.write(`deepwater: ${feed}: ${problem}\n`);
    await flush();
    return report.feeds.every(({ problem }) => problem === undefined);
  } finally {
    line.clear();
  }
}

async function withWritableStore<T>(basePath: string, work: (platform: Platform) => Promise<T>): Promise<T> {
  const platform = await Platform.open(basePath, { handleSignals: false, cleanupMinutes: 0 });
  try {
    return await work(platform);
  } finally {
    await platform.close();
  }
}

function reportText({ feeds, leftovers, clock, dryRun, removedChunks, removedBytes, aborted }: CleanupReport): string {
  const rows = feeds.flatMap((feed) => {
    const kept = [`${feed.keptChunks.toLocaleString('en')} (${bytesText(feed.keptBytes)})`, feed.heldChunks > 0 ? `${feed.heldChunks} wait for the clock` : feed.keptUntil?.slice(0, 19).concat('Z') ?? '-'];
    const removed = feed.removed.map(({ why, chunks, bytes, first, next }) => [why, chunks.toLocaleString('en'), bytesText(bytes), `${first} to ${next - 1}`]);
    return (removed.length === 0 ? [['-', '0', '-', '-']] : removed).map((each, index) => (index === 0 ? [feed.feed, ...each, ...kept] : ['', ...each, '', '']));
  });
  const table = rows.length === 0 ? '' : tableText(['feed', 'by', dryRun ? 'would go' : 'removed', 'space', 'records', 'chunks kept', 'the oldest until'], rows, [false, false, true, true, false, true, false]);
  const left = leftovers.map(({ what, path: file }) => `left by a killed process, ${dryRun ? 'would go' : 'removed'}: ${what} ${printable(file)}\n`).join('');
  const sum = `${dryRun ? 'A clean-up would remove' : 'Removed'} ${removedChunks.toLocaleString('en')} chunks, ${bytesText(removedBytes)}${aborted ? '; stopped before all feeds were done' : ''}.\n`;
  return `${table}${left}${sum}${clock.message === undefined ? '' : `${clock.message}\n`}`;
}

async function install({ basePath, interval }: CleanupCommandOptions): Promise<void> {
  const absolute = await withStore({ basePath }, async (platform) => platform.basePath);
  const job = { minutes: interval, node: process.execPath, script: realpathSync(fileURLToPath(new URL('../../bin/deepwater.js', import.meta.url))), basePath: absolute };
  const line = cronLine(job);
  const before = readCrontab(line);
  writeCrontab(withJob(before, job), line);
  await print(`${withoutJob(before, absolute).removed > 0 ? 'Replaced' : 'Added'} this line of your crontab:\n${line}\n`);
}

async function uninstall({ basePath }: CleanupCommandOptions): Promise<void> {
  // The store may be gone by now.
  const given = path.resolve(basePath);
  const absolute = await withStore({ basePath }, async (platform) => platform.basePath).catch(() => given);
  const before = readCrontab('');
  const { text, removed } = withoutJob(before, absolute);
  if (removed > 0) writeCrontab(text, '');
  await print(removed > 0 ? `Took the clean-up of ${printable(absolute)} out of your crontab.\n` : `Your crontab has no clean-up of ${printable(absolute)}.\n`);
}
