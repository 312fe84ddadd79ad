import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RING, type Schema } from '@deepwater/core';
import { type ColumnInput, gatherField, rowWriterClass, rowWriterSource } from '../dist/index.js';
import { type Sample, encodeAt, rowsOf } from './record-arbitraries.js';
import {
  TRADES, TestWriter, assertProperty, compile, decodeAt, decodeCell, feedSpecs, fileRing, memoryRing, trades, variants, writerOn,
} from './ring-fixtures.js';

type Write = (writer: TestWriter, schema: Schema, rows: readonly Sample[][]) => void;

/** A column as users give it: an array, or the typed array of the type where the values are that kind already. */
function columnOf(rows: readonly Sample[][], i: number, typed: boolean): ColumnInput {
  const values = rows.map((row) => row[i].write);
  if (!typed) return values;
  if (values.every((value) => typeof value === 'number')) return Float64Array.from(values);
  if (values.every((value) => typeof value === 'bigint' && value >= 0n)) return BigUint64Array.from(values as bigint[]);
  if (values.every((value) => typeof value === 'bigint' && BigInt.asIntN(64, value) === value)) return BigInt64Array.from(values as bigint[]);
  return values;
}

const columns = (typed: boolean): Write => (writer, schema, rows) => {
  const batch = Object.fromEntries(schema.fields.map((field, i) => [field.name, columnOf(rows, i, typed)]));
  expect(writer.writeColumns(batch)).toBe(rows.length);
};

/** Every way to write a record. */
const ways: [string, Write][] = [
  ['writeValues', (writer, _schema, rows) => rows.forEach((row) => writer.writeValues(...row.map((each) => each.write)))],
  ['writeTuple', (writer, _schema, rows) => rows.forEach((row) => writer.writeTuple(row.map((each) => each.write)))],
  ['writeObject', (writer, schema, rows) => rows.forEach((row, i) => {
    const entries = schema.fields.map((field, f) => [field.name, row[f].write] as const);
    writer.writeObject(Object.fromEntries(i % 2 === 0 ? entries : [...entries].reverse()));
  })],
  ['writeColumns of arrays', columns(false)],
  ['writeColumns of typed arrays', columns(true)],
  ['writeRaw', (writer, schema, rows) => {
    const { recordSize } = schema.record;
    const bytes = new Uint8Array(new ArrayBuffer(rows.length * recordSize + 3), 3); // at an odd place, to see that it does not matter
    rows.forEach((row, r) => schema.fields.forEach((field, i) => {
      encodeAt(new DataView(bytes.buffer, 3), r * recordSize + field.recordOffset, field, row[i].read, field.type === 'symbol' ? writer.coder(field) : undefined);
    }));
    expect(writer.writeRaw(bytes)).toBe(rows.length);
  }],
];

/** A spec and rows that fit it. */
const feedWithRows = (maxLength: number): fc.Arbitrary<{ schema: Schema; rows: Sample[][] }> =>
  feedSpecs.map(compile).chain((schema) => rowsOf(schema, { maxLength }).map((rows) => ({ schema, rows })));

describe.each(variants)('%s publishing', (_variant, plain) => {
  test.each(ways)('%s puts each value of each type into its place, and publishes the record', (_way, write) => {
    assertProperty(fc.property(feedWithRows(20), fc.nat(2 ** 40), ({ schema, rows }, base) => {
      const ring = memoryRing(schema, { baseSequence: base });
      const writer = writerOn(ring, schema, plain);
      write(writer, schema, rows);
      expect(ring.head).toBe(base + rows.length);
      expect(writer.position).toBe(base + rows.length);
      const coders = schema.fields.map((field) => (field.type === 'symbol' ? writer.coder(field) : undefined));
      rows.forEach((row, r) => schema.fields.forEach((field, i) => {
        expect(decodeCell(ring, schema, field, base + r, coders[i]), `${field.name} (${field.type}) of row ${r}`).toEqual(row[i].read);
      }));
    }), 60);
  });
});

