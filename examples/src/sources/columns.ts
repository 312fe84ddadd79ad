/**
 * The field types that the sources here need, and the typed array that holds a column of each in memory.
 *
 * Whole numbers of 64 bits are kept as doubles, which is exact below 2^53 (trade ids, microseconds) and needs no
 * BigInt per value. Nanoseconds since 1970 do not fit a double; their fields are named `..._ns` and kept as they are.
 */
export type FieldType = 'float64' | 'uint64' | 'uint32' | 'char' | 'bool';

export interface TickField {
  readonly name: string;
  readonly type: FieldType;
  /** How tuples and objects show a 64-bit integer; without it, as a `bigint`. */
  readonly as?: 'number';
  /** Of a time: its unit. */
  readonly unit?: 'us' | 'ns';
  readonly desc?: string;
}

export type Column = Float64Array | BigUint64Array | Uint32Array | Uint8Array;
export type Columns = Record<string, Column>;

type ColumnOf<F extends TickField> = F['type'] extends 'float64'
  ? Float64Array
  : F['type'] extends 'uint32'
    ? Uint32Array
    : F['type'] extends 'char' | 'bool'
      ? Uint8Array
      : F['name'] extends `${string}_ns`
        ? BigUint64Array
        : Float64Array;

/** The columns of a list of fields, each with its own array type. */
export type ColumnsOf<F extends readonly TickField[]> = { readonly [K in F[number] as K['name']]: ColumnOf<K> };

type ValueOf<F extends TickField> = F['type'] extends 'char'
  ? string
  : F['type'] extends 'bool'
    ? boolean
    : F extends { type: 'uint64'; name: `${string}_ns` }
      ? bigint
      : number;

/** The arguments of `writeValues` for a list of fields, in field order. */
export type ValuesOf<F extends readonly TickField[]> = { readonly [I in keyof F]: ValueOf<F[I]> };

/** Room for `rows` values of a field. */
export function allocateColumn(field: TickField, rows: number): Column {
  switch (field.type) {
    case 'float64':
      return new Float64Array(rows);
    case 'uint32':
      return new Uint32Array(rows);
    case 'char':
    case 'bool':
      return new Uint8Array(rows);
    case 'uint64':
      return isWide(field) ? new BigUint64Array(rows) : new Float64Array(rows);
  }
}

/** Whether a field's values are nanoseconds, which take a bigint. */
function isWide(field: TickField): boolean {
  return field.type === 'uint64' && field.name.endsWith('_ns');
}

export function allocateColumns(fields: readonly TickField[], rows: number): Columns {
  return Object.fromEntries(fields.map((field) => [field.name, allocateColumn(field, rows)]));
}

/** A value as tuples and objects show it: characters as strings, flags as booleans. */
export function shownValue(field: TickField, value: number | bigint): number | bigint | string | boolean {
  if (field.type === 'char') return String.fromCharCode(Number(value));
  if (field.type === 'bool') return value !== 0;
  return value;
}

/** The way back: a value from a tuple or an object as a column keeps it. @throws TypeError when it is of a wrong kind */
export function storedValue(field: TickField, value: unknown): number | bigint {
  if (field.type === 'char' && typeof value === 'string' && value.length === 1) return value.charCodeAt(0);
  if (field.type === 'bool' && typeof value === 'boolean') return Number(value);
  if (isWide(field) ? typeof value === 'bigint' : typeof value === 'number') return value as number | bigint;
  throw new TypeError(`field ${field.name} (${field.type}) was given as ${typeof value} ${String(value)}`);
}

/** The one-character strings of the 256 byte values, so that writing a `char` field makes no string per record. */
export const CHARS: readonly string[] = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code));
