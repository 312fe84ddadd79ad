import type { AnySpec, ColumnsOf, RecordOf, TupleOf } from '@deepwater/core/engine';
import type { Table } from 'apache-arrow';
import type { ArrowResult } from './arrow/arrow-types.js';
import type { IpcLayout } from './arrow/arrow-batches.js';
import type { Format } from './options.js';
import type { Segment } from './segment.js';
import type { Where } from './where/where.js';

/** Names of a feed's fields, padding left out. */
export type FieldName<S extends AnySpec> = keyof RecordOf<S> & string;

/** A selection of columns, in the order wanted; `undefined` is all of them in field order. */
export type Selection<S extends AnySpec> = readonly FieldName<S>[] | undefined;

/** A record as a tuple of the selected fields. */
export type TupleResult<S extends AnySpec, C extends Selection<S>> = C extends readonly FieldName<S>[]
  ? { -readonly [K in keyof C]: C[K] extends keyof RecordOf<S> ? RecordOf<S>[C[K]] : never }
  : TupleOf<S>;

type Pickable<T, C> = C extends readonly (infer N)[] ? { [K in N & keyof T]: T[K] } : T;

/** A record as an object with the selected fields. */
export type ObjectResult<S extends AnySpec, C extends Selection<S>> = Pickable<RecordOf<S>, C>;
export type ColumnsResult<S extends AnySpec, C extends Selection<S>> = Pickable<ColumnsOf<S>, C>;

/** What a read gives, by its format. */
export type ReadResult<S extends AnySpec, F extends Format, C extends Selection<S>> = F extends 'tuple'
  ? TupleResult<S, C>[]
  : F extends 'object'
    ? ObjectResult<S, C>[]
    : F extends 'columns'
      ? ColumnsResult<S, C>
      : F extends 'segments'
        ? Segment<ColumnsResult<S, C>>[]
        : F extends 'arrow'
          ? Table<ArrowResult<S, C>>
          : Uint8Array;

/** One record, by format. */
export type OneResult<S extends AnySpec, F extends RecordForm, C extends Selection<S>> = F extends 'object' ? ObjectResult<S, C> : TupleResult<S, C>;

/** The formats that give records one by one. */
export type RecordForm = 'tuple' | 'object';

export interface LastOptions<S extends AnySpec, F extends Format, C extends Selection<S>> {
  /** Default `tuple`. */
  readonly format?: F;
  /** Only these fields, in this order. Not with `raw`. */
  readonly columns?: C;
}

export interface RangeOptions<S extends AnySpec, F extends Format, C extends Selection<S>> extends LastOptions<S, F, C> {
  /** At most this many records: the first that arrived. */
  readonly limit?: number;
  /** The clock to ask by; the feed's timestamp where it is left out. */
  readonly by?: string;
  /** Only records with such values. */
  readonly where?: Where<S>;
}

export interface LatestOptions<S extends AnySpec, F extends Format, C extends Selection<S>> extends RangeOptions<S, F, C> {
  /** Count back from this time rather than from the newest record's. */
  readonly now?: number | bigint | Date;
}

export interface AtOptions<S extends AnySpec, F extends RecordForm, C extends Selection<S>> {
  readonly format?: F;
  readonly columns?: C;
  readonly by?: string;
}

export interface BatchOptions<S extends AnySpec, C extends Selection<S>> {
  readonly columns?: C;
  readonly by?: string;
  /** At most this many rows a batch; a whole chunk where it is left out. */
  readonly batchRows?: number;
  /** Only records with such values. */
  readonly where?: Where<S>;
  /** At most this many records: the first that arrived. */
  readonly limit?: number;
}

export interface ArrowIpcOptions<S extends AnySpec, C extends Selection<S>> extends BatchOptions<S, C> {
  /** At most this many rows a record batch; 65,536 where it is left out. What is in memory at once follows from it. */
  readonly batchRows?: number;
  /** `stream` (default) can be read as it comes, and is what pipes want; `file` (Feather V2) is what tools open. */
  readonly layout?: IpcLayout;
}

export interface SequenceOptions<F, C> {
  readonly format?: F;
  /** Only these fields, in this order. */
  readonly columns?: C;
  /** With `columns` and `segments`, of feeds of mode IF: the column `#index` as well, which is 1 in index points. */
  readonly marks?: boolean;
}

/** Rows by sequence number. */
export interface SequenceRead<R> {
  readonly records: R;
  /** How many there are. */
  readonly count: number;
  /** Number of the first of them; `next` where there are none. */
  readonly first: number;
  /** Where to go on. Numbers between that were never given to a record, or whose records are deleted, are passed over. */
  readonly next: number;
}
