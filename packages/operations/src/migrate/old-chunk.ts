/**
 * Chunks of store format 1. Two things changed while it was written, without another number:
 *
 * - The checksums of columns in block descriptors were CRC-32 first and are XXH64 now.
 * - Feeds of mode IF had no index column first, and their schema did not say their mode.
 *
 * Each chunk is told apart by itself: a store may hold chunks of several times.
 */
import {
  type BlockDescriptor, CHUNK_STATE, ChunkHeader, type ChunkGeometry, type FeedSpec, type Schema, bootId, closeFile, columnChecksum, compileSchema, crc32,
  openExisting, peekChunk, readAt,
} from '@deepwater/core';

export type Checksum = 'xxh64' | 'crc32';

export interface OldChunk {
  readonly path: string;
  /** The schema it was written with; the feed's own where that is the same. */
  readonly schema: Schema;
  readonly header: ChunkHeader;
  readonly geometry: ChunkGeometry;
  /** Rows that exist, as a reader would count them. */
  readonly rows: number;
  /** Rows that have cells: after a power loss more than survived. */
  readonly written: number;
  /** What the checksums of its columns are, where a block has one that holds. */
  readonly checksum: Checksum | undefined;
  /** It lacks the column of index points that feeds of its mode have. */
  readonly unindexed: boolean;
}

/** The schema of a feed of mode IF as it was when such feeds had no index column; undefined for other feeds. */
export function unindexedSchema(spec: FeedSpec): Schema | undefined {
  return spec.mode === 'IF' ? compileSchema({ ...spec, mode: 'UF' }) : undefined;
}

/**
 * Looks at a chunk; undefined where it was made and never used.
 * @throws DeepwaterError DW_FILE_CORRUPT, DW_CHUNK_SCHEMA_MISMATCH, DW_FORMAT_VERSION
 */
export function lookAtChunk(path: string, spec: FeedSpec): OldChunk | undefined {
  const { header: probe, size } = peekChunk(path);
  const current = compileSchema(spec);
  const earlier = unindexedSchema(spec);
  const unindexed = earlier !== undefined && probe.schemaHash === earlier.hash;
  const schema = unindexed ? earlier : current;
  const geometry = probe.check(schema, size);
  if (probe.state !== CHUNK_STATE.ACTIVE && probe.state !== CHUNK_STATE.SEALED) return undefined;
  const fd = openExisting(path, false);
  try {
    const bytes = Buffer.alloc(geometry.columnsOffset);
    readAt(fd, bytes, 0, path);
    const header = new ChunkHeader(bytes, path);
    const checksum = checksumOf(fd, path, header, geometry, schema);
    const rows = rowsOf(fd, path, header, geometry, schema);
    return { path, schema, header, geometry, checksum, unindexed, rows, written: Math.max(rows, header.seal(schema) === undefined ? header.committedRows : 0) };
  } finally {
    closeFile(fd);
  }
}

/** Whether the checksums of a block hold, and as what; undefined where they hold as neither. */
export function blockChecksum(fd: number, path: string, geometry: ChunkGeometry, index: number, block: BlockDescriptor): Checksum | undefined {
  const sums = { crc32: true, xxh64: true };
  for (const [i, offset] of geometry.columnOffsets.entries()) {
    const width = geometry.columnWidths[i] as number;
    const cells = Buffer.alloc(block.count * width);
    readAt(fd, cells, offset + index * geometry.blockRows * width, path);
    sums.crc32 &&= crc32(cells) === block.columnChecksums[i];
    sums.xxh64 &&= columnChecksum(cells) === block.columnChecksums[i];
    if (!sums.crc32 && !sums.xxh64) return undefined;
  }
  return sums.xxh64 ? 'xxh64' : 'crc32';
}

/** The first block that holds tells: a chunk is written by one writer. */
function checksumOf(fd: number, path: string, header: ChunkHeader, geometry: ChunkGeometry, schema: Schema): Checksum | undefined {
  for (let index = 0; index < geometry.blockCount; index++) {
    const block = header.block(index, geometry, schema);
    if (block === undefined || block.count === 0 || block.count > geometry.blockRows) continue;
    const found = blockChecksum(fd, path, geometry, index, block);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** As `survivingRows` and readers have it, with either checksum. */
function rowsOf(fd: number, path: string, header: ChunkHeader, geometry: ChunkGeometry, schema: Schema): number {
  const seal = header.seal(schema);
  if (seal !== undefined) return seal.rows;
  if (header.bootId === bootId()) return header.committedRows;
  let rows = header.syncedRows;
  for (let index = Math.floor(rows / geometry.blockRows); index < geometry.blockCount; index++) {
    const block = header.block(index, geometry, schema);
    if (block === undefined || block.count === 0 || block.count > geometry.blockRows || blockChecksum(fd, path, geometry, index, block) === undefined) break;
    rows = Math.max(rows, index * geometry.blockRows + block.count);
    if (block.count < geometry.blockRows) break;
  }
  return rows;
}
