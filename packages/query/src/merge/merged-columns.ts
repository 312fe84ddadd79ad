import type { Field, TimeUnit } from '@deepwater/core/engine';
import { type ColumnArray, type RowSource, columnOf } from '../row-source.js';
import { pickRows, sliceRows } from './gather-rows.js';
import type { MergedBatch } from './merged-batches.js';

/** Records of one feed among those of a batch: copies, the caller's own. */
export interface MergedRows {
  /** The columns asked for, over these records alone. */
  readonly columns: Readonly<Record<string, ColumnArray>>;
  /** Their sequence numbers. */
  readonly sequences: Float64Array;
}

/** A few thousand merged records as columns: record i is row `row[i]` of `feeds[source[i]]`. All of it is the caller's own. */
export interface MergedColumns {
  readonly length: number;
  /** By record: the place of its feed among those named. */
  readonly source: Uint16Array;
  readonly row: Uint32Array;
  /** One a feed, in the order in which they were named. */
  readonly feeds: readonly MergedRows[];
  /** By record: the time by which it was merged, in `unit`, counted from `base`. */
  readonly times: Float64Array;
  /** 0 on clocks in ms and us; on those in ns what `times` count from. */
  readonly base: bigint;
  readonly unit: TimeUnit;
}

/** Rows of each feed in a batch, copied side by side, and where each record is among them. */
export interface DenseBatch {
  readonly row: Uint32Array;
  readonly sources: readonly RowSource[];
  readonly sequences: readonly Float64Array[];
}

export function denseBatch(batch: MergedBatch, fields: readonly (readonly Field[])[]): DenseBatch {
  const { length, source, row: rowInPart, parts } = batch;
  const counts = new Uint32Array(parts.length);
  const first = new Uint32Array(parts.length);
  const row = new Uint32Array(length);
  const scattered = new Uint8Array(parts.length);
  for (let i = 0; i < length; i++) {
    const feed = source[i] as number;
    const at = rowInPart[i] as number;
    const count = counts[feed] as number;
    if (count === 0) first[feed] = at;
    else if (at !== (first[feed] as number) + count) scattered[feed] = 1;
    row[i] = count;
    counts[feed] = count + 1;
  }
  // Rows of a feed that is in order lie side by side, and are copied as they lie.
  const rows = Array.from(counts, (count, feed) => (scattered[feed] === 1 ? new Uint32Array(count) : undefined));
  if (scattered.includes(1)) {
    for (let i = 0; i < length; i++) {
      const of = rows[source[i] as number];
      if (of !== undefined) of[row[i] as number] = rowInPart[i] as number;
    }
  }
  const copied = parts.map((part, feed) => {
    const [from, count] = [first[feed] as number, counts[feed] as number];
    const wanted = fields[feed] as readonly Field[];
    const of = rows[feed];
    return of === undefined
      ? { source: sliceRows(part.source, from, from + count, wanted), sequences: part.sequencesOf(from, from + count) }
      : { source: pickRows(part.source, of, wanted), sequences: part.sequencesAt(of) };
  });
  return { row, sources: copied.map((each) => each.source), sequences: copied.map((each) => each.sequences) };
}

export function mergedColumns(batch: MergedBatch, fields: readonly (readonly Field[])[]): MergedColumns {
  const { length, source, times, base, unit } = batch;
  const { row, sources, sequences } = denseBatch(batch, fields);
  return {
    length, source: source.slice(0, length), row, times: times.slice(0, length), base, unit,
    feeds: sources.map((rows, feed) => ({
      columns: Object.fromEntries((fields[feed] as readonly Field[]).map((field) => [field.name, columnOf(rows, field)])),
      sequences: sequences[feed] as Float64Array,
    })),
  };
}
