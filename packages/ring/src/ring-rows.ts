/**
 * Rows of a ring as they lie in its slots, copied to scratch pages behind the reader's own mapping of the ring: within one
 * buffer, so that a kernel does it, and without an allocation.
 */
import { DeepwaterError, highWord, lowWord } from '@deepwater/core/engine';
import type { Ring } from './ring-file.js';
import { RingTaker } from './ring-taker.js';

export class RingRows extends RingTaker {
  /** Where the copies lie: the buffer of the ring's mapping, from `offset` on. */
  readonly buffer: SharedArrayBuffer;
  readonly offset: number;
  readonly bytes: number;
  /** Rows that fit. */
  readonly capacity: number;

  /** @param ring opened with `scratchBytes`, by this reader alone */
  constructor(ring: Ring) {
    const { buffer, scratchOffset } = ring.mapped;
    super(ring, scratchOffset);
    this.buffer = buffer;
    this.offset = scratchOffset;
    this.bytes = buffer.byteLength - scratchOffset;
    this.capacity = Math.floor(this.bytes / ring.slotStride);
    if (this.capacity < 1) {
      throw new DeepwaterError('DW_LIMIT_EXCEEDED', `The scratch space of ${this.bytes} bytes holds no row of ${ring.slotStride} bytes. Ask for more.`, {
        values: { bytes: this.bytes, stride: ring.slotStride },
      });
    }
  }

  /** Copies rows [from, to), at most `capacity`. */
  override copy(from: number, to: number): void {
    this.kernels.copyRows(lowWord(from), to - from);
  }

  /** As any taker's, in one call. @param max at most `capacity` */
  override take(next: number, max: number, looks: number): number {
    return this.kernels.take(lowWord(next), highWord(next), max, looks);
  }
}
