import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import * as arrow from 'apache-arrow';
import fc from 'fast-check';
import { describe, expect, expectTypeOf, test } from 'vitest';
import type { Field } from '@deepwater/core';
import { FeedReader } from '@deepwater/query';
import { anyValues, cellValue, everything } from './support/everything.js';
import type { FeedFixture } from './support/feed-fixture.js';
import { failure, feed, trades, watched } from './support/small-feed.js';
import { SEED } from './support/seed.js';

const MAX = 2n ** 63n - 1n;
/** Values at the ends of their types, in field order without the times. */
const EXTREMES: readonly (readonly unknown[])[] = [
  [NaN, '\u0000', '', NaN, -128, 0, -32768, 0, -2147483648, 0, false, '-9223372036854775.808', -(2n ** 63n), '', -(2n ** 63n), 0n, -Number.MAX_SAFE_INTEGER, ''],
  [Infinity, 'ÿ', '12345678', Infinity, 127, 255, 32767, 65535, 2147483647, 4294967295, true, '9223372036854775.807', MAX, 'Börse', MAX, 2n ** 64n - 1n, Number.MAX_SAFE_INTEGER, 'abcde'],
  [-0, 'B', 'ünïc', -0, 0, 1, 0, 1, 0, 1, true, '-0.001', -1n, 'XNAS', -1n, 2n ** 63n, 0, '€2'],
];

/** `count` records of every type, of which the last `inRing` are in the ring and the rest in chunks of 256. */
function filled(count: number, inRing: number): FeedFixture {
  const fixture = feed(everything, { capacityRows: 256, blockRows: 64 });
  const values: (readonly unknown[])[] = [...EXTREMES, ...fc.sample(anyValues, { numRuns: count, seed: SEED })].slice(0, count);
  values.forEach((each, n) => {
    fixture.write(...each, 1000 + n, BigInt(n) * 1_000_000_007n - 5n);
    if (n % 500 === 499) fixture.drain(Math.min(500, count - inRing - fixture.tail));
  });
  fixture.drain(count - inRing - fixture.tail);
  return fixture;
}

/** What a cell is in Arrow: symbols and chars as texts, decimals as 128 bits, times as the 64 bits that they are. */
function arrowValues(table: arrow.Table, field: Field, clocks: readonly string[]): unknown[] {
  const column = table.getChild(field.name) as arrow.Vector;
  if (clocks.includes(field.name)) return [...column.toArray() as BigInt64Array];
  if (field.type === 'decimal') {
    const words = column.toArray() as Uint32Array;
    return Array.from({ length: table.numRows }, (_, row) => {
      const [a, b, c, d] = words.subarray(4 * row, 4 * row + 4) as unknown as [number, number, number, number];
      return BigInt.asIntN(128, (BigInt(d) << 96n) | (BigInt(c) << 64n) | (BigInt(b) << 32n) | BigInt(a));
    });
  }
  return [...column];
}

/** The same values, from what was written. */
function writtenValues(fixture: FeedFixture, index: number, from = 0, to = Infinity): unknown[] {
  const field = fixture.schema.fields[index] as Field;
  return fixture.records.slice(from, to).map(({ values }) => {
    const written = values[index];
    if (field.type === 'char' || field.type === 'symbol' || field.type === 'string' || field.type === 'bool') return written;
    return cellValue(field, written, []);
  });
}

function expectWritten(fixture: FeedFixture, table: arrow.Table, from = 0, to = Infinity): void {
  const clocks = fixture.schema.clocks.map(({ name }) => name);
  for (const field of fixture.schema.fields) {
    expect({ field: field.name, values: arrowValues(table, field, clocks) }).toEqual({ field: field.name, values: writtenValues(fixture, field.index, from, to) });
  }
}

const everyTime = [0, 1e9] as const;
const readerOf = (fixture: FeedFixture): FeedReader<typeof everything> => new FeedReader<typeof everything>(fixture.source);

