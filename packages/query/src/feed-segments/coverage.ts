/** What of time a feed's segments cover, what lies between them, and which range to work with. */
import { type Clock, DeepwaterError, NS_PER_UNIT } from '@deepwater/core/engine';
import type { FeedFiles } from '../feed-files.js';
import { checkKeys } from '../options.js';
import type { Steps } from '../slices.js';
import { type TimeInput, clockIndexOf, greatestTime, leastTime, timeOf, timeValue } from '../time-bounds.js';
import type { SegmentEnd } from './boundaries.js';
import { type TimedSegment, timedSegments } from './feed-segments.js';
import { inOneMoment } from './segment-rows.js';
import { silencesIn } from './silences.js';
import { type Choice, type Span, choiceOf, chosen, clipped, lengthOf, united } from './windows.js';

/** A stretch of time: start <= time < end, in the unit of a clock (bigints in ns). */
export interface TimeWindow {
  readonly start: number | bigint;
  readonly end: number | bigint;
}

export interface Coverage extends TimeWindow {
  /** In order of time; they do not overlap. */
  readonly windows: readonly TimeWindow[];
  /** Part of the time that they are, 0 to 1. */
  readonly fraction: number;
}

/** Why there are no records: how the segment before it ended; `silence` within a segment; before the first or behind the last segment `none`. */
export type GapCause = SegmentEnd | 'silence' | 'none';

export interface Gap extends TimeWindow {
  readonly cause: GapCause;
  /** What the writer said when the segment before it ended. */
  readonly reason?: string;
  /** Sequence numbers that no record has because of it: [first, next). Records that were lost, if any were, had some of these. */
  readonly skipped?: { readonly first: number; readonly next: number };
}

interface ClockOption {
  /** The clock; the feed's timestamp where it is left out. */
  readonly by?: string;
}

export interface CoverageOptions extends ClockOption {
  /** Gaps up to this length count as covered: `'5s'`. */
  readonly bridge?: string;
}

export interface GapOptions extends ClockOption {
  /** Between these times; from the first record to the last where they are left out. */
  readonly start?: TimeInput;
  readonly end?: TimeInput;
  /** Only gaps at least this long: `'1m'`. */
  readonly minimum?: string;
  /** Also where a segment has no record for longer than this. Rows are looked at where blocks of them take longer. */
  readonly silence?: string;
}

export interface RangeChoice extends CoverageOptions {
  readonly start?: TimeInput;
  readonly end?: TimeInput;
  /** The longest window (the default), or the newest that is as long as `minimum`. */
  readonly choose?: Choice;
  readonly minimum?: string;
}

export function* readCoverage(files: FeedFiles, start: unknown, end: unknown, options: unknown): Steps<Coverage> {
  const { by, bridge } = checkKeys(options, ['by', 'bridge']);
  const { clock, clockIndex } = clockOf(files, by);
  const [from, to] = [timeOf(start, clock, 'start'), timeOf(end, clock, 'end')];
  if (to < from) throw backwards(from, to, clock);
  const { segments } = yield* timedSegments(files, clockIndex, 'coverage()');
  const windows = clipped(united(spansOf(segments), unitsOf('bridge', bridge, clock)), from, to);
  const covered = windows.reduce((sum, span) => sum + span.end - span.start, 0n);
  return { ...windowOf({ start: from, end: to }, clock), windows: windows.map((span) => windowOf(span, clock)), fraction: to > from ? Number(covered) / Number(to - from) : 0 };
}

export function* readSuggestedRange(files: FeedFiles, options: unknown): Steps<TimeWindow | undefined> {
  const { start, end, by, bridge, choose, minimum } = checkKeys(options, ['start', 'end', 'by', 'bridge', 'choose', 'minimum']);
  const choice = choiceOf(choose);
  const { clock, clockIndex } = clockOf(files, by);
  const from = start === undefined ? leastTime(clock) : timeOf(start, clock, 'start');
  const to = end === undefined ? greatestTime(clock) : timeOf(end, clock, 'end');
  const least = unitsOf('minimum', minimum, clock);
  const { segments } = yield* timedSegments(files, clockIndex, 'suggestedRange()');
  const windows = clipped(united(spansOf(segments), unitsOf('bridge', bridge, clock)), from, to).filter((span) => span.end - span.start >= least);
  const best = chosen(windows, choice);
  return best === undefined ? undefined : windowOf(best, clock);
}

