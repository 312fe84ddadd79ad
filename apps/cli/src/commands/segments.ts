import { Command, Option } from 'commander';
import { DeepwaterError, type FeedInfo, type FeedSegment, type Platform, type SplitWindow, type TimeWindow, splitWindow } from 'deepwater';
import { toJson } from '../output/json.js';
import { flush, print } from '../output/stdout.js';
import { tableText } from '../output/table.js';
import { printable } from '../output/text.js';
import { coverageBar } from '../output/timeline.js';
import { type StoreOptions, basePathOption, withStore } from '../store.js';
import { DIGITS, type Unit } from '../time/clock-units.js';
import { TIME_HELP, parseTime } from '../time/parse-time.js';
import { timeText } from '../time/time-text.js';

interface SegmentsOptions extends StoreOptions {
  readonly start?: string;
  readonly end?: string;
  readonly minimum?: string;
  readonly bridge?: string;
  readonly common?: true;
  readonly split?: number;
  readonly gap?: string;
  readonly json?: true;
}

/** Cells of a drawn line; with a name before it, 80 columns hold it. */
const BAR_CELLS = 52;
const NAME_CHARS_MAX = 18;

/** `deepwater segments [feed…]` */
export function segmentsCommand(): Command {
  return new Command('segments')
    .description('show where the records of feeds were interrupted, what of time they cover, and windows common to several')
    .argument('[feed...]', 'names of feeds; all persisted ones where none is named')
    .addOption(basePathOption())
    .option('--start <time>', `only from this time on: ${TIME_HELP}`)
    .option('--end <time>', 'only before this time')
    .option('--common', 'windows that all of the feeds cover')
    .option('--minimum <length>', 'only windows at least this long: 90s, 5m, 12h')
    .option('--bridge <length>', 'gaps of a feed up to this length count as covered')
    .addOption(new Option('--split <part>', 'cut the longest common window into training and validation: 0.8').argParser(Number))
    .option('--gap <length>', 'time left out between the two: 1h')
    .option('--json', 'print JSON')
    .addHelpText('after', `
Examples:
  deepwater segments trades
  deepwater segments --start -7d
  deepwater segments trades quotes --common --minimum 1h --bridge 5s
  deepwater segments trades quotes --split 0.8 --gap 1h --json`)
    .action(async (names: string[], options: SegmentsOptions) => {
      await withStore(options, async (platform) => {
        const shown = await shownOf(platform, names, options);
        await print(options.json === true ? `${toJson(jsonOf(shown), 2)}\n` : textOf(shown));
        await flush();
      });
    });
}

interface ShownFeed {
  readonly info: FeedInfo;
  readonly unit: Unit;
  readonly segments: readonly FeedSegment[];
}

interface Shown {
  readonly feeds: readonly ShownFeed[];
  readonly windows?: readonly TimeWindow[];
  readonly split?: SplitWindow<number | bigint>;
}

async function shownOf(platform: Platform, names: readonly string[], options: SegmentsOptions): Promise<Shown> {
  const { start, end, minimum, bridge, common, split, gap } = options;
  const infos = names.length > 0 ? names.map((name) => platform.feedInfo(name)) : platform.listFeeds().filter(({ persist }) => persist);
  const feeds = await Promise.all(infos.map(async (info) => {
    const unit = info.clocks[0]?.unit ?? 'us';
    const reader = await platform.createReader(info.name);
    return { info, unit, segments: await reader.segments(between(start, end, unit)) };
  }));
  if (common !== true && split === undefined) return { feeds };
  const [first] = feeds;
  if (first === undefined) throw new DeepwaterError('DW_OPTION_INVALID', `${platform.basePath} has no persisted feeds, so there are no common windows. Name a feed, or write one.`);
  const feedNames = feeds.map(({ info }) => info.name);
  const wishes = { ...between(start, end, first.unit), ...(minimum === undefined ? {} : { minimum }), ...(bridge === undefined ? {} : { bridge }) };
  const windows = await platform.commonWindows(feedNames, wishes);
  if (split === undefined) return { feeds, windows };
  const longest = await platform.suggestedRange(feedNames, wishes);
  if (longest === undefined) throw new DeepwaterError('DW_RANGE_INVALID', `There is no window that ${feedNames.join(', ')} all cover, so there is nothing to cut. See them with --common, and allow gaps with --bridge.`);
  return { feeds, windows, split: splitWindow<number | bigint>(longest, { train: split, unit: first.unit, ...(gap === undefined ? {} : { gap }) }) };
}

function between(start: string | undefined, end: string | undefined, unit: Unit): { start?: bigint; end?: bigint } {
  return { ...(start === undefined ? {} : { start: parseTime(start, '--start', unit) }), ...(end === undefined ? {} : { end: parseTime(end, '--end', unit) }) };
}

