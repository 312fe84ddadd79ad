import { setTimeout as sleep } from 'node:timers/promises';
import { Command, Option } from 'commander';
import type { FeedInfo, Platform, Reader } from 'deepwater';
import { type RecordPrinter, type Row, recordPrinter } from '../output/record-format.js';
import { stdoutClosed } from '../output/stdout.js';
import { stopSignal } from '../output/stop-signal.js';
import { type StoreOptions, basePathOption, withStore } from '../store.js';
import { type RecordOptions, formatOf, recordOptions, selectedFields, wholeNumber } from './record-options.js';

interface TailOptions extends StoreOptions, RecordOptions {
  readonly lines: number;
  readonly follow?: true;
}

/** How often an idle feed is looked at. A look is two loads from mapped memory. */
const POLL_MS = 25;
/** Records that are read at once. */
const READ_MAX = 10_000;
/** How often it is made sure that the feed is still there. */
const CHECK_MS = 1000;

/** `deepwater tail <feed>` */
export function tailCommand(): Command {
  const command = new Command('tail')
    .description('print the last records of a feed, and with --follow those that come')
    .argument('<feed>', 'name of the feed')
    .addOption(basePathOption())
    .addOption(new Option('-n, --lines <n>', 'how many records to begin with').default(10).argParser(wholeNumber))
    .option('-F, --follow', 'go on with the records that are written, by whatever process, until Ctrl+C (json is printed as jsonl then)');
  for (const option of recordOptions()) command.addOption(option);
  return command.action(async (feedName: string, options: TailOptions) => {
    await withStore(options, async (platform) => {
      const info = platform.feedInfo(feedName);
      const reader = await platform.createReader(feedName);
      const fields = selectedFields(info, reader, options.columns);
      const follows = options.follow === true;
      const format = formatOf(options);
      // An array that never ends is of no use to anybody.
      const printer = recordPrinter(follows && format === 'json' ? 'jsonl' : format, fields, info.clocks, follows);
      const pick = fields.map(({ index }) => index);
      const show = async (records: readonly Row[]): Promise<void> => {
        for (const record of records) await printer.row(pick.map((index) => record[index] as Row[number]));
      };
      // Numbers first: what comes between is neither lost nor shown twice.
      const { first, next } = reader.bounds();
      const from = await showFrom(reader, Math.max(first, next - options.lines), next, show);
      await printer.flush();
      if (follows) await follow(platform, info, reader, from, printer, show);
      await printer.end();
    });
  });
}

/** Shows records from a number up to another one; gives the number to go on with. */
async function showFrom(reader: Reader, from: number, to: number, show: (records: readonly Row[]) => Promise<void>): Promise<number> {
  let position = from;
  while (position < to && !stdoutClosed.aborted) {
    const read = await reader.readFrom(position, Math.min(READ_MAX, to - position));
    await show(read.records);
    if (read.next <= position) break;
    position = read.next;
  }
  return position;
}

async function follow(
  platform: Platform, info: FeedInfo, reader: Reader, from: number, printer: RecordPrinter, show: (records: readonly Row[]) => Promise<void>,
): Promise<void> {
  const stop = stopSignal();
  let position = from;
  let checkAt = performance.now() + CHECK_MS;
  while (!stop.aborted) {
    const { next } = reader.bounds();
    if (next > position) {
      const read = await reader.readFrom(position, READ_MAX);
      if (!info.persist && read.count > 0 && read.first > position) {
        process.stderr.write(`deepwater: ${read.first - position} records were overwritten before they could be read\n`);
      }
      await show(read.records);
      await printer.flush();
      position = Math.max(read.next, position);
      if (read.count > 0) continue;
    }
    if (performance.now() >= checkAt) {
      // Throws where the feed is gone. One that was made anew under its name is another feed.
      if ((await platform.createReader(info.name)) !== reader) return;
      checkAt = performance.now() + CHECK_MS;
    }
    await sleep(POLL_MS, undefined, { signal: stop }).catch(() => {});
  }
}
