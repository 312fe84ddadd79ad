import { columnChecksum } from '../checksum/column-checksum.js';
import type { ChunkGeometry } from '../layout/chunk-layout.js';
import { readClock } from '../layout/clock-values.js';
import type { Schema } from '../schema/index.js';
import type { BlockDescriptor } from './block-bytes.js';
import type { ChunkHeader } from './chunk-header.js';

/** A block's descriptor from its rows. @param columns the cells of each column, `count` rows of them */
export function describeBlock(schema: Schema, columns: readonly Uint8Array[], count: number): BlockDescriptor {
  let sortedMask = 0;
  const ranges = schema.clocks.map((clock, i) => {
    const bytes = columns[clock.fieldIndex] as Uint8Array;
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

/**
 * Proves the rows of a block whose descriptor is damaged: the descriptor is made again from them, and either all its checksums
 * of columns are the ones that stand there, or the checksum over it is. The chance of that for other rows is one in 2^32.
 * @param header may be over the front of the chunk alone
 * @returns the descriptor as it was; undefined where the rows cannot be proven
 */
export function proveBlock(
  header: ChunkHeader, geometry: ChunkGeometry, schema: Schema, index: number, columns: readonly Uint8Array[], count: number,
): BlockDescriptor | undefined {
  const made = describeBlock(schema, columns, count);
  if (made.columnChecksums.every((checksum, column) => checksum === header.columnChecksum(index, column, geometry))) return made;
  return header.sameBlockCrc(index, geometry, schema, made) ? made : undefined;
}
