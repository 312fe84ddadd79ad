import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DecimalDigits, type ErrorCode, type Schema, formatDecimal } from '@deepwater/core';
import type { ColumnInput, Ring } from '../dist/index.js';
import { encodeAt } from './record-arbitraries.js';
import { type TestWriter, assertProperty, compile, decodeCell, headWords, memoryRing, thrownBy, variants, writerOn } from './ring-fixtures.js';

const RANGE = 'DW_VALUE_RANGE';
const TYPE = 'DW_VALUE_TYPE';

/** What no field takes, whatever its type. */
const NEVER: unknown[] = [undefined, null, {}, [], () => 1, Symbol('s'), new Date(0), Object.create(null), { valueOf: () => 1 }];
const NOT_NUMBERS: unknown[] = [...NEVER, '1', true, 1n, new Number(1), [1]];
const NOT_INTEGERS: unknown[] = [Number.NaN, Infinity, -Infinity, 0.5, -1e-9];

/** For each type: a good value, values of the right kind that do not fit, and values of a wrong kind. */
const CASES: { field: { type: string; scale?: number; bytes?: number; unit?: string }; good: unknown; out: unknown[]; wrong: unknown[] }[] = [
  { field: { type: 'int8' }, good: -128, out: [...NOT_INTEGERS, 128, -129, 2 ** 32, 2 ** 53], wrong: NOT_NUMBERS },
  { field: { type: 'uint8' }, good: 255, out: [...NOT_INTEGERS, 256, -1, 2 ** 32, -(2 ** 32)], wrong: NOT_NUMBERS },
  { field: { type: 'int16' }, good: 32767, out: [...NOT_INTEGERS, 32768, -32769, 2 ** 32 + 1], wrong: NOT_NUMBERS },
  { field: { type: 'uint16' }, good: 65535, out: [...NOT_INTEGERS, 65536, -1, 2 ** 32], wrong: NOT_NUMBERS },
  { field: { type: 'int32' }, good: -(2 ** 31), out: [...NOT_INTEGERS, 2 ** 31, -(2 ** 31) - 1, 2 ** 32], wrong: NOT_NUMBERS },
  { field: { type: 'uint32' }, good: 2 ** 32 - 1, out: [...NOT_INTEGERS, 2 ** 32, -1], wrong: NOT_NUMBERS },
  { field: { type: 'int64' }, good: 2n ** 63n - 1n, out: [...NOT_INTEGERS, 2 ** 53, -(2 ** 53), 2n ** 63n, -(2n ** 63n) - 1n], wrong: [...NEVER, '1', true] },
  { field: { type: 'uint64' }, good: 2n ** 64n - 1n, out: [...NOT_INTEGERS, 2 ** 53, -1, -1n, 2n ** 64n], wrong: [...NEVER, '1', true] },
  { field: { type: 'uint64', unit: 'us' }, good: 2n ** 53n - 1n, out: [...NOT_INTEGERS, 2 ** 53, -1, 2n ** 53n, -1n], wrong: [...NEVER, '1', true] },
  { field: { type: 'int64', unit: 'ms' }, good: -(2 ** 53) + 1, out: [...NOT_INTEGERS, -(2 ** 53), 2n ** 53n, -(2n ** 53n)], wrong: [...NEVER, '1', true] },
  { field: { type: 'uint64', unit: 'ns' }, good: 2n ** 64n - 1n, out: [...NOT_INTEGERS, 2n ** 64n, -1], wrong: [...NEVER, '1', true] },
  { field: { type: 'float32' }, good: 3.4028234663852886e38, out: [3.4028235677973366e38, -3.4028235677973366e38, 1e39, Number.MAX_VALUE], wrong: NOT_NUMBERS },
  { field: { type: 'float64' }, good: -0.1, out: [], wrong: NOT_NUMBERS },
  { field: { type: 'bool' }, good: true, out: [], wrong: [...NEVER, 0, 1, 'true', 1n] },
  { field: { type: 'char' }, good: 'ÿ', out: ['', 'ab', 'Ā', '😀'], wrong: [...NEVER, true, 1n] },
  { field: { type: 'string', bytes: 4 }, good: 'åä', out: ['abcde', 'åäö', 'a\0b', '\0', '\ud800', 'a\udc00'], wrong: [...NEVER, 1, true, 1n] },
  { field: { type: 'symbol' }, good: 'BTC', out: [], wrong: [...NEVER, 1, true, 1n] },
  { field: { type: 'decimal', scale: 2 }, good: '123.45', out: ['0.001', 0.1 + 0.2, 1e300, Number.NaN, Infinity, '92233720368547758.08', 2n ** 63n, -(2n ** 63n) - 1n, new DecimalDigits(1, 3), new DecimalDigits(2 ** 53 - 1, 18)], wrong: [...NEVER, '', 'abc', '1,5', true] },
];

