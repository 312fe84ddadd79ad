import type { Field } from '@deepwater/core/engine';

/** Rows as columns in memory: a chunk's mapping, or a copy of rows from the ring. */
export interface RowSource {
  readonly buffer: ArrayBufferLike;
  /** Where the column of each field begins, by field index; a multiple of 8. Negative: the column was not copied. */
  readonly columnOffsets: readonly number[];
  /** Rows that the columns have room for. */
  readonly capacityRows: number;
}

/** The array type that `columns` gives for a field. A string column has `width` bytes a row. */
export type ColumnArray =
  | Uint8Array | Int8Array | Uint16Array | Int16Array | Uint32Array | Int32Array
  | Float32Array | Float64Array | BigUint64Array | BigInt64Array;

const ARRAYS = {
  u8: Uint8Array, i8: Int8Array, u16: Uint16Array, i16: Int16Array, u32: Uint32Array, i32: Int32Array,
  f32: Float32Array, f64: Float64Array, u64: BigUint64Array, i64: BigInt64Array, bytes: Uint8Array,
} as const;

/** Elements of a column array that one row takes. */
export const elementsPerRow = (field: Field): number => (field.cell === 'bytes' ? field.width : 1);

/** A column array over existing memory. */
export function columnOver(field: Field, buffer: ArrayBufferLike, offset: number, rows: number): ColumnArray {
  // The constructors take any buffer; their declarations disagree on which to name first.
  return new ARRAYS[field.cell](buffer as ArrayBuffer, offset, rows * elementsPerRow(field)) as ColumnArray;
}

/** The whole column of a source, as the array that users see. */
export function columnOf(source: RowSource, field: Field): ColumnArray {
  return columnOver(field, source.buffer, source.columnOffsets[field.index] as number, source.capacityRows);
}

/** The whole column of a 64-bit field as int32 words, two a row. */
export function wordsOf(source: RowSource, field: Field): Int32Array {
  return new Int32Array(source.buffer, source.columnOffsets[field.index] as number, source.capacityRows * 2);
}

/** The whole column of a 64-bit field as signed integers, whatever they stand for. */
export function cellsOf(source: RowSource, field: Field): BigInt64Array {
  return new BigInt64Array(source.buffer as ArrayBuffer, source.columnOffsets[field.index] as number, source.capacityRows);
}

/** The bytes of a column. */
export function bytesOf(source: RowSource, field: Field): Uint8Array {
  return new Uint8Array(source.buffer, source.columnOffsets[field.index] as number, source.capacityRows * field.width);
}
