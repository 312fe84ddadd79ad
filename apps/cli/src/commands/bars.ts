import { Command, InvalidArgumentError, Option } from 'commander';
import { type Bar, type BarsOptions, type Clock, DeepwaterError, type ExactBar, type FeedInfo, type Field, type SideValue, type UntypedWhere } from 'deepwater';
import { RECORD_FORMATS, type RecordFormatName, type Row, recordPrinter } from '../output/record-format.js';
import { stdoutClosed } from '../output/stdout.js';
import { type StoreOptions, basePathOption, withStore } from '../store.js';
import { TIME_HELP } from '../time/parse-time.js';
import { TABLE_ROWS_MAX, clockOf, formatOf, timesOf, whereOption, wholeNumber } from './record-options.js';

interface BarsCommandOptions extends StoreOptions {
  readonly resolution?: string;
  readonly ticks?: number;
  readonly volume?: string;
  readonly dollar?: string;
  readonly imbalance?: BarsOptions['imbalance'];
  readonly session?: BarsOptions['session'];
  readonly start?: string;
  readonly end?: string;
  readonly fill?: 'none' | 'previous';
  readonly price?: string;
  readonly size?: string;
  readonly side?: string;
  readonly by?: string;
  readonly where?: UntypedWhere;
  readonly limit?: number;
  readonly format?: RecordFormatName;
  readonly json?: true;
}

/** What bars have even of a feed without sizes: the head of an empty table. */
const ALWAYS = { start: true, end: true, open: true, high: true, low: true, close: true, count: true };
const KINDS = ['resolution', 'ticks', 'volume', 'dollar', 'imbalance'] as const;

/** `deepwater bars <feed>` */
export function barsCommand(): Command {
  const others = (kind: string): string[] => KINDS.filter((each) => each !== kind);
  return new Command('bars')
    .description('print bars of a feed: open, high, low, close, count, volume, value, vwap, bought and sold (by default of 1m, of all records)')
    .argument('<feed>', 'name of the feed')
    .addOption(basePathOption())
    .addOption(new Option('-r, --resolution <length>', "bars of a time: 100ms, 1s, 5m, 1h, 1d, or 'session'").conflicts(others('resolution')))
    .addOption(new Option('--ticks <n>', 'bars of n records').argParser(wholeNumber).conflicts(others('ticks')))
    .addOption(new Option('--volume <amount>', 'bars that end when their volume reaches the amount').conflicts(others('volume')))
    .addOption(new Option('--dollar <amount>', 'bars that end when their value (price times size) reaches the amount').conflicts(others('dollar')))
    .addOption(new Option('--imbalance <of=amount>', 'bars that end when bought and sold differ by the amount: ticks=50, volume=1000, dollar=1e6').argParser(imbalance).conflicts(others('imbalance')))
    .addOption(new Option('--session <rule>', "only records of daily sessions, such as 'America/New_York 09:30-16:00'").argParser(session))
    .option('-s, --start <time>', `first time: ${TIME_HELP}`)
    .option('-e, --end <time>', 'time to stop before, in the same ways')
    .addOption(new Option('--fill <how>', 'bars of spans without records').choices(['none', 'previous']))
    .option('--price <field>', 'the field that has the price (default: price)')
    .option('--size <field>', 'the field that has the size (default: size, where there is one)')
    .option('--side <field>', "the field that says who took: 'taker', or 'maker=false/true' with its values for a buy and a sell (default: side, of type char)")
    .option('--by <clock>', 'the clock that times are of (default: the timestamp of the feed)')
    .addOption(whereOption())
    .addOption(new Option('-n, --limit <n>', `at most n bars, the first (tables: ${TABLE_ROWS_MAX} by default)`).argParser(wholeNumber))
    .addOption(new Option('-f, --format <format>', 'how to print bars; csv, jsonl and json have times as plain numbers').choices(RECORD_FORMATS))
    .addOption(new Option('--json', 'the same as --format json').conflicts('format'))
    .addHelpText('after', `
Examples:
  deepwater bars trades --resolution 1m --start -1h
  deepwater bars trades --resolution 5m --session 'America/New_York 09:30-16:00' --fill previous --format csv
  deepwater bars trades --volume 10000 --json`)
    .action(async (feedName: string, options: BarsCommandOptions) => {
      await withStore(options, async (platform) => {
        const info = platform.feedInfo(feedName);
        const reader = await platform.createReader(feedName);
        const format = formatOf(options);
        const cut = format === 'table' && options.limit === undefined;
        const clock = clockOf(info, options.by);
        const { start, end } = timesOf(clock, options);
        const bars = await reader.bars(start, end, { ...barsOptions(info, options), limit: cut ? TABLE_ROWS_MAX + 1 : options.limit });
        await printBars(format, clock, cut ? bars.slice(0, TABLE_ROWS_MAX) : bars);
        if (cut && bars.length > TABLE_ROWS_MAX) process.stderr.write(`deepwater: only the first ${TABLE_ROWS_MAX} bars are shown; give --limit, or another --format, for more\n`);
      });
    });
}

