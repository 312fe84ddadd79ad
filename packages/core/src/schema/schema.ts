import type { CellKind, FieldAs, FieldType, TimeUnit, ValueType } from './field-types.js';
import type { FeedMode, NormalizedField } from './spec.js';

/** A field that holds values, or a column that the engine adds: where it lies, and how it is stored and read. */
export interface Field {
  /** Position among the columns: the fields without padding, then what the engine adds. */
  readonly index: number;
  readonly name: string;
  readonly type: ValueType;
  /** Bytes of a value; also of a row of its column. */
  readonly width: number;
  /** Byte offset in the packed record (`raw` format); -1 for a column that is no part of it. */
  readonly recordOffset: number;
  /** Byte offset in a ring slot; a multiple of the cell's own size. */
  readonly slotOffset: number;
  readonly cell: CellKind;
  /** What values are read as. */
  readonly as: FieldAs;
  /** Decimals only. */
  readonly scale?: number;
  /** Strings only. */
  readonly bytes?: number;
  /** Clocks only. */
  readonly unit?: TimeUnit;
  readonly desc?: string;
}

/** The packed record, as Python's `struct` would describe it; what `platform.recordFormat` gives. */
export interface RecordFormat {
  /** Little-endian, without alignment, one code per field: `'<ddcQ'`, padding as `6x`. */
  readonly fmt: string;
  /** Bytes, padding included. */
  readonly recordSize: number;
  /** One for each value that `fmt` unpacks to: padding has none. */
  readonly fields: readonly RecordFormatField[];
}

export interface RecordFormatField {
  readonly name: string;
  readonly type: FieldType;
  readonly offset: number;
  readonly size: number;
}

/** A field that holds a time. */
export interface Clock {
  readonly fieldIndex: number;
  readonly name: string;
  readonly unit: TimeUnit;
  /** int64 rather than uint64. */
  readonly signed: boolean;
}

/** What follows from the fields of a feed: layouts, formats and identity. Frozen. */
export interface Schema {
  /** What users see, in record order, without padding. */
  readonly fields: readonly Field[];
  /** What is stored, in ring slots and chunks: the fields, then the index column where there is one. */
  readonly columns: readonly Field[];
  /** Feeds of mode IF: the uint8 column that is 1 in the records that are index points and 0 in the others. */
  readonly indexColumn?: Field;
  readonly record: RecordFormat;
  /** Bytes from one ring slot's payload to the next; a multiple of 8. */
  readonly slotStride: number;
  /** Bytes of one row over all columns. */
  readonly rowBytes: number;
  /** The query timestamp first. */
  readonly clocks: readonly Clock[];
  /** 16 hex digits: the first 8 bytes of the SHA-256 of `canonical`. */
  readonly hash: string;
  /** Canonical JSON of what decides the bytes: names, types, scales, sizes, clocks, mode. Chunk headers hold it. */
  readonly canonical: string;
}

/** The part of a FeedSpec that a schema follows from. */
export interface SchemaSource {
  readonly fields: readonly NormalizedField[];
  readonly timestamp: string;
  readonly clocks: readonly string[];
  /** `UF` where it is left out. */
  readonly mode?: FeedMode;
}
