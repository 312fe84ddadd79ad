import type { Field } from '@deepwater/core/engine';
import type { Ring } from '@deepwater/ring';
import type { TimeBounds } from '../time-bounds.js';
import type { LostRange } from './losses.js';

/** What a step found: nothing yet, rows as columns (`piece`), or rows of the ring that `copy` has taken (`first`, `rows`). */
export const STEP = { NOTHING: 0, COLUMNS: 1, RING: 2 } as const;
export type Step = (typeof STEP)[keyof typeof STEP];

/** Takes rows [from, to) of a ring; they count only if the follower then finds that the writer did not come by. */
export type TakeFromRing = (ring: Ring, from: number, to: number) => void;

export interface FollowOptions {
  /** First sequence number wanted. With `bounds` it is found by time, with neither it is the next to be published. */
  readonly from?: number;
  /** Of what was published before the follower began, only these times. */
  readonly bounds?: TimeBounds;
  /** Fields that are wanted as columns. */
  readonly fields: readonly Field[];
  readonly take: TakeFromRing;
  /** Whether a piece may have rows that do not lie one after the other. */
  readonly scattered: boolean;
  readonly onLoss?: (range: LostRange) => void;
}
