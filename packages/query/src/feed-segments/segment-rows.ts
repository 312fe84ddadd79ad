import { DeepwaterError } from '@deepwater/core/engine';
import type { Steps } from '../slices.js';
import type { Boundary } from './boundaries.js';

/** The records of a segment, and the boundaries around it. */
export interface SegmentRows {
  readonly first: number;
  readonly next: number;
  readonly records: number;
  readonly removed: number;
  readonly opened: Boundary;
  readonly closed: Boundary;
}

/** How often a moment is taken again, because retention deleted chunks of it. */
const TRIES_MAX = 16;

/** Makes something of one moment of a feed; where `make` finds it gone (undefined), of the next. */
export function* inOneMoment<M, T>(take: () => M, make: (moment: M) => Steps<T | undefined>): Steps<T> {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const made = yield* make(take());
    if (made !== undefined) return made;
    yield;
  }
  throw new DeepwaterError('DW_LIMIT_EXCEEDED', `Chunks were deleted ${TRIES_MAX} times while segments were looked for. Try again.`, { values: { tries: TRIES_MAX } });
}
