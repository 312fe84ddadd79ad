/**
 * Batches of columns on their way into the ring. A batch is checked as a whole, brought into the form of its cells, and
 * then scattered over the slots, column by column.
 */
import { DeepwaterError, type Field, type Schema, describeValue } from '@deepwater/core/engine';
import type { SymbolCoder } from './symbol-coder.js';
import { encodeText, toInt64, valueError } from './values.js';

/** What a column of a batch may be; `columns` of a range fits as it is. */
export type ColumnInput =
  | Float64Array | Float32Array | Int8Array | Int16Array | Int32Array | Uint8Array | Uint16Array | Uint32Array
  | BigInt64Array | BigUint64Array | readonly unknown[];

/** The slots of a ring as typed arrays, from the first slot on. */
export interface SlotViews {
  readonly stride: number;
  readonly f64: Float64Array;
  readonly i32: Int32Array;
  readonly i16: Int16Array;
  readonly u8: Uint8Array;
}

/** A checked column: its cells as bits, in the widest elements that fit. */
interface Cells {
  readonly field: Field;
  readonly f64?: Float64Array;
  /** Pairs of words for 8-byte cells, single ones for 4-byte cells. */
  readonly i32?: Int32Array;
  readonly i16?: Int16Array;
  readonly u8?: Uint8Array;
}

export interface PreparedBatch {
  readonly rows: number;
  /** Puts rows [from, from + count) into the slots from `slot` on; they do not wrap. */
  scatter(views: SlotViews, from: number, count: number, slot: number): void;
}

/** Half of a first-level cache. */
const STRIP_BYTES = 16 * 1024;

/** @throws DeepwaterError DW_FIELD_MISSING, DW_FIELD_UNKNOWN, DW_VALUE_COUNT, DW_VALUE_TYPE, DW_VALUE_RANGE */
export function prepareColumns(
  feed: string, schema: Schema, columns: Readonly<Record<string, ColumnInput>>, symbols: readonly (SymbolCoder | undefined)[],
): PreparedBatch {
  if (typeof columns !== 'object' || columns === null) {
    throw new DeepwaterError('DW_VALUE_TYPE', `writeColumns of feed ${feed} takes an object with an array for each field, not ${describeValue(columns)}; nothing was written.`, {
      values: { feed },
    });
  }
  const unknown = Object.keys(columns).filter((name) => !schema.fields.some((field) => field.name === name));
  if (unknown.length > 0) {
    throw new DeepwaterError('DW_FIELD_UNKNOWN', `Feed ${feed} has no field ${unknown.join(', ')}; nothing was written. Its fields: ${schema.fields.map((f) => f.name).join(', ')}.`, {
      values: { feed, unknown },
    });
  }
  let rows = -1;
  for (const field of schema.fields) {
    const column = columns[field.name];
    if (column === undefined || column === null || typeof column.length !== 'number') {
      throw new DeepwaterError('DW_FIELD_MISSING', `The batch has no array for field ${field.name} of feed ${feed}; nothing was written.`, {
        values: { feed, field: field.name },
      });
    }
    const length = field.cell === 'bytes' && column instanceof Uint8Array ? column.length / field.width : column.length;
    if (rows < 0) rows = length;
    if (length !== rows) {
      throw new DeepwaterError('DW_VALUE_COUNT', `Column ${field.name} of the batch for feed ${feed} has ${length} rows, the first column has ${rows}; nothing was written.`, {
        values: { feed, field: field.name, rows: length, expected: rows },
      });
    }
  }
  const cells = schema.fields.map((field) => prepare(feed, field, columns[field.name] as ColumnInput, rows, symbols[field.index]));
  return {
    rows,
    scatter: (views, from, count, slot) => {
      // Strip by strip, so that the slots are in the nearest cache when the next column comes to them.
      const strip = Math.max(1, Math.floor(STRIP_BYTES / views.stride));
      for (let done = 0; done < count; done += strip) {
        const rows = Math.min(strip, count - done);
        for (const column of cells) scatter(column, views, from + done, rows, slot + done);
      }
    },
  };
}

