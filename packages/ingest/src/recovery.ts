import {
  type BlockDescriptor, type ChunkSeal, CHUNK_STATE, type ClockRange, type Schema, type SealReason,
  type WritableChunk, columnChecksum, countIndexPoints, failpoint, punchHole, readAt, readClock, syncDataAsync, system,
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
    const whole = known !== undefined && known.count === count;
    const block = whole ? known : describeRows(chunk, schema, index * geometry.blockRows, count);
    if (!whole) header.writeBlock(index, geometry, schema, block);
    summary.add(block);
  }
  return {
    rows, reason, sealedUs: system.wallMs() * 1000, sortedMask: summary.sortedMask,
    indexPoints: indexPointsOf(chunk, schema, rows), ranges: fullRanges(schema, summary.ranges),
  };
}

/**
 * Makes the chunk durable, then seals it, makes that durable too, and gives the unused blocks back. Chunks are sealed here and
 * nowhere else.
 */
export async function finishSeal(chunk: WritableChunk, schema: Schema, seal: ChunkSeal): Promise<ChunkSeal> {
  await syncDataAsync(chunk.fd, chunk.path);
  failpoint('seal.synced');
  writeSealed(chunk, schema, seal);
  failpoint('seal.marked');
  await syncDataAsync(chunk.fd, chunk.path);
  failpoint('seal.durable');
  giveBack(chunk, seal.rows);
  failpoint('seal.given-back');
  return seal;
}

function writeSealed({ header }: WritableChunk, schema: Schema, seal: ChunkSeal): void {
  header.syncedRows = seal.rows;
  header.writeSeal(schema, seal);
}

function giveBack({ header, geometry, fd, path }: WritableChunk, rows: number): void {
  const reserved = Math.max(header.reservedRows, rows);
  geometry.columnOffsets.forEach((offset, i) => {
    const width = geometry.columnWidths[i] as number;
    punchHole(fd, offset + rows * width, (reserved - rows) * width, path);
  });
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
  const columns = geometry.columnWidths.map((width, i) => {
    const bytes = Buffer.alloc(count * width);
    readAt(fd, bytes, (geometry.columnOffsets[i] as number) + from * width, path);
    return bytes;
  });
  let sortedMask = 0;
  const ranges = schema.clocks.map((clock, i) => {
    const bytes = columns[clock.fieldIndex] as Buffer;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let min = readClock(view, 0, clock);
    let max = min;
    let last = min;
    let sorted = true;
    for (let row = 1; row < count; row++) {
      const time = readClock(view, row * 8, clock);
      if (time < last) sorted = false;
      if (time < min) min = time;
      if (time > max) max = time;
      last = time;
    }
    if (sorted) sortedMask |= 1 << i;
    return { min, max };
  });
  return { count, sortedMask, ranges, columnChecksums: columns.map((bytes) => columnChecksum(bytes)) };
}

/** A chunk without rows spans nothing; its ranges are written as zeros. */
export function fullRanges(schema: Schema, ranges: readonly ClockRange[]): readonly ClockRange[] {
  return ranges.length > 0 ? ranges : schema.clocks.map(() => ({ min: 0n, max: 0n }));
}

