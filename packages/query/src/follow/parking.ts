/**
 * How a thread waits for a feed: it spins on the head of the ring, which is done where rows are taken (`Follower.step`), or
 * sleeps until its bell rings. Threads of the writer's own process sleep on a word that they share with it, others on a futex.
 * A subscriber that may not write the bell looks every millisecond; where there is no ring yet, the next writer is looked out for.
 */
import { DeepwaterError } from '@deepwater/core/engine';
import { Bell, LOCAL_BELL, type Ring, type WaitStrategy } from '@deepwater/ring';
import type { Follower } from './follower.js';

/** Sleeps are cut into slices: a native wait holds up `terminate()`, and a successor of the ring has to be noticed. */
const SLICE_MS = 250;
/** How often a subscriber without write permission looks. */
const POLL_MS = 1;
/** How often the next writer is looked out for where there is no ring. One of this process wakes its sleepers itself. */
const NO_RING_MS = 20;
/** Looks at the head in one step: some microseconds, after which it is asked whether to stop. */
const LOOKS_MAX = 1024;
/** As masks: waits of a spinning subscriber between two looks at the clock, a tenth of a millisecond with a deadline, else two. */
const WAITS_PER_CLOCK = { WITH_DEADLINE: 15, WITHOUT_DEADLINE: 255 } as const;

/** Looks at the head of the ring in each step of a subscriber that waits like this. */
export const looksOf = ({ spins }: WaitStrategy): number => Math.max(1, Math.min(spins, LOOKS_MAX));

export class Parking {
  #ring: Ring | undefined;
  #bell: Bell | undefined;
  #idleSince = 0;
  #spun = 0;
  readonly #changed = (): boolean => this.stopped() || this.follower.behind;

  constructor(
    private readonly follower: Follower,
    readonly local: Int32Array,
    private readonly stopped: () => boolean,
  ) {}

  /**
   * Waits until there may be rows, the time (`performance.now()`) has come, or `stopped()` says so: for whoever has just made
   * a step with `looksOf(strategy)` looks, which found nothing. Who spins looks at the clock now and then only: each look
   * leaves a number on the heap.
   * @returns whether the time has come
   * @throws DeepwaterError DW_FEED_UNKNOWN where the feed is gone
   */
  wait({ spins }: WaitStrategy, deadline: number): boolean {
    const { follower } = this;
    const { ring } = follower;
    if (spins === Infinity && ring !== undefined) {
      this.#spun = (this.#spun + 1) & (deadline === Infinity ? WAITS_PER_CLOCK.WITHOUT_DEADLINE : WAITS_PER_CLOCK.WITH_DEADLINE);
      if (this.#spun !== 0) return false;
      const now = performance.now();
      if (now >= deadline) return true;
      this.#refreshIfIdle(now);
      return false;
    }
    const now = performance.now();
    if (now >= deadline) return true;
    if (this.stopped()) return false;
    this.#sleep(ring, Math.min(deadline - now, SLICE_MS));
    if (follower.behind) this.#idleSince = 0;
    else this.refreshIfIdle();
    return false;
  }

  /** Looks for a successor of the ring, once in a while. @throws DeepwaterError DW_FEED_UNKNOWN */
  refreshIfIdle(): void {
    this.#refreshIfIdle(performance.now());
  }

  #refreshIfIdle(now: number): void {
    const { ring } = this.follower;
    if (ring !== undefined && !ring.retired && now - this.#idleSince < SLICE_MS / 2) return;
    this.#idleSince = now;
    this.follower.refresh();
  }

  #sleep(ring: Ring | undefined, ms: number): void {
    if (ring === undefined || ring.retired) {
      this.#sleepLocal(Math.min(ms, NO_RING_MS));
      return;
    }
    const bell = this.bellOf(ring);
    if (bell === undefined) this.#sleepLocal(Math.min(ms, POLL_MS));
    else bell.sleep(Atomics.load(this.local, LOCAL_BELL.WRITERS) === 0, ms, this.#changed);
  }

  #sleepLocal(ms: number): void {
    const wakes = Atomics.load(this.local, LOCAL_BELL.WAKES);
    if (!this.#changed()) Atomics.wait(this.local, LOCAL_BELL.WAKES, wakes, ms);
  }

  /** The bell beside a ring; undefined where it may not be written. */
  bellOf(ring: Ring): Bell | undefined {
    if (this.#ring === ring) return this.#bell;
    this.#ring = ring;
    this.#bell = undefined;
    try {
      this.#bell = Bell.open(ring.path.replace(/\.ring$/, '.bell'), this.local);
    } catch (error) {
      if (!DeepwaterError.isDeepwaterError(error)) throw error;
    }
    return this.#bell;
  }
}
