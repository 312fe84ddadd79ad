/** Values of any file, one by one, into cells: what is not on a fast path. */
import { type Field, SYMBOL_BYTES_MAX, decimalFromNumber, parseDecimal } from '@deepwater/core';
import type { Column } from './column-set.js';
import { Reject, shown } from './reject.js';
import { type TimeFormat, type TimeRange, inRange, timeCell } from './times.js';

/** How texts of a column are to be understood, where their field alone does not tell. */
export interface CellRules {
  /** Clocks: how times are written. */
  readonly time?: TimeFormat | undefined;
  /** Clocks: which times are taken. */
  readonly range?: TimeRange | undefined;
  /** Texts that stand for a value: `buy` for `B`. Others are rejected. */
  readonly codes?: ReadonlyMap<string, number> | undefined;
  /** What an empty field is, NaN for example; without it, it is rejected (but of texts and symbols, which may be empty). */
  readonly empty?: bigint | number | undefined;
  /** Least value of a number: sizes are not negative. In the units of the cell. */
  readonly min?: bigint | undefined;
  /** Numbers are to be divided by so many tens: of prices in units of 10^-4. */
  readonly tens?: number | undefined;
  /** Added to the time, in the clock's unit: the midnight that it is counted from. */
  readonly add?: bigint | undefined;
}

/** Values as files have them: texts of CSV, and what JSON and Parquet know besides. */
export type Value = string | number | bigint | boolean | Date | null | undefined;
/** Puts a value into a row. @throws Reject */
export type CellWriter = (value: Value, row: number) => void;

const INT_RANGES: Readonly<Record<string, readonly [bigint, bigint]>> = {
  uint64: [0n, 2n ** 64n - 1n], int64: [-(2n ** 63n), 2n ** 63n - 1n], uint32: [0n, 2n ** 32n - 1n], int32: [-(2n ** 31n), 2n ** 31n - 1n],
  uint16: [0n, 65535n], int16: [-32768n, 32767n], uint8: [0n, 255n], int8: [-128n, 127n],
};
const TRUE = new Set(['true', 'True', 'TRUE', '1', 't', 'T', 'yes', 'y', 'Y']);
const FALSE = new Set(['false', 'False', 'FALSE', '0', 'f', 'F', 'no', 'n', 'N']);
const WHOLE = /^[+-]?\d{1,20}(?:\.0*)?$/;
const FLOAT = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?$/;
const SPECIAL: Readonly<Record<string, number>> = { nan: NaN, inf: Infinity, infinity: Infinity, '-inf': -Infinity, '-infinity': -Infinity };
const WRITTEN = new TextEncoder();

export function cellWriter(field: Field, column: Column, rules: CellRules = {}): CellWriter {
  const store = storeOf(field, column);
  const read = readerOf(field, rules);
  return (value, row) => {
    if (value === null || value === undefined || value === '') {
      if (rules.empty !== undefined) return store(rules.empty, row);
      if (field.type !== 'string' && field.type !== 'symbol' && rules.codes?.has('') !== true) throw new Reject(`${field.name} is empty`);
      return store(read(''), row);
    }
    store(read(value), row);
  };
}

type Stored = bigint | number | string;

function storeOf(field: Field, column: Column): (value: Stored, row: number) => void {
  if (Array.isArray(column)) return (value, row) => { column[row] = value as string; };
  if (field.cell === 'bytes') {
    const bytes = column as Uint8Array;
    const { width } = field;
    return (value, row) => {
      const text = WRITTEN.encode(typeof value === 'string' ? value : '');
      if (text.byteLength > width) throw new Reject(`${field.name} ${shown(String(value))} has ${text.byteLength} bytes, and the field ${width}`);
      bytes.fill(0, row * width, (row + 1) * width).set(text, row * width);
    };
  }
  if (column instanceof BigInt64Array || column instanceof BigUint64Array) return (value, row) => { column[row] = BigInt(value); };
  return (value, row) => { column[row] = Number(value); };
}

function readerOf(field: Field, rules: CellRules): (value: Value) => Stored {
  const { codes } = rules;
  if (codes !== undefined) {
    return (value) => {
      const code = codes.get(String(value));
      if (code === undefined) throw new Reject(`${field.name} is ${shown(String(value))}, which is none of ${[...codes.keys()].map(shown).join(', ')}`);
      return code;
    };
  }
  if (field.unit !== undefined && rules.time !== 'clock') return timeReader(field, rules);
  switch (field.type) {
    case 'decimal': return decimalReader(field, rules);
    case 'float64': case 'float32': return (value) => floatOf(field, value) / 10 ** (rules.tens ?? 0);
    case 'bool': return (value) => boolOf(field, value);
    case 'char': return (value) => charOf(field, value);
    case 'string': case 'symbol': return (value) => textOf(field, value);
    default: return wholeReader(field, rules);
  }
}

