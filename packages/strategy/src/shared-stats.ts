/**
 * What a strategy's thread says of itself in shared memory: for whoever asks while a handler is busy, and for the successor of a
 * thread that died. Written by one thread with plain stores; each number is 64 bits and so is never seen half written.
 */
export const STAT = {
  RECORDS: 0,
  RUNS: 1,
  BARS: 2,
  EMITTED: 3,
  /** Milliseconds spent in handlers and on finding their records. */
  BUSY_MS: 4,
  /** Messages to the owner, and how many of them he has heard: written by him. */
  SENT: 5,
  HEARD: 6,
  /** Each feed has some numbers from here on. */
  FEEDS: 7,
  PER_FEED: 5,
  /** Sequence number of the record to be given next; NaN before the first thread follows the feed. Moved on before the handler is called. */
  POSITION: 0,
  LOST: 1,
  /** 1 while the first index point is looked for from POSITION on. */
  SEEKING: 2,
  /** Records that no bar counts. */
  LEFT_OUT: 3,
  /** Bars up to this time have been given, in the unit of the feed's clock. */
  BARS_TO: 4,
} as const;

export function newStats(feeds: number): Float64Array {
  const stats = new Float64Array(new SharedArrayBuffer(8 * (STAT.FEEDS + STAT.PER_FEED * feeds)));
  for (let feed = 0; feed < feeds; feed++) {
    stats[positionAt(feed)] = NaN;
    stats[barsAt(feed)] = -Infinity;
  }
  return stats;
}

export const positionAt = (feed: number): number => STAT.FEEDS + STAT.PER_FEED * feed + STAT.POSITION;
export const lostAt = (feed: number): number => STAT.FEEDS + STAT.PER_FEED * feed + STAT.LOST;
export const seekingAt = (feed: number): number => STAT.FEEDS + STAT.PER_FEED * feed + STAT.SEEKING;
export const leftOutAt = (feed: number): number => STAT.FEEDS + STAT.PER_FEED * feed + STAT.LEFT_OUT;
export const barsAt = (feed: number): number => STAT.FEEDS + STAT.PER_FEED * feed + STAT.BARS_TO;
