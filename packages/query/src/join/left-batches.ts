/** The left side of a join: its records in order of arrival, in batches whose times fit on one scale. */
import type { Field } from '@deepwater/core/engine';
import type { MergedPart, Stretch } from '../merge/part.js';
import { stableSort } from '../merge/stable-sort.js';
import { type FeedRequest, type Stretches, type Unit, unitOf } from '../merge/stretches.js';
import { FAR, fillKeys, keyScale } from '../merge/time-scale.js';
import { countRuns, splitRuns } from '../run-list.js';

const LEFT_ROWS = 8192;

export interface LeftBatch {
  readonly part: MergedPart;
  /** Rows of the part, in order of arrival. */
  readonly rows: Uint32Array;
  /** Their times in ascending order, counted from `base` in the common unit. */
  readonly keys: Float64Array;
  /** Which row each key is of; undefined where the rows are in order. */
  readonly order: Uint32Array | undefined;
  readonly base: bigint;
}

/** The part is the consumer's to drop. */
export function* leftBatches(request: FeedRequest, stretches: Stretches, factor: number): Generator<LeftBatch | undefined, void, void> {
  const { files: { schema }, wanted: { bounds } } = request;
  const field = schema.fields[bounds.clock.fieldIndex] as Field;
  for (const stretch of stretches) {
    if (stretch === undefined) {
      yield;
      continue;
    }
    const { part, runs } = stretch as Stretch & { runs: Int32Array };
    try {
      for (const some of splitRuns(runs, LEFT_ROWS)) {
        for (const unit of oneScale(unitOf(some, part.words(field), bounds), part, field, factor, request)) yield batchOf(unit, part.hold(), field, factor, request);
      }
    } finally {
      part.drop();
    }
  }
}

/** The unit, or parts of it whose times lie less than 2^53 common units apart. */
function* oneScale(unit: Unit, part: MergedPart, field: Field, factor: number, request: FeedRequest): Generator<Unit, void, void> {
  if ((unit.greatest - unit.least) * BigInt(factor) < BigInt(FAR)) {
    yield unit;
    return;
  }
  for (const half of splitRuns(unit.runs, Math.ceil(countRuns(unit.runs) / 2))) {
    yield* oneScale(unitOf(half, part.words(field), request.wanted.bounds), part, field, factor, request);
  }
}

function batchOf({ runs, least, sorted }: Unit, part: MergedPart, field: Field, factor: number, { wanted: { bounds: { clock } } }: FeedRequest): LeftBatch {
  const rows = new Uint32Array(countRuns(runs));
  let at = 0;
  for (let r = 0; r < runs.length; r += 2) {
    for (let row = runs[r] as number; row < (runs[r + 1] as number); row++) rows[at++] = row;
  }
  const base = least * BigInt(factor);
  const keys = new Float64Array(rows.length);
  fillKeys(keys, 0, rows, 0, rows.length, part.words(field), keyScale(clock, factor, base));
  if (sorted) return { part, rows, keys, order: undefined, base };
  const order = new Uint32Array(rows.length);
  for (let i = 0; i < order.length; i++) order[i] = i;
  stableSort(keys, order);
  return { part, rows, keys, order, base };
}