function jsonOf({ feeds, windows, split }: Shown): object {
  return {
    feeds: feeds.map(({ info, unit, segments }) => ({ feed: info.name, unit, segments })),
    ...(windows === undefined ? {} : { unit: feeds[0]?.unit, windows }),
    ...(split === undefined ? {} : { split }),
  };
}

/** A time in ns: all clocks are drawn on one line. */
const ns = (time: number | bigint, unit: Unit): bigint => BigInt(time) * 10n ** BigInt(DIGITS.ns - DIGITS[unit]);

function textOf({ feeds, windows, split }: Shown): string {
  const lines: string[] = [];
  for (const { info, unit, segments } of feeds) lines.push(`${printable(info.name)}\n${segments.length === 0 ? '  no records\n' : segmentsTable(segments, unit)}`);
  const unit = feeds[0]?.unit ?? 'us';
  const bars = feeds.map(({ info, segments, unit: own }) => ({ name: info.name, spans: segments.map(({ start, end }) => ({ start: ns(start, own), end: ns(end, own) })) }));
  if (windows !== undefined) bars.push({ name: 'common', spans: windows.map(({ start, end }) => ({ start: ns(start, unit), end: ns(end, unit) })) });
  lines.push(drawn(bars));
  if (windows !== undefined) lines.push(windows.length === 0 ? 'No window is covered by all of them.\n' : tableText(['common from', 'to (excluded)', 'length'], windows.map((window) => windowRow(window, unit)), [false, false, true]));
  if (split !== undefined) {
    lines.push(tableText(['part', 'from', 'to (excluded)', 'length'], [['train', ...windowRow(split.train, unit)], ['validation', ...windowRow(split.validation, unit)]], [false, false, false, true]));
  }
  return lines.filter((text) => text !== '').join('\n');
}

function segmentsTable(segments: readonly FeedSegment[], unit: Unit): string {
  const rows = segments.map(({ start, end, records, ended, reason, removed }) => [
    shortTime(start, unit), lengthText(ns(end, unit) - ns(start, unit)), records.toLocaleString('en'),
    `${ended}${removed > 0 ? ` (-${removed.toLocaleString('en')})` : ''}`, printable(reason ?? '').slice(0, 24),
  ]);
  return tableText(['from', 'length', 'records', 'ended', 'reason'], rows, [false, true, true]);
}

const windowRow = ({ start, end }: TimeWindow, unit: Unit): string[] => [shortTime(start, unit), shortTime(end, unit), lengthText(ns(end, unit) - ns(start, unit))];

/** To the second: tables are to fit 80 columns; `--json` has all digits. */
const shortTime = (time: number | bigint, unit: Unit): string => timeText(time, unit).replace(/\.\d+Z$/, 'Z');

/** The feeds' stretches on one line of time. */
function drawn(bars: readonly { readonly name: string; readonly spans: readonly { readonly start: bigint; readonly end: bigint }[] }[]): string {
  const all = bars.flatMap(({ spans }) => spans);
  if (all.length === 0) return '';
  const start = all.reduce((least, span) => (span.start < least ? span.start : least), all[0]!.start);
  const end = all.reduce((most, span) => (span.end > most ? span.end : most), all[0]!.end);
  const width = Math.min(NAME_CHARS_MAX, Math.max(...bars.map(({ name }) => name.length)));
  const lines = bars.map(({ name, spans }) => {
    const covered = Number(spans.reduce((sum, span) => sum + span.end - span.start, 0n)) / Number(end - start);
    return `${clip(printable(name), width)} ${coverageBar(spans, start, end, BAR_CELLS)} ${`${(Math.min(covered, 1) * 100).toFixed(covered < 0.1 ? 1 : 0)} %`.padStart(6)}`;
  });
  const [from, to] = [shortTime(start, 'ns'), shortTime(end, 'ns')];
  return `${lines.join('\n')}\n${' '.repeat(width + 1)}${from}${to.padStart(BAR_CELLS - from.length)}\n`;
}

const clip = (name: string, width: number): string => (name.length > width ? `${name.slice(0, width - 1)}…` : name.padEnd(width));

/** A length of time in its two greatest units: `3 d 4 h`, `12 m 5 s`, `0.25 s`. */
function lengthText(length: bigint): string {
  const units = [['d', 86_400_000_000_000n], ['h', 3_600_000_000_000n], ['m', 60_000_000_000n], ['s', 1_000_000_000n]] as const;
  const first = units.findIndex(([, size]) => length >= size);
  if (first < 0) return `${(Number(length) / 1e9).toPrecision(2)} s`;
  const [name, size] = units[first]!;
  const [nextName, nextSize] = units[first + 1] ?? [];
  const rest = nextSize === undefined ? 0n : (length % size) / nextSize;
  return `${length / size} ${name}${rest > 0n ? ` ${rest} ${nextName}` : ''}`;
}
