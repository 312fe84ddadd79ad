import { type Clock, type ClockRange, notPersisted } from '@deepwater/core/engine';
import type { FeedFiles } from '../feed-files.js';
import { checkKeys } from '../options.js';
import type { Steps } from '../slices.js';
import { clockIndexOf, greatestTime, leastTime, timeOf, timeValue } from '../time-bounds.js';
import { type Boundary, type SegmentEnd, type Stretch, boundariesOf } from './boundaries.js';
import { type ChunkStretch, type FeedMoment, clockField, knownRange, lookInto, momentOf } from './feed-stretches.js';
import { joined, rangeOfRows, rangesInChunk } from './rows-range.js';
import { type SegmentRows, inOneMoment } from './segment-rows.js';

/** A stretch of a feed's records without a known interruption. */
export interface FeedSegment {
  /** Number of its first record that is there, and of the first one behind it. */
  readonly first: number;
  readonly next: number;
  /** How many there are. */
  readonly records: number;
  /** How many of it retention has deleted, before `first`. */
  readonly removed: number;
  /** Least time of its records, and one unit past the greatest: `range(start, end)` holds all of them. Numbers, or bigints of clocks in ns. */
  readonly start: number | bigint;
  readonly end: number | bigint;
  readonly ended: SegmentEnd;
  /** What the writer said of the end. */
  readonly reason?: string;
  /** By the wall clock: when its writer opened or marked it, and when that closed it or marked the next. */
  readonly openedAt?: Date;
  readonly closedAt?: Date;
}

export interface SegmentOptions {
  /** Only those that have a time with start <= time < end. */
  readonly start?: number | bigint | Date;
  readonly end?: number | bigint | Date;
  /** The clock; the feed's timestamp where it is left out. */
  readonly by?: string;
}

/** A segment with its times as bigints. */
export interface TimedSegment extends SegmentRows {
  readonly range: ClockRange;
}

export function* readFeedSegments(files: FeedFiles, options: unknown): Steps<FeedSegment[]> {
  const { start, end, by } = checkKeys(options, ['start', 'end', 'by']);
  const clockIndex = clockIndexOf(files.schema, by);
  const clock = files.schema.clocks[clockIndex] as Clock;
  const from = start === undefined ? leastTime(clock) : timeOf(start, clock, 'start');
  const to = end === undefined ? greatestTime(clock) + 1n : timeOf(end, clock, 'end');
  const { segments } = yield* timedSegments(files, clockIndex, 'segments()');
  return segments.filter(({ range }) => range.max >= from && range.min < to).map((segment) => given(segment, clock));
}

function given({ first, next, records, removed, range, opened, closed }: TimedSegment, clock: Clock): FeedSegment {
  const closedUs = closed.ended === 'marked' || closed.ended === 'closed' ? closed.endedUs : undefined;
  return {
    first, next, records, removed, start: timeValue(range.min, clock), end: timeValue(range.max + 1n, clock), ended: closed.ended ?? 'unknown',
    ...(closed.reason === undefined ? {} : { reason: closed.reason }),
    ...(opened.openedUs === undefined ? {} : { openedAt: new Date(opened.openedUs / 1000) }),
    ...(closedUs === undefined ? {} : { closedAt: new Date(closedUs / 1000) }),
  };
}

/** The segments of a feed with their times, all of one moment. @throws DeepwaterError DW_FEED_NOT_PERSISTED, DW_FILE_CORRUPT */
export function* timedSegments(files: FeedFiles, clockIndex: number, what: string): Steps<{ moment: FeedMoment; segments: TimedSegment[] }> {
  if (!files.source.spec.persist) throw notPersisted(files.source.spec.name, what);
  return yield* inOneMoment(() => momentOf(files, clockIndex), function* (moment) {
    const segments: TimedSegment[] = [];
    for (const segment of segmentRows(moment)) {
      const range = yield* rangeOf(files, moment, clockIndex, segment);
      if (range === undefined) return undefined;
      segments.push({ ...segment, range });
    }
    return { moment, segments };
  });
}