function barsOptions(info: FeedInfo, options: BarsCommandOptions): BarsOptions & { readonly exact: true } {
  const { ticks, volume, dollar, imbalance: of, session: sessions, fill, price, size, by, where } = options;
  const timed = ticks === undefined && volume === undefined && dollar === undefined && of === undefined;
  const resolution = options.resolution ?? (timed ? '1m' : undefined);
  return { resolution, ticks, volume, dollar, imbalance: of, session: sessions, fill, price, size, by, where, side: sideOf(info, options.side), exact: true };
}

async function printBars(format: RecordFormatName, clock: Clock, bars: readonly (Bar | ExactBar)[]): Promise<void> {
  const names = (['start', 'end', 'open', 'high', 'low', 'close', 'count', 'volume', 'value', 'vwap', 'buyVolume', 'sellVolume'] as const)
    .filter((name) => bars[0]?.[name === 'vwap' ? 'volume' : name] !== undefined || (bars.length === 0 && name in ALWAYS));
  const isTime = (name: string): boolean => name === 'start' || name === 'end';
  const fields = names.map((name, index): Field => ({
    index, name, type: 'float64', width: 8, recordOffset: -1, slotOffset: 0, cell: 'f64', as: 'number', ...(isTime(name) ? { unit: clock.unit } : {}),
  }));
  const printer = recordPrinter(format, fields, names.filter(isTime).map((name) => ({ ...clock, name })));
  for (const bar of bars) {
    if (stdoutClosed.aborted) break;
    // There is no vwap where nothing was traded.
    await printer.row(names.map((name) => bar[name] ?? NaN) as Row);
  }
  await printer.end();
}

function imbalance(text: string): BarsOptions['imbalance'] {
  const found = /^(ticks|volume|dollar)=(.+)$/.exec(text);
  if (found === null) throw new InvalidArgumentError('Give ticks, volume or dollar and an amount, such as volume=1000.');
  const of = found[1] as 'ticks' | 'volume' | 'dollar';
  const amount = found[2] as string;
  return { of, threshold: /^\d+(\.\d+)?$/.test(amount) ? amount : Number(amount) };
}

function session(text: string): BarsOptions['session'] {
  const found = /^(\S+) (\d\d:\d\d(?::\d\d)?)-(\d\d:\d\d(?::\d\d)?)$/.exec(text);
  if (found === null) throw new InvalidArgumentError("Give a time zone and two times of day, such as 'America/New_York 09:30-16:00'.");
  const [, timeZone = '', open = '', close = ''] = found;
  return { timeZone, open, close };
}

/** `taker`, or `maker=false/true`: the values as the field's type has them. */
function sideOf({ fields, name: feed }: FeedInfo, text: string | undefined): BarsOptions['side'] {
  const found = text === undefined ? null : /^([^=]+)=([^/]+)\/([^/]+)$/.exec(text);
  if (found === null) return text;
  const [, name = '', buy = '', sell = ''] = found;
  const type = fields.find((field) => field.name === name)?.type;
  const valueOf = (word: string): SideValue => {
    if (type === 'char' || type === 'symbol' || type === undefined) return word;
    if (type !== 'bool') return Number(word);
    if (word === 'true' || word === 'false') return word === 'true';
    throw new DeepwaterError('DW_OPTION_INVALID', `--side: field ${name} of feed ${feed} is true or false, not ${JSON.stringify(word)}; give ${name}=true/false or ${name}=false/true.`, {
      values: { feed, field: name, value: word },
    });
  };
  return { field: name, buy: valueOf(buy), sell: valueOf(sell) };
}
