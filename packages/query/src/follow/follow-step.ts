import type { Field } from '@deepwater/core/engine';
import type { Ring, RingTaker } from '@deepwater/ring';
import type { Cut } from '../cut.js';
import type { TimeBounds } from '../time-bounds.js';
import type { LostRange } from './losses.js';

/** What a step found: nothing yet, rows as columns (`piece`), or rows of the ring that its taker has (`first`, `rows`). */
export const STEP = { NOTHING: 0, COLUMNS: 1, RING: 2 } as const;
export type Step = (typeof STEP)[keyof typeof STEP];

/** Whether a follower begins with an index point, and which. */
export interface Playback {
  /** The column that marks them. */
  readonly column: Field;
  /** `from` is one; else it begins with the first from there on. */
  readonly found: boolean;
}

export interface FollowOptions {
  /** First sequence number wanted. With `bounds` it is found by time, with neither it is the next to be published. */
  readonly from?: number;
  readonly playback?: Playback;
  /** Of what was published before the follower began, only these times. */
  readonly bounds?: TimeBounds;
  /** Fields that are wanted as columns. */
  readonly fields: readonly Field[];
  /** Asked for each ring that is followed. */
  readonly taker: (ring: Ring) => RingTaker;
  /** Whether a piece may have rows that do not lie one after the other. */
  readonly scattered: boolean;
  readonly onLoss?: (range: LostRange) => void;
}

/** Whether the ring has the rows from `next` on, with so much room before the writer that it is worth reading them there. */
export function ringIsNear({ ring, head }: Cut, next: number, historyEnd: number): boolean {
  return ring !== undefined && next >= historyEnd && next >= Math.max(head - ring.slotCount / 2, ring.baseSequence);
}