function feedOf(field: (typeof CASES)[number]['field']): Schema {
  const value = { name: 'value', ...field };
  const clock = field.unit !== undefined;
  return compile({
    name: 'trades', timestamp: clock ? 'value' : 'ts', ...(clock ? { clocks: ['ts'] } : {}),
    fields: [{ name: 'before', type: 'int32' }, value, { name: 'after', type: 'float64' }, { name: 'ts', type: 'uint64' }],
  });
}

/** A writer after three good records. */
function started(schema: Schema, plain: boolean, good: unknown): { ring: Ring; writer: TestWriter; isUnchanged: () => void; isAlive: () => void } {
  const ring = memoryRing(schema, { baseSequence: 2 ** 32 - 2 });
  const writer = writerOn(ring, schema, plain);
  const record = (i: number): unknown[] => [i, good, i / 2, i];
  for (let i = 0; i < 3; i++) writer.writeValues(...record(i));
  const slots = (): Buffer => Buffer.from(new Uint8Array(ring.buffer).slice(0, ring.mapped.fileBytes));
  const cells = (count: number): unknown[][] => Array.from({ length: count }, (_, i) =>
    schema.fields.map((field) => decodeCell(ring, schema, field, 2 ** 32 - 2 + i, field.type === 'symbol' ? writer.coder(field) : undefined)));
  const [words, before, rows] = [headWords(ring), slots(), cells(3)];
  return {
    ring, writer,
    /** Nothing was published, and nothing published was touched. */
    isUnchanged: () => {
      expect(headWords(ring)).toEqual(words);
      expect(writer.position).toBe(2 ** 32 + 1);
      expect(cells(3)).toEqual(rows);
      expect(Buffer.compare(slots().subarray(0, 4096), before.subarray(0, 4096))).toBe(0);
    },
    /** The next good record is written, whole. */
    isAlive: () => {
      writer.writeValues(...record(0));
      expect(ring.head).toBe(2 ** 32 + 2);
      expect(cells(4)).toEqual([...rows, rows[0]]);
    },
  };
}

const nameOf = (field: object): string => Object.values(field).join(' ');