describe('the format arrow', () => {
  test('has every value of every type, out of chunks and the ring', async () => {
    const fixture = filled(1100, 100);
    const reader = readerOf(fixture);
    const table = await reader.range(...everyTime, { format: 'arrow' });
    expect(table.numRows).toBe(1100);
    expect(table.batches.map(({ numRows }) => numRows)).toEqual([256, 256, 256, 232, 100]);
    expectWritten(fixture, table);
    expectWritten(fixture, reader.rangeSync(1100, 1700, { format: 'arrow' }), 100, 700);
    expectWritten(fixture, await reader.last(150, { format: 'arrow' }), 950);
    expectWritten(fixture, reader.lastSync(3, { format: 'arrow' }), 1097);
    expectWritten(fixture, await reader.latest(0.0001, { format: 'arrow' }), 999);
    expectWritten(fixture, reader.latestSync(0.0001, { format: 'arrow' }), 999);
    const { records, first, next } = await reader.readFrom(300, 500, 'arrow');
    expect([first, next]).toEqual([300, 800]);
    expectWritten(fixture, records, 300, 800);
    await reader.close();
  });

  test('says in its schema what the feed and the fields are, and which records these are', () => {
    const fixture = feed({
      ...everything, desc: 'all of it', instrument: { exchange: 'x', symbol: 'BTC-USD' },
      fields: everything.fields.map((field) => (field.name === 'price' ? { ...field, desc: 'in dollars' } : field)),
    });
    for (const values of EXTREMES) fixture.write(...values, 5, 5n);
    const { schema, batches } = new FeedReader(fixture.source).lastSync(2, { format: 'arrow' }) as arrow.Table;
    expect(Object.fromEntries(schema.metadata)).toEqual({
      'deepwater.feed': 'everything', 'deepwater.desc': 'all of it', 'deepwater.instrument': '{"exchange":"x","symbol":"BTC-USD"}',
      'deepwater.sequence.first': '1', 'deepwater.sequence.next': '3',
    });
    expect(Object.fromEntries(batches[0]!.metadata)).toEqual({ 'deepwater.sequence.first': '1' });
    expect(Object.fromEntries(schema.fields.map(({ name, type, nullable }) => [name, nullable ? 'nullable' : String(type)]))).toEqual({
      price: 'Float64', side: 'Dictionary<Uint8, Utf8>', note: 'Utf8', f32: 'Float32', i8: 'Int8', u8: 'Uint8', i16: 'Int16', u16: 'Uint16',
      i32: 'Int32', u32: 'Uint32', live: 'Bool', exact: 'Decimal[19e+3]', units: 'Decimal[19e+2]', venue: 'Dictionary<Uint32, Utf8>', wide: 'Int64',
      order: 'Uint64', plain: 'Int64', code: 'Utf8', ts: 'Timestamp<MICROSECOND, UTC>', received: 'Timestamp<NANOSECOND, UTC>',
    });
    const metadata = (name: string): object => Object.fromEntries(schema.fields.find((field) => field.name === name)!.metadata);
    expect(metadata('price')).toEqual({ 'deepwater.type': 'float64', 'deepwater.desc': 'in dollars' });
    expect(metadata('received')).toEqual({ 'deepwater.type': 'int64', 'deepwater.clock': 'int64', 'deepwater.unit': 'ns' });
  });

  test('lies over the pages of the chunk where the layouts are the same, and is the caller’s own', () => {
    const fixture = feed({ ...everything, name: 'large' }, { capacityRows: 4096, blockRows: 1024 });
    for (const values of fc.sample(anyValues, { numRuns: 4000, seed: SEED })) fixture.write(...values, 7, 7n);
    fixture.drain();
    const reader = new FeedReader(fixture.source);
    const table = reader.rangeSync(...everyTime, { format: 'arrow' }) as arrow.Table;
    const [batch] = table.batches;
    const buffers = new Map(table.schema.fields.map(({ name }, i) => [name, (batch!.data.children[i] as arrow.Data).values.buffer as ArrayBufferLike]));
    const converted = ['note', 'code', 'live', 'exact', 'units'];
    const mapping = buffers.get('price');
    expect(mapping).toBeInstanceOf(SharedArrayBuffer);
    expect([...buffers].filter(([, buffer]) => buffer !== mapping).map(([name]) => name).sort()).toEqual(converted.sort());
    (batch!.getChild('price')!.toArray() as Float64Array).fill(1);
    expect(reader.lastSync(1, { columns: ['price'] })).toEqual([[fixture.records.at(-1)!.values[0]]]);
  });

  test('of nothing has the schema and no rows', async () => {
    const fixture = filled(10, 5);
    for (const table of [await readerOf(fixture).range(0, 1, { format: 'arrow' }), readerOf(feed(everything)).lastSync(5, { format: 'arrow' })]) {
      expect([table.numRows, table.numCols, [...table.getChild('price')!]]).toEqual([0, 20, []]);
    }
  });

  test('gives the columns asked for, by the clock asked for, and no more than the limit', () => {
    const reader = readerOf(filled(600, 50));
    const table = reader.rangeSync(0n, 400n * 1_000_000_007n, { format: 'arrow', columns: ['venue', 'ts'], by: 'received', limit: 300 });
    expect([table.numRows, table.schema.names]).toEqual([300, ['venue', 'ts']]);
    expect(Number((table.getChild('ts')!.toArray() as BigInt64Array)[0])).toBe(1001);
  });

  test('takes scattered rows, too', () => {
    const fixture = feed(undefined, { capacityRows: 1024, blockRows: 256 });
    for (let n = 0; n < 1000; n++) fixture.write(n, 1, n % 2 === 0 ? 5 : 1000 + n);
    fixture.drain();
    const { reader } = watched(fixture);
    const table = reader.rangeSync(1000, 1e9, { format: 'arrow' });
    expect([...table.getChild('price')!]).toEqual(Array.from({ length: 500 }, (_, i) => 2 * i + 1));
  });

  test('has the texts of symbols that come after the first read', () => {
    const fixture = filled(20, 10);
    const reader = readerOf(fixture);
    const venues = (): unknown[] => [...reader.lastSync(2, { format: 'arrow', columns: ['venue'] }).getChild('venue')!];
    venues();
    const [row] = EXTREMES;
    fixture.write(...row!.map((value, i) => (i === 13 ? 'brand new' : value)), 9999, 1n);
    expect(venues()[1]).toBe('brand new');
    fs.unlinkSync(fixture.paths.symbols);
  });

  test('refuses a record whose symbol is not in the dictionary', async () => {
    const fixture = filled(20, 0);
    fs.unlinkSync(fixture.paths.symbols);
    const error = await failure(() => readerOf(fixture).last(20, { format: 'arrow' }));
    expect(error.code).toBe('DW_FILE_CORRUPT');
    expect(error.message).toMatch(/has symbol \d in field venue, and .*symbols\.dws has 0 entries for it/);
  });

  test('is refused where one record or a stream is asked for', async () => {
    const { reader } = watched(feed());
    // @ts-expect-error -- one record is no table
    expect((await failure(() => reader.at(5, { format: 'arrow' }))).code).toBe('DW_FORMAT_UNKNOWN');
    // @ts-expect-error -- a stream gives records or columns
    expect((await failure(() => reader.stream({ format: 'arrow' }))).code).toBe('DW_FORMAT_UNKNOWN');
    // @ts-expect-error -- nor does read
    expect((await failure(() => reader.read(0, 1, { format: 'arrow' }))).code).toBe('DW_FORMAT_UNKNOWN');
  });

  test('is typed field by field', () => {
    const reader = readerOf(feed(everything));
    const table = reader.lastSync(1, { format: 'arrow' });
    expectTypeOf(table.getChild('price')!).toEqualTypeOf<arrow.Vector<arrow.Float64>>();
    expectTypeOf(table.getChild('venue')!).toEqualTypeOf<arrow.Vector<arrow.Dictionary<arrow.Utf8, arrow.Uint32>>>();
    expectTypeOf(table.getChild('ts')!).toEqualTypeOf<arrow.Vector<arrow.Timestamp>>();
    expectTypeOf(table.getChild('received')!).toEqualTypeOf<arrow.Vector<arrow.Timestamp>>();
    expectTypeOf(table.getChild('wide')!).toEqualTypeOf<arrow.Vector<arrow.Int64>>();
    const some = reader.lastSync(1, { format: 'arrow', columns: ['live', 'exact'] });
    expectTypeOf(some).toEqualTypeOf<arrow.Table<{ live: arrow.Bool; exact: arrow.Decimal }>>();
    expectTypeOf(reader.arrowBatches(0, 1, { columns: ['i8'] })).toEqualTypeOf<AsyncGenerator<arrow.RecordBatch<{ i8: arrow.Int8 }>, void, void>>();
    expectTypeOf(new FeedReader(feed().source).lastSync(1, { format: 'arrow' })).toEqualTypeOf<arrow.Table<arrow.TypeMap>>();
    // @ts-expect-error -- there is no such field
    expect(table.getChild('prize')).toBeNull();
  });
});

