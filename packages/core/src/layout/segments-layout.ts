/**
 * The segments of a feed: where its records are known to have been interrupted. An append-only file of entries of one size,
 * each with a checksum of its own, so that one that is torn or damaged takes nothing else along.
 *
 *   0      identity   CRC at the end of its first 64 bytes
 *   4096   entries    128 bytes each, in the order in which things happened
 *
 * A segment begins at an entry OPENED or MARKED and ends before the next one that is not CONTINUED. Chunks know the
 * beginnings of writers too, by their epochs: what is missing here is made again from them.
 */
export const SEGMENTS_MAGIC = 'DWSEGMT1';
export const SEGMENTS_VERSION = 1;

export const SEGMENTS = {
  HEADER_BYTES: 4096,

  MAGIC: 0,
  VERSION: 8,
  ENTRY_BYTES: 12,
  FEED_UID: 16,
  IDENTITY_CRC: 60,
} as const;

export const SEGMENT_ENTRY_BYTES = 128;

export const SEGMENT_ENTRY = {
  /** What was written before this has a lower number, what came after it has this one or a higher one. */
  SEQUENCE: 0,
  WALL_US: 8,
  KIND: 16,
  /** Of the writer that it is about. */
  EPOCH: 20,
  /** UTF-8, filled with zeros. */
  REASON: 24,
  REASON_BYTES: 96,
  /** Of the feed's uid (its 8 bytes) and bytes 0 to 123: entries of a feed that had the name before do not hold. */
  CRC: 124,
} as const;

/** 0 is no entry. */
export const SEGMENT_KIND = {
  /** A writer opened; its records begin here. */
  OPENED: 1,
  /** The writer marked a boundary. */
  MARKED: 2,
  /** The writer closed. */
  CLOSED: 3,
  /** The writer had died; its successor found records up to here. */
  CRASHED: 4,
  /** The machine went down; records up to here survived. */
  POWER_LOST: 5,
  /** The same writer goes on under a new epoch: no boundary. */
  CONTINUED: 6,
  /** The writer ended, and nothing tells how. */
  UNKNOWN: 7,
} as const;
export type SegmentKind = (typeof SEGMENT_KIND)[keyof typeof SEGMENT_KIND];
