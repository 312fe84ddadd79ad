import type { Field, TimeUnit } from '@deepwater/core/engine';
import { type ColumnArray, columnOf } from '../row-source.js';
import { pickRows, sliceRows } from './gather-rows.js';
import type { MergedBatch } from './merged-batches.js';
import type { MergedPart } from './part.js';

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

/** Where the rows of one feed in a batch lie in its part. */
export interface FeedRows {
  readonly count: number;
  readonly first: number;
  /** Each of them; undefined where they follow each other, as those of a feed in order do. */
  readonly rows: Uint32Array | undefined;
}

/** The rows of a batch feed by feed, and where each record is among those of its feed. */
export function rowsByFeed({ length, source, row: rowInPart, parts, memory }: MergedBatch): { readonly row: Uint32Array; readonly feeds: readonly FeedRows[] } {
  const { places, counts, firsts, scattered } = memory.places(length, parts.length);
  const row = places.slice(0, length);
  const feeds = parts.map((_, feed) => {
    const count = counts[feed] as number;
    return { count, first: firsts[feed] as number, rows: scattered[feed] === 1 ? new Uint32Array(count) : undefined };
  });
  if (feeds.some(({ rows }) => rows !== undefined)) {
    for (let i = 0; i < length; i++) {
      const { rows } = feeds[source[i] as number] as FeedRows;
      if (rows !== undefined) rows[row[i] as number] = rowInPart[i] as number;
    }
  }
  return { row, feeds };
}

export function mergedColumns(batch: MergedBatch, fields: readonly (readonly Field[])[]): MergedColumns {
  const { length, source, times, base, unit, parts } = batch;
  const { row, feeds } = rowsByFeed(batch);
  return {
    length, source: source.slice(0, length), row, times: times.slice(0, length), base, unit,
    feeds: feeds.map(({ count, first, rows }, feed) => {
      const part = parts[feed] as MergedPart;
      const wanted = fields[feed] as readonly Field[];
      const copy = rows === undefined ? sliceRows(part.source, first, first + count, wanted) : pickRows(part.source, rows, wanted);
      return {
        columns: Object.fromEntries(wanted.map((field) => [field.name, columnOf(copy, field)])),
        sequences: rows === undefined ? part.sequencesOf(first, first + count) : part.sequencesAt(rows),
      };
    }),
  };
}
