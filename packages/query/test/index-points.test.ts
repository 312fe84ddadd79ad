import fs from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CATALOG, DeepwaterError, ENTRY, ENTRY_BYTES, type FeedSpecInput, chunkPath, crc32 } from '@deepwater/core';
import { FORMATS, FeedReader } from '@deepwater/query';
import type { FeedFixture, FixtureOptions } from './support/feed-fixture.js';
import { SEED, assertAsyncProperty, assertProperty, chances } from './support/seed.js';
import { failure, feed, trades } from './support/small-feed.js';

const BOOK = {
  name: 'book',
  mode: 'IF',
  fields: [
    { name: 'n', type: 'float64' },
    { name: 'side', type: 'char' },
    { name: 'ts', type: 'uint64' },
    { name: 'received', type: 'int64', unit: 'ns' },
  ],
  timestamp: 'ts',
  clocks: ['received'],
} as const satisfies FeedSpecInput;

/** A record of the model. */
interface Written {
  readonly sequence: number;
  readonly ts: number;
  readonly received: bigint;
  readonly marked: boolean;
}

/** A feed and the model of what it holds. */
class Book {
  readonly fixture: FeedFixture;
  readonly reader: FeedReader<typeof BOOK>;
  readonly #all: Written[] = [];

  constructor(spec: FeedSpecInput = BOOK, options: FixtureOptions = {}) {
    this.fixture = feed(spec, { capacityRows: 256, blockRows: 64, ...options });
    this.reader = new FeedReader<typeof BOOK>(this.fixture.source);
  }

  write(ts: number, received: bigint, marked: boolean): void {
    const sequence = this.fixture.writer.position;
    if (marked) this.fixture.writer.markIndex();
    this.fixture.write(sequence, 'B', ts, received);
    this.#all.push({ sequence, ts, received, marked });
  }

  /** What has not been deleted. */
  get records(): Written[] {
    const first = this.fixture.records[0]?.sequence ?? Infinity;
    return this.#all.filter(({ sequence }) => sequence >= first);
  }
}

type By = 'ts' | 'received';
const pointOf = ({ sequence, ts, received }: Written, by: By): object => ({ sequence, time: by === 'ts' ? ts : received, times: { ts, received } });
const timeOn = (record: Written, by: By): bigint => (by === 'ts' ? BigInt(record.ts) : record.received);

function expectedPoint(book: Book, time: bigint, by: By): object | undefined {
  const found = book.records.findLast((record) => record.marked && timeOn(record, by) <= time);
  return found === undefined ? undefined : pointOf(found, by);
}

const expectedPoints = (book: Book, start: bigint, end: bigint, by: By): object[] =>
  book.records.filter((record) => record.marked && timeOn(record, by) >= start && timeOn(record, by) < end).map((record) => pointOf(record, by));

/** Where playback from a time begins: at the last index point up to it, else at the first there is. */
function expectedBegin(book: Book, start: number): number | undefined {
  const marked = book.records.filter((record) => record.marked);
  return (marked.findLast(({ ts }) => ts <= start) ?? marked[0])?.sequence;
}

/** A history: how times go, how often a record is marked, and what happens to chunks between. */
const histories = fc.record({
  bursts: fc.array(fc.record({
    rows: fc.integer({ min: 1, max: 300 }),
    then: fc.constantFrom('nothing', 'drain', 'drain half', 'seal', 'delete', 'skip'),
  }), { minLength: 1, maxLength: 8 }),
  marks: fc.constantFrom(0, 0.004, 0.05, 0.7),
  disorder: fc.constantFrom(0, 40, 4000),
  seed: fc.nat(),
});

function bookOf({ bursts, marks, disorder, seed }: (typeof histories) extends fc.Arbitrary<infer H> ? H : never): Book {
  const book = new Book(BOOK, { ringSlots: 4096 });
  const random = chances(seed);
  let now = 1000;
  for (const { rows, then } of bursts) {
    for (let i = 0; i < rows; i++) {
      now += Math.floor(random() * 3);
      const ts = Math.max(0, now - Math.floor(random() * disorder));
      book.write(ts, BigInt(ts) * 1000n - 2_000_000n + BigInt(Math.floor(random() * 5000)), random() < marks);
    }
    const { fixture } = book;
    if (then !== 'nothing') fixture.drain(then === 'drain half' ? Math.ceil(rows / 2) : Infinity);
    if (then === 'seal') fixture.seal();
    if (then === 'skip') fixture.skip(1000);
    if (then === 'delete' && fixture.chunkIds.length > 1 && fixture.catalog.view.firstLive < fixture.catalog.view.count - 1) fixture.deleteOldest();
  }
  return book;
}

