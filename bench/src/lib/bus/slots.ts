import { FUTEX_SLICE_NS, futexWait, futexWakeAll } from '@deepwater/core/engine';
import type { Arrivals } from './arrivals.js';

/** As many as a feed of this race has in its ring: enough for a pause of 0.3 s. */
export const SLOTS = 65536;
const HEAD_BYTES = 128;
const WORDS = 3;
export const SLOTS_BYTES = HEAD_BYTES + SLOTS * WORDS * 8;

/**
 * The least that hands records from one thread or process to another: slots of three float64 and a head, nothing checked,
 * nobody else served. What any bus over shared memory is measured against.
 */
export class Slots {
  readonly #head: Int32Array;
  readonly #cells: Float64Array;

  /** @param across whether the other end is another process: futex instead of Atomics.wait */
  constructor(memory: SharedArrayBuffer, readonly across: boolean) {
    this.#head = new Int32Array(memory, 0, 1);
    this.#cells = new Float64Array(memory, HEAD_BYTES, SLOTS * WORDS);
  }

  publish(price: number, dueNs: number, timeUs: number): void {
    const head = this.#head[0];
    const at = (head & (SLOTS - 1)) * WORDS;
    this.#cells[at] = price;
    this.#cells[at + 1] = dueNs;
    this.#cells[at + 2] = timeUs;
    // Sequentially consistent: the cells are there when the head is.
    Atomics.store(this.#head, 0, head + 1);
  }

  /** Publishes, and wakes whoever sleeps. */
  publishAndWake(price: number, dueNs: number, timeUs: number): void {
    this.publish(price, dueNs, timeUs);
    if (this.across) futexWakeAll(this.#head);
    else Atomics.notify(this.#head, 0);
  }

  receive(arrivals: Arrivals, park: boolean): void {
    let next = 0;
    while (!arrivals.complete) {
      const head = Atomics.load(this.#head, 0);
      if (head === next) {
        if (park) this.#sleep(next);
        continue;
      }
      for (; next < head; next++) {
        const at = (next & (SLOTS - 1)) * WORDS;
        arrivals.take(this.#cells[at], this.#cells[at + 1], this.#cells[at + 2]);
      }
    }
  }

  #sleep(seen: number): void {
    if (this.across) futexWait(this.#head, seen, FUTEX_SLICE_NS);
    else Atomics.wait(this.#head, 0, seen, FUTEX_SLICE_NS / 1e6);
  }
}
