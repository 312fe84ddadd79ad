import { Command, Option } from 'commander';
import { DeepwaterError, type FeedInfo, type Reader } from 'deepwater';
import { type RecordPrinter, type Row, recordPrinter } from '../output/record-format.js';
import { stdoutClosed } from '../output/stdout.js';
import { stopSignal } from '../output/stop-signal.js';
import { type StoreOptions, basePathOption, withStore } from '../store.js';
import { TIME_HELP, parseTime } from '../time/parse-time.js';
import { type RecordOptions, formatOf, recordOptions, selectedFields, wholeNumber } from './record-options.js';

interface TailOptions extends StoreOptions, RecordOptions {
  readonly lines: number;
  readonly follow?: true;
  readonly start?: string;
  readonly playback?: boolean;
}

/** Where a stream begins. */
type Place = { readonly fromSequence: number } | { readonly start?: bigint; readonly playback: boolean };

/** Records that are read at once. */
const READ_MAX = 10_000;

/** `deepwater tail <feed>` */
export function tailCommand(): Command {
  const command = new Command('tail')
    .description('print the last records of a feed, and with --follow those that come')
    .argument('<feed>', 'name of the feed')
    .addOption(basePathOption())
    .addOption(new Option('-n, --lines <n>', 'how many records to begin with').default(10).argParser(wholeNumber))
    .option('-F, --follow', 'go on with the records that are written, by whatever process, until Ctrl+C (json is printed as jsonl then)')
    .addOption(new Option('-s, --start <time>', `with --follow: begin with this time, not with the last lines; ${TIME_HELP}`).conflicts('lines'))
    .addOption(new Option('--playback', 'with --follow, feeds of mode IF: begin with the last index point at or before --start').conflicts('lines'));
  for (const option of recordOptions()) command.addOption(option);
  return command.action(async (feedName: string, options: TailOptions) => {
    await withStore(options, async (platform) => {
      const info = platform.feedInfo(feedName);
      const reader = await platform.createReader(feedName);
      const fields = selectedFields(info, reader, options.columns);
      const follows = options.follow === true;
      const place = placeOf(info, options);
      const format = formatOf(options);
      // An array that never ends is of no use to anybody.
      const printer = recordPrinter(follows && format === 'json' ? 'jsonl' : format, fields, info.clocks, follows);
      const pick = fields.map(({ index }) => index);
      const show = async (records: readonly Row[]): Promise<void> => {
        for (const record of records) await printer.row(pick.map((index) => record[index] as Row[number]));
      };
      if (place !== undefined) {
        await follow(info, reader, place, printer, show);
      } else {
        // Numbers first: what comes between is neither lost nor shown twice.
        const { first, next } = reader.bounds();
        const fromSequence = await showFrom(reader, Math.max(first, next - options.lines), next, show);
        await printer.flush();
        if (follows) await follow(info, reader, { fromSequence }, printer, show);
      }
      await printer.end();
    });
  });
}

/** Where to begin, if not with the last lines. @throws DeepwaterError DW_OPTION_INVALID, DW_RANGE_INVALID */
function placeOf(info: FeedInfo, { follow: follows, start, playback = false }: TailOptions): Place | undefined {
  if (start === undefined && !playback) return undefined;
  const option = start === undefined ? '--playback' : '--start';
  if (follows !== true) {
    throw new DeepwaterError('DW_OPTION_INVALID', `${option} goes with --follow; for records up to now use \`deepwater query --start\`.`, { values: { option } });
  }
  if (start === undefined) return { playback };
  return { playback, start: parseTime(start, '--start', info.clocks[0]?.unit ?? 'us') };
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

/** Shows the records that come from a place on, until it is stopped or the feed is deleted. */
async function follow(info: FeedInfo, reader: Reader, place: Place, printer: RecordPrinter, show: (records: readonly Row[]) => Promise<void>): Promise<void> {
  const why = info.persist ? 'deleted' : 'overwritten';
  const stream = reader.stream({
    ...place, signal: stopSignal(),
    onLoss: (lost) => { process.stderr.write(`deepwater: ${lost.to - lost.from} records were ${why} before they could be read\n`); },
  });
  for await (const record of stream) {
    await show([record]);
    if (stream.buffered === 0) await printer.flush();
  }
}
