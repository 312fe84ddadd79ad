import type { AnySpec, Clock, FeedSpec } from '@deepwater/core/engine';
import { type FeedActivity, feedActivity } from './activity.js';
import type { BarFormat, BarsResult, TypedBarsOptions } from './bars/bar.js';
import { readBars } from './bars/read-bars.js';
import type { AggregateOptions, AggregateResults, Aggregates } from './aggregate/aggregates.js';
import { readAggregate } from './aggregate/read-aggregate.js';
import { type Explanation, explainRange } from './explain.js';
import { AsyncStream } from './follow/stream-async.js';
import type { StreamContext } from './follow/stream-feed.js';
import { SyncStream } from './follow/stream-sync.js';
import type {
  RecordStream, StreamFormat, StreamItem, StreamOptions, SyncRecordStream, SyncStreamOptions,
} from './follow/stream-types.js';
import {
  type IndexPoint, type IndexPointOptions, type IndexPointsOptions, readIndexPoint, readIndexPointCount, readIndexPoints,
} from './index-points.js';
import { checkKeys, parseOptions } from './options.js';
import { SegmentReader } from './feed-segments/segment-reader.js';
import { findNewest, sequenceBounds } from './reads.js';
import type { FieldName, Selection } from './results.js';
import type { CallLimits } from './pool/query-pool.js';
import { runNow } from './slices.js';
import { type TimeInput, boundsOfRange, clockIndexOf, timeValue } from './time-bounds.js';
import type { Where } from './where/where.js';

/**
 * Reads one feed: sealed chunks, the chunk being written and the ring, as one. Each call sees exactly the records that
 * were published when it began. It writes nothing, takes no lock, and needs no writer.
 *
 * Records come in order of arrival. Times are in the unit of the clock that is asked by: the feed's timestamp, or another
 * clock named by `by`. The sync forms block their thread; the async ones work in slices of about 2 ms, and those of a platform's reader
 * have rows looked for by the platform's pool, so that their thread does not wait for the disk.
 */
export class FeedReader<S extends AnySpec = FeedSpec> extends SegmentReader<S> {
  /**
   * Bars of the records with start <= time < end: by time, by sessions, or by amounts of ticks, volume, value or imbalance.
   *
   * Records count in the order of their arrival: `open` is the price that arrived first, `close` the one that arrived last, and sums
   * are made in that order. Times out of order change nothing but which bar a record is in: time bars take every record to the bar of
   * its time (live bars leave out what comes late), other bars take records as they come. Every record of the range is in one bar, so
   * bars at its ends are as long as the range lets them be, and a last bar by amount may not have reached it. Records whose price or
   * size is NaN are in none; `onWarning` is told how many (DW_BARS_UNUSABLE).
   *
   * A reader of a platform has them made in the platform's pool, once its threads have started: time bars of long ranges in parts side by
   * side, with the same digits.
   * @throws the signal's reason; DeepwaterError DW_OPTION_INVALID, DW_RANGE_INVALID, DW_FIELD_UNKNOWN, DW_FORMAT_UNKNOWN, DW_FILTER_INVALID,
   * DW_LIMIT_EXCEEDED (gaps to fill), DW_VALUE_RANGE (a volume that a column does not hold), DW_QUERY_TIMEOUT, DW_POOL_FULL,
   * DW_POOL_WORKER_DIED, DW_READER_CLOSED, DW_FILE_CORRUPT
   */
  async bars<const F extends BarFormat = 'object', const E extends boolean = false>(
    start: TimeInput, end: TimeInput, options: TypedBarsOptions<S, F, E> & CallLimits,
  ): Promise<BarsResult<{ readonly format: F; readonly exact: E }>> {
    return this.limited('bars', options, (context, rest) => readBars(context, start, end, rest));
  }

  /** As `bars`, blocking this thread. */
  barsSync<const F extends BarFormat = 'object', const E extends boolean = false>(
    start: TimeInput, end: TimeInput, options: TypedBarsOptions<S, F, E>,
  ): BarsResult<{ readonly format: F; readonly exact: E }> {
    return runNow(readBars(this.alive(), start, end, options)) as BarsResult<{ readonly format: F; readonly exact: E }>;
  }

  /**
   * The last index point at or before a time, on a feed of mode IF: of the records with a time <= `time` that
   * `writer.markIndex()` marked the one that arrived last; undefined where there is none.
   * @throws DeepwaterError DW_FEED_NOT_INDEXED, DW_RANGE_INVALID, DW_OPTION_INVALID, DW_READER_CLOSED, DW_FILE_CORRUPT
   */
  async indexPoint(time: TimeInput, options?: IndexPointOptions): Promise<IndexPoint | undefined> {
    return this.sliced(readIndexPoint(this.alive().files, time, options));
  }

  indexPointSync(time: TimeInput, options?: IndexPointOptions): IndexPoint | undefined {
    return runNow(readIndexPoint(this.alive().files, time, options));
  }

  /** The index points with start <= time < end, in order of arrival. @throws DeepwaterError as `indexPoint` */
  async indexPoints(start: TimeInput, end: TimeInput, options?: IndexPointsOptions): Promise<IndexPoint[]> {
    return this.sliced(readIndexPoints(this.alive().files, start, end, options));
  }

