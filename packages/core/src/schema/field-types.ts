import { FEED_LIMITS } from './limits.js';

/** How the bytes of a field are stored and loaded: a typed array element, or a run of bytes. */
export type CellKind = 'u8' | 'i8' | 'u16' | 'i16' | 'u32' | 'i32' | 'f32' | 'f64' | 'u64' | 'i64' | 'bytes';

/** What a field's values are in JavaScript. */
export type FieldAs = 'number' | 'bigint' | 'string' | 'boolean';

/** Unit of a clock, counted from 1970-01-01T00:00:00Z. */
export type TimeUnit = 'us' | 'ns' | 'ms';

export const TIME_UNITS = ['us', 'ns', 'ms'] as const satisfies readonly TimeUnit[];

interface FieldTypeInfo {
  /** Character of Python's `struct` module (https://docs.python.org/3/library/struct.html#format-characters). */
  readonly code: string;
  /** Bytes of one value; 0 where the spec's `bytes` decides. */
  readonly width: number;
  readonly cell: CellKind;
  /** What it can be read as; the first is the default. */
  readonly as: readonly [FieldAs, ...FieldAs[]];
}

/** Every type that holds a value. Padding (`_N`) is not here: it holds none. */
export const FIELD_TYPES = {
  char: { code: 'c', width: 1, cell: 'u8', as: ['string'] },
  int8: { code: 'b', width: 1, cell: 'i8', as: ['number'] },
  int16: { code: 'h', width: 2, cell: 'i16', as: ['number'] },
  int32: { code: 'i', width: 4, cell: 'i32', as: ['number'] },
  int64: { code: 'q', width: 8, cell: 'i64', as: ['bigint', 'number'] },
  uint8: { code: 'B', width: 1, cell: 'u8', as: ['number'] },
  uint16: { code: 'H', width: 2, cell: 'u16', as: ['number'] },
  uint32: { code: 'I', width: 4, cell: 'u32', as: ['number'] },
  uint64: { code: 'Q', width: 8, cell: 'u64', as: ['bigint', 'number'] },
  float32: { code: 'f', width: 4, cell: 'f32', as: ['number'] },
  float64: { code: 'd', width: 8, cell: 'f64', as: ['number'] },
  bool: { code: '?', width: 1, cell: 'u8', as: ['boolean'] },
  /** An int64 that counts units of 10^-scale: exact where a float64 is not. */
  decimal: { code: 'q', width: 8, cell: 'i64', as: ['string', 'number', 'bigint'] },
  /** UTF-8 in exactly `bytes` bytes, filled up with zeros. */
  string: { code: 's', width: 0, cell: 'bytes', as: ['string'] },
  /** A text stored once in the feed's dictionary, and in the record as its 32-bit code. */
  symbol: { code: 'I', width: 4, cell: 'u32', as: ['string'] },
} as const satisfies Record<string, FieldTypeInfo>;

/** Name of a type that holds a value. */
export type ValueType = keyof typeof FIELD_TYPES;

/** Padding of N bytes, written `_N`. */
export type PaddingType = `_${number}`;

export type FieldType = ValueType | PaddingType;

export function isValueType(type: string): type is ValueType {
  return Object.hasOwn(FIELD_TYPES, type);
}

/** Whether values of a type are numbers: whole ones, floats or decimals. */
export function isNumericType(type: string): boolean {
  return /^(u?int\d+|float\d+|decimal)$/.test(type);
}

/** The table's entry, with the general type that loops want. */
export function fieldTypeInfo(type: ValueType): FieldTypeInfo {
  return FIELD_TYPES[type];
}

/** Whether a type is written like padding: an underscore and a whole number, in bounds or not. */
export function isPaddingType(type: string): type is PaddingType {
  return /^_-?\d+$/.test(type);
}

/** Bytes of a padding type, or undefined where N is not 1 to 4096. */
export function paddingBytes(type: PaddingType): number | undefined {
  const count = Number(type.slice(1));
  return Number.isInteger(count) && count >= 1 && count <= FEED_LIMITS.paddingBytesMax ? count : undefined;
}