describe(`index points against a model (seed ${SEED})`, () => {
  test('indexPoint, indexPoints and their count are what was marked, on both clocks, whatever the order of times', () => {
    let cases = 0;
    assertProperty(fc.property(histories, fc.array(fc.double({ min: -0.2, max: 1.2, noNaN: true }), { minLength: 4, maxLength: 4 }), (history, places) => {
      const book = bookOf(history);
      const { records, reader } = book;
      expect(reader.countIndexPoints()).toBe(records.filter((record) => record.marked).length);
      for (const by of ['ts', 'received'] as const) {
        const times = records.map((record) => timeOn(record, by)).sort((a, b) => (a < b ? -1 : 1));
        const least = times[0] ?? 0n;
        const span = Number((times.at(-1) ?? 0n) - least);
        const at = places.map((place) => least + BigInt(Math.round(place * span)));
        for (const time of at) {
          expect(reader.indexPointSync(time, { by })).toEqual(expectedPoint(book, time, by));
          cases += 1;
        }
        const [start, end] = [at[0]!, at[1]!].sort((a, b) => (a < b ? -1 : 1)) as [bigint, bigint];
        const expected = expectedPoints(book, start, end, by);
        expect(reader.indexPointsSync(start, end, { by })).toEqual(expected);
        expect(reader.indexPointsSync(start, end, { by, limit: 3 })).toEqual(expected.slice(0, 3));
      }
    }), 60);
    expect(cases).toBeGreaterThanOrEqual(200);
  });

  test('playback from any time gives every record from its index point on, in order', () => {
    let cases = 0;
    assertProperty(fc.property(histories, fc.array(fc.double({ min: -0.2, max: 1.2, noNaN: true }), { minLength: 3, maxLength: 3 }), (history, places) => {
      const book = bookOf(history);
      const { records, reader } = book;
      const marked = records.filter((record) => record.marked);
      fc.pre(marked.length > 0);
      const times = records.map(({ ts }) => ts).sort((a, b) => a - b);
      for (const place of places) {
        const start = Math.max(0, Math.round((times[0] ?? 0) + place * ((times.at(-1) ?? 0) - (times[0] ?? 0))));
        const begin = expectedBegin(book, start)!;
        const stream = reader.streamSync({ start, playback: true, columns: ['n'], allowMainThread: true });
        try {
          const expected = records.filter(({ sequence }) => sequence >= begin).map(({ sequence }) => [sequence]);
          expect(expected.map(() => stream.next().value)).toEqual(expected);
          expect([stream.position, stream.lost]).toEqual([(expected.at(-1)?.[0] as number) + 1, 0]);
          cases += 1;
        } finally {
          stream.return();
        }
      }
      const last = marked.at(-1)!;
      // Without a start: the last there is. With a number: the last up to that.
      for (const [options, begin] of [
        [{}, last.sequence], [{ fromSequence: last.sequence }, last.sequence],
        [{ fromSequence: Math.max(0, last.sequence - 1) }, (marked.at(-2) ?? last).sequence], [{ fromSequence: 0 }, marked[0]?.sequence],
      ] as const) {
        const stream = reader.streamSync({ ...options, playback: true, allowMainThread: true });
        expect(stream.next().value?.[0], JSON.stringify(options)).toBe(begin);
        stream.return();
      }
    }), 70);
    expect(cases).toBeGreaterThanOrEqual(200);
  });

  test('the async forms give the same', async () => {
    await assertAsyncProperty(fc.asyncProperty(histories, fc.nat(2000), async (history, time) => {
      const { reader } = bookOf(history);
      expect(await reader.indexPoint(time)).toEqual(reader.indexPointSync(time));
      expect(await reader.indexPoints(0, time)).toEqual(reader.indexPointsSync(0, time));
    }), 20);
  });
});

/** Chunks 1 and 3 of four sealed ones hold an index point each, and the ring one. */
function fourChunks(): Book {
  const book = new Book();
  for (let n = 0; n < 1030; n++) book.write(1000 + n, BigInt(n), n === 100 || n === 700 || n === 1029);
  book.fixture.drain(1024);
  return book;
}

