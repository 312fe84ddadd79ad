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
  /** Each feed has two numbers from here on. */
  FEEDS: 5,
  PER_FEED: 2,
  /** Sequence number of the record to be given next; NaN while none has been. Moved on before the handler is called. */
  POSITION: 0,
  LOST: 1,
} as const;

export function newStats(feeds: number): Float64Array {
  const stats = new Float64Array(new SharedArrayBuffer(8 * (STAT.FEEDS + STAT.PER_FEED * feeds)));
  for (let feed = 0; feed < feeds; feed++) stats[positionAt(feed)] = NaN;
  return stats;
}

export const positionAt = (feed: number): number => STAT.FEEDS + STAT.PER_FEED * feed + STAT.POSITION;
export const lostAt = (feed: number): number => STAT.FEEDS + STAT.PER_FEED * feed + STAT.LOST;
