import { type Clock, DeepwaterError, describeValue } from '@deepwater/core/engine';
import { objectDecoder } from '../decode-object.js';
import { tupleDecoder } from '../decode-tuple.js';
import { type RowDecoder, recordsOf } from '../decode-values.js';
import { signalOf } from '../follow/follow-options.js';
import { checkKeys } from '../options.js';
import { inSlices } from '../slices.js';
import type { TimeInput } from '../time-bounds.js';
import type { MergeOrder } from './feed-cursor.js';
import { type FeedAccess, FeedPoint, type FeedWishes, type OpenPoint, oneOf, rangeOn } from './feed-point.js';
import { pickRows } from './gather-rows.js';
import { type MergedBatch, mergedBatches } from './merged-batches.js';
import { type MergedColumns, mergedColumns, rowsByFeed } from './merged-columns.js';
import type { MergedPart } from './part.js';
import { BATCH_ROWS_MAX } from './merge-memory.js';
import { finestUnit } from './time-scale.js';

export type MergeFormat = 'tuple' | 'object';

export interface MergeOptions<F extends MergeFormat = MergeFormat> {
  /**
   * Records with start <= time < end on their feeds' clocks; from the first on, and to the last, where they are left out. Numbers
   * and bigints are in the finest unit among the clocks; a Date is a Date.
   */
  readonly start?: TimeInput;
  readonly end?: TimeInput;
  /**
   * `time` (default): exactly by time; of one time, that of the feed named first, and in a feed the one that arrived first.
   * `arrival`: each feed's records stay in the order in which they came, as a live strategy sees them; feeds are merged by the
   * greatest time each has had so far. Where clocks are in order, both are the same.
   */
  readonly order?: MergeOrder;
  /** How records are given one by one: `tuple` (default) or `object`. */
  readonly format?: F;
  /** Ends the iteration, which then throws the signal's reason. */
  readonly signal?: AbortSignal;
}

/** One feed of a merge, with what is wanted of it. */
export interface FeedSelection extends FeedWishes {
  readonly access: FeedAccess;
}

/** A record of a merge. */
export interface MergedRecord<N extends string = string, R = unknown> {
  readonly feed: N;
  /** The place of its feed among those named. */
  readonly source: number;
  readonly sequence: number;
  readonly record: R;
}

/**
 * Many feeds as one sequence of records in order of time. Each way to go through it begins anew, sees each feed as it is at that
 * moment, and holds at most a few batches; leaving the loop lets go of everything. The sync ones block their thread.
 */
export class MergedFeeds<R extends MergedRecord = MergedRecord> {
  readonly #points: readonly FeedPoint[];
  readonly #clock: Clock;
  readonly #low: bigint | undefined;
  readonly #high: bigint | undefined;
  readonly #order: MergeOrder;
  readonly #format: MergeFormat;
  readonly #signal: AbortSignal | undefined;