test('a sealed chunk without an index point is not opened; one of which the catalog cannot be believed is', async () => {
  const { fixture, reader } = fourChunks();
  const empty = chunkPath(fixture.paths, 2);
  fs.renameSync(empty, `${empty}.away`);
  expect(reader.indexPointSync(1600)).toMatchObject({ sequence: 100 });
  expect(reader.countIndexPoints()).toBe(3);
  expect((await failure(() => reader.lastSync(1000))).code).toBe('DW_FILE_CORRUPT');
  fs.renameSync(`${empty}.away`, empty);

  // The entry of chunk 3 says that it has none.
  const entry = fs.readFileSync(fixture.paths.catalog);
  const at = CATALOG.HEADER_BYTES + 2 * ENTRY_BYTES;
  entry.writeUInt32LE(0, at + ENTRY.INDEX_POINTS);
  fs.writeFileSync(fixture.paths.catalog, entry);
  expect(new FeedReader(fixture.source).indexPointSync(1900)).toMatchObject({ sequence: 700 });
  expect(new FeedReader(fixture.source).countIndexPoints()).toBe(3);
  entry.writeUInt32LE(crc32(entry.subarray(at + ENTRY.SEAL_REASON, at + ENTRY.CRC), crc32(entry.subarray(at, at + ENTRY.STATE))), at + ENTRY.CRC);
  fs.writeFileSync(fixture.paths.catalog, entry);
  // Under a right checksum it is believed.
  expect(new FeedReader(fixture.source).indexPointSync(1900)).toMatchObject({ sequence: 100 });
});

test('any one byte changed in the fronts of a chunk or in the catalog: the same index points, or an error', async () => {
  const spots = fc.tuple(fc.constantFrom('catalog', 1, 3), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), fc.integer({ min: 1, max: 255 }));
  await assertAsyncProperty(fc.asyncProperty(spots, async ([where, place, mask]) => {
    const { fixture } = fourChunks();
    const { blockTableOffset, blockCount, blockBytes } = fixture.geometry;
    const isCatalog = where === 'catalog';
    const file = isCatalog ? fixture.paths.catalog : chunkPath(fixture.paths, where as number);
    const offset = Math.floor(place * (isCatalog ? CATALOG.HEADER_BYTES + 4 * ENTRY_BYTES : blockTableOffset + blockCount * blockBytes));
    // Words that only their writer can vouch for.
    fc.pre(!isCatalog || offset < CATALOG.RETIRED || (offset >= CATALOG.FIRST_LIVE && (offset < CATALOG.HEADER_BYTES || offset % ENTRY_BYTES !== ENTRY.STATE)));
    const bytes = fs.readFileSync(file);
    bytes[offset] = (bytes[offset] as number) ^ mask;
    fs.writeFileSync(file, bytes);
    for (const read of [
      () => { expect(new FeedReader(fixture.source).indexPointSync(1800)?.sequence).toBe(700); },
      () => { expect(new FeedReader(fixture.source).indexPointsSync(0, 1e9).map(({ sequence }) => sequence)).toEqual([100, 700, 1029]); },
      () => { expect(new FeedReader(fixture.source).countIndexPoints()).toBe(3); },
    ]) {
      try {
        read();
      } catch (error) {
        if (!DeepwaterError.isDeepwaterError(error)) throw error;
      }
    }
    await Promise.resolve();
  }), 150);
});

test('nobody who reads records sees the column: every format gives what a feed of mode UF gives', async () => {
  const [indexed, plain] = [{ ...BOOK }, { ...BOOK, mode: 'UF' as const }].map((spec) => {
    const book = new Book(spec, { capacityRows: 16384, blockRows: 4096, ringSlots: 32768 });
    for (let n = 0; n < 20_000; n++) book.write(1000 + n, BigInt(n), spec.mode === 'IF' && n % 10 === 0);
    book.fixture.drain(18_000);
    return book.reader;
  }) as [FeedReader<typeof BOOK>, FeedReader<typeof BOOK>];
  const plainOf = (value: unknown): unknown => (Array.isArray(value) && typeof (value[0] as { rows?: unknown }).rows === 'number' ? value.map((segment: object) => ({ ...segment })) : value);
  for (const [start, end] of [[0, 1e9], [17_000, 19_100], [1002, 1005]] as const) {
    for (const format of FORMATS) expect(plainOf(indexed.rangeSync(start, end, { format })), format).toEqual(plainOf(plain.rangeSync(start, end, { format })));
    expect([...indexed.batchesSync(start, end)].map((batch) => ({ ...batch }))).toEqual([...plain.batchesSync(start, end)].map((batch) => ({ ...batch })));
  }
  expect(indexed.fieldNames).toEqual(['n', 'side', 'ts', 'received']);
  expect(indexed.recordFormat).toEqual(plain.recordFormat);
  const stream = indexed.streamSync({ fromSequence: 19_999, format: 'object', allowMainThread: true });
  expect(stream.next().value).toEqual({ n: 19_999, side: 'B', ts: 20_999, received: 19_999n });
  stream.return();
  expect((await failure(() => indexed.rangeSync(0, 1, { columns: ['#index'] as never }))).code).toBe('DW_FIELD_UNKNOWN');
});