/** The segments that have records. */
function segmentRows(moment: FeedMoment): SegmentRows[] {
  const { cut: { head, ringFrom }, limited, writer } = moment;
  const living: { firstSequence: number; rows: number }[] = moment.chunks.filter(({ deleted }) => !deleted);
  const ring = { firstSequence: ringFrom, rows: head - ringFrom };
  if (ring.rows > 0) living.push(ring);
  const [oldest] = living;
  if (oldest === undefined) return [];
  const bounds = boundariesOf(moment.entries, withRing(moment.chunks, ring)).filter(({ at }) => at < head || (at === head && !limited));
  // The entries of the first writers may be lost.
  if (bounds[0] === undefined || bounds[0].at > oldest.firstSequence) bounds.unshift({ at: oldest.firstSequence });
  if (bounds.at(-1)?.at !== head) bounds.push({ at: head, ended: writer });
  const segments: SegmentRows[] = [];
  let at = 0;
  for (let i = 0; i + 1 < bounds.length; i++) {
    const [opened, closed] = [bounds[i] as Boundary, bounds[i + 1] as Boundary];
    let records = 0;
    let first = closed.at;
    // Stretches and boundaries are both in order; one stretch may lie in several segments.
    while (at < living.length && endOfRows(living[at]!) <= opened.at) at += 1;
    for (let s = at; s < living.length && living[s]!.firstSequence < closed.at; s++) {
      const from = Math.max(living[s]!.firstSequence, opened.at);
      records += Math.min(endOfRows(living[s]!), closed.at) - from;
      first = Math.min(first, from);
    }
    if (records > 0) segments.push({ first, next: closed.at, records, removed: first - opened.at, opened, closed });
  }
  return segments;
}

const endOfRows = ({ firstSequence, rows }: { readonly firstSequence: number; readonly rows: number }): number => firstSequence + rows;

/** Rows in the ring as those of the last writer, even where there are none yet: numbers that are missing before them are seen like that. */
function withRing(chunks: readonly ChunkStretch[], ring: { readonly firstSequence: number; readonly rows: number }): readonly Stretch[] {
  const last = chunks.at(-1);
  return last === undefined || (ring.rows === 0 && ring.firstSequence <= endOfRows(last)) ? chunks : [...chunks, { ...last, ...ring, deleted: false, gapBefore: ring.firstSequence - endOfRows(last) }];
}

/** Times of a segment's records; undefined where a chunk of it was deleted meanwhile. */
function* rangeOf(files: FeedFiles, moment: FeedMoment, clockIndex: number, { first, next }: SegmentRows): Steps<ClockRange | undefined> {
  const field = clockField(files, clockIndex);
  const clock = files.schema.clocks[clockIndex] as Clock;
  let range: ClockRange | undefined;
  for (const [chunk, from, to] of chunksWithin(moment, first, next)) {
    const known = knownRange(moment, chunk, clock, clockIndex, from, to);
    if (known !== undefined) {
      range = joined(range, known);
      continue;
    }
    const found = lookInto(files, moment, chunk, (open, rows) => {
      let all: ClockRange | undefined;
      for (const each of rangesInChunk(open, field, clockIndex, clock, from, to, rows)) all = joined(all, each);
      return all;
    });
    if (found === undefined) return undefined;
    range = joined(range, found);
    yield;
  }
  for (const block of moment.blocks) {
    const [from, to] = [Math.max(0, first - block.firstSequence), Math.min(block.capacityRows, next - block.firstSequence)];
    if (from < to) range = joined(range, rangeOfRows(block.words(field), clock, from, to));
  }
  return range;
}

/** The chunks that hold records [first, next), each with the rows of it that are among them. */
export function* chunksWithin({ chunks }: FeedMoment, first: number, next: number): Generator<[ChunkStretch, number, number], void, void> {
  let low = 0;
  for (let high = chunks.length; low < high;) {
    const middle = (low + high) >>> 1;
    const { firstSequence, rows } = chunks[middle] as ChunkStretch;
    if (firstSequence + rows <= first) low = middle + 1;
    else high = middle;
  }
  for (; low < chunks.length; low++) {
    const chunk = chunks[low] as ChunkStretch;
    if (chunk.firstSequence >= next) return;
    const [from, to] = [Math.max(0, first - chunk.firstSequence), Math.min(chunk.rows, next - chunk.firstSequence)];
    if (!chunk.deleted && from < to) yield [chunk, from, to];
  }
}