test('a gathered column has the cells of the field one after the other, for every type, over the end of the ring', () => {
  assertProperty(fc.property(feedWithRows(40), fc.nat(200), fc.nat(40), fc.nat(3), ({ schema, rows }, base, skip, shift) => {
    const ring = memoryRing(schema, { baseSequence: base });
    const writer = writerOn(ring, schema, false);
    ways[0][1](writer, schema, rows);
    const from = base + Math.min(skip, rows.length);
    for (const field of schema.fields) {
      const align = field.cell === 'bytes' ? 1 : field.width;
      const at = shift * align;
      const cells = new Uint8Array(new ArrayBuffer((rows.length + 8) * Math.max(8, field.width) + 16), 8).fill(0xee);
      gatherField(ring, field, from, base + rows.length, cells, at);
      const view = new DataView(cells.buffer, 8);
      const coder = field.type === 'symbol' ? writer.coder(field) : undefined;
      const count = base + rows.length - from;
      const found = Array.from({ length: count }, (_, i) => decodeAt(view, at + i * field.width, field, coder));
      expect(found, `${field.name} (${field.type}) at byte ${field.slotOffset}`).toEqual(rows.slice(from - base).map((row) => row[field.index].read));
      expect(cells.subarray(0, at).every((byte) => byte === 0xee)).toBe(true);
      expect(cells.subarray(at + count * field.width).every((byte) => byte === 0xee)).toBe(true);
    }
  }), 100);
});

describe('values that are taken', () => {
  const feed = compile({
    name: 'all', timestamp: 't',
    fields: [{ name: 't', type: 'uint64', unit: 'us' }, { name: 'f', type: 'float64' }, { name: 'g', type: 'float32' }, { name: 'i', type: 'int64' }, { name: 's', type: 'string', bytes: 4 }, { name: 'c', type: 'char' }],
  });

  test('NaN and infinities in floats, the largest float32, times up to 2^53-1, text that fills its bytes, U+00FF and NUL as characters', () => {
    const ring = memoryRing(feed);
    const writer = writerOn(ring, feed, true);
    const rows = [
      [Number.MAX_SAFE_INTEGER, Number.NaN, Number.NaN, 2n ** 63n - 1n, 'åäx'.slice(0, 2), 'ÿ'],
      [0n, -Infinity, Infinity, -(2n ** 63n), 'abcd', '\0'],
      [5, -0, 3.4028234663852886e38, -9007199254740991, '', 'a'],
      [5, 5e-324, 3.4028235677973362e38, 1, '😀', 'a'],
    ];
    for (const row of rows) writer.writeValues(...row);
    const decoded = rows.map((_, r) => feed.fields.map((field) => decodeCell(ring, feed, field, r)));
    expect(decoded).toEqual([
      [2n ** 53n - 1n, Number.NaN, Number.NaN, 2n ** 63n - 1n, 'åä', 'ÿ'],
      [0n, -Infinity, Infinity, -(2n ** 63n), 'abcd', '\0'],
      [5n, -0, 3.4028234663852886e38, -9007199254740991n, '', 'a'],
      [5n, 5e-324, 3.4028234663852886e38, 1n, '😀', 'a'],
    ]);
  });

  test('a shorter text leaves nothing of the longer one that stood in the slot', () => {
    const ring = memoryRing(feed);
    const writer = writerOn(ring, feed, true);
    for (let i = 0; i < 64; i++) writer.writeValues(i, 0, 0, 0, 'long', 'x');
    writer.writeValues(64, 0, 0, 0, 'ab', 'x');
    writer.writeColumns({ t: [65], f: [0], g: [0], i: [0], s: ['c'], c: ['x'] });
    expect([64, 65].map((sequence) => decodeCell(ring, feed, feed.fields[4], sequence))).toEqual(['ab', 'c']);
  });

  test('an object with accessors, on its prototype or its own, is a record', () => {
    class Trade {
      constructor(readonly n: number) {}
      get price(): number { return this.n; }
      get size(): number { return 2; }
      get side(): string { return 'B'; }
      get timestamp_us(): number { return 4; }
    }
    const ring = memoryRing(trades);
    const writer = writerOn(ring, trades, true);
    const own = { get price() { return 7; }, size: 2, side: 'B', timestamp_us: 4 };
    writer.writeObject(own);
    writer.writeObject(Object.create(own) as object);
    class Bare extends Trade {
      declare n: number;
    }
    const bare = Object.create(Bare.prototype, { n: { value: 9, enumerable: false } }) as object;
    writer.writeObject(bare);
    expect([0, 1, 2].map((sequence) => decodeCell(ring, trades, trades.fields[0], sequence))).toEqual([7, 7, 9]);
  });
});

