import type { AnySpec, FeedSpec } from '@deepwater/core/engine';
import type { RecordBatch } from 'apache-arrow';
import { arrowBatchesOf, arrowBatchesOfSync, arrowIpcOf, arrowIpcOfSync, IPC_BATCH_ROWS, ipcLayoutOf } from './arrow/arrow-batches.js';
import type { ArrowResult } from './arrow/arrow-types.js';
import { asksForArrow, loadArrow } from './arrow/load-arrow.js';
import { type BatchRequest, batchesOf, batchesOfSync, recordsOf } from './batches.js';
import { OpenFeed } from './open-feed.js';
import { type Format, type OptionKey, countOf, parseOptions } from './options.js';
import type { CallLimits } from './pool/query-pool.js';
import { filterOf, openBounds, readAt, readFrom, readLast, readLatest, readRange, recordDecoder } from './reads.js';
import type {
  ArrowIpcOptions, AtOptions, BatchOptions, ColumnsResult, LastOptions, LatestOptions, OneResult, RangeOptions, ReadResult, RecordForm,
  Selection, SequenceOptions, SequenceRead,
} from './results.js';
import type { Segment } from './segment.js';
import { runNow } from './slices.js';
import { type TimeInput, boundsOfRange } from './time-bounds.js';

/** The reads that give records. */
export class RecordReader<S extends AnySpec = FeedSpec> extends OpenFeed {
  /**
   * Records with start <= time < end. A reader of a platform has the rows looked for in the platform's pool, once its threads have started.
   * @throws the signal's reason; DeepwaterError DW_RANGE_INVALID, DW_OPTION_INVALID, DW_FORMAT_UNKNOWN, DW_FIELD_UNKNOWN, DW_FILTER_INVALID, DW_READER_CLOSED,
   * DW_QUERY_TIMEOUT, DW_POOL_FULL, DW_POOL_WORKER_DIED, DW_LIMIT_EXCEEDED (more than fits in memory: use `batches`), DW_FILE_CORRUPT
   */
  async range<const F extends Format = 'tuple', const C extends Selection<S> = undefined>(
    start: TimeInput, end: TimeInput, options?: RangeOptions<S, F, C> & CallLimits,
  ): Promise<ReadResult<S, F, C>> {
    if (asksForArrow(options)) await loadArrow();
    return this.limited('range', options, (context, rest) => readRange(context, start, end, rest));
  }

  /** As `range`, blocking this thread. */
  rangeSync<const F extends Format = 'tuple', const C extends Selection<S> = undefined>(
    start: TimeInput, end: TimeInput, options?: RangeOptions<S, F, C>,
  ): ReadResult<S, F, C> {
    return runNow(readRange(this.alive(), start, end, options)) as ReadResult<S, F, C>;
  }

  /**
   * Records of the last `seconds`, counted back from the newest time in the feed, both ends included; or from `now`.
   * Times more than an hour ahead of the wall clock count as mistakes: the newest other one is taken, unless there is
   * none, and `onWarning` is told.
   * @throws DeepwaterError as `range`
   */
  async latest<const F extends Format = 'tuple', const C extends Selection<S> = undefined>(
    seconds = 60, options?: LatestOptions<S, F, C> & CallLimits,
  ): Promise<ReadResult<S, F, C>> {
    if (asksForArrow(options)) await loadArrow();
    return this.limited('latest', options, (context, rest) => readLatest(context, seconds, rest));
  }

  latestSync<const F extends Format = 'tuple', const C extends Selection<S> = undefined>(
    seconds = 60, options?: LatestOptions<S, F, C>,
  ): ReadResult<S, F, C> {
    return runNow(readLatest(this.alive(), seconds, options)) as ReadResult<S, F, C>;
  }

