import { BLOCK, type ChunkGeometry } from '../layout/chunk-layout.js';
import { type ClockRange, writeClockRanges } from '../layout/clock-values.js';
import { crc32 } from '../layout/crc.js';
import type { Schema } from '../schema/index.js';

/** Bits of a block's SORTED_MASK that are of clocks. */
export const CLOCK_BITS = 2 ** BLOCK.PLACE_SHIFT - 1;
/** What the bits above say: 1 for the first block. Descriptors that older versions wrote have 0 there. */
export const placeOf = (index: number): number => (index % (2 ** 24 - 1)) + 1;

export interface BlockDescriptor {
  readonly count: number;
  readonly sortedMask: number;
  readonly ranges: readonly ClockRange[];
  readonly columnChecksums: readonly number[];
}

/** The bytes of a descriptor. */
export function blockBytesOf(index: number, geometry: ChunkGeometry, schema: Schema, block: BlockDescriptor): Uint8Array {
  const bytes = new Uint8Array(geometry.blockBytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(BLOCK.COUNT, block.count, true);
  view.setUint32(BLOCK.SORTED_MASK, (block.sortedMask & CLOCK_BITS) | (placeOf(index) << BLOCK.PLACE_SHIFT), true);
  writeClockRanges(view, BLOCK.RANGES, schema.clocks, block.ranges);
  const checksumsAt = BLOCK.RANGES + 16 * geometry.clockCount;
  block.columnChecksums.forEach((checksum, i) => { view.setUint32(checksumsAt + 4 * i, checksum, true); });
  view.setUint32(geometry.blockBytes - 4, crc32(bytes.subarray(0, geometry.blockBytes - 4)), true);
  return bytes;
}

/** Never 0, which says that there is none. */
export function syncedCheck(rows: number, tail: number): number {
  return crc32(new Uint8Array(Uint32Array.of(rows, tail).buffer)) || 1;
}
