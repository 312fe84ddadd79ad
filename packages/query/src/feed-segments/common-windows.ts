/** Windows of time that several feeds cover. Their clocks may count in different units. */
import { type Clock, DeepwaterError, NS_PER_UNIT, compileSchema } from '@deepwater/core/engine';
import { FeedFiles } from '../feed-files.js';
import type { FeedAccess } from '../merge/feed-point.js';
import { checkKeys } from '../options.js';
import { runSliced } from '../slices.js';
import { type TimeInput, clockIndexOf, timeOf, timeValue } from '../time-bounds.js';
import { type TimeWindow, spansOf } from './coverage.js';
import { timedSegments } from './feed-segments.js';
import { type Choice, type Span, choiceOf, chosen, clipped, intersected, lengthOf, united } from './windows.js';

/** A feed of common windows. */
export interface WindowFeed {
  readonly access: FeedAccess;
  readonly by?: unknown;
}

export interface CommonWindowsOptions {
  /** Only what lies between these times, in the unit of the first feed's clock. */
  readonly start?: TimeInput;
  readonly end?: TimeInput;
  /** Only windows at least this long: `'1h'`. */
  readonly minimum?: string;
  /** Gaps of a feed up to this length count as covered: `'5s'`. */
  readonly bridge?: string;
}

export interface SuggestedRangeOptions extends CommonWindowsOptions {
  /** The longest window (the default), or the newest that is as long as `minimum`. */
  readonly choose?: Choice;
}

/**
 * The windows that all of the feeds cover, in order of time and in the unit of the first feed's clock: a window holds no time that is
 * not covered, so where units differ it may be shorter by less than one of them.
 * @throws DeepwaterError DW_OPTION_INVALID, DW_RANGE_INVALID, DW_FEED_NOT_PERSISTED, DW_FILE_CORRUPT
 */
export async function commonWindows(feeds: readonly WindowFeed[], options: unknown): Promise<TimeWindow[]> {
  const { start, end, minimum, bridge } = checkKeys(options, ['start', 'end', 'minimum', 'bridge']);
  const least = lengthOf('minimum', minimum);
  const bridged = lengthOf('bridge', bridge);
  const [first] = feeds;
  if (first === undefined) throw new DeepwaterError('DW_OPTION_INVALID', 'There are no feeds to look for common windows of. Name at least one.', { values: { feeds: [] } });
  const { clock } = clockOf(first);
  const from = start === undefined ? undefined : timeOf(start, clock, 'start');
  const to = end === undefined ? undefined : timeOf(end, clock, 'end');
  let common: Span[] | undefined;
  for (const feed of feeds) {
    const spans = united(await spansInNs(feed), bridged);
    common = common === undefined ? spans : intersected(common, spans);
  }
  const ns = NS_PER_UNIT[clock.unit];
  return (common as Span[])
    // Inwards: the first whole unit in it, and the end of the last one.
    .map((span) => ({ start: floorDivide(span.start + ns - 1n, ns), end: floorDivide(span.end, ns) }))
    .flatMap((span) => clipped([span], from ?? span.start, to ?? span.end))
    .filter((span) => span.end > span.start && (span.end - span.start) * ns >= least)
    .map((span) => ({ start: timeValue(span.start, clock), end: timeValue(span.end, clock) }));
}

/** Of the common windows the longest, or the newest. @throws DeepwaterError as `commonWindows` */
export async function suggestedRange(feeds: readonly WindowFeed[], options: unknown): Promise<TimeWindow | undefined> {
  const { choose, ...rest } = checkKeys(options, ['start', 'end', 'minimum', 'bridge', 'choose']);
  const choice = choiceOf(choose);
  const windows = await commonWindows(feeds, rest);
  const best = chosen(windows.map(({ start, end }) => ({ start: BigInt(start), end: BigInt(end) })), choice);
  return best === undefined ? undefined : windows.find(({ start }) => BigInt(start) === best.start);
}

function clockOf({ access, by }: WindowFeed): { clock: Clock; clockIndex: number } {
  const schema = compileSchema(access.source.spec);
  const clockIndex = clockIndexOf(schema, by);
  return { clockIndex, clock: schema.clocks[clockIndex] as Clock };
}

async function spansInNs(feed: WindowFeed): Promise<Span[]> {
  const { access } = feed;
  access.check();
  const { clock, clockIndex } = clockOf(feed);
  const files = new FeedFiles(access.source, compileSchema(access.source.spec));
  try {
    const { segments } = await runSliced(timedSegments(files, clockIndex, 'commonWindows()'), access.check);
    const ns = NS_PER_UNIT[clock.unit];
    return spansOf(segments).map(({ start, end }) => ({ start: start * ns, end: end * ns }));
  } finally {
    files.close();
  }
}

const floorDivide = (a: bigint, b: bigint): bigint => (a >= 0n || a % b === 0n ? a / b : a / b - 1n);