describe.each(variants)('a value that does not fit, %s publishing', (_variant, plain) => {
  describe.each(CASES)('$field', ({ field, good, out, wrong }) => {
    const schema = feedOf(field);
    const bad: [ErrorCode, unknown][] = [...out.map((value) => [RANGE, value] as [ErrorCode, unknown]), ...wrong.map((value) => [TYPE, value] as [ErrorCode, unknown])];

    test.each([
      ['writeValues', (writer: TestWriter, value: unknown) => writer.writeValues(7, value, 0.5, 9)],
      ['writeTuple', (writer: TestWriter, value: unknown) => writer.writeTuple([7, value, 0.5, 9])],
      ['writeObject', (writer: TestWriter, value: unknown) => writer.writeObject({ before: 7, value, after: 0.5, ts: 9 })],
    ])(`${nameOf(field)}: %s refuses it with the right code, and publishes nothing`, (way, write) => {
      const { writer, isUnchanged, isAlive } = started(schema, plain, good);
      for (const [code, value] of bad) {
        const expected = way === 'writeObject' && value === undefined ? 'DW_FIELD_MISSING' : code;
        const error = thrownBy(() => write(writer, value));
        expect(error.code, `of ${error.message}`).toBe(expected);
        expect(error.message).toMatch(/value/);
        isUnchanged();
      }
      isAlive();
    });

    test('writeColumns refuses a batch with one such row, wherever it is, and publishes no row', () => {
      const { writer, isUnchanged, isAlive } = started(schema, plain, good);
      // Columns take the codes of characters, too: a Uint8Array is a column of them.
      for (const [code, value] of bad) {
        for (const row of [0, 3, 6]) {
          const column = Array.from({ length: 7 }, (_, i) => (i === row ? value : good));
          const batch = { before: new Int32Array(7), value: column, after: new Float64Array(7), ts: new Float64Array(7) };
          const error = thrownBy(() => writer.writeColumns(batch));
          expect(error.code, `of ${error.message}`).toBe(code);
          expect(error.values).toMatchObject({ feed: 'trades', field: 'value', row });
          isUnchanged();
        }
      }
      isAlive();
    });
  });
});

describe.each(variants)('a record of the wrong shape, %s publishing', (_variant, plain) => {
  const schema = feedOf({ type: 'float32' });
  const good = { before: 7, value: 1, after: 2, ts: 3 };

  const cases: [string, ErrorCode, (writer: TestWriter) => unknown][] = [
    ['no values', 'DW_VALUE_COUNT', (writer) => writer.writeValues()],
    ['a value too few', 'DW_VALUE_COUNT', (writer) => writer.writeValues(7, 1, 2)],
    ['a value too many', 'DW_VALUE_COUNT', (writer) => writer.writeValues(7, 1, 2, 3, 4)],
    ['an empty tuple', 'DW_VALUE_COUNT', (writer) => writer.writeTuple([])],
    ['a tuple too short', 'DW_VALUE_COUNT', (writer) => writer.writeTuple([7, 1, 2])],
    ['a tuple too long', 'DW_VALUE_COUNT', (writer) => writer.writeTuple([7, 1, 2, 3, 4])],
    ['a tuple with a hole', 'DW_VALUE_TYPE', (writer) => writer.writeTuple(Object.assign(new Array(4), { 0: 7, 1: 1, 3: 3 }) as unknown[])],
    ...[null, undefined, 5, {}, 'abc'].map((value): [string, ErrorCode, (writer: TestWriter) => unknown] =>
      [`${JSON.stringify(value)} for a tuple`, 'DW_VALUE_TYPE', (writer) => writer.writeTuple(value as unknown[])]),
    ...[null, undefined, 5, 'abc', 5n].map((value): [string, ErrorCode, (writer: TestWriter) => unknown] =>
      [`${String(value)} for an object`, 'DW_VALUE_TYPE', (writer) => writer.writeObject(value as unknown as object)]),
    ['an object without a field', 'DW_FIELD_MISSING', (writer) => writer.writeObject({ before: 7, value: 1, after: 2 })],
    ['an object with a field undefined', 'DW_FIELD_MISSING', (writer) => writer.writeObject({ ...good, ts: undefined })],
    ['an empty object', 'DW_FIELD_MISSING', (writer) => writer.writeObject({})],
    ['an object with one field more', 'DW_FIELD_UNKNOWN', (writer) => writer.writeObject({ ...good, extra: 1 })],
    ['an object that inherits one field more', 'DW_FIELD_UNKNOWN', (writer) => writer.writeObject(Object.create({ ...good, extra: 1 }) as object)],
    ['an object with one field under another name', 'DW_FIELD_MISSING', (writer) => writer.writeObject({ before: 7, value: 1, after: 2, TS: 3 })],
    ['no columns', 'DW_FIELD_MISSING', (writer) => writer.writeColumns({})],
    ...[null, undefined, 5, 'abc'].map((value): [string, ErrorCode, (writer: TestWriter) => unknown] =>
      [`${String(value)} for columns`, 'DW_VALUE_TYPE', (writer) => writer.writeColumns(value as unknown as Record<string, ColumnInput>)]),
    ['a column missing', 'DW_FIELD_MISSING', (writer) => writer.writeColumns({ before: [1], value: [1], after: [1] })],
    ['a column that is no array', 'DW_FIELD_MISSING', (writer) => writer.writeColumns({ before: [1], value: [1], after: [1], ts: 5 as unknown as number[] })],
    ['a column too many', 'DW_FIELD_UNKNOWN', (writer) => writer.writeColumns({ before: [1], value: [1], after: [1], ts: [1], more: [1] })],
    ['a column too short', 'DW_VALUE_COUNT', (writer) => writer.writeColumns({ before: [1, 2], value: [1, 2], after: [1], ts: [1, 2] })],
    ['half a packed record', 'DW_VALUE_COUNT', (writer) => writer.writeRaw(new Uint8Array(schema.record.recordSize * 2 - 1))],
    ...[null, undefined, 'abc', [1, 2], new Float64Array(8)].map((value): [string, ErrorCode, (writer: TestWriter) => unknown] =>
      [`${Object.prototype.toString.call(value)} for packed records`, 'DW_VALUE_TYPE', (writer) => writer.writeRaw(value as unknown as Uint8Array)]),
  ];

  test.each(cases)('%s: %s', (_what, code, write) => {
    const { writer, isUnchanged, isAlive } = started(schema, plain, 1);
    const error = thrownBy(() => write(writer));
    expect(error.code, error.message).toBe(code);
    expect(error.values).toMatchObject({ feed: 'trades' });
    expect(error.message).toMatch(/not written|nothing was written|no row was written/);
    isUnchanged();
    isAlive();
  });

  test('an empty batch is written: no rows', () => {
    const { writer, isUnchanged, isAlive } = started(schema, plain, 1);
    expect(writer.writeColumns({ before: [], value: [], after: [], ts: [] })).toBe(0);
    expect(writer.writeRaw(new Uint8Array(0))).toBe(0);
    isUnchanged();
    isAlive();
  });
});

