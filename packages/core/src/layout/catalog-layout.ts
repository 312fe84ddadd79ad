/**
 * The chunk catalog of a feed: which chunks there are, in order, with the numbers and times they hold. A reader maps it
 * (in any thread, any process, without a lock) and finds the chunks of a range without opening the others. It is made
 * again from the chunk headers where it is missing or damaged; where the two differ, the headers win.
 *
 *   0      identity   CRC at the end
 *   128…   words      one to a line
 *   4096   entries    256 bytes each; `count` is stored after the entry it makes valid
 */
export const CATALOG_MAGIC = 'DWCATLG1';
export const CATALOG_VERSION = 1;

export const CATALOG = {
  HEADER_BYTES: 4096,

  MAGIC: 0,
  VERSION: 8,
  ENTRY_BYTES: 12,
  FEED_UID: 16,
  SCHEMA_HASH: 24,
  CLOCK_COUNT: 32,
  IDENTITY_CRC: 60,

  /** Entries in use. */
  COUNT: 128,
  /** Entries the file has room for. */
  CAPACITY: 256,
  /** The newest writer epoch. */
  EPOCH: 384,
  /** 1 once another file has taken this one's place. */
  RETIRED: 512,
  /** Where the feed's ring lies: RING_PLACE, with the user whose directory in shared memory it is in. */
  RING_PLACE: 640,
  RING_USER: 644,
  /** 1 while a writer is open; its boot follows. After a power loss the catalog is checked against the chunks. */
  WRITER_OPEN: 768,
  WRITER_PID: 772,
  BOOT_ID: 776,
  /** Entries before this one are deleted. */
  FIRST_LIVE: 896,
  /** Entries that the symbol dictionary has at least, and the CRC-32 of that number: where it does not hold, nothing is known. */
  SYMBOLS_GIVEN: 1024,
  SYMBOLS_CRC: 1028,
} as const;

export const ENTRY_BYTES = 256;
export const CATALOG_ENTRIES_MIN = 240;

export const ENTRY = {
  CHUNK_ID: 0,
  FIRST_SEQUENCE: 8,
  /** Rows of a sealed chunk; an active one's header knows. */
  ROWS: 16,
  /** Index points among them; 0: whoever looks for one passes the chunk over. */
  INDEX_POINTS: 20,
  EPOCH: 24,
  SORTED_MASK: 28,
  CREATED_US: 32,
  SEALED_US: 40,
  GAP_BEFORE: 48,
  /** min and max of each clock, 64 bits each in the clock's own type; up to 8 clocks. */
  RANGES: 64,
  STATE: 244,
  SEAL_REASON: 248,
  CRC: 252,
} as const;

/** 0 is no entry. */
export const ENTRY_STATE = { ACTIVE: 1, SEALED: 2, DELETED: 3 } as const;

export const RING_PLACE = { NONE: 0, SHARED_MEMORY: 1, FEED_DIRECTORY: 2 } as const;