export function* readGaps(files: FeedFiles, options: unknown): Steps<Gap[]> {
  const { start, end, by, minimum, silence } = checkKeys(options, ['start', 'end', 'by', 'minimum', 'silence']);
  const { clock, clockIndex } = clockOf(files, by);
  const from = start === undefined ? undefined : timeOf(start, clock, 'start');
  const to = end === undefined ? undefined : timeOf(end, clock, 'end');
  if (from !== undefined && to !== undefined && to < from) throw backwards(from, to, clock);
  const least = unitsOf('minimum', minimum, clock);
  const threshold = silence === undefined ? undefined : unitsOf('silence', silence, clock);
  return yield* inOneMoment(() => undefined, function* () {
    const { moment, segments } = yield* timedSegments(files, clockIndex, 'gaps()');
    const gaps = gapsBetween(segments, from, to);
    for (const { first, next } of threshold === undefined ? [] : segments) {
      const silences = yield* silencesIn(files, moment, clockIndex, first, next, threshold as bigint);
      if (silences === undefined) return undefined;
      gaps.push(...silences.map((span) => ({ ...span, cause: 'silence' as const })));
    }
    return gaps
      .filter((gap) => (from === undefined || gap.end > from) && (to === undefined || gap.start < to))
      .map((gap) => ({ ...gap, start: from !== undefined && gap.start < from ? from : gap.start, end: to !== undefined && gap.end > to ? to : gap.end }))
      .filter((gap) => gap.end - gap.start >= least && gap.end > gap.start)
      .sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0))
      .map(({ start: begins, end: ends, ...rest }) => ({ ...windowOf({ start: begins, end: ends }, clock), ...rest }));
  });
}

type RawGap = Span & Pick<Gap, 'cause' | 'reason' | 'skipped'>;

/** What is between segments in time; one that another segment covers is none. */
function gapsBetween(segments: readonly TimedSegment[], from: bigint | undefined, to: bigint | undefined): RawGap[] {
  const windows = united(spansOf(segments));
  const first = windows[0];
  const last = windows.at(-1);
  if (first === undefined || last === undefined) return from === undefined || to === undefined ? [] : [{ start: from, end: to, cause: 'none' }];
  const gaps: RawGap[] = windows.slice(1).map(({ start }, i) => ({ start: (windows[i] as Span).end, end: start, ...causeOf(segments, (windows[i] as Span).end) }));
  if (from !== undefined && from < first.start) gaps.unshift({ start: from, end: first.start, cause: 'none' });
  if (to !== undefined && to > last.end) gaps.push({ start: last.end, end: to, ...causeOf(segments, last.end) });
  return gaps;
}

/** What is known of the segment that ends at a time: of several the one with the highest numbers. */
function causeOf(segments: readonly TimedSegment[], end: bigint): Pick<Gap, 'cause' | 'reason' | 'skipped'> {
  const index = segments.findLastIndex(({ range }) => range.max + 1n === end);
  const { closed, next } = segments[index] as TimedSegment;
  const follower = segments[index + 1];
  const skipped = follower !== undefined && follower.first - follower.removed > next ? { first: next, next: follower.first - follower.removed } : undefined;
  return { cause: closed.ended ?? 'unknown', ...(closed.reason === undefined ? {} : { reason: closed.reason }), ...(skipped === undefined ? {} : { skipped }) };
}

export const spansOf = (segments: readonly TimedSegment[]): Span[] => segments.map(({ range }) => ({ start: range.min, end: range.max + 1n }));

export const windowOf = ({ start, end }: Span, clock: Clock): TimeWindow => ({ start: timeValue(start, clock), end: timeValue(end, clock) });

function clockOf(files: FeedFiles, by: unknown): { clock: Clock; clockIndex: number } {
  const clockIndex = clockIndexOf(files.schema, by);
  return { clockIndex, clock: files.schema.clocks[clockIndex] as Clock };
}

/** A length of time in units of a clock, rounded up. */
const unitsOf = (name: string, value: unknown, { unit }: Clock): bigint => (lengthOf(name, value) + NS_PER_UNIT[unit] - 1n) / NS_PER_UNIT[unit];

function backwards(start: bigint, end: bigint, clock: Clock): DeepwaterError {
  return new DeepwaterError('DW_RANGE_INVALID', `The range ends (${end}) before it starts (${start}); give start <= end, both in ${clock.unit} of ${clock.name}.`, {
    values: { start, end, clock: clock.name, unit: clock.unit },
  });
}