  /** The `count` records that arrived last; fewer where there are fewer. */
  async last<const F extends Format = 'tuple', const C extends Selection<S> = undefined>(
    count: number, options?: LastOptions<S, F, C> & CallLimits,
  ): Promise<ReadResult<S, F, C>> {
    if (asksForArrow(options)) await loadArrow();
    return this.limited('last', options, (context, rest) => readLast(context, count, rest));
  }

  lastSync<const F extends Format = 'tuple', const C extends Selection<S> = undefined>(
    count: number, options?: LastOptions<S, F, C>,
  ): ReadResult<S, F, C> {
    return runNow(readLast(this.alive(), count, options)) as ReadResult<S, F, C>;
  }

  /** The record with the greatest time <= `time`; of equal times the one that arrived last. */
  async at<const F extends RecordForm = 'tuple', const C extends Selection<S> = undefined>(
    time: TimeInput, options?: AtOptions<S, F, C> & CallLimits,
  ): Promise<OneResult<S, F, C> | undefined> {
    return this.limited('at', options, (context, rest) => readAt(context, time, true, rest));
  }

  atSync<const F extends RecordForm = 'tuple', const C extends Selection<S> = undefined>(
    time: TimeInput, options?: AtOptions<S, F, C>,
  ): OneResult<S, F, C> | undefined {
    return runNow(readAt(this.alive(), time, true, options)) as OneResult<S, F, C> | undefined;
  }

  /** The record with the greatest time < `time`; of equal times the one that arrived last. */
  async before<const F extends RecordForm = 'tuple', const C extends Selection<S> = undefined>(
    time: TimeInput, options?: AtOptions<S, F, C> & CallLimits,
  ): Promise<OneResult<S, F, C> | undefined> {
    return this.limited('before', options, (context, rest) => readAt(context, time, false, rest));
  }

  beforeSync<const F extends RecordForm = 'tuple', const C extends Selection<S> = undefined>(
    time: TimeInput, options?: AtOptions<S, F, C>,
  ): OneResult<S, F, C> | undefined {
    return runNow(readAt(this.alive(), time, false, options)) as OneResult<S, F, C> | undefined;
  }

  /**
   * Records with start <= time < end as batches of columns, for work larger than memory: one a chunk, or one for each
   * contiguous run of it, without a copy. Chunks are mapped as the batches are asked for.
   */
  batches<const C extends Selection<S> = undefined>(
    start: TimeInput, end: TimeInput, options?: BatchOptions<S, C>,
  ): AsyncGenerator<Segment<ColumnsResult<S, C>>, void, void> {
    const wanted = this.#batchRequest(start, end, options);
    return batchesOf(this.alive().files, wanted, this.check) as AsyncGenerator<Segment<ColumnsResult<S, C>>, void, void>;
  }

  batchesSync<const C extends Selection<S> = undefined>(
    start: TimeInput, end: TimeInput, options?: BatchOptions<S, C>,
  ): Generator<Segment<ColumnsResult<S, C>>, void, void> {
    const wanted = this.#batchRequest(start, end, options);
    return batchesOfSync(this.alive().files, wanted, this.check) as Generator<Segment<ColumnsResult<S, C>>, void, void>;
  }

  /**
   * As `batches`, as Arrow record batches over the same memory, all of one schema: `apache-arrow` and what builds on it take
   * them as they are. @throws DeepwaterError as `range`
   */
  arrowBatches<const C extends Selection<S> = undefined>(
    start: TimeInput, end: TimeInput, options?: BatchOptions<S, C>,
  ): AsyncGenerator<RecordBatch<ArrowResult<S, C>>, void, void> {
    const wanted = this.#batchRequest(start, end, options);
    return arrowBatchesOf(this.alive(), wanted, this.check) as AsyncGenerator<RecordBatch<ArrowResult<S, C>>, void, void>;
  }

