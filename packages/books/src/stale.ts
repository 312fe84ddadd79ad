/** When a book is out of date: where records between its snapshot and its time were not received. Pure. */
import type { FeedSegment, SegmentEnd } from '@deepwater/query';

/** Since when a book may not be what the exchange had, and why. */
export interface StaleBook {
  /** The first moment of which nothing is known: one unit past the last record before the interruption, on the clock that was asked by. */
  readonly since: number | bigint;
  /**
   * How the segment ended: `marked` (a disconnect or a gap that the writer told), `closed`, `crash` and so on; `lost`, where a follower was too slow for
   * a memory feed; `unfinished`, where a snapshot never ended.
   */
  readonly cause: SegmentEnd | 'lost' | 'unfinished';
  /** What the writer said of it. */
  readonly reason?: string;
}

/**
 * The first interruption between a snapshot and a time.
 * @param segments of the feed, in order, by the same clock
 * @param snapshot number of the snapshot's first record
 * @param stop number of the first record behind those that were looked at: its time is after `time`, or it has not come
 */
export function staleAt(segments: readonly FeedSegment[], snapshot: number, stop: number, time: number | bigint): StaleBook | undefined {
  for (const { next, end, ended, reason } of segments) {
    if (next <= snapshot) continue;
    // What is open has not ended: it may have more records by now than when it was looked at.
    if (next > stop || ended === 'open') return undefined;
    // Behind the last record that was looked at an end counts only from its own time on.
    if (next === stop && time < end) return undefined;
    return { since: end, cause: ended, ...(reason === undefined ? {} : { reason }) };
  }
  return undefined;
}