describe('the writer class', () => {
  test('is one for all feeds of a schema, another for each base, schema and way of publishing', () => {
    abstract class Other extends TestWriter {}
    const again = compile({ ...TRADES, name: 'other', retentionHours: 1 });
    const one = rowWriterClass(trades, TestWriter, true);
    expect(rowWriterClass(again, TestWriter, true)).toBe(one);
    expect(rowWriterClass(trades, TestWriter, false)).not.toBe(one);
    expect(rowWriterClass(trades, Other, true)).not.toBe(one);
    expect(rowWriterClass(compile({ ...TRADES, timestampUnit: 'ns' }), TestWriter, true)).not.toBe(one);
  });

  test('publishes with a plain store or with Atomics, as it was asked', () => {
    expect(rowWriterSource(trades, true)).toContain('this.head[0] = next');
    expect(rowWriterSource(trades, false)).not.toContain('this.head[0] = next');
    expect(rowWriterSource(trades, false)).toContain('Atomics.store(this.head, 0, next)');
  });

  test('takes field names that mean something in JavaScript', () => {
    const names = ['constructor', 'class', 'this', 'lo', 'r', 'v0', 'arguments', 'toString', 'length', 'count', 'hasOwnProperty', '_'];
    const schema = compile({ name: 'f', fields: [...names.map((name) => ({ name, type: 'int32' })), { name: 'ts', type: 'uint64' }], timestamp: 'ts' });
    const ring = memoryRing(schema);
    const writer = writerOn(ring, schema, true);
    writer.writeObject(Object.fromEntries([...names.map((name, i) => [name, i]), ['ts', 5]]));
    writer.writeColumns(Object.fromEntries([...names.map((name, i) => [name, [i]]), ['ts', [5]]]) as Record<string, number[]>);
    for (const sequence of [0, 1]) expect(names.map((_, i) => decodeCell(ring, schema, schema.fields[i], sequence))).toEqual(names.map((_, i) => i));
  });

  test('holds 256 fields', () => {
    const fields = Array.from({ length: 255 }, (_, i) => ({ name: `f${i}`, type: i % 2 === 0 ? 'uint8' : 'float64' }));
    const schema = compile({ name: 'f', fields: [...fields, { name: 'ts', type: 'uint64' }], timestamp: 'ts' });
    const ring = memoryRing(schema);
    const values = schema.fields.map((_, i) => i % 256);
    writerOn(ring, schema, true).writeValues(...values);
    expect(schema.fields.map((field) => Number(decodeCell(ring, schema, field, 0)))).toEqual(values);
  });
});

describe('a persisted ring that fills', () => {
  test.each(variants)('has its writer say so at the half, and nobody waits; one that is emptied in time does not (%s)', (_variant, plain) => {
    const ring = fileRing(trades, { baseSequence: 1000 });
    const writer = writerOn(ring, trades, plain);
    for (let i = 1000; i < 1064; i++) writer.writeValues(i, 0, 'B', i);
    expect(writer.fills).toEqual([1032]);
    expect(writer.waits).toBe(0);
    ring.resetPosition(RING.TAIL, 1060);
    for (let i = 1064; i < 1300; i++) {
      writer.writeValues(i, 0, 'B', i);
      ring.resetPosition(RING.TAIL, i - 4);
    }
    expect(writer.fills).toEqual([1032]);
    expect(writer.waits).toBe(0);
  });
});

