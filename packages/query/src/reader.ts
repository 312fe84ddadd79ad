import {
  type AnySpec, type Clock, DeepwaterError, type FeedSpec, type RecordFormat, type Schema, SymbolDictionaryReader, checkFeedName,
  compileSchema,
} from '@deepwater/core/engine';
import { localBell, wakeLocal } from '@deepwater/ring';
import { type FeedActivity, feedActivity } from './activity.js';
import { batchesOf, batchesOfSync, recordsOf } from './batches.js';
import { DecodeHelpers } from './decode-values.js';
import { type Explanation, explainRange } from './explain.js';
import { FeedFiles } from './feed-files.js';
import { AsyncStream } from './follow/stream-async.js';
import type { StreamContext } from './follow/stream-feed.js';
import { SyncStream } from './follow/stream-sync.js';
import type {
  RecordStream, StreamFormat, StreamItem, StreamOptions, SyncRecordStream, SyncStreamOptions,
} from './follow/stream-types.js';
import {
  type IndexPoint, type IndexPointOptions, type IndexPointsOptions, readIndexPoint, readIndexPointCount, readIndexPoints,
} from './index-points.js';
import { type Format, checkKeys, countOf, parseOptions } from './options.js';
import {
  type ReadContext, findNewest, openBounds, readAt, readFrom, readLast, readLatest, readRange, sequenceBounds,
} from './reads.js';
import type { ReaderOptions, ReaderSource } from './reader-source.js';
import type {
  AtOptions, BatchOptions, ColumnsResult, LastOptions, LatestOptions, ObjectResult, OneResult, RangeOptions, ReadResult, RecordForm,
  Selection, SequenceRead,
} from './results.js';
import type { Segment } from './segment.js';
import { type Steps, runNow, runSliced } from './slices.js';
import { type TimeInput, boundsOfRange, clockIndexOf, timeValue } from './time-bounds.js';
import { wildWarning } from './wild-warning.js';

/**
 * Reads one feed: sealed chunks, the chunk being written and the ring, as one. Each call sees exactly the records that
 * were published when it began. It writes nothing, takes no lock, and needs no writer.
 *
 * Records come in order of arrival. Times are in the unit of the clock that is asked by: the feed's timestamp, or another
 * clock named by `by`. The sync forms block their thread; the async ones work in slices of about 2 ms.
 */
export class FeedReader<S extends AnySpec = FeedSpec> {
  readonly spec: FeedSpec;
  readonly schema: Schema;
  readonly #files: FeedFiles;
  readonly #context: ReadContext;
  #closed = false;

  constructor(source: ReaderSource, options: ReaderOptions = {}) {
    this.spec = source.spec;
    // The name becomes a path.
    checkFeedName(this.spec.name);
    this.schema = compileSchema(this.spec);
    this.#files = new FeedFiles(source, this.schema);
    const symbols = new SymbolDictionaryReader(this.#files.paths.symbols, source.feedUid);
    const told = new Set<string>();
    this.#context = {
      files: this.#files,
      helpers: new DecodeHelpers(this.spec.name, this.schema, symbols),
      onWild: (clock, newest, limit) => {
        if (told.has(clock.name)) return;
        told.add(clock.name);
        options.onWarning?.(wildWarning(this.spec.name, clock, newest, limit));
      },
    };
  }

  /** Names of the fields in order, padding left out. */
  get fieldNames(): readonly string[] { return this.schema.fields.map((field) => field.name); }

  /** The packed record: what `raw` gives. */
  get recordFormat(): RecordFormat { return this.schema.record; }

  /**
   * Records with start <= time < end.
   * @throws DeepwaterError DW_RANGE_INVALID, DW_OPTION_INVALID, DW_FORMAT_UNKNOWN, DW_FIELD_UNKNOWN, DW_READER_CLOSED,
   * DW_LIMIT_EXCEEDED (more than fits in memory: use `batches`), DW_FILE_CORRUPT
   */
  async range<const F extends Format = 'tuple', const C extends Selection<S> = undefined>(
    start: TimeInput, end: TimeInput, options?: RangeOptions<S, F, C>,
  ): Promise<ReadResult<S, F, C>> {
    return this.#sliced(readRange(this.#alive(), start, end, options));
  }

