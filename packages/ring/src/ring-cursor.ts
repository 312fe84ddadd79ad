import { RUN_DIVISOR } from '@deepwater/core/engine';
import type { Bell } from './bell.js';
import type { Ring } from './ring-file.js';
import type { WaitStrategy } from './wait-strategy.js';

/** A subscriber's place in a ring: which record it wants next, and what it has lost. One of many; none sees another. */
export class RingCursor {
  /** Sequence number of the next record to take. */
  next: number;
  /** Records that were overwritten before they were taken. */
  lost = 0;

  constructor(
    readonly ring: Ring,
    start: number = ring.head,
  ) {
    this.next = start;
  }

  /**
   * Waits for records.
   * @returns how many there are to take from `next` on; 0 when the time is over or `stopped()` says so.
   */
  wait(strategy: WaitStrategy, bell: Bell | undefined, across: boolean, timeoutMs: number, stopped?: () => boolean): number {
    const { ring } = this;
    let spins = 0;
    let deadline = 0;
    for (;;) {
      const ready = ring.head - this.next;
      if (ready > 0) return ready;
      if (stopped?.() === true || ring.retired) return 0;
      if (spins++ < strategy.spins) {
        if ((spins & 1023) === 0) {
          const now = performance.now();
          if (deadline === 0) deadline = now + timeoutMs;
          else if (now > deadline) return 0;
        }
        continue;
      }
      const now = performance.now();
      if (deadline === 0) deadline = now + timeoutMs;
      const left = deadline - now;
      if (left <= 0) return 0;
      const slice = Math.min(left, PARK_SLICE_MS);
      if (bell === undefined) Atomics.wait(POLL, 0, 0, Math.min(slice, POLL_MS));
      else bell.sleep(across, slice, () => ring.head > this.next);
    }
  }

  /**
   * Takes up to `max` records: `copy(from, to)` reads slots of sequence [from, to), then the ring is asked whether the
   * writer came by in the meantime (rule 3). What it may have overwritten is counted as lost and not taken; `copy` is
   * called again then. A reader that begins where the writer is about to write loses that race again and again, so each
   * time it begins at half the distance behind the head: it gets on however fast the writer is.
   * @returns the sequence range that is certainly whole.
   */
  take(max: number, copy: (from: number, to: number) => void): { from: number; to: number } {
    const { ring } = this;
    for (let distance = ring.slotCount; ; distance = Math.max(1, distance / 2)) {
      const head = ring.head;
      const oldest = Math.max(oldestSafe(ring, head), head - distance);
      if (this.next < oldest) {
        this.lost += oldest - this.next;
        this.next = oldest;
      }
      const from = this.next;
      const to = Math.min(head, from + max);
      if (from >= to) return { from, to: from };
      copy(from, to);
      if (oldestSafe(ring, ring.head) <= from) {
        this.next = to;
        return { from, to };
      }
    }
  }
}

/**
 * The oldest sequence that a reader can still copy safely when the head is at `head`. The writer publishes at most an
 * eighth of the ring at once, so that much behind the lap may be in the making.
 */
export function oldestSafe(ring: Ring, head: number): number {
  const { slotCount } = ring;
  return Math.max(ring.baseSequence, head - slotCount + slotCount / RUN_DIVISOR);
}

/** Sleeps are cut into slices so that a stop is noticed. */
const PARK_SLICE_MS = 250;
/** How often a subscriber without write permission looks. */
const POLL_MS = 1;
const POLL = new Int32Array(new SharedArrayBuffer(4));