function prepare(feed: string, field: Field, column: ColumnInput, rows: number, coder: SymbolCoder | undefined): Cells {
  const bad = (row: number): never => { throw valueError(feed, field, column[row], row); };
  switch (field.cell) {
    case 'f64': {
      if (column instanceof Float64Array) return { field, f64: column };
      return { field, f64: Float64Array.from({ length: rows }, (_, i) => (typeof column[i] === 'number' ? (column[i] as number) : bad(i))) };
    }
    case 'f32': {
      const bits = (values: Float32Array): Cells => ({ field, i32: new Int32Array(values.buffer, values.byteOffset, rows) });
      if (column instanceof Float32Array) return bits(column);
      const values = new Float32Array(rows);
      for (let i = 0; i < rows; i++) {
        const v = column[i];
        if (typeof v !== 'number' || (Number.isFinite(v) && !Number.isFinite(Math.fround(v)))) bad(i);
        values[i] = v as number;
      }
      return bits(values);
    }
    case 'u64':
    case 'i64':
      return { field, i32: prepareInt64(feed, field, column, rows, bad) };
    case 'bytes': {
      if (column instanceof Uint8Array) return { field, u8: column };
      const u8 = new Uint8Array(rows * field.width);
      for (let i = 0; i < rows; i++) {
        if (!encodeText(column[i], u8.subarray(i * field.width, (i + 1) * field.width))) bad(i);
      }
      return { field, u8 };
    }
    default:
      return prepareSmall(field, column, rows, coder, bad);
  }
}

function prepareInt64(feed: string, field: Field, column: ColumnInput, rows: number, bad: (row: number) => never): Int32Array {
  const whole = field.unit === undefined || field.unit === 'ns';
  if ((column instanceof BigUint64Array && field.cell === 'u64') || (column instanceof BigInt64Array && field.cell === 'i64')) {
    const bits = new Int32Array(column.buffer, column.byteOffset, rows * 2);
    if (!whole) checkSafe(bits, rows, field.cell === 'i64', bad);
    return bits;
  }
  if (column instanceof Float64Array && field.type !== 'decimal') return wordsOfNumbers(column, rows, field.cell === 'i64', bad);
  const words = new Int32Array(rows * 2);
  const low = Number(field.cell === 'i64' ? -Number.MAX_SAFE_INTEGER : 0);
  for (let i = 0; i < rows; i++) {
    const v = column[i];
    if (typeof v === 'number' && field.type !== 'decimal') {
      if (!(v >= low && v <= Number.MAX_SAFE_INTEGER && Math.floor(v) === v)) bad(i);
      words[2 * i] = v;
      words[2 * i + 1] = Math.floor(v / 4294967296);
    } else {
      const wide = int64OfRow(feed, field, v, i);
      words[2 * i] = Number(BigInt.asIntN(32, wide));
      words[2 * i + 1] = Number(BigInt.asIntN(32, wide >> 32n));
    }
  }
  return words;
}

/** Refuses what a number does not hold exactly (int64Bounds), by the high words: a bigint for each row would cost 20 ns. */
function checkSafe(words: Int32Array, rows: number, signed: boolean, bad: (row: number) => never): void {
  // All high words at once: mostly none of them has a bit that must not be there, and no row has to be looked at alone.
  let bits = 0;
  for (let i = 1, end = 2 * rows; i < end; i += 2) bits |= words[i] as number;
  if (bits >>> 21 === 0) return;
  for (let row = 0; row < rows; row++) {
    const high = words[2 * row + 1] as number;
    if (high >>> 21 === 0) continue;
    // -2^53 itself is not safe: its words are -2^21 and 0.
    if (!signed || high < -0x200000 || high >= 0 || (high === -0x200000 && words[2 * row] === 0)) bad(row);
  }
}

function wordsOfNumbers(column: Float64Array, rows: number, signed: boolean, bad: (row: number) => never): Int32Array {
  const words = new Int32Array(rows * 2);
  const low = signed ? -Number.MAX_SAFE_INTEGER : 0;
  for (let row = 0; row < rows; row++) {
    const v = column[row] as number;
    if (!(v >= low && v <= Number.MAX_SAFE_INTEGER && Math.floor(v) === v)) bad(row);
    words[2 * row] = v;
    words[2 * row + 1] = Math.floor(v / 4294967296);
  }
  return words;
}

function int64OfRow(feed: string, field: Field, value: unknown, row: number): bigint {
  try {
    return toInt64(feed, field, value);
  } catch (cause) {
    const error = valueError(feed, field, value, row);
    throw new DeepwaterError(cause instanceof DeepwaterError ? cause.code : error.code, error.message, { values: error.values, cause });
  }
}

