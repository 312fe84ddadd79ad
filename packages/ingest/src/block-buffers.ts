import { type BlockDescriptor, type ChunkGeometry, type Schema, alignUp } from '@deepwater/core/engine';
import type { Kernels } from './kernels.js';

/** Where a lane's block buffers lie behind its ring in the ring's Memory. */
export interface ScratchLayout {
  readonly columns: readonly number[];
  /** 24 bytes where a kernel puts what it found. */
  readonly result: number;
  readonly bytes: number;
}

/** @param start byte offset of the scratch space in the Memory. */
export function scratchLayout(schema: Schema, blockRows: number, start: number): ScratchLayout {
  const columns: number[] = [];
  let at = start + 128;
  for (const { width } of schema.columns) {
    columns.push(at);
    at = alignUp(at + blockRows * width, 128);
  }
  return { columns, result: start, bytes: at - start };
}

/** What a block of rows in contiguous columns says of itself: count, order, ranges, checksums. */
export function describeBlock(schema: Schema, geometry: ChunkGeometry, kernels: Kernels, scratch: ScratchLayout, bytes: Uint8Array, rows: number): BlockDescriptor {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  let sortedMask = 0;
  const ranges = schema.clocks.map((clock, i) => {
    const column = scratch.columns[clock.fieldIndex] as number;
    if (clock.signed) kernels.minmaxI64(column, rows, scratch.result);
    else kernels.minmaxU64(column, rows, scratch.result);
    if (view.getInt32(scratch.result + 16, true) !== 0) sortedMask |= 1 << i;
    return clock.signed
      ? { min: view.getBigInt64(scratch.result, true), max: view.getBigInt64(scratch.result + 8, true) }
      : { min: view.getBigUint64(scratch.result, true), max: view.getBigUint64(scratch.result + 8, true) };
  });
  const columnChecksums = geometry.columnWidths.map((width, i) => kernels.checksum(scratch.columns[i] as number, rows * width));
  return { count: rows, sortedMask, ranges, columnChecksums };
}

/** Joins what is known of a chunk's blocks, in order: is the whole in order, and what does it span? */
export class ChunkSummary {
  sortedMask: number;
  indexPoints = 0;
  ranges: { min: bigint; max: bigint }[] = [];

  constructor(clockCount: number) {
    this.sortedMask = (1 << clockCount) - 1;
  }

  add(block: BlockDescriptor): void {
    if (this.ranges.length === 0) {
      this.sortedMask &= block.sortedMask;
      this.ranges = block.ranges.map((range) => ({ ...range }));
      return;
    }
    block.ranges.forEach((range, i) => {
      const whole = this.ranges[i] as { min: bigint; max: bigint };
      // In-order blocks in order: the last of one is its greatest, the first of the next its least.
      if ((block.sortedMask & (1 << i)) === 0 || range.min < whole.max) this.sortedMask &= ~(1 << i);
      if (range.min < whole.min) whole.min = range.min;
      if (range.max > whole.max) whole.max = range.max;
    });
  }
}
