import type {
  AnySpec, FeedSpec, NormalizedField, RecordInputOf, RecordOf, TupleInputOf, ValueType,
} from '@deepwater/core';
import type { Writer as IngestWriter } from '@deepwater/ingest';
import type { FeedReader } from '@deepwater/query';
import type { ColumnInput } from '@deepwater/ring';
import type { FeedInfo } from './feed-info.js';

/** A field of which nothing is known before run time. */
type UntypedField = { [T in ValueType]: NormalizedField & { readonly type: T } }[ValueType] | (NormalizedField & { readonly type: 'int64'; readonly as: 'bigint' });

/** A spec of which nothing is known before run time: records are open, values any of the kinds there are. */
export interface UntypedSpec extends Omit<FeedSpec, 'fields'> {
  readonly fields: readonly UntypedField[];
}

declare const SPEC: unique symbol;

/** A feed by its name, and for the compiler by the type of its spec: what `createFeed` gives, or any `FeedInfo`. */
export interface NamedFeed<S extends AnySpec = UntypedSpec> {
  readonly name: string;
  /** Only the compiler sees it. */
  readonly [SPEC]?: S;
}

/** What `createFeed` gives: all about the feed, and for the compiler the type of its records, where its fields are written out. */
export type Feed<S extends AnySpec = UntypedSpec> = FeedInfo & NamedFeed<S['fields'] extends readonly [unknown, ...unknown[]] ? S : UntypedSpec>;

export const nameOf = (feed: string | NamedFeed<AnySpec>): string => (typeof feed === 'object' ? feed.name : feed);

/** The writer of a feed. Made with the feed, or with the type of its spec (`createWriter<typeof spec>`), values are checked by the compiler. */
export interface Writer<S extends AnySpec = UntypedSpec> extends Omit<IngestWriter, 'writeValues' | 'writeTuple' | 'writeObject' | 'writeColumns'> {
  /** Appends one record: its values in field order. @throws DeepwaterError DW_VALUE_*, DW_WRITER_CLOSED, DW_BACKPRESSURE_TIMEOUT */
  writeValues(...values: TupleInputOf<S>): void;
  /** Appends one record given as an array in field order. */
  writeTuple(record: TupleInputOf<S>): void;
  /** Appends one record given by field names. */
  writeObject(record: RecordInputOf<S>): void;
  /**
   * Appends a batch, given as one array for each field. All of it is checked before the first row is written.
   * @returns how many rows were written
   */
  writeColumns(columns: Readonly<Record<keyof RecordOf<S> & string, ColumnInput>>): number;
}

/** A reader of a feed. Made with the feed, or with the type of its spec (`createReader<typeof spec>`), records are typed. */
export type Reader<S extends AnySpec = UntypedSpec> = FeedReader<S>;