test('who asks for marks has the column: in columns read by number, and in streams of columns', async () => {
  const book = new Book(BOOK, { capacityRows: 16384, blockRows: 4096, ringSlots: 32768 });
  for (let n = 0; n < 20_000; n++) book.write(1000 + n, BigInt(n), n % 10 === 0);
  book.fixture.drain(18_000);
  const marked = (batch: object) => (batch as { '#index'?: Uint8Array })['#index'];
  for (const read of [book.reader.readFromSync(17_995, 30, { format: 'columns', columns: ['n'], marks: true }), await book.reader.readFrom(17_995, 30, { format: 'columns', columns: ['n'], marks: true })]) {
    expect(Object.keys(read.records)).toEqual(['n', '#index']);
    expect([...read.records.n]).toEqual(Array.from({ length: 30 }, (_, i) => 17_995 + i));
    expect([...marked(read.records)!]).toEqual(Array.from({ length: 30 }, (_, i) => (i % 10 === 5 ? 1 : 0)));
  }
  const stream = book.reader.streamSync({ fromSequence: 17_990, format: 'columns', columns: ['n'], marks: true, batchRows: 5, allowMainThread: true });
  expect(Array.from({ length: 4 }, () => [...marked(stream.next().value!)!])).toEqual([[1, 0, 0, 0, 0], [0, 0, 0, 0, 0], [1, 0, 0, 0, 0], [0, 0, 0, 0, 0]]);
  stream.return();
  expect(Object.keys(book.reader.readFromSync(0, 1, { format: 'columns' }).records)).toEqual(['n', 'side', 'ts', 'received']);
  for (const format of ['tuple', 'object', 'raw'] as const) expect((await failure(() => book.reader.readFromSync(0, 1, { format, marks: true }))).code, format).toBe('DW_OPTION_INVALID');
});

describe('a memory feed', () => {
  test('has the index points that its ring holds', () => {
    const book = new Book({ ...BOOK, persist: false, ringRecords: 64 }, { ringSlots: 64 });
    for (let n = 0; n < 640; n++) book.write(1000 + n, BigInt(n), n % 30 === 0);
    // 64 slots, of which the oldest eighth counts as overwritten.
    const held = [600, 630];
    expect(book.reader.indexPointsSync(0, 1e9).map(({ sequence }) => sequence)).toEqual(held);
    expect(book.reader.countIndexPoints()).toBe(2);
    expect(book.reader.indexPointSync(1629)).toMatchObject({ sequence: 600 });
    expect(book.reader.indexPointSync(1599)).toBeUndefined();
    const stream = book.reader.streamSync({ start: 1000, playback: true, allowMainThread: true });
    expect(Array.from({ length: 40 }, () => stream.next().value?.[0])).toEqual(Array.from({ length: 40 }, (_, i) => 600 + i));
    stream.return();
  });
});

describe('is refused', () => {
  const book = (): FeedReader<typeof BOOK> => new Book().reader;
  test.each([
    ['a clock there is not', () => book().indexPointSync(1, { by: 'no' }), 'DW_OPTION_INVALID'],
    ['an option there is not', () => book().indexPointSync(1, { limit: 1 } as never), 'DW_OPTION_INVALID'],
    ['a time that is none', () => book().indexPointSync(1.5), 'DW_RANGE_INVALID'],
    ['an end before its start', () => book().indexPointsSync(2, 1), 'DW_RANGE_INVALID'],
    ['a limit below 0', () => book().indexPointsSync(1, 2, { limit: -1 }), 'DW_OPTION_INVALID'],
    ['a start and a number', () => book().streamSync({ start: 1, fromSequence: 1, playback: true, allowMainThread: true }), 'DW_OPTION_INVALID'],
  ])('%s', async (_what, call, code) => {
    expect((await failure(call)).code).toBe(code);
  });

  test('everything about index points, on a feed of mode UF', async () => {
    const reader = new FeedReader(feed(trades).source);
    for (const call of [
      () => reader.indexPointSync(1), () => reader.indexPoint(1), () => reader.indexPointsSync(1, 2), () => reader.indexPoints(1, 2), () => reader.countIndexPoints(),
      () => reader.stream({ playback: true }), () => reader.streamSync({ playback: true, allowMainThread: true }),
    ]) {
      const error = await failure(call);
      expect(error.code).toBe('DW_FEED_NOT_INDEXED');
      expect(error.message).toMatch(/trades is of mode UF.*mode: 'IF'/);
    }
  });

  test('by a closed reader', async () => {
    const reader = book();
    await reader.close();
    for (const call of [() => reader.indexPointSync(1), () => reader.indexPoints(1, 2), () => reader.countIndexPoints()]) expect((await failure(call)).code).toBe('DW_READER_CLOSED');
  });
});
