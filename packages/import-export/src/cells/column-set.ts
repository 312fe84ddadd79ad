/** Columns of a feed with room for some rows, as `writer.writeColumns` takes them without a copy. */
import type { Field } from '@deepwater/core';

export type CellArray = Float64Array | Float32Array | Int8Array | Int16Array | Int32Array | Uint8Array | Uint16Array | Uint32Array | BigInt64Array | BigUint64Array;
export type Column = CellArray | string[];
export type Columns = Readonly<Record<string, Column>>;

/** Gives room for bytes, at a multiple of 8. */
export type Allocate = (bytes: number) => { readonly buffer: ArrayBufferLike; readonly offset: number };

const VIEWS = {
  u8: Uint8Array, i8: Int8Array, u16: Uint16Array, i16: Int16Array, u32: Uint32Array, i32: Int32Array, f32: Float32Array, f64: Float64Array,
  u64: BigUint64Array, i64: BigInt64Array, bytes: Uint8Array,
} as const;

export const ownMemory: Allocate = (bytes) => ({ buffer: new ArrayBuffer(bytes), offset: 0 });

/** Symbols are texts until they are written. */
export const isTexts = ({ type }: Field): boolean => type === 'symbol';

/** Cells of a column for each row: a string of 16 bytes has 16. */
export const cellsPerRow = ({ cell, width }: Field): number => (cell === 'bytes' ? width : 1);

export function makeColumn(field: Field, rows: number, allocate: Allocate = ownMemory): Column {
  if (isTexts(field)) return new Array<string>(rows).fill('');
  const { buffer, offset } = allocate(rows * field.width);
  const View = VIEWS[field.cell] as new (buffer: ArrayBufferLike, offset: number, length: number) => CellArray;
  return new View(buffer, offset, rows * cellsPerRow(field));
}

export function makeColumns(fields: readonly Field[], rows: number): Columns {
  return Object.fromEntries(fields.map((field) => [field.name, makeColumn(field, rows)]));
}

/** Rows [from, to) of columns: over the same memory, or copied to where nobody else writes. */
export function rowsOf(fields: readonly Field[], columns: Columns, from: number, to: number, copied = false): Columns {
  return Object.fromEntries(fields.map((field) => {
    const column = columns[field.name] as Column;
    const each = cellsPerRow(field);
    return [field.name, copied || Array.isArray(column) ? column.slice(from * each, to * each) : column.subarray(from * each, to * each)];
  }));
}

/** Bytes that rows of these fields take in memory. */
export const bytesOfRow = (fields: readonly Field[]): number => fields.reduce((sum, field) => sum + (isTexts(field) ? 16 : field.width), 0);
