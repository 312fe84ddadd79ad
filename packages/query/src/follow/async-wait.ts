/**
 * How the main thread waits without blocking: `Atomics.waitAsync` on the word that the threads of this process share for the
 * feed. A writer of this process wakes it as it wakes parked threads. For a writer of another process a helper thread sleeps
 * on the bell and wakes that same word (waker.ts). Where the bell may not be written, the feed is looked at now and then.
 */
import { BELL_BITS } from '@deepwater/core/engine';
import { LOCAL_BELL, UNFENCED_SLICE_MS } from '@deepwater/ring';
import type { Follower } from './follower.js';
import { holdEventLoop, releaseEventLoop } from './keep-alive.js';
import type { Parking } from './parking.js';
import { armWaker } from './waker.js';

/** In between it is made sure that ring and feed are still there. */
const SLICE_MS = 250;
/** How often the next writer is looked out for where there is no ring. */
const NO_RING_MS = 20;
/** How often a feed is looked at whose bell may not be written: at once after a record, later less often. */
const POLL_MS = { MIN: 1, MAX: 16 } as const;

export class AsyncWait {
  #poll: number = POLL_MS.MIN;
  #wake: (() => void) | undefined;

  constructor(
    private readonly follower: Follower,
    private readonly parking: Parking,
    private readonly stopped: () => boolean,
  ) {}

  /** Resolves when there may be something new; at the latest after a quarter of a second. @throws DeepwaterError DW_FEED_UNKNOWN */
  async wait(): Promise<void> {
    const { follower } = this;
    const { local } = this.parking;
    const wakes = Atomics.load(local, LOCAL_BELL.WAKES);
    const ms = this.#announce();
    if (!this.stopped() && !follower.behind) {
      const waiting = Atomics.waitAsync(local, LOCAL_BELL.WAKES, wakes, ms);
      if (waiting.async) {
        holdEventLoop();
        try {
          await Promise.race([waiting.value, new Promise<void>((resolve) => { this.#wake = resolve; })]);
        } finally {
          this.#wake = undefined;
          releaseEventLoop();
        }
      }
    }
    if (follower.behind) this.#poll = POLL_MS.MIN;
    else if (!this.stopped()) this.parking.refreshIfIdle();
  }

  /** Ends a wait that is under way: the stream was stopped. */
  wake(): void {
    this.#wake?.();
  }

  /** Tells the publisher that somebody sleeps. @returns how long to sleep at most, ms */
  #announce(): number {
    const { ring } = this.follower;
    if (ring === undefined || ring.retired) return NO_RING_MS;
    const bell = this.parking.bellOf(ring);
    if (bell === undefined) {
      this.#poll = Math.min(POLL_MS.MAX, this.#poll * 1.1);
      return this.#poll;
    }
    const across = Atomics.load(bell.local, LOCAL_BELL.WRITERS) === 0;
    const { bits, fenced } = bell.announce(across ? BELL_BITS.PROCESSES : BELL_BITS.THREADS);
    if (across) armWaker(bell, bits);
    return fenced ? SLICE_MS : UNFENCED_SLICE_MS;
  }
}
