import { type Clock, DeepwaterError, type Field, describeValue } from '@deepwater/core/engine';
import { objectDecoder } from '../decode-object.js';
import { tupleDecoder } from '../decode-tuple.js';
import { type RowDecoder, decodeColumn } from '../decode-values.js';
import { signalOf } from '../follow/follow-options.js';
import { checkKeys } from '../options.js';
import type { RowSource } from '../row-source.js';
import type { TimeInput } from '../time-bounds.js';
import type { MergeOrder } from './feed-cursor.js';
import { type FeedAccess, FeedPoint, type FeedWishes, type OpenPoint, oneOf, rangeOn } from './feed-point.js';
import { type MergedColumns, denseBatch, mergedColumns } from './merged-columns.js';
import { type MergedBatch, mergedBatches } from './merged-batches.js';
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

const SLICE_MS = 2;

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
    for await (const batch of this.#sliced(this.#open())) {
      yield mergedColumns(batch, fields);
      this.#check();
    }
  }

  *batchesSync(): Generator<MergedColumns, void, void> {
    const fields = this.#points.map((point) => point.fields);
    for (const batch of this.#whole(this.#open())) {
      yield mergedColumns(batch, fields);
      this.#check();
    }
  }

  /** Records one by one. */
  async *[Symbol.asyncIterator](): AsyncGenerator<R, void, void> {
    const open = this.#open();
    const records = this.#decoder(open);
    for await (const batch of this.#sliced(open)) {
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
    for (const batch of this.#whole(open)) {
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

  *#whole(open: readonly OpenPoint[]): Generator<MergedBatch, void, void> {
    try {
      for (const batch of mergedBatches(open.map(({ request }) => request), { order: this.#order })) {
        if (batch !== undefined) yield batch;
      }
    } finally {
      for (const { request } of open) request.files.close();
    }
  }

  /** Lets the event loop turn every 2 ms. */
  async *#sliced(open: readonly OpenPoint[]): AsyncGenerator<MergedBatch, void, void> {
    try {
      let end = performance.now() + SLICE_MS;
      for (const batch of mergedBatches(open.map(({ request }) => request), { order: this.#order })) {
        if (batch !== undefined) yield batch;
        if (performance.now() < end) continue;
        await new Promise<void>((resume) => { setImmediate(resume); });
        this.#check();
        end = performance.now() + SLICE_MS;
      }
    } finally {
      for (const { request } of open) request.files.close();
    }
  }

  #decoder(open: readonly OpenPoint[]): (batch: MergedBatch) => R[] {
    const make = this.#format === 'tuple' ? tupleDecoder : objectDecoder;
    const decoders = this.#points.map(({ fields }) => make(fields));
    const names = this.feeds;
    const fields = this.#points.map((point) => point.fields);
    return (batch) => {
      const { row, sources, sequences } = denseBatch(batch, fields);
      const records = sources.map((source, feed) => decode(open[feed] as OpenPoint, decoders[feed] as RowDecoder, source));
      return Array.from(row, (at, i) => {
        const source = batch.source[i] as number;
        return {
          feed: names[source] as string, source, sequence: sequences[source]?.[at] as number, record: records[source]?.[at],
        } as MergedRecord as R;
      });
    };
  }
}

function decode({ point: { fields }, helpers }: OpenPoint, decoder: RowDecoder, source: RowSource): unknown[] {
  const records = new Array<unknown>(source.capacityRows);
  decoder(records, 0, fields.map((field: Field) => decodeColumn(source, field)), 0, source.capacityRows, helpers);
  return records;
}

/** A list, which a call that takes feeds was given. @throws DeepwaterError DW_OPTION_INVALID */
export function listOf<T>(feeds: readonly T[]): readonly T[] {
  if (Array.isArray(feeds)) return feeds as readonly T[];
  throw new DeepwaterError('DW_OPTION_INVALID', `feeds is ${describeValue(feeds)}; give a list of feeds, or of { feed, columns, by, where }.`, { values: { feeds: describeValue(feeds) } });
}