  /** @throws DeepwaterError DW_OPTION_INVALID, DW_FIELD_UNKNOWN, DW_FILTER_INVALID, DW_RANGE_INVALID */
  constructor(feeds: readonly FeedSelection[], options: unknown) {
    if (feeds.length === 0) throw new DeepwaterError('DW_OPTION_INVALID', 'A merge needs at least one feed; the list is empty.');
    const { start, end, order, format, signal } = checkKeys(options, ['start', 'end', 'order', 'format', 'signal']);
    this.#points = feeds.map(({ access, ...wishes }) => new FeedPoint(access, wishes));
    const unit = finestUnit(this.#points.map(({ clock }) => clock));
    this.#clock = (this.#points.find(({ clock }) => clock.unit === unit) as FeedPoint).clock;
    ({ low: this.#low, high: this.#high } = rangeOn(this.#clock, start, end));
    this.#order = oneOf<MergeOrder>('order', order, ['time', 'arrival']);
    this.#format = oneOf<MergeFormat>('format', format, ['tuple', 'object']);
    this.#signal = signalOf(signal);
  }

  /** Names of the feeds, in order. */
  get feeds(): readonly string[] {
    return this.#points.map(({ name }) => name);
  }

  /** Batches of columns. @throws DeepwaterError DW_LIMIT_EXCEEDED, DW_FILE_CORRUPT, DW_FEED_UNKNOWN */
  async *batches(): AsyncGenerator<MergedColumns, void, void> {
    const fields = this.#points.map((point) => point.fields);
    for await (const batch of inSlices(this.#merged(this.#open(), BATCH_ROWS_MAX), () => { this.#check(); })) {
      yield mergedColumns(batch, fields);
      this.#check();
    }
  }

  *batchesSync(): Generator<MergedColumns, void, void> {
    const fields = this.#points.map((point) => point.fields);
    for (const batch of this.#merged(this.#open(), BATCH_ROWS_MAX)) {
      if (batch === undefined) continue;
      yield mergedColumns(batch, fields);
      this.#check();
    }
  }

  /** Records one by one. */
  async *[Symbol.asyncIterator](): AsyncGenerator<R, void, void> {
    const open = this.#open();
    const records = this.#decoder(open);
    for await (const batch of inSlices(this.#merged(open), () => { this.#check(); })) {
      for (const record of records(batch)) {
        yield record;
        if (this.#signal?.aborted === true) this.#check();
      }
      this.#check();
    }
  }

  *[Symbol.iterator](): Generator<R, void, void> {
    const open = this.#open();
    const records = this.#decoder(open);
    for (const batch of this.#merged(open)) {
      if (batch === undefined) continue;
      yield* records(batch);
      this.#check();
    }
  }

  #open(): OpenPoint[] {
    this.#check();
    return this.#points.map((point) => point.open(this.#clock.unit, this.#low, this.#high));
  }

  #check(): void {
    this.#signal?.throwIfAborted();
    for (const { access } of this.#points) access.check();
  }

  *#merged(open: readonly OpenPoint[], batchRows?: number): Generator<MergedBatch | undefined, void, void> {
    try {
      yield* mergedBatches(open.map(({ request }) => request), { order: this.#order, batchRows });
    } finally {
      for (const { request } of open) request.files.close();
    }
  }

  #decoder(open: readonly OpenPoint[]): (batch: MergedBatch) => R[] {
    const make = this.#format === 'tuple' ? tupleDecoder : objectDecoder;
    const decoders = this.#points.map(({ fields }) => make(fields));
    const names = this.feeds;
    return (batch) => {
      const { source, row: rowInPart, parts } = batch;
      const { row, feeds } = rowsByFeed(batch);
      // Rows that follow each other are decoded where they lie.
      const records = feeds.map(({ count, first, rows }, feed) => {
        if (count === 0) return [];
        const { point: { fields }, helpers } = open[feed] as OpenPoint;
        const lie = (parts[feed] as MergedPart).source;
        const decoder = decoders[feed] as RowDecoder;
        return rows === undefined ? recordsOf(decoder, fields, helpers, lie, first, first + count) : recordsOf(decoder, fields, helpers, pickRows(lie, rows, fields));
      });
      return Array.from(row, (at, i) => {
        const of = source[i] as number;
        return { feed: names[of] as string, source: of, sequence: (parts[of] as MergedPart).sequenceOf(rowInPart[i] as number), record: records[of]?.[at] } as MergedRecord as R;
      });
    };
  }
}

/** A list, which a call that takes feeds was given. @throws DeepwaterError DW_OPTION_INVALID */
export function listOf<T>(feeds: readonly T[]): readonly T[] {
  if (Array.isArray(feeds)) return feeds as readonly T[];
  throw new DeepwaterError('DW_OPTION_INVALID', `feeds is ${describeValue(feeds)}; give a list of feeds, or of { feed, columns, by, where }.`, { values: { feeds: describeValue(feeds) } });
}