describe('a persisted ring that is full', () => {
  test.each(variants)('makes its writer wait before it touches the oldest record (%s)', (_variant, plain) => {
    const seen: { head: number; tail: number; oldest: unknown }[] = [];
    const ring = fileRing(trades, { baseSequence: 1000 });
    const writer = writerOn(ring, trades, plain, (full, tail) => {
      seen.push({ head: full.head, tail, oldest: decodeCell(full, trades, trades.fields[0], tail) });
      full.resetPosition(RING.TAIL, tail + 16);
    });
    for (let i = 1000; i < 1000 + 64 + 40; i++) writer.writeValues(i, 0, 'B', i);
    expect(seen).toEqual([0, 16, 32].map((off) => ({ head: 1064 + off, tail: 1000 + off, oldest: 1000 + off })));
    expect(ring.head).toBe(1104);
  });

  test.each([
    ['writeValues', (writer: TestWriter) => writer.writeValues(1, 2, 'B', 3)],
    ['writeObject', (writer: TestWriter) => writer.writeObject({ price: 1, size: 2, side: 'B', timestamp_us: 3 })],
    ['writeColumns', (writer: TestWriter) => writer.writeColumns({ price: [1], size: [2], side: ['B'], timestamp_us: [3] })],
    ['writeRaw', (writer: TestWriter) => writer.writeRaw(new Uint8Array(25))],
  ])('and nobody makes room: %s fails, the record is not written, and writing goes on afterwards', (_way, write) => {
    const ring = memoryRing(trades);
    let stuck = true;
    const writer = writerOn(ring, trades, true, (full) => {
      if (stuck) throw new Error('no room');
      full.resetPosition(RING.TAIL, full.head);
    });
    for (let i = 0; i < 64; i++) writer.writeValues(i, 0, 'B', i);
    for (let i = 0; i < 3; i++) expect(() => write(writer)).toThrow('no room');
    expect([ring.head, writer.position]).toEqual([64, 64]);
    expect(Array.from({ length: 64 }, (_, i) => decodeCell(ring, trades, trades.fields[0], i))).toEqual(Array.from({ length: 64 }, (_, i) => i));
    stuck = false;
    write(writer);
    expect(ring.head).toBe(65);
  });

  test('and a batch is larger than the ring: it goes through in runs of at most an eighth', () => {
    const heads: number[] = [];
    const ring = memoryRing(trades, { slotCount: 64 });
    const writer = writerOn(ring, trades, true, (full, tail) => {
      heads.push(full.head);
      full.resetPosition(RING.TAIL, tail + 5);
    });
    const prices = Float64Array.from({ length: 1000 }, (_, i) => i);
    const written = writer.writeColumns({ price: prices, size: prices, side: new Uint8Array(1000).fill(66), timestamp_us: prices });
    expect([written, ring.head]).toEqual([1000, 1000]);
    for (let i = 1000 - 64; i < 1000; i++) expect(decodeCell(ring, trades, trades.fields[0], i)).toBe(i);
    expect(heads.every((head, i) => i === 0 || head - heads[i - 1] === 5)).toBe(true);
  });
});

describe('a closed writer', () => {
  test.each([
    ['writeValues', (writer: TestWriter) => writer.writeValues(1, 2, 'B', 3)],
    ['writeTuple', (writer: TestWriter) => writer.writeTuple([1, 2, 'B', 3])],
    ['writeObject', (writer: TestWriter) => writer.writeObject({ price: 1, size: 2, side: 'B', timestamp_us: 3 })],
    ['writeColumns', (writer: TestWriter) => writer.writeColumns({ price: [], size: [], side: [], timestamp_us: [] })],
    ['writeRaw', (writer: TestWriter) => writer.writeRaw(new Uint8Array(25))],
  ])('refuses %s', (_way, write) => {
    for (const persist of [true, false]) {
      const ring = memoryRing(trades, { persist });
      const writer = writerOn(ring, trades, true);
      writer.writeValues(1, 2, 'B', 3);
      expect(writer.closed).toBe(false);
      writer.end();
      expect(writer.closed).toBe(true);
      expect(() => write(writer)).toThrow(expect.objectContaining({ code: 'DW_WRITER_CLOSED', values: { feed: 'trades' } }));
      expect(ring.head).toBe(1);
    }
  });
});