  indexPointsSync(start: TimeInput, end: TimeInput, options?: IndexPointsOptions): IndexPoint[] {
    return runNow(readIndexPoints(this.alive().files, start, end, options));
  }

  /** How many index points the feed holds now. @throws DeepwaterError DW_FEED_NOT_INDEXED */
  countIndexPoints(): number {
    return readIndexPointCount(this.alive().files);
  }

  /**
   * Follows the feed: the records that come from this call on, or with `start` or `fromSequence` history first, each once, in
   * order, over new chunks, new writers and however slow the loop over it is. Does not block the event loop, which it holds
   * open while it is iterated. It goes on until `signal` is aborted, the loop is left, or the reader closed.
   *
   * With times out of order `start` means: of the records there are at this call those with a time >= `start`, in the order in
   * which they arrived; of those that come later, all.
   * @throws DeepwaterError DW_OPTION_INVALID, DW_RANGE_INVALID, DW_FORMAT_UNKNOWN, DW_FIELD_UNKNOWN, DW_READER_CLOSED; from
   * the iteration also DW_FEED_UNKNOWN where the feed is deleted, DW_FILE_CORRUPT
   */
  stream<const F extends StreamFormat = 'tuple', const C extends Selection<S> = undefined>(
    options?: StreamOptions<S, F, C>,
  ): RecordStream<StreamItem<S, F, C>> {
    return new AsyncStream(this.#streamContext(), options);
  }

  /** As `stream`, blocking its thread while there is nothing new: for worker threads. @throws DeepwaterError DW_MAIN_THREAD_BLOCK */
  streamSync<const F extends StreamFormat = 'tuple', const C extends Selection<S> = undefined>(
    options?: SyncStreamOptions<S, F, C>,
  ): SyncRecordStream<StreamItem<S, F, C>> {
    return new SyncStream(this.#streamContext(), options);
  }

  /**
   * Works out sums, means, quantiles and the like over the records with start <= time < end, without making records of them:
   * `aggregate(start, end, { where: { side: 'B' }, aggregates: { n: 'count', vwap: { vwap: ['price', 'size'] } } })`.
   *
   * Without a record count and sum are 0, and what cannot be said is undefined. All but sums of floats are exact or rounded once; those
   * are added up in lanes and strips, in an order that follows from the rows and where they lie, with the error carried along.
   *
   * A reader of a platform has it done by the platform's pool, once its threads have started, long ranges in parts side by side; however
   * many threads there are, and in the thread that asks as well, the digits are the same.
   * @throws the signal's reason; DeepwaterError DW_QUERY_TIMEOUT, DW_POOL_FULL, DW_POOL_WORKER_DIED, DW_OPTION_INVALID, DW_FILTER_INVALID, DW_FIELD_UNKNOWN, DW_RANGE_INVALID, DW_READER_CLOSED,
   * DW_VALUE_RANGE (a sum that a number does not hold), DW_LIMIT_EXCEEDED (quantiles of more than 2^27 values), DW_FILE_CORRUPT
   */
  async aggregate<const A extends Aggregates<S>>(start: TimeInput, end: TimeInput, options: AggregateOptions<A, Where<S>> & CallLimits): Promise<AggregateResults<S, A>> {
    return this.limited('aggregate', options, (context, rest) => readAggregate(context, start, end, rest));
  }

  /** As `aggregate`, blocking this thread. */
  aggregateSync<const A extends Aggregates<S>>(start: TimeInput, end: TimeInput, options: AggregateOptions<A, Where<S>>): AggregateResults<S, A> {
    return runNow(readAggregate(this.alive(), start, end, options)) as AggregateResults<S, A>;
  }

  /** Sequence numbers: of the first record there is, and of the next to come. Equal in an empty feed. */
  bounds(): { first: number; next: number } {
    return sequenceBounds(this.alive().files);
  }

  /**
   * The newest time in the feed, as `latest` takes it, and the record that has it. `wild` counts records more than an
   * hour ahead of `now` (default: the wall clock). undefined in an empty feed.
   */
  newest(options: { readonly by?: string; readonly now?: TimeInput } = {}): { time: number | bigint; sequence: number; wild: number } | undefined {
    const context = this.alive();
    const { by, now } = checkKeys(options, ['by', 'now']);
    const clockIndex = clockIndexOf(this.schema, by);
    const { newest } = findNewest(context, clockIndex, now);
    if (newest === undefined) return undefined;
    return { time: timeValue(newest.time, this.schema.clocks[clockIndex] as Clock), sequence: newest.sequence, wild: newest.beyond };
  }

  /** What goes on at the feed now: how far it is, how full its ring, and who reads it live. */
  activity(): FeedActivity {
    return feedActivity(this.alive().files);
  }

  /** How a range would be read: which chunks, how rows are found in them, what times alone say of a filter, which columns, and how much of them at most. */
  explain(start: TimeInput, end: TimeInput, options?: { readonly by?: string; readonly columns?: readonly FieldName<S>[]; readonly where?: Where<S> }): Explanation {
    const { files } = this.alive();
    const { clockIndex, fields, where } = parseOptions(this.schema, options, ['by', 'columns', 'where']);
    return explainRange(files, boundsOfRange(this.schema, clockIndex, start, end), fields, where);
  }

  #streamContext(): StreamContext {
    const { files, helpers } = this.alive();
    return { source: files.source, schema: files.schema, helpers, check: this.check };
  }
}