describe('apache-arrow', () => {
  const run = (program: string): { stdout: string; stderr: string } => spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    cwd: path.join(import.meta.dirname, '..'), encoding: 'utf8',
  });

  test('is loaded neither by importing the package nor by reading without it', () => {
    const { stdout } = run(`
      import module from 'node:module';
      module.register('data:text/javascript,' + encodeURIComponent(
        'export async function resolve(name, context, next) { if (name === "apache-arrow") throw new Error("nobody may load it"); return next(name, context); }'));
      const { FeedReader } = await import('@deepwater/query');
      const reader = new FeedReader(${JSON.stringify(filled(5, 5).source)});
      console.log(reader.lastSync(5).length, (await reader.last(5, { format: 'segments' })).length);
      await reader.last(5, { format: 'arrow' }).catch((error) => console.log(error.message));
    `);
    expect(stdout).toBe('5 1\nnobody may load it\n');
  });

  test('is the copy that an import gives, also where nothing could be awaited', () => {
    for (const read of ["await reader.last(5, { format: 'arrow' })", "reader.lastSync(5, { format: 'arrow' })", "[...reader.arrowBatchesSync(0, 1e9)] && reader.lastSync(5, { format: 'arrow' })"]) {
      const { stdout, stderr } = run(`
        import { FeedReader } from '@deepwater/query';
        const reader = new FeedReader(${JSON.stringify(filled(5, 5).source)});
        const table = ${read};
        const arrow = await import('apache-arrow');
        console.log(table.constructor === arrow.Table, arrow.tableFromIPC(arrow.tableToIPC(table)).numRows);
      `);
      expect({ stdout, stderr }).toEqual({ stdout: 'true 5\n', stderr: '' });
    }
  });
});

