import type { AnySpec } from '@deepwater/core/engine';
import type { WaitStrategyName } from '@deepwater/ring';
import type { ColumnsResult, ObjectResult, Selection, TupleResult } from '../results.js';
import type { Segment } from '../segment.js';
import type { TimeInput } from '../time-bounds.js';
import type { LostRange } from './losses.js';

/** What a stream can give: records one by one, or batches of columns. */
export type StreamFormat = 'tuple' | 'object' | 'columns';

export interface StreamOptions<S extends AnySpec, F extends StreamFormat, C extends Selection<S>> {
  /**
   * Begin with history: every record that is there when the stream begins and has a time >= `start`, in order of arrival, as
   * `range(start, …)` gives them; then every record that comes, whatever its time. Each once. Where it is left out, the
   * stream begins with the next record.
   */
  readonly start?: TimeInput;
  /** Begin with this record, or with the first one after it that there is. Not together with `start`. */
  readonly fromSequence?: number;
  /**
   * Feeds of mode IF: begin with the last index point at or before `start` (or `fromSequence`; where both are left out, the last
   * there is), then every record from that one on. Where there is none so early it is the first one, and where there is none
   * at all the first that comes.
   */
  readonly playback?: boolean;
  /** Default `tuple`. With `columns` the stream gives batches: typed arrays, `rows` and `firstSequence`. */
  readonly format?: F;
  /** Only these fields, in this order. */
  readonly columns?: C;
  /** With the format `columns`, of feeds of mode IF: the column `#index` as well, which is 1 in index points. */
  readonly marks?: boolean;
  /** With `columns`: at most this many rows a batch. */
  readonly batchRows?: number;
  /** Ends the stream when it is aborted; the loop over it ends as at the end of a list. */
  readonly signal?: AbortSignal;
  /** Told of records that were overwritten or deleted before they could be taken: numbers [from, to). */
  readonly onLoss?: (range: LostRange) => void;
}

export interface SyncStreamOptions<S extends AnySpec, F extends StreamFormat, C extends Selection<S>> extends StreamOptions<S, F, C> {
  /** How to wait for the next record. Default `spin-then-park`. */
  readonly wait?: WaitStrategyName;
  /** The same as `wait: 'spin'`. */
  readonly spin?: boolean;
  /** Allow it in the main thread, which it blocks. Default false. */
  readonly allowMainThread?: boolean;
}

/** What a stream gives at each step. */
export type StreamItem<S extends AnySpec, F extends StreamFormat, C extends Selection<S>> = F extends 'tuple'
  ? TupleResult<S, C>
  : F extends 'object'
    ? ObjectResult<S, C>
    : Segment<ColumnsResult<S, C>>;

/** Where a stream is. */
export interface StreamPlace {
  /** Where to go on with `fromSequence`: what has been given out is below this number, and nothing else is. */
  readonly position: number;
  /** Records (or batches) that are at hand: as many steps of the loop need not wait. */
  readonly buffered: number;
  /** Records that were overwritten, or deleted by retention, before they could be taken. */
  readonly lost: number;
}

export interface RecordStream<T> extends AsyncIterableIterator<T, undefined, undefined>, StreamPlace {
  return(): Promise<IteratorResult<T, undefined>>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface SyncRecordStream<T> extends IterableIterator<T, undefined, undefined>, StreamPlace {
  return(): IteratorResult<T, undefined>;
  [Symbol.dispose](): void;
}
