import type {
  AnySpec, FeedSpec, NormalizedField, RecordInputOf, RecordOf, TupleInputOf, ValueType,
} from '@deepwater/core';
import type { Writer as IngestWriter } from '@deepwater/ingest';
import type { FeedReader } from '@deepwater/query';
import type { ColumnInput } from '@deepwater/ring';

/** A field of which nothing is known before run time. */
type UntypedField = { [T in ValueType]: NormalizedField & { readonly type: T } }[ValueType] | (NormalizedField & { readonly type: 'int64'; readonly as: 'bigint' });

/** A spec of which nothing is known before run time: records are open, values any of the kinds there are. */
export interface UntypedSpec extends Omit<FeedSpec, 'fields'> {
  readonly fields: readonly UntypedField[];
}

/** The writer of a feed. With the type of its spec (`createWriter<typeof spec>`), values are checked by the compiler. */
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

/** A reader of a feed. With the type of its spec (`createReader<typeof spec>`), records are typed. */
export type Reader<S extends AnySpec = UntypedSpec> = FeedReader<S>;
