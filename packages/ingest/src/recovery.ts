import {
  type BlockDescriptor, type ChunkSeal, CHUNK_STATE, type ClockRange, type Schema, type SealReason,
  type ChunkGeometry, type WritableChunk, countIndexPoints, describeBlock, failpoint, proveBlock, punchHole, readAt, syncDataAsync, system, tailChecksum,
} from '@deepwater/core/engine';
import { ChunkSummary } from './block-buffers.js';

/**
 * What a chunk whose writer is gone is sealed with: the rows its committed count says (rule 2). Descriptors of its full blocks are
 * there; the last one is made from the rows. Not before the writer may open: it reads.
 */
export function describeLeftover(chunk: WritableChunk, schema: Schema, reason: SealReason): ChunkSeal {
  const { header, geometry } = chunk;
  const existing = header.seal(schema);
  if (header.state === CHUNK_STATE.SEALED && existing !== undefined) return existing;
  const rows = header.committedRows;
  const summary = new ChunkSummary(schema.clocks.length);
  for (let index = 0; index * geometry.blockRows < rows; index++) {
    const count = Math.min(geometry.blockRows, rows - index * geometry.blockRows);
    const known = header.block(index, geometry, schema);
    if (known?.count === count) summary.add(known);
    // A complete block had its descriptor before it was committed: where that does not hold, only what proves the rows takes its place.
    else summary.add(count === geometry.blockRows ? proveLeftover(chunk, schema, index, count) : describeLast(chunk, schema, index, count));
  }
  return {
    rows, reason, sealedUs: system.wallMs() * 1000, sortedMask: summary.sortedMask,
    indexPoints: indexPointsOf(chunk, schema, rows), ranges: fullRanges(schema, summary.ranges),
  };
}

function describeLast(chunk: WritableChunk, schema: Schema, index: number, count: number): BlockDescriptor {
  const block = describeRows(chunk, schema, index * chunk.geometry.blockRows, count);
  chunk.header.writeBlock(index, chunk.geometry, schema, block);
  return block;
}

/**
 * Puts the descriptor of a complete block right where its rows prove what it was. Else it stays damaged, so that reading its records is an error, and
 * on clocks whose cells are not proven either it may hold any time: nobody passes over it.
 */
function proveLeftover({ header, geometry, fd, path }: WritableChunk, schema: Schema, index: number, count: number): BlockDescriptor {
  const columns = geometry.columnWidths.map((_, column) => cellsOf(geometry, fd, path, column, index * geometry.blockRows, count));
  const proven = proveBlock(header, geometry, schema, index, columns, count);
  if (proven !== undefined) {
    header.writeBlock(index, geometry, schema, proven);
    return proven;
  }
  const made = describeBlock(schema, columns, count);
  const ranges = schema.clocks.map(({ fieldIndex, signed }, clock) => {
    if (made.columnChecksums[fieldIndex] === header.columnChecksum(index, fieldIndex, geometry)) return made.ranges[clock] as ClockRange;
    return signed ? { min: -(2n ** 63n), max: 2n ** 63n - 1n } : { min: 0n, max: 2n ** 64n - 1n };
  });
  return { ...made, sortedMask: 0, ranges };
}

/**
 * Makes the chunk durable, then seals it, makes that durable too, and gives the unused blocks back. Chunks are sealed here and
 * nowhere else.
 */
export async function finishSeal(chunk: WritableChunk, schema: Schema, seal: ChunkSeal): Promise<ChunkSeal> {
  await syncDataAsync(chunk.fd, chunk.path);
  failpoint('seal.synced');
  writeSealed(chunk, schema, seal, fileTail(chunk, seal.rows));
  failpoint('seal.marked');
  await syncDataAsync(chunk.fd, chunk.path);
  failpoint('seal.durable');
  giveBack(chunk, seal.rows);
  failpoint('seal.given-back');
  return seal;
}

function writeSealed({ header }: WritableChunk, schema: Schema, seal: ChunkSeal, tail: number): void {
  header.markSynced(seal.rows, tail);
  header.writeSeal(schema, seal);
}

function giveBack({ header, geometry, fd, path }: WritableChunk, rows: number): void {
  const reserved = Math.max(header.reservedRows, rows);
  geometry.columnOffsets.forEach((offset, i) => {
    const width = geometry.columnWidths[i] as number;
    punchHole(fd, offset + rows * width, (reserved - rows) * width, path);
  });
}

/** The checksum that goes with a synced mark, from the rows in the file. */
export function fileTail({ geometry, fd, path }: WritableChunk, rows: number): number {
  return tailChecksum(geometry, rows, (column, from, count) => cellsOf(geometry, fd, path, column, from, count));
}

function cellsOf(geometry: ChunkGeometry, fd: number, path: string, column: number, from: number, count: number): Uint8Array {
  const width = geometry.columnWidths[column] as number;
  const bytes = Buffer.alloc(count * width);
  readAt(fd, bytes, (geometry.columnOffsets[column] as number) + from * width, path);
  return bytes;
}

/** How many of the first rows of a chunk are index points: descriptors do not tell. */
function indexPointsOf({ geometry, fd, path }: WritableChunk, { indexColumn }: Schema, rows: number): number {
  if (indexColumn === undefined) return 0;
  const cells = Buffer.alloc(Math.min(rows, geometry.blockRows));
  let count = 0;
  for (let row = 0; row < rows; row += cells.length) {
    const part = cells.subarray(0, Math.min(cells.length, rows - row));
    readAt(fd, part, (geometry.columnOffsets[indexColumn.index] as number) + row, path);
    count += countIndexPoints(part);
  }
  return count;
}

/** A block descriptor from the rows themselves, read from the file. */
export function describeRows(chunk: WritableChunk, schema: Schema, from: number, count: number): BlockDescriptor {
  const { geometry, fd, path } = chunk;
  const columns = geometry.columnWidths.map((_, column) => cellsOf(geometry, fd, path, column, from, count));
  return describeBlock(schema, columns, count);
}

/** A chunk without rows spans nothing; its ranges are written as zeros. */
export function fullRanges(schema: Schema, ranges: readonly ClockRange[]): readonly ClockRange[] {
  return ranges.length > 0 ? ranges : schema.clocks.map(() => ({ min: 0n, max: 0n }));
}

