import type { TimeUnit } from '@deepwater/core/engine';
import { viewOf } from '../merge/feed-cursor.js';
import { type FeedRequest, stretchesByArrival } from '../merge/stretches.js';
import { factorOf } from '../merge/time-scale.js';
import { leftBatches } from './left-batches.js';
import type { Matches } from './matches.js';
import { RightSide } from './right-side.js';
import type { MergedPart } from '../merge/part.js';

/** Records of the left feed in order of arrival, rows of one part, and what each is matched with. Good until the next is asked for. */
export interface AsOfBatch {
  readonly left: MergedPart;
  readonly rows: Uint32Array;
  readonly matches: Matches;
}

export interface AsOfRules {
  readonly unit: TimeUnit;
  readonly strict: boolean;
  /** In `unit`. */
  readonly tolerance: bigint | undefined;
}

/** Joins feeds as of the left one's times; `undefined` is a place to pause. Both are seen as they are at the first `next()`. */
export function* asOfBatches(left: FeedRequest, right: FeedRequest, { unit, strict, tolerance }: AsOfRules): Generator<AsOfBatch | undefined, void, void> {
  const view = viewOf(left, 'arrival');
  const side = new RightSide(right, factorOf(right.wanted.bounds.clock, unit), strict, tolerance);
  try {
    const stretches = stretchesByArrival({ ...left, wanted: { ...left.wanted, ...view } });
    for (const batch of leftBatches(left, stretches, factorOf(left.wanted.bounds.clock, unit))) {
      yield;
      if (batch === undefined) continue;
      try {
        const matches = yield* side.match(batch);
        try {
          yield { left: batch.part, rows: batch.rows, matches };
        } finally {
          matches.close();
        }
      } finally {
        batch.part.drop();
      }
    }
  } finally {
    side.close();
  }
}