describe('record batches and IPC', () => {
  const collect = async (source: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> => {
    const pieces: Uint8Array[] = [];
    for await (const piece of source) pieces.push(piece);
    return pieces;
  };

  test('batches hold what the table holds, one a chunk or of the rows asked for', async () => {
    const fixture = filled(1100, 100);
    const reader = readerOf(fixture);
    const batches: arrow.RecordBatch[] = [];
    for await (const batch of reader.arrowBatches(...everyTime)) batches.push(batch);
    expect(batches.map(({ numRows }) => numRows)).toEqual([256, 256, 256, 232, 100]);
    expectWritten(fixture, new arrow.Table(batches));
    const small = [...reader.arrowBatchesSync(1100, 1e9, { batchRows: 70, limit: 200 })];
    expect(small.every(({ numRows }) => numRows <= 70)).toBe(true);
    expectWritten(fixture, new arrow.Table(small as arrow.RecordBatch[]), 100, 300);
  });

  test.each(['stream', 'file'] as const)('a %s is read back by apache-arrow with every value, schema and metadata', async (layout) => {
    const fixture = filled(1100, 100);
    const reader = readerOf(fixture);
    const pieces = await collect(reader.arrowIpc(...everyTime, { layout, batchRows: 200 }));
    expect(pieces.every(({ buffer }) => buffer instanceof ArrayBuffer)).toBe(true);
    const bytes = Buffer.concat(pieces);
    expect(bytes.toString('latin1', 0, 6) === 'ARROW1').toBe(layout === 'file');
    const table = arrow.tableFromIPC(bytes);
    expectWritten(fixture, table);
    expect(table.schema.metadata.get('deepwater.feed')).toBe('everything');
    expect(table.schema.fields.find(({ name }) => name === 'ts')!.metadata.get('deepwater.unit')).toBe('us');
    expect(Buffer.concat([...reader.arrowIpcSync(...everyTime, { layout, batchRows: 200 })]).equals(bytes)).toBe(true);
    expect(arrow.tableFromIPC(arrow.tableToIPC(await reader.range(...everyTime, { format: 'arrow' }), layout)).numRows).toBe(1100);
  });

  test.each(['stream', 'file'] as const)('a %s of nothing is whole, too', async (layout) => {
    const table = arrow.tableFromIPC(Buffer.concat(await collect(readerOf(filled(5, 2)).arrowIpc(0, 1, { layout }))));
    expect([table.numRows, table.numCols]).toEqual([0, 20]);
  });

  test('pieces are made when they are asked for, and go into any stream of Node', async () => {
    const fixture = filled(1100, 100);
    const file = path.join(fixture.base, 'out.arrow');
    await pipeline(readerOf(fixture).arrowIpc(...everyTime, { layout: 'file', columns: ['note', 'venue'] }), fs.createWriteStream(file));
    expect([...arrow.tableFromIPC(fs.readFileSync(file)).getChild('note')!]).toEqual(writtenValues(fixture, 2));
    const reader = readerOf(fixture);
    const stream = reader.arrowIpc(...everyTime, { batchRows: 10 });
    expect((await stream.next()).done).toBe(false);
    await reader.close();
    await expect(stream.next()).rejects.toMatchObject({ code: 'DW_READER_CLOSED' });
  });

  test('options that mean nothing are refused', async () => {
    const { reader } = watched(feed());
    // @ts-expect-error -- there is no such layout
    expect((await failure(() => reader.arrowIpc(0, 1, { layout: 'feather' }))).message).toMatch(/'stream' or 'file'/);
    expect((await failure(() => reader.arrowIpc(0, 1, { batchRows: 0 }))).code).toBe('DW_OPTION_INVALID');
    // @ts-expect-error -- batches have no layout
    expect((await failure(() => reader.arrowBatches(0, 1, { layout: 'file' }))).code).toBe('DW_OPTION_INVALID');
  });
});

describe('read', () => {
  test('gives tuples or objects of the columns asked for, by any clock, up to a limit', async () => {
    const fixture = feed({ ...trades, clocks: ['seen'], fields: [...trades.fields, { name: 'seen', type: 'uint64' }] }, { capacityRows: 256, blockRows: 64 });
    for (let n = 0; n < 2000; n++) fixture.write(n, 1, 1000 + n, 5000 - n);
    fixture.drain(1900);
    const reader = new FeedReader(fixture.source);
    const all = async (records: AsyncIterable<unknown>): Promise<unknown[]> => {
      const out: unknown[] = [];
      for await (const record of records) out.push(record);
      return out;
    };
    expect(await all(reader.read(3001, 3101, { format: 'tuple', columns: ['price'], by: 'seen' }))).toEqual(Array.from({ length: 100 }, (_, i) => [1900 + i]));
    expect(await all(reader.read(1500, undefined, { limit: 1, columns: ['ts'] }))).toEqual([{ ts: 1500 }]);
    expect((await all(reader.read(undefined, undefined, { limit: 1500 }))).length).toBe(1500);
    expect((await all(reader.read())).length).toBe(2000);
  });
});

