/** How a subscriber waits for the next record. */
export type WaitStrategyName = 'spin' | 'spin-then-park' | 'park';

export interface WaitStrategy {
  readonly name: WaitStrategyName;
  /** Looks at the head this often before sleeping, a few nanoseconds each; Infinity never sleeps. */
  readonly spins: number;
}

/** Lowest latency, one core at full load. */
export const SPIN: WaitStrategy = { name: 'spin', spins: Infinity };
/** Spins for a few microseconds, the usual distance between records of a burst, then sleeps. */
export const SPIN_THEN_PARK: WaitStrategy = { name: 'spin-then-park', spins: 1024 };
/** Sleeps at once: costs no CPU while nothing comes. */
export const PARK: WaitStrategy = { name: 'park', spins: 0 };

export const WAIT_STRATEGIES: Readonly<Record<WaitStrategyName, WaitStrategy>> = {
  spin: SPIN,
  'spin-then-park': SPIN_THEN_PARK,
  park: PARK,
};
