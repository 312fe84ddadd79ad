/**
 * The bytes of the Python Deepwater's store, as docs/PYTHON-STORE.md describes them. All numbers are little-endian.
 *
 * Read of each entry is only what all versions have in common.
 */

/** `data/<feed>/<feed>.reg`: a header and an entry for each chunk, chunk 1 first. */
export const FEED_REGISTRY = { HEADER_BYTES: 128, ENTRY_BYTES: 128, CHUNK_COUNT: 0, CHUNKS_MAX: 1_048_576 } as const;
export const CHUNK_ENTRY = { WRITE_POS: 16, RECORDS: 24, CHUNK_ID: 40, SIZE: 48, STATUS: 56 } as const;
export const CHUNK_STATUS = { IN_MEMORY: 0, ON_DISK: 1, EXPIRED: 2 } as const;

/** `chunk_00000001.idx`: index points of a chunk. Of two kinds, which a point's own record tells apart. */
export const CHUNK_INDEX = { HEADER_BYTES: 64, ENTRY_BYTES: 64, COUNT: 0, TIME: 0, OFFSET_OF_ONE_TIME: 8, OFFSET_OF_THREE_TIMES: 24 } as const;

/** `segments.reg`. */
export const SEGMENTS_MAGIC = 'DWSEGv1\0';
export const SEGMENT_REGISTRY = { VERSION: 1, HEADER_BYTES: 128, ENTRY_BYTES: 256, MAGIC: 0, VERSION_AT: 8, HEADER_BYTES_AT: 12, ENTRY_BYTES_AT: 16, COUNT: 24 } as const;
export const SEGMENT_FIELDS = { START: 8, END: 16, RECORDS: 24, STATUS: 48, STATUS_BYTES: 24, REASON: 72, REASON_BYTES: 64 } as const;

/** Versions that are known: of `manifest.json`, `record_format.json`, `feed_schema.msgpack` alike. */
export const KNOWN_VERSION = 1;

export const STORE_NAMES = { MANIFEST: 'manifest.json', DATA: 'data', REGISTRY: 'registry', CONFIG: 'config.json', RECORD_FORMAT: 'record_format.json', SCHEMA: 'feed_schema.msgpack', SEGMENTS: 'segments.reg', SEGMENTS_JSON: 'segments.json', SIDECARS: 'sidecars.msgpack' } as const;

export const chunkName = (id: number): string => `chunk_${String(id).padStart(8, '0')}.bin`;
export const indexName = (id: number): string => `chunk_${String(id).padStart(8, '0')}.idx`;

/** What files of a store may have at most; larger ones are none of its. */
export const LIMITS = { JSON_BYTES: 1 << 20, SCHEMA_BYTES: 1 << 20, INDEX_BYTES: 1 << 28, SEGMENTS_BYTES: 1 << 27, FEEDS: 16_383 } as const;
