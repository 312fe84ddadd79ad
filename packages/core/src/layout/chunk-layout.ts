/**
 * The chunk file, byte by byte (docs/FORMAT.md shows the same table). All numbers are little-endian.
 *
 *   0      identity     written once when the file is made; CRC at the end
 *   256    activation   written once when the first row is about to come
 *   512    words        one to a line of 128 bytes; each has one writer
 *   4096   schema       canonical JSON, so that a chunk can be read with nothing else at hand
 *   …      block table  one descriptor for each block of rows
 *   …      columns      each from a border of 64 KiB, at full capacity; blocks are reserved as rows come
 *
 * The file has its full logical size from the start and is sparse; rows are columns at fixed places, so a reader's view
 * of a growing chunk never moves, and all of a chunk's rows are one slice of each column.
 */
import { SECTION_BYTES, alignUp } from '../mapping/mapped-file.js';
import type { Schema } from '../schema/index.js';

export const CHUNK_MAGIC = 'DWCHUNK1';
export const CHUNK_VERSION = 1;

export const CHUNK = {
  HEADER_BYTES: 4096,

  // identity
  MAGIC: 0,
  VERSION: 8,
  COLUMNS_OFFSET: 12,
  CHUNK_ID: 16,
  FEED_UID: 24,
  SCHEMA_HASH: 32,
  CAPACITY_ROWS: 40,
  BLOCK_ROWS: 44,
  COLUMN_COUNT: 48,
  CLOCK_COUNT: 52,
  BLOCK_TABLE_OFFSET: 56,
  BLOCK_BYTES: 60,
  SCHEMA_OFFSET: 64,
  SCHEMA_BYTES: 68,
  FILE_BYTES: 72,
  CREATED_US: 80,
  FEED_NAME: 88,
  FEED_NAME_BYTES: 64,
  IDENTITY_CRC: 252,

  // activation
  ACTIVATION: 256,
  FIRST_SEQUENCE: 256,
  EPOCH: 264,
  /** ACTIVATION_FLAG */
  FLAGS: 268,
  GAP_BEFORE: 272,
  ACTIVATED_US: 280,
  BOOT_ID: 288,
  ACTIVATION_CRC: 508,

  // words
  STATE: 512,
  RESERVED_ROWS: 640,
  COMMITTED_ROWS: 768,
  SYNCED_ROWS: 896,
  /** Stored together with the rows: their checksum, and that of the rows behind the last complete block. */
  SYNCED_CHECK: 900,

  // seal
  SEAL: 1024,
  SEALED_ROWS: 1024,
  SEAL_REASON: 1028,
  SEALED_US: 1032,
  SORTED_MASK: 1040,
  INDEX_POINTS: 1044,
  CLOCK_RANGES: 1048,
  SEAL_CRC: 1276,
} as const;

/** SYNCED_CHECK: the synced mark has its checksum from the beginning, so that one without is damage. */
export const ACTIVATION_FLAG = { SYNCED_CHECK: 1 } as const;

/** The life of a chunk. Every step is stored after everything that it promises. */
export const CHUNK_STATE = { NEW: 0, PREPARED: 1, ACTIVE: 2, SEALED: 3 } as const;

export const SEAL_REASON = { NONE: 0, FULL: 1, AGE: 2, CLOSED: 3, RECOVERED: 4, POISONED: 5, POWER_LOSS: 6 } as const;
export type SealReason = (typeof SEAL_REASON)[keyof typeof SEAL_REASON];

/** A block descriptor: what can be known of a block of rows without looking at them. */
export const BLOCK = {
  COUNT: 0,
  /** Bits 0 to 7: rows are in order on that clock; above, from PLACE_SHIFT on, which block this is, so that no other's can stand in for it. */
  SORTED_MASK: 4,
  PLACE_SHIFT: 8,
  /** min and max of each clock, 64 bits each, in the clock's own type; then a CRC32 for each column; then one of this descriptor. */
  RANGES: 8,
} as const;

export const BLOCK_ROWS_MAX = 16384;
const BLOCK_ROWS_MIN = 64;
/** Disk space that a chunk of a quiet feed begins with. */
export const RESERVE_BYTES_MIN = 1024 * 1024;

/** Everything that follows from a schema and a chunk size. */
export interface ChunkGeometry {
  readonly capacityRows: number;
  readonly blockRows: number;
  readonly blockCount: number;
  readonly blockBytes: number;
  readonly columnCount: number;
  readonly clockCount: number;
  readonly schemaOffset: number;
  readonly schemaBytes: number;
  readonly blockTableOffset: number;
  readonly columnsOffset: number;
  /** Where each column begins in the file. */
  readonly columnOffsets: readonly number[];
  readonly columnWidths: readonly number[];
  readonly fileBytes: number;
}

/** @param chunkSizeBytes what the rows of a full chunk may take. */
export function chunkGeometry(schema: Schema, chunkSizeBytes: number): ChunkGeometry {
  const wanted = Math.floor(chunkSizeBytes / schema.rowBytes);
  const grain = wanted >= BLOCK_ROWS_MAX ? BLOCK_ROWS_MAX : BLOCK_ROWS_MIN;
  const capacityRows = Math.max(grain, Math.floor(wanted / grain) * grain);
  return geometryOf(schema, capacityRows, Math.min(BLOCK_ROWS_MAX, capacityRows));
}

/** The geometry for numbers read from a header; the caller has checked them. */
export function geometryOf(schema: Schema, capacityRows: number, blockRows: number): ChunkGeometry {
  const columnWidths = schema.columns.map((column) => column.width);
  const clockCount = schema.clocks.length;
  const blockCount = Math.ceil(capacityRows / blockRows);
  const blockBytes = alignUp(BLOCK.RANGES + 16 * clockCount + 4 * columnWidths.length + 4, 8);
  const schemaOffset = CHUNK.HEADER_BYTES;
  const schemaBytes = Buffer.byteLength(schema.canonical);
  const blockTableOffset = alignUp(schemaOffset + schemaBytes, 128);
  const columnsOffset = alignUp(blockTableOffset + blockCount * blockBytes, SECTION_BYTES);
  const columnOffsets: number[] = [];
  let offset = columnsOffset;
  for (const width of columnWidths) {
    columnOffsets.push(offset);
    offset = alignUp(offset + capacityRows * width, SECTION_BYTES);
  }
  return {
    capacityRows, blockRows, blockCount, blockBytes, columnCount: columnWidths.length, clockCount,
    schemaOffset, schemaBytes, blockTableOffset, columnsOffset, columnOffsets, columnWidths, fileBytes: offset,
  };
}

/** Rows to reserve first for a feed whose last chunk did not fill. */
export function firstReservation(geometry: ChunkGeometry, rowBytes: number): number {
  const rows = Math.ceil(RESERVE_BYTES_MIN / rowBytes / geometry.blockRows) * geometry.blockRows;
  return Math.min(geometry.capacityRows, rows);
}
