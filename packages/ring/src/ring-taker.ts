import { POSITION, RING, RUN_DIVISOR, highWord, loadPosition, lowWord } from '@deepwater/core/engine';
import type { Ring } from './ring-file.js';
import { type RingKernels, ringKernels } from './ring-kernels.js';

const HEAD_HIGH_B = (RING.HEAD + POSITION.HIGH_B) >> 2;

/** Takes the rows behind a place in a ring as soon as they are there, in whatever form. One subscriber's. */
export abstract class RingTaker {
  protected readonly kernels: RingKernels;
  readonly #words: Int32Array;
  readonly #safeRows: number;

  /** @param target where the kernels put rows that they copy, in bytes from the start of the mapping */
  constructor(ring: Ring, target = 0) {
    this.kernels = ringKernels(ring, target);
    this.#words = ring.words;
    this.#safeRows = ring.slotCount - ring.slotCount / RUN_DIVISOR;
  }

  /** Copies rows [from, to). Whether they are whole is asked afterwards (rule 3). */
  abstract copy(from: number, to: number): void;

  /**
   * Takes rows from number `next` on, at most `max`, waiting for them as long as `looks` looks at the head take. The head is
   * loaded, the rows are copied, the head is loaded again. While waiting the low words are compared: they differ as soon as
   * there is something new, and whatever is done about it is decided by all 64 bits.
   * @returns how many were taken; 0 where there are none yet; negative where they are not to be had like this: the subscriber
   * is a lap behind, or nearly so, or waits for a row that is not the next, or the ring is out of use
   */
  take(next: number, max: number, looks: number): number {
    const words = this.#words;
    if (this.kernels.awaitHead(lowWord(next), looks) === 0) {
      return Atomics.load(words, HEAD_HIGH_B) === highWord(next) && Atomics.load(words, RING.RETIRED >> 2) === 0 ? 0 : -1;
    }
    const ready = loadPosition(words, RING.HEAD) - next;
    if (ready < 0 || ready > this.#safeRows) return -1;
    const rows = ready < max ? ready : max;
    this.copy(next, next + rows);
    return loadPosition(words, RING.HEAD) - next > this.#safeRows ? -1 : rows;
  }
}