/** One, two and four byte integers, booleans, characters and symbols. */
function prepareSmall(field: Field, column: ColumnInput, rows: number, coder: SymbolCoder | undefined, bad: (row: number) => never): Cells {
  const make = (): Int32Array | Int16Array | Uint8Array =>
    field.width === 4 ? new Int32Array(rows) : field.width === 2 ? new Int16Array(rows) : new Uint8Array(rows);
  const wrap = (cells: Int32Array | Int16Array | Uint8Array): Cells =>
    cells instanceof Int32Array ? { field, i32: cells } : cells instanceof Int16Array ? { field, i16: cells } : { field, u8: cells };
  const same = sameBits(field, column, rows);
  if (same !== undefined) {
    if (field.type === 'bool') for (let i = 0; i < rows; i++) if ((same[i] as number) > 1) bad(i);
    if (field.type === 'symbol') for (let i = 0; i < rows; i++) if ((same[i] as number) >>> 0 >= (coder?.size ?? 0)) bad(i);
    return wrap(same);
  }
  const cells = make();
  const [min, max] = SMALL_BOUNDS[field.type] ?? [0, 0];
  for (let i = 0; i < rows; i++) {
    const v = column[i];
    if (field.type === 'char' && typeof v === 'string') {
      if (v.length !== 1 || v.charCodeAt(0) > 255) bad(i);
      cells[i] = v.charCodeAt(0);
    } else if (field.type === 'bool') {
      if (typeof v !== 'boolean') bad(i);
      cells[i] = v === true ? 1 : 0;
    } else if (field.type === 'symbol') {
      if (typeof v !== 'string' || coder === undefined) bad(i);
      cells[i] = (coder as SymbolCoder).code(v as string);
    } else {
      if (typeof v !== 'number' || !Number.isInteger(v) || v < min || v > max) bad(i);
      cells[i] = v as number;
    }
  }
  return wrap(cells);
}

/** The column's own memory, where its type is exactly that of the cells: no check and no copy is needed. */
function sameBits(field: Field, column: ColumnInput, rows: number): Int32Array | Int16Array | Uint8Array | undefined {
  if (field.cell === 'u8' && column instanceof Uint8Array) return column;
  if (field.cell === 'i8' && column instanceof Int8Array) return new Uint8Array(column.buffer, column.byteOffset, rows);
  if (field.cell === 'u16' && column instanceof Uint16Array) return new Int16Array(column.buffer, column.byteOffset, rows);
  if (field.cell === 'i16' && column instanceof Int16Array) return column;
  if (field.cell === 'u32' && column instanceof Uint32Array) return new Int32Array(column.buffer, column.byteOffset, rows);
  if (field.cell === 'i32' && column instanceof Int32Array) return column;
  return undefined;
}

const SMALL_BOUNDS: Readonly<Record<string, readonly [number, number]>> = {
  char: [0, 255], int8: [-128, 127], uint8: [0, 255], int16: [-32768, 32767], uint16: [0, 65535],
  int32: [-2147483648, 2147483647], uint32: [0, 4294967295],
};

function scatter(cells: Cells, views: SlotViews, from: number, count: number, slot: number): void {
  const { field } = cells;
  const start = slot * views.stride + field.slotOffset;
  if (cells.f64 !== undefined) scatter1(views.f64, start >> 3, views.stride >> 3, cells.f64, from, count);
  else if (cells.i32 !== undefined && field.width === 8) scatter2(views.i32, start >> 2, views.stride >> 2, cells.i32, from, count);
  else if (cells.i32 !== undefined) scatterWords(views.i32, start >> 2, views.stride >> 2, cells.i32, from, count);
  else if (cells.i16 !== undefined) scatterHalves(views.i16, start >> 1, views.stride >> 1, cells.i16, from, count);
  else if (cells.u8 !== undefined && field.width === 1) scatterBytes(views.u8, start, views.stride, cells.u8, from, count);
  else scatterRuns(views.u8, start, views.stride, cells.u8 as Uint8Array, from, count, field.width);
}

// One function for each element type, so that each stays monomorphic.

function scatter1(to: Float64Array, at: number, stride: number, cells: Float64Array, from: number, count: number): void {
  for (let i = from, end = from + count; i < end; i++, at += stride) to[at] = cells[i] as number;
}

function scatter2(to: Int32Array, at: number, stride: number, cells: Int32Array, from: number, count: number): void {
  for (let i = 2 * from, end = 2 * (from + count); i < end; i += 2, at += stride) {
    to[at] = cells[i] as number;
    to[at + 1] = cells[i + 1] as number;
  }
}

function scatterWords(to: Int32Array, at: number, stride: number, cells: Int32Array, from: number, count: number): void {
  for (let i = from, end = from + count; i < end; i++, at += stride) to[at] = cells[i] as number;
}

function scatterHalves(to: Int16Array, at: number, stride: number, cells: Int16Array, from: number, count: number): void {
  for (let i = from, end = from + count; i < end; i++, at += stride) to[at] = cells[i] as number;
}

function scatterBytes(to: Uint8Array, at: number, stride: number, cells: Uint8Array, from: number, count: number): void {
  for (let i = from, end = from + count; i < end; i++, at += stride) to[at] = cells[i] as number;
}

function scatterRuns(to: Uint8Array, at: number, stride: number, cells: Uint8Array, from: number, count: number, width: number): void {
  for (let i = from, end = from + count; i < end; i++, at += stride) {
    for (let b = 0, s = i * width; b < width; b++) to[at + b] = cells[s + b] as number;
  }
}