describe('packed records that hold what their fields do not', () => {
  const raw = (schema: Schema, rows: number, badRow: number, bytes: (view: DataView, at: number) => void): Uint8Array => {
    const { recordSize } = schema.record;
    const view = new DataView(new ArrayBuffer(rows * recordSize));
    for (let row = 0; row < rows; row++) {
      schema.fields.forEach((field) => { if (field.type === 'decimal') encodeAt(view, row * recordSize + field.recordOffset, field, formatDecimal(0n, 2)); });
    }
    bytes(view, badRow * recordSize + schema.fields[1].recordOffset);
    return new Uint8Array(view.buffer);
  };

  test.each([
    ['a bool that is neither', { type: 'bool' }, true, (view: DataView, at: number) => view.setUint8(at, 2)],
    ['a symbol that nobody knows', { type: 'symbol' }, 'BTC', (view: DataView, at: number) => view.setUint32(at, 1, true)],
    ['a time past 2^53', { type: 'uint64', unit: 'us' }, 1, (view: DataView, at: number) => view.setBigUint64(at, 2n ** 53n, true)],
    ['a time before -2^53', { type: 'int64', unit: 'ms' }, 1, (view: DataView, at: number) => view.setBigInt64(at, -(2n ** 53n), true)],
  ])('%s: the batch is refused with the row, and no record published', (_what, field, good, bytes) => {
    const schema = feedOf(field);
    for (const badRow of [0, 4]) {
      const { writer, isUnchanged, isAlive } = started(schema, true, good);
      const error = thrownBy(() => writer.writeRaw(raw(schema, 5, badRow, bytes)));
      expect(error.values).toMatchObject({ field: 'value', row: badRow });
      expect(['DW_VALUE_RANGE', 'DW_VALUE_TYPE']).toContain(error.code);
      isUnchanged();
      isAlive();
    }
  });
});