  /** As `range`, blocking this thread. */
  rangeSync<const F extends Format = 'tuple', const C extends Selection<S> = undefined>(
    start: TimeInput, end: TimeInput, options?: RangeOptions<S, F, C>,
  ): ReadResult<S, F, C> {
    return runNow(readRange(this.#alive(), start, end, options)) as ReadResult<S, F, C>;
  }

  /**
   * Records of the last `seconds`, counted back from the newest time in the feed, both ends included; or from `now`.
   * Times more than an hour ahead of the wall clock count as mistakes: the newest other one is taken, unless there is
   * none, and `onWarning` is told.
   * @throws DeepwaterError as `range`
   */
  async latest<const F extends Format = 'tuple', const C extends Selection<S> = undefined>(
    seconds = 60, options?: LatestOptions<S, F, C>,
  ): Promise<ReadResult<S, F, C>> {
    return this.#sliced(readLatest(this.#alive(), seconds, options));
  }

  latestSync<const F extends Format = 'tuple', const C extends Selection<S> = undefined>(
    seconds = 60, options?: LatestOptions<S, F, C>,
  ): ReadResult<S, F, C> {
    return runNow(readLatest(this.#alive(), seconds, options)) as ReadResult<S, F, C>;
  }

  /** The `count` records that arrived last; fewer where there are fewer. */
  async last<const F extends Format = 'tuple', const C extends Selection<S> = undefined>(
    count: number, options?: LastOptions<S, F, C>,
  ): Promise<ReadResult<S, F, C>> {
    return this.#sliced(readLast(this.#alive(), count, options));
  }

  lastSync<const F extends Format = 'tuple', const C extends Selection<S> = undefined>(
    count: number, options?: LastOptions<S, F, C>,
  ): ReadResult<S, F, C> {
    return runNow(readLast(this.#alive(), count, options)) as ReadResult<S, F, C>;
  }

  /** The record with the greatest time <= `time`; of equal times the one that arrived last. */
  async at<const F extends RecordForm = 'tuple', const C extends Selection<S> = undefined>(
    time: TimeInput, options?: AtOptions<S, F, C>,
  ): Promise<OneResult<S, F, C> | undefined> {
    return this.#sliced(readAt(this.#alive(), time, true, options));
  }

  atSync<const F extends RecordForm = 'tuple', const C extends Selection<S> = undefined>(
    time: TimeInput, options?: AtOptions<S, F, C>,
  ): OneResult<S, F, C> | undefined {
    return runNow(readAt(this.#alive(), time, true, options)) as OneResult<S, F, C> | undefined;
  }

  /** The record with the greatest time < `time`; of equal times the one that arrived last. */
  async before<const F extends RecordForm = 'tuple', const C extends Selection<S> = undefined>(
    time: TimeInput, options?: AtOptions<S, F, C>,
  ): Promise<OneResult<S, F, C> | undefined> {
    return this.#sliced(readAt(this.#alive(), time, false, options));
  }

  beforeSync<const F extends RecordForm = 'tuple', const C extends Selection<S> = undefined>(
    time: TimeInput, options?: AtOptions<S, F, C>,
  ): OneResult<S, F, C> | undefined {
    return runNow(readAt(this.#alive(), time, false, options)) as OneResult<S, F, C> | undefined;
  }

  /**
   * Records with start <= time < end as batches of columns, for work larger than memory: one a chunk, or one for each
   * contiguous run of it, without a copy. Chunks are mapped as the batches are asked for.
   */
  batches<const C extends Selection<S> = undefined>(
    start: TimeInput, end: TimeInput, options?: BatchOptions<S, C>,
  ): AsyncGenerator<Segment<ColumnsResult<S, C>>, void, void> {
    const wanted = this.#batchRequest(start, end, options);
    return batchesOf(this.#files, wanted, () => { this.#alive(); }) as AsyncGenerator<Segment<ColumnsResult<S, C>>, void, void>;
  }

  batchesSync<const C extends Selection<S> = undefined>(
    start: TimeInput, end: TimeInput, options?: BatchOptions<S, C>,
  ): Generator<Segment<ColumnsResult<S, C>>, void, void> {
    const wanted = this.#batchRequest(start, end, options);
    return batchesOfSync(this.#files, wanted, () => { this.#alive(); }) as Generator<Segment<ColumnsResult<S, C>>, void, void>;
  }

  /** Records one by one as objects; all of them where neither start nor end is given. */
  read(start?: TimeInput, end?: TimeInput): AsyncGenerator<ObjectResult<S, undefined>, void, void> {
    const { files } = this.#alive();
    const bounds = start === undefined && end === undefined ? undefined : openBounds(files, 0, start, end);
    return recordsOf(this.#context, bounds, () => { this.#alive(); }) as AsyncGenerator<ObjectResult<S, undefined>, void, void>;
  }

  /**
   * The last index point at or before a time, on a feed of mode IF: of the records with a time <= `time` that
   * `writer.markIndex()` marked the one that arrived last; undefined where there is none.
   * @throws DeepwaterError DW_FEED_NOT_INDEXED, DW_RANGE_INVALID, DW_OPTION_INVALID, DW_READER_CLOSED, DW_FILE_CORRUPT
   */
  async indexPoint(time: TimeInput, options?: IndexPointOptions): Promise<IndexPoint | undefined> {
    return this.#sliced(readIndexPoint(this.#alive().files, time, options));
  }

  indexPointSync(time: TimeInput, options?: IndexPointOptions): IndexPoint | undefined {
    return runNow(readIndexPoint(this.#alive().files, time, options));
  }

  /** The index points with start <= time < end, in order of arrival. @throws DeepwaterError as `indexPoint` */
  async indexPoints(start: TimeInput, end: TimeInput, options?: IndexPointsOptions): Promise<IndexPoint[]> {
    return this.#sliced(readIndexPoints(this.#alive().files, start, end, options));
  }

  indexPointsSync(start: TimeInput, end: TimeInput, options?: IndexPointsOptions): IndexPoint[] {
    return runNow(readIndexPoints(this.#alive().files, start, end, options));
  }

  /** How many index points the feed holds now. @throws DeepwaterError DW_FEED_NOT_INDEXED */
  countIndexPoints(): number {
    return readIndexPointCount(this.#alive().files);
  }

  /** Up to `max` records from a sequence number on, in order of arrival, whatever their times. */
  async readFrom<const F extends Format = 'tuple'>(sequence: number, max: number, format?: F): Promise<SequenceRead<ReadResult<S, F, undefined>>> {
    return this.#sliced(readFrom(this.#alive(), sequence, max, format));
  }

  readFromSync<const F extends Format = 'tuple'>(sequence: number, max: number, format?: F): SequenceRead<ReadResult<S, F, undefined>> {
    return runNow(readFrom(this.#alive(), sequence, max, format)) as SequenceRead<ReadResult<S, F, undefined>>;
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

  /** Sequence numbers: of the first record there is, and of the next to come. Equal in an empty feed. */
  bounds(): { first: number; next: number } {
    return sequenceBounds(this.#alive().files);
  }

  /**
   * The newest time in the feed, as `latest` takes it, and the record that has it. `wild` counts records more than an
   * hour ahead of `now` (default: the wall clock). undefined in an empty feed.
   */
  newest(options: { readonly by?: string; readonly now?: TimeInput } = {}): { time: number | bigint; sequence: number; wild: number } | undefined {
    const context = this.#alive();
    const { by, now } = checkKeys(options, ['by', 'now']);
    const clockIndex = clockIndexOf(this.schema, by);
    const { newest } = findNewest(context, clockIndex, now);
    if (newest === undefined) return undefined;
    return { time: timeValue(newest.time, this.schema.clocks[clockIndex] as Clock), sequence: newest.sequence, wild: newest.beyond };
  }

  /** What goes on at the feed now: how far it is, how full its ring, and who reads it live. */
  activity(): FeedActivity {
    return feedActivity(this.#alive().files);
  }

  /** How a range would be read: which chunks, and how rows are found in them. */
  explain(start: TimeInput, end: TimeInput, options?: { readonly by?: string }): Explanation {
    const { files } = this.#alive();
    const clockIndex = clockIndexOf(this.schema, checkKeys(options, ['by'])['by']);
    return explainRange(files, boundsOfRange(this.schema, clockIndex, start, end));
  }

  /** Lets go of all mappings. Zero-copy results that were given out stay valid. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#files.close();
    wakeLocal(localBell(this.#files.source)); // streams that wait
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #streamContext(): StreamContext {
    const { files, helpers } = this.#alive();
    return { source: files.source, schema: files.schema, helpers, check: () => { this.#alive(); } };
  }

  #batchRequest(start: TimeInput, end: TimeInput, options: unknown): Parameters<typeof batchesOf>[1] {
    const { files } = this.#alive();
    const request = parseOptions(files.schema, options, ['columns', 'by', 'batchRows']);
    const { batchRows } = (options ?? {}) as { batchRows?: unknown };
    return {
      fields: request.fields,
      bounds: boundsOfRange(files.schema, request.clockIndex, start, end),
      batchRows: countOf('batchRows', batchRows, 1) ?? Infinity,
    };
  }

  #alive(): ReadContext {
    if (!this.#closed) return this.#context;
    throw new DeepwaterError('DW_READER_CLOSED', `The reader of feed ${this.spec.name} is closed. Create a new one with createReader.`, {
      values: { feed: this.spec.name },
    });
  }

  #sliced<T>(steps: Steps<unknown>): Promise<T> {
    return runSliced(steps, () => { this.#alive(); }) as Promise<T>;
  }
}
