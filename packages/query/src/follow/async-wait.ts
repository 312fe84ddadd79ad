/**
 * How the main thread waits without blocking: `Atomics.waitAsync` on the word that the threads of this process share for the
 * feed. A writer of this process wakes it as it wakes parked threads. For a writer of another process a helper thread sleeps
 * on the bell and wakes that same word (waker.ts). Where the bell may not be written, the feed is looked at now and then.
 */
import { BELL_BITS } from '@deepwater/core/engine';
import { LOCAL_BELL, UNFENCED_SLICE_MS } from '@deepwater/ring';
import type { Follower } from './follower.js';
import { IdleTime } from './idle-time.js';
import { holdEventLoop, releaseEventLoop } from './keep-alive.js';
import type { Parking } from './parking.js';
import { armWaker } from './waker.js';

/** How often a feed is looked at whose bell may not be written: at once after a record, later less often. */
const POLL_MS = { MIN: 1, MAX: 16 } as const;

/** Where one sleeps: how long at most, ms, and whether on a bell, which is rung for more than records. */
interface Place {
  readonly ms: number;
  readonly rings: boolean;
}

export class AsyncWait {
  #poll: number = POLL_MS.MIN;
  readonly #idle = new IdleTime();
  #wake: (() => void) | undefined;

  constructor(
    private readonly follower: Follower,
    private readonly parking: Parking,
    private readonly stopped: () => boolean,
  ) {}

  /** Resolves when there may be something new; at the latest after some seconds. @throws DeepwaterError DW_FEED_UNKNOWN */
  async wait(): Promise<void> {
    const { follower } = this;
    const end = performance.now() + this.#idle.sliceMs(true);
    let place: Place;
    let over: boolean;
    do {
      const wakes = Atomics.load(this.parking.local, LOCAL_BELL.WAKES);
      place = this.#announce();
      // What would have rung before this could hear it.
      const changed = this.stopped() || follower.behind || (place.rings && follower.ring?.retired === true);
      over = changed || await this.#sleep(wakes, place.ms) !== 'timed-out';
      // Without a ring, a look at one word, or at whether there is a file, says whether there is more to look at.
    } while (!over && follower.ring === undefined && performance.now() < end && !follower.files.mayHaveRing());
    if (follower.behind) {
      this.#poll = POLL_MS.MIN;
      this.#idle.over();
    } else if (!this.stopped()) {
      if (place.rings) follower.refresh(); // woken, but not by a record; or it is time to look round
      else this.parking.refreshIfIdle();
    }
  }

  /** @returns undefined where `wake` ended it */
  async #sleep(wakes: number, ms: number): Promise<'ok' | 'not-equal' | 'timed-out' | undefined> {
    const waiting = Atomics.waitAsync(this.parking.local, LOCAL_BELL.WAKES, wakes, ms);
    if (!waiting.async) return waiting.value;
    holdEventLoop();
    try {
      return await Promise.race([waiting.value, new Promise<undefined>((resolve) => { this.#wake = () => { resolve(undefined); }; })]);
    } finally {
      this.#wake = undefined;
      releaseEventLoop();
    }
  }

  /** Ends a wait that is under way: the stream was stopped. */
  wake(): void {
    this.#wake?.();
  }

  /** Tells the publisher that somebody sleeps. */
  #announce(): Place {
    const { ring } = this.follower;
    if (ring === undefined || ring.retired) return { ms: this.#idle.sliceMs(false), rings: false };
    const bell = this.parking.bellOf(ring);
    if (bell === undefined) {
      this.#poll = Math.min(POLL_MS.MAX, this.#poll * 1.1);
      return { ms: this.#poll, rings: false };
    }
    const across = Atomics.load(bell.local, LOCAL_BELL.WRITERS) === 0;
    const { wakes, fenced } = bell.announce(across ? BELL_BITS.PROCESSES : BELL_BITS.THREADS);
    if (across) armWaker(bell, wakes);
    return { ms: fenced ? this.#idle.sliceMs(true) : UNFENCED_SLICE_MS, rings: fenced };
  }
}