describe('typed arrays of another kind than their column', () => {
  test.each<[string, { type: string; unit?: string }, unknown, ColumnInput, ErrorCode]>([
    ['floats with a NaN for integers', { type: 'int16' }, 1, Float64Array.of(1, Number.NaN), RANGE],
    ['wider integers', { type: 'uint8' }, 1, Int32Array.of(1, 256), RANGE],
    ['negative ones for unsigned', { type: 'uint32' }, 1, Int32Array.of(1, -1), RANGE],
    ['bigints for 32 bits', { type: 'int32' }, 1, BigInt64Array.of(1n, 1n), TYPE],
    ['bigints for floats', { type: 'float64' }, 1, BigInt64Array.of(1n, 1n), TYPE],
    ['doubles too large for float32', { type: 'float32' }, 1, Float64Array.of(1, 1e39), RANGE],
    ['signed for unsigned 64 bits', { type: 'uint64' }, 1, BigInt64Array.of(1n, -1n), RANGE],
    ['unsigned for signed 64 bits', { type: 'int64' }, 1, BigUint64Array.of(1n, 2n ** 63n), RANGE],
    ['times of 64 bits past 2^53', { type: 'uint64', unit: 'us' }, 1, BigUint64Array.of(1n, 2n ** 53n), RANGE],
    ['floats that are no times', { type: 'uint64', unit: 'us' }, 1, Float64Array.of(1, 1.5), RANGE],
    ['a byte that is no bool', { type: 'bool' }, true, Uint8Array.of(1, 2), TYPE],
    ['a symbol code that is none', { type: 'symbol' }, 'BTC', Uint32Array.of(0, 1), TYPE],
    ['a number that is no character', { type: 'char' }, 'B', Float64Array.of(66, 256), TYPE],
  ])('%s are refused', (_what, field, good, column, code) => {
    const schema = feedOf(field);
    const { writer, isUnchanged, isAlive } = started(schema, true, good);
    const error = thrownBy(() => writer.writeColumns({ before: new Int32Array(2), value: column, after: new Float64Array(2), ts: new Float64Array(2) }));
    expect(error).toMatchObject({ code, values: { field: 'value' } });
    isUnchanged();
    isAlive();
  });
});

test('times in us, as typed arrays: taken where a number holds each of them exactly, refused with the first row where not', () => {
  const edges = [0n, 1n, 2n ** 32n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 54n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n];
  const near = fc.tuple(fc.constantFrom(...edges), fc.bigInt({ min: -2n, max: 2n }), fc.boolean()).map(([edge, off, negative]) => (negative ? -edge : edge) + off);
  const safe = BigInt(Number.MAX_SAFE_INTEGER);
  for (const type of ['uint64', 'int64'] as const) {
    const signed = type === 'int64';
    const schema = feedOf({ type, unit: 'us' });
    assertProperty(fc.property(fc.array(fc.oneof({ weight: 3, arbitrary: fc.bigInt({ min: 0n, max: safe }) }, near), { minLength: 1, maxLength: 8 }), (values) => {
      const times = values.map((value) => (signed ? BigInt.asIntN(64, value) : BigInt.asUintN(64, value)));
      const firstBad = times.findIndex((time) => time > safe || time < (signed ? -safe : 0n));
      const ring = memoryRing(schema);
      const writer = writerOn(ring, schema, true);
      const batch = { before: new Int32Array(times.length), value: signed ? BigInt64Array.from(times) : BigUint64Array.from(times), after: new Float64Array(times.length), ts: new Float64Array(times.length) };
      if (firstBad >= 0) {
        expect(thrownBy(() => writer.writeColumns(batch))).toMatchObject({ code: RANGE, values: { field: 'value', row: firstBad } });
        expect(ring.head).toBe(0);
      } else {
        writer.writeColumns(batch);
        expect(times.map((_, row) => decodeCell(ring, schema, schema.fields[1], row))).toEqual(times);
      }
    }), 150);
  }
});
