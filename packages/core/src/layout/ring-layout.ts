/**
 * The ring file: rows of fixed size, a power of two of them, and the two positions that chase each other. Positions are
 * sequence numbers: the row of sequence s lies in slot s mod slotCount.
 *
 * A position is 64 bits in three words, so that one plain 32-bit store publishes a row: LOW, and the high part twice.
 * When LOW wraps, the writer stores HIGH_B, LOW, HIGH_A in this order; a reader loads HIGH_A, LOW, HIGH_B and takes the
 * value where both high parts agree. Each position has a line pair of its own (128 bytes: the adjacent-line prefetcher
 * pairs lines).
 */
export const RING_MAGIC = 'DWRING01';
export const RING_VERSION = 1;

export const RING = {
  HEADER_BYTES: 4096,

  MAGIC: 0,
  VERSION: 8,
  SLOTS_OFFSET: 12,
  FEED_UID: 16,
  SCHEMA_HASH: 24,
  STORE_ID: 32,
  BOOT_ID: 48,
  SLOT_STRIDE: 64,
  SLOT_COUNT: 68,
  /** 1: rows wait here until they are in a chunk. 0: the oldest are overwritten. */
  PERSIST: 72,
  CREATED_US: 80,
  FEED_NAME: 88,
  FEED_NAME_BYTES: 64,
  /** The first sequence number this ring ever held. */
  BASE_SEQUENCE: 152,
  IDENTITY_CRC: 252,

  EPOCH: 256,
  /** 1 once the file has been replaced or removed: look for its successor under the same name. */
  RETIRED: 384,
  /** 1 while a writer is open. */
  WRITER_OPEN: 512,
  WRITER_PID: 516,

  /** Next sequence number to be published; the writer's. */
  HEAD: 640,
  /** First sequence number that is not in a chunk yet; the ingest worker's. */
  TAIL: 768,
} as const;

/** Words of a position, in bytes from its start. */
export const POSITION = { LOW: 0, HIGH_A: 4, HIGH_B: 8 } as const;

/** A writer publishes at most this part of the ring at once, so the oldest part counts as overwritten (see rings). */
export const RUN_DIVISOR = 8;

export const RING_RECORDS_MIN = 64;
/** What a ring takes by default, as a power of two of slots. */
export const RING_BYTES_DEFAULT = 4 * 1024 * 1024;
export const RING_RECORDS_DEFAULT_MIN = 4096;

/** The bell: a file of its own that subscribers may write. Two words, and a table in which they say how far they are. */
export const BELL = { FILE_BYTES: 16_384, WORD: 0, WAKES: 4, SUBSCRIBERS: 128 } as const;
export const BELL_BITS = { THREADS: 1, PROCESSES: 2 } as const;

/** A row of the table of subscribers. Each is written by its subscriber alone, and on a cache line of its own. */
export const SUBSCRIBER = {
  ROW_BYTES: 64,
  /** Stored last. */
  PID: 0,
  /** When that process began: ticks since the boot, low 32 bits. Tells it from a later one with its id. */
  STARTED: 4,
  /** The kernel's id of the thread; whoever swaps it in owns the row. 0: the row is free. */
  THREAD: 8,
  /** Seconds since 1970. */
  SINCE: 12,
  /** Sequence number of the next record it takes, as a float64. */
  POSITION: 16,
  /** Records it lost, as a float64. */
  LOST: 24,
} as const;
