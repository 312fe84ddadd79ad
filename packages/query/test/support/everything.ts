/** A feed with a field of every type, two clocks in two units, and padding; and values that suit it. */
import fc from 'fast-check';
import { type Field, type Schema, parseDecimal } from '@deepwater/core';

export const everything = {
  name: 'everything',
  fields: [
    { name: 'price', type: 'float64' },
    { name: 'side', type: 'char' },
    { name: 'note', type: 'string', bytes: 8 },
    { name: '_', type: '_3' },
    { name: 'f32', type: 'float32' },
    { name: 'i8', type: 'int8' },
    { name: 'u8', type: 'uint8' },
    { name: 'i16', type: 'int16' },
    { name: 'u16', type: 'uint16' },
    { name: 'i32', type: 'int32' },
    { name: 'u32', type: 'uint32' },
    { name: 'live', type: 'bool' },
    { name: 'exact', type: 'decimal', scale: 3 },
    { name: 'units', type: 'decimal', scale: 2, as: 'bigint' },
    { name: '_', type: '_2' },
    { name: 'venue', type: 'symbol' },
    { name: 'wide', type: 'int64' },
    { name: 'order', type: 'uint64' },
    { name: 'plain', type: 'int64', as: 'number' },
    { name: 'code', type: 'string', bytes: 5 },
    { name: 'ts', type: 'uint64' },
    { name: 'received', type: 'int64', unit: 'ns' },
  ],
  timestamp: 'ts',
  clocks: ['received'],
} as const;

/** Values in field order; times are put in by `recordsOf`. */
export const anyValues = fc.tuple(
  fc.double({ noNaN: true }),
  fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
  fc.constantFrom('', 'a', 'ünïc', '12345678', 'end'),
  fc.float({ noNaN: true }),
  fc.integer({ min: -128, max: 127 }),
  fc.integer({ min: 0, max: 255 }),
  fc.integer({ min: -32768, max: 32767 }),
  fc.integer({ min: 0, max: 65535 }),
  fc.integer({ min: -2147483648, max: 2147483647 }),
  fc.integer({ min: 0, max: 4294967295 }),
  fc.boolean(),
  fc.integer({ min: -1_000_000, max: 1_000_000 }).map((n) => `${n < 0 ? '-' : ''}${Math.trunc(Math.abs(n) / 1000)}.${String(Math.abs(n) % 1000).padStart(3, '0')}`).map((t) => (t === '-0.000' ? '0.000' : t)),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.constantFrom('XNAS', 'XLON', 'coinbase', '', 'Börse'),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  fc.integer({ min: -Number.MAX_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER }),
  fc.constantFrom('', 'abc', 'abcde', '€2'),
);

/** How a feed's times run: in order, in order but for some, anyhow, or all the same. */
export const timeShape = fc.constantFrom('rising', 'mostly', 'shuffled', 'equal', 'falling');
export type TimeShape = 'rising' | 'mostly' | 'shuffled' | 'equal' | 'falling';

/** The nth time of a shape, around `start`; `chance` is 0 to 1. */
export function timeOf(shape: TimeShape, n: number, chance: number): number {
  switch (shape) {
    case 'rising': return n * 3 + Math.floor(chance * 3);
    case 'mostly': return chance < 0.1 ? Math.floor(n * 3 * chance * 10) : n * 3;
    case 'shuffled': return Math.floor(chance * 1500);
    case 'equal': return 500;
    case 'falling': return 1500 - n * 3;
  }
}

/** What a reader must give for a value that was written. */
export function readValue(field: Field, written: unknown): unknown {
  if (field.type === 'float32') return Math.fround(written as number);
  return Object.is(written, -0) && field.type !== 'float64' ? 0 : written;
}

/** The cell of a value as the typed arrays of `columns` hold it. */
export function cellValue(field: Field, written: unknown, symbols: readonly string[]): unknown {
  switch (field.type) {
    case 'char': return (written as string).charCodeAt(0);
    case 'bool': return written === true ? 1 : 0;
    case 'decimal': return typeof written === 'bigint' ? written : parseDecimal(written as string, field.scale as number);
    case 'int64':
    case 'uint64': return BigInt(written as number | bigint);
    case 'symbol': return symbols.indexOf(written as string);
    case 'string': return [...Buffer.from((written as string).padEnd(field.width, '\0')).subarray(0, field.width)];
    default: return readValue(field, written);
  }
}

/** A packed record, put together byte by byte as `recordFormat` describes it. */
export function packRecord(schema: Schema, values: readonly unknown[], symbols: readonly string[]): Buffer {
  const record = Buffer.alloc(schema.record.recordSize);
  schema.fields.forEach((field, i) => {
    const at = field.recordOffset;
    const cell = cellValue(field, values[i], symbols);
    switch (field.cell) {
      case 'f64': return record.writeDoubleLE(cell as number, at);
      case 'f32': return record.writeFloatLE(cell as number, at);
      case 'i64': return record.writeBigInt64LE(cell as bigint, at);
      case 'u64': return record.writeBigUInt64LE(cell as bigint, at);
      case 'bytes': return record.set(cell as number[], at);
      case 'i8': return record.writeInt8(cell as number, at);
      case 'u8': return record.writeUInt8(cell as number, at);
      case 'i16': return record.writeInt16LE(cell as number, at);
      case 'u16': return record.writeUInt16LE(cell as number, at);
      case 'i32': return record.writeInt32LE(cell as number, at);
      case 'u32': return record.writeUInt32LE(cell as number, at);
    }
  });
  return record;
}
