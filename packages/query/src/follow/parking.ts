/**
 * How a thread waits for a feed: it spins on the head of the ring, which is done where rows are taken (`Follower.step`), or
 * sleeps until its bell rings. Threads of the writer's own process sleep on a word that they share with it, others on a futex.
 * A subscriber that may not write the bell looks every millisecond; where there is no ring yet, the next writer is looked out for.
 */
import { DeepwaterError, system } from '@deepwater/core/engine';
import { Bell, LOCAL_BELL, type Ring, type WaitStrategy } from '@deepwater/ring';
import type { Follower } from './follower.js';
import { IdleTime } from './idle-time.js';

/** How often who spins, or may not write the bell, looks for a successor of the ring. */
const SLICE_MS = 250;
/** How often a subscriber without write permission looks. */
const POLL_MS = 1;
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
  readonly #idle = new IdleTime();
  #across = false;
  /** What would have rung before the sleeper could hear it: looked at when it can. */
  readonly #changed = (): boolean => this.stopped() || this.follower.behind || this.follower.ring?.retired === true || this.#across !== this.#writesElsewhere;
  #spun = 0;

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
    const rang = this.#sleep(ring, deadline - now);
    if (follower.behind) {
      this.#idle.over();
      this.#idleSince = 0;
    } else if (rang) {
      follower.refresh(); // woken, but not by a record; or it is time to look round
    } else {
      this.refreshIfIdle();
    }
    return false;
  }

  /** Looks for a successor of the ring, once in a while. @throws DeepwaterError DW_FEED_UNKNOWN */
  refreshIfIdle(): void {
    this.#refreshIfIdle(system.monotonicMs());
  }

  #refreshIfIdle(now: number): void {
    const { ring } = this.follower;
    if (ring !== undefined && !ring.retired && now - this.#idleSince < SLICE_MS / 2) return;
    this.#idleSince = now;
    this.follower.refresh();
  }

  /** @returns whether it slept on a bell, which is rung for more than records. */
  #sleep(ring: Ring | undefined, ms: number): boolean {
    if (ring === undefined) {
      this.#sleepWithoutRing(ms);
      return false;
    }
    const bell = ring.retired ? undefined : this.bellOf(ring);
    this.#across = this.#writesElsewhere;
    if (bell !== undefined) return bell.sleep(this.#across, Math.min(ms, this.#idle.sliceMs(true)), this.#changed);
    this.#sleepLocal(Math.min(ms, ring.retired ? this.#idle.sliceMs(false) : POLL_MS));
    return false;
  }

  /** Until there may be a ring: a look at one word, or at whether there is a file. */
  #sleepWithoutRing(ms: number): void {
    const wakes = Atomics.load(this.local, LOCAL_BELL.WAKES);
    const end = performance.now() + Math.min(ms, this.#idle.sliceMs(true));
    do {
      const left = end - performance.now();
      if (left <= 0 || this.stopped() || Atomics.wait(this.local, LOCAL_BELL.WAKES, wakes, Math.min(left, this.#idle.sliceMs(false))) !== 'timed-out') return;
    } while (!this.follower.files.mayHaveRing());
  }

  get #writesElsewhere(): boolean {
    return Atomics.load(this.local, LOCAL_BELL.WRITERS) === 0;
  }

  #sleepLocal(ms: number): void {
    const wakes = Atomics.load(this.local, LOCAL_BELL.WAKES);
    if (!this.stopped() && !this.follower.behind) Atomics.wait(this.local, LOCAL_BELL.WAKES, wakes, ms);
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
