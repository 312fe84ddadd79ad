/**
 * Words that the threads of one process share to steer ingest. They are plain SharedArrayBuffers, not files: nobody
 * outside the process has any business with them. Offsets are Int32 indexes.
 */

/** One for the process: the ingest worker and everybody who wants its attention. */
export const INGEST = {
  WORDS: 256,
  /** Set and notified when somebody cannot wait for the ingest worker's next round. */
  URGENT: 0,
  /** Kernel id of the ingest worker's thread; 0 until it runs. */
  THREAD: 32,
  /** Kernel id of the keeper's thread. */
  KEEPER: 48,
  /** Counts the ingest worker's rounds: it moves while the thread is alive and not stuck. */
  ROUNDS: 64,
} as const;

/** One for each open feed. */
export const LANE = {
  BYTES: 8192,
  /** Somebody wants every record that is in the ring moved to the chunk now. */
  FLUSH: 0,
  /** Counts commits, for those who wait for one. */
  COMMITS: 32,
  /** How many threads wait for a commit: notify only then. */
  WAITERS: 64,
  /** The last sync asked for, and the last one done. */
  SYNC_ASKED: 96,
  SYNC_DONE: 128,
  /** Which thread writes: 0 nobody, else its holder number. */
  HOLDER: 160,
  /** 1 once the lane is closed. */
  CLOSED: 192,
  /** The descriptor that holds the use of the ring, plus 1: of a keeper that died its successor closes it. */
  RING_USE: 208,
  /** Places taken in the feed's file of segments; whoever writes an entry takes the next. */
  SEGMENT_SLOTS: 212,
  /** Counts entries that were written: the keeper syncs the file where it has moved. */
  SEGMENTS_WRITTEN: 213,
  /** Number of the next record at the last boundary, low and high word; the holder's. */
  BOUNDARY_LOW: 214,
  BOUNDARY_HIGH: 215,
  /** Counts the files that have taken that file's place: whoever has the old one open opens the new one. */
  SEGMENTS_FILE: 240,
  /** The last sync that failed; its error stays beside it. */
  SYNC_FAILED: 216,
  /** Length of the error text in bytes, 0 while all is well. */
  ERROR_LENGTH: 224,
  /** The same of the sync that failed. */
  SYNC_ERROR_LENGTH: 232,
  /** Byte offsets of the error texts (JSON of a SerializedError). */
  ERROR_TEXT: 1024,
  SYNC_ERROR_TEXT: 4608,
} as const;

/** Longest error text a lane can hold. */
export const LANE_ERROR_BYTES_MAX = LANE.BYTES - LANE.SYNC_ERROR_TEXT;
