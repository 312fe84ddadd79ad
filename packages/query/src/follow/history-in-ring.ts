import type { Field, Schema } from '@deepwater/core/engine';
import type { Ring } from '@deepwater/ring';
import { runsInside } from '../clock-cells.js';
import { copyFromRing } from '../ring-block.js';
import { RunList } from '../run-list.js';
import type { TimeBounds } from '../time-bounds.js';
import type { FollowOptions } from './follow-step.js';
import { PendingRows } from './pending-rows.js';

/**
 * Those of the rows [from, to) of a ring whose times are wanted, copied and checked.
 * @returns undefined where there is none; `overwritten` where the writer came by
 */
export function historyInRing(ring: Ring, schema: Schema, { bounds, fields }: FollowOptions, from: number, to: number): PendingRows | 'overwritten' | undefined {
  const wanted = bounds as TimeBounds;
  const clock = schema.fields[wanted.clock.fieldIndex] as Field;
  const block = to > from ? copyFromRing(ring, schema, [...fields, clock], from, to) : undefined;
  if (block === undefined) return 'overwritten';
  const runs = new RunList();
  runsInside(block.words(clock), wanted, 0, to - from, runs);
  return runs.rows === 0 ? undefined : new PendingRows({ block, runs: runs.pairs, rows: runs.rows }, to);
}
