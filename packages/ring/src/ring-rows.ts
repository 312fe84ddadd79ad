/**
 * Rows of a ring as they lie in its slots, copied to scratch pages behind the reader's own mapping of the ring: within one
 * buffer a copy is one call that allocates nothing.
 */
import { DeepwaterError, lowWord } from '@deepwater/core/engine';
import type { Ring } from './ring-file.js';

/** Shorter copies are made word by word: the call alone costs more than they do. */
const WORDS_BY_HAND = 128;

export class RingRows {
  readonly ring: Ring;
  /** Where the copies lie: the buffer of the ring's mapping, from `offset` on. */
  readonly buffer: SharedArrayBuffer;
  readonly offset: number;
  readonly bytes: number;
  /** Rows that fit. */
  readonly capacity: number;
  readonly #words: Int32Array;
  readonly #slots: number;
  readonly #target: number;
  readonly #stride: number;
  readonly #slotCount: number;

  /** @param ring opened with `scratchBytes`, by this reader alone */
  constructor(ring: Ring) {
    const { buffer, scratchOffset } = ring.mapped;
    const bytes = buffer.byteLength - scratchOffset;
    this.ring = ring;
    this.buffer = buffer;
    this.offset = scratchOffset;
    this.bytes = bytes;
    this.#slotCount = ring.slotCount;
    this.#stride = ring.slotStride >> 2;
    this.#words = new Int32Array(buffer, 0, buffer.byteLength >> 2);
    this.#slots = ring.slotsOffset >> 2;
    this.#target = scratchOffset >> 2;
    this.capacity = Math.floor(bytes / ring.slotStride);
    if (this.capacity < 1) {
      throw new DeepwaterError('DW_LIMIT_EXCEEDED', `The scratch space of ${bytes} bytes holds no row of ${ring.slotStride} bytes. Ask for more.`, {
        values: { bytes, stride: ring.slotStride },
      });
    }
  }

  /** Copies rows [from, to), at most `capacity`. Ask afterwards whether the writer came by (see ring-cursor.ts). */
  copy(from: number, to: number): void {
    const count = to - from;
    const slot = lowWord(from) & (this.#slotCount - 1);
    const first = Math.min(count, this.#slotCount - slot);
    this.#copySlots(slot, first, this.#target);
    if (count > first) this.#copySlots(0, count - first, this.#target + first * this.#stride);
  }

  #copySlots(slot: number, count: number, target: number): void {
    const words = this.#words;
    const start = this.#slots + slot * this.#stride;
    const length = count * this.#stride;
    if (length > WORDS_BY_HAND) {
      words.copyWithin(target, start, start + length);
      return;
    }
    for (let i = 0; i < length; i++) words[target + i] = words[start + i] as number;
  }
}