  arrowBatchesSync<const C extends Selection<S> = undefined>(
    start: TimeInput, end: TimeInput, options?: BatchOptions<S, C>,
  ): Generator<RecordBatch<ArrowResult<S, C>>, void, void> {
    const wanted = this.#batchRequest(start, end, options);
    return arrowBatchesOfSync(this.alive(), wanted, this.check) as Generator<RecordBatch<ArrowResult<S, C>>, void, void>;
  }

  /**
   * Records with start <= time < end as the bytes of Arrow IPC, piece by piece, for ranges larger than memory:
   * `pipeline(reader.arrowIpc(start, end, { layout: 'file' }), createWriteStream('trades.arrow'))`. The next piece is made when
   * it is asked for. @throws DeepwaterError as `range`
   */
  arrowIpc<const C extends Selection<S> = undefined>(
    start: TimeInput, end: TimeInput, options?: ArrowIpcOptions<S, C>,
  ): AsyncGenerator<Uint8Array, void, void> {
    const wanted = this.#batchRequest(start, end, options, ['layout'], IPC_BATCH_ROWS);
    return arrowIpcOf(this.alive(), wanted, ipcLayoutOf(options?.layout), this.check);
  }

  arrowIpcSync<const C extends Selection<S> = undefined>(
    start: TimeInput, end: TimeInput, options?: ArrowIpcOptions<S, C>,
  ): Generator<Uint8Array, void, void> {
    const wanted = this.#batchRequest(start, end, options, ['layout'], IPC_BATCH_ROWS);
    return arrowIpcOfSync(this.alive(), wanted, ipcLayoutOf(options?.layout), this.check);
  }

  /**
   * Records one by one, by default as objects, for ranges larger than memory; all there are where neither start nor end is given.
   * @throws DeepwaterError as `range`
   */
  read<const F extends RecordForm = 'object', const C extends Selection<S> = undefined>(
    start?: TimeInput, end?: TimeInput, options?: RangeOptions<S, F, C>,
  ): AsyncGenerator<OneResult<S, F, C>, void, void> {
    const context = this.alive();
    const request = parseOptions(this.schema, { format: 'object', ...options }, ['format', 'columns', 'limit', 'by', 'where']);
    const bounds = start === undefined && end === undefined ? undefined : openBounds(context.files, request.clockIndex, start, end);
    return recordsOf(context, request, recordDecoder(request, 'read'), bounds, this.check) as AsyncGenerator<OneResult<S, F, C>, void, void>;
  }

  /** Up to `max` records from a sequence number on, in order of arrival, whatever their times. @param form the format, or also which columns */
  async readFrom<const F extends Format = 'tuple', const C extends Selection<S> = undefined>(
    sequence: number, max: number, form?: F | SequenceOptions<F, C>,
  ): Promise<SequenceRead<ReadResult<S, F, C>>> {
    if (form === 'arrow' || asksForArrow(form)) await loadArrow();
    return this.limited('readFrom', undefined, (context) => readFrom(context, sequence, max, form));
  }

  readFromSync<const F extends Format = 'tuple', const C extends Selection<S> = undefined>(
    sequence: number, max: number, form?: F | SequenceOptions<F, C>,
  ): SequenceRead<ReadResult<S, F, C>> {
    return runNow(readFrom(this.alive(), sequence, max, form)) as SequenceRead<ReadResult<S, F, C>>;
  }

  #batchRequest(start: TimeInput, end: TimeInput, options: unknown, more: readonly OptionKey[] = [], batchRowsDefault = Infinity): BatchRequest {
    const { files, helpers } = this.alive();
    const request = parseOptions(files.schema, options, ['columns', 'by', 'batchRows', 'limit', 'where', ...more]);
    const { batchRows } = (options ?? {}) as { batchRows?: unknown };
    return {
      fields: request.fields,
      bounds: boundsOfRange(files.schema, request.clockIndex, start, end),
      batchRows: countOf('batchRows', batchRows, 1) ?? batchRowsDefault,
      limit: request.limit,
      where: filterOf(helpers, request),
    };
  }
}
