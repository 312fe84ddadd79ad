import type { Field, Schema } from '@deepwater/core/engine';
import { type Ring, gatherField, oldestSafe } from '@deepwater/ring';
import { type RowSource, wordsOf } from './row-source.js';

/** Rows copied out of the ring, as columns. */
export class RingBlock implements RowSource {
  constructor(
    readonly buffer: ArrayBuffer,
    readonly columnOffsets: readonly number[],
    readonly capacityRows: number,
    readonly firstSequence: number,
  ) {}

  words(field: Field): Int32Array {
    return wordsOf(this, field);
  }
}

/** Rows that are copied before the ring is asked whether the writer came by. */
export const RING_PIECE_ROWS = 16384;

/**
 * Copies rows [from, to) of the ring, and then makes sure that they are what was published (rule 3): of a persisted feed
 * no slot is used again before the tail has passed it, of a memory feed not before the writer is a lap ahead.
 * @param wanted fields to copy.
 * @returns undefined where some of the rows may have been overwritten while they were copied.
 */
export function copyFromRing(ring: Ring, schema: Schema, wanted: readonly Field[], from: number, to: number): RingBlock | undefined {
  const block = gatherBlock(ring, schema, wanted, from, to);
  const whole = (ring.persist && ring.tail <= from) || oldestSafe(ring, ring.head) <= from;
  return whole ? block : undefined;
}

/** The copy alone, for callers that ask the ring themselves afterwards. */
export function gatherBlock(ring: Ring, schema: Schema, wanted: readonly Field[], from: number, to: number): RingBlock {
  const rows = to - from;
  const columnOffsets = schema.columns.map(() => -1);
  let bytes = 0;
  for (const field of wanted) {
    if ((columnOffsets[field.index] as number) >= 0) continue;
    columnOffsets[field.index] = bytes;
    bytes += Math.ceil((rows * field.width) / 8) * 8;
  }
  const buffer = new ArrayBuffer(bytes);
  const target = new Uint8Array(buffer);
  for (const field of schema.columns) {
    const at = columnOffsets[field.index] as number;
    if (at >= 0) gatherField(ring, field, from, to, target, at);
  }
  return new RingBlock(buffer, columnOffsets, rows, from);
}