function timeReader(field: Field, { time, range, add = 0n }: CellRules): (value: Value) => Stored {
  const unit = field.unit!;
  const format = (time ?? unit) as Exclude<TimeFormat, 'clock'>;
  const all = range ?? { min: 0n, max: 2n ** 63n - 1n };
  return (value) => {
    if (value instanceof Date) return timeCell(value.toISOString(), 'iso', unit, all);
    const text = String(value);
    return add === 0n ? timeCell(text, format, unit, all) : inRange(timeCell(text, format, unit, { min: 0n, max: 2n ** 63n - 1n }) + add, text, all);
  };
}

function decimalReader(field: Field, { min, tens = 0 }: CellRules): (value: Value) => Stored {
  const scale = field.scale! - tens;
  return (value) => {
    let scaled: bigint;
    try {
      if (typeof value === 'bigint') scaled = value * 10n ** BigInt(scale);
      else if (typeof value === 'number') scaled = decimalFromNumber(value, scale);
      else scaled = parseDecimal(String(value), scale);
    } catch (error) {
      throw new Reject(`${field.name} ${shown(String(value))}: ${(error as { code?: string }).code === 'DW_VALUE_TYPE' ? 'is not a number' : `does not fit a decimal with ${scale} digits behind the point`}`);
    }
    return atLeast(field, value, scaled, min);
  };
}

function atLeast(field: Field, value: Value, found: bigint, min: bigint | undefined): bigint {
  if (min !== undefined && found < min) throw new Reject(`${field.name} ${shown(String(value))} is ${min > 0n ? 'not positive' : 'negative'}`);
  return found;
}

function wholeReader(field: Field, { min }: CellRules): (value: Value) => Stored {
  const [least, most] = INT_RANGES[field.type] ?? [0n, 0n];
  // Clocks in ns are bigints; others are numbers.
  const safe = field.width === 8 && (field.unit === undefined ? field.as === 'number' : field.unit !== 'ns');
  return (value) => {
    const text = String(value);
    if (!WHOLE.test(text)) throw new Reject(`${field.name} ${shown(text)} is not a whole number`);
    const found = BigInt(text.replace(/\..*/, '').replace(/^\+/, ''));
    if (found < least || found > most) throw new Reject(`${field.name} ${shown(text)} does not fit ${field.type}`);
    if (safe && (found > Number.MAX_SAFE_INTEGER || found < -Number.MAX_SAFE_INTEGER)) throw new Reject(`${field.name} ${shown(text)} is beyond 2^53, and the field is read as a number`);
    return atLeast(field, value, found, min);
  };
}

function floatOf(field: Field, value: Value): number {
  if (typeof value === 'number') return value;
  const text = String(value);
  const found = FLOAT.test(text) ? Number(text) : SPECIAL[text.toLowerCase()];
  if (found === undefined) throw new Reject(`${field.name} ${shown(text)} is not a number`);
  if (field.type === 'float32' && Number.isFinite(found) && !Number.isFinite(Math.fround(found))) throw new Reject(`${field.name} ${shown(text)} does not fit float32`);
  return found;
}

function boolOf(field: Field, value: Value): number {
  const text = String(value);
  if (TRUE.has(text)) return 1;
  if (FALSE.has(text)) return 0;
  throw new Reject(`${field.name} ${shown(text)} is neither true nor false`);
}

function charOf(field: Field, value: Value): number {
  const text = String(value);
  if (text.length !== 1 || text.charCodeAt(0) > 255) throw new Reject(`${field.name} ${shown(text)} is not one character`);
  return text.charCodeAt(0);
}

function textOf(field: Field, value: Value): string {
  const text = String(value);
  if (text.includes('\0')) throw new Reject(`${field.name} ${shown(text)} has a zero byte`);
  if (field.type === 'symbol' && text.length * 3 > SYMBOL_BYTES_MAX && Buffer.byteLength(text) > SYMBOL_BYTES_MAX) throw new Reject(`${field.name} ${shown(text)} is longer than the ${SYMBOL_BYTES_MAX} bytes of a symbol`);
  return text;
}
