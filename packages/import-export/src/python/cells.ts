/** Packed records as columns. */
import type { Field } from '@deepwater/core';
import type { CellArray, Columns } from '../cells/column-set.js';
import type { PythonField } from './record-format.js';

/** Copies a field of `rows` packed records into its column. */
export type CopyField = (records: DataView, rows: number, columns: Columns) => void;

/** Copies cells that are `stride` bytes apart, the first at `at`. */
type CopyCells = (from: DataView, rows: number, at: number, stride: number, to: CellArray) => void;

/** A loop for each type, written out: shared, it would see ten kinds of columns and be slow with each. */
const COPIES: Readonly<Record<string, CopyCells>> = {
  char: (from, rows, at, stride, to) => { for (let row = 0; row < rows; row++, at += stride) to[row] = from.getUint8(at); },
  bool: (from, rows, at, stride, to) => { for (let row = 0; row < rows; row++, at += stride) to[row] = from.getUint8(at) === 0 ? 0 : 1; },
  int8: (from, rows, at, stride, to) => { for (let row = 0; row < rows; row++, at += stride) to[row] = from.getInt8(at); },
  uint8: (from, rows, at, stride, to) => { for (let row = 0; row < rows; row++, at += stride) to[row] = from.getUint8(at); },
  int16: (from, rows, at, stride, to) => { for (let row = 0; row < rows; row++, at += stride) to[row] = from.getInt16(at, true); },
  uint16: (from, rows, at, stride, to) => { for (let row = 0; row < rows; row++, at += stride) to[row] = from.getUint16(at, true); },
  float16: (from, rows, at, stride, to) => { for (let row = 0; row < rows; row++, at += stride) to[row] = halfFloat(from.getUint16(at, true)); },
  int32: (from, rows, at, stride, to) => { for (let row = 0; row < rows; row++, at += stride) to[row] = from.getInt32(at, true); },
  uint32: (from, rows, at, stride, to) => { for (let row = 0; row < rows; row++, at += stride) to[row] = from.getUint32(at, true); },
  float32: (from, rows, at, stride, to) => { for (let row = 0; row < rows; row++, at += stride) to[row] = from.getFloat32(at, true); },
  int64: (from, rows, at, stride, to) => { for (let row = 0; row < rows; row++, at += stride) to[row] = from.getBigInt64(at, true); },
  uint64: (from, rows, at, stride, to) => { for (let row = 0; row < rows; row++, at += stride) to[row] = from.getBigUint64(at, true); },
  float64: (from, rows, at, stride, to) => { for (let row = 0; row < rows; row++, at += stride) to[row] = from.getFloat64(at, true); },
};

/** @param stride bytes of a record */
export function copyField({ type, offset, width }: PythonField, { name }: Field, stride: number): CopyField {
  const copy = COPIES[type];
  if (copy !== undefined) return (records, rows, columns) => { copy(records, rows, offset, stride, columns[name] as CellArray); };
  // Texts, with the zeros behind them.
  return (records, rows, columns) => {
    const column = columns[name] as Uint8Array;
    const bytes = new Uint8Array(records.buffer, records.byteOffset, rows * stride);
    for (let row = 0, at = offset; row < rows; row++, at += stride) column.set(bytes.subarray(at, at + width), row * width);
  };
}

/** IEEE 754 binary16: a float32 holds each of them exactly. */
export function halfFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
