import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { FeedSpecInput } from '@deepwater/core';
import { type Platform, type Reader, type Writer, subscribe } from '../dist/index.js';
import { failure, openPlatform } from './support.js';
import { BusWorker, SEED, T0, randomFrom } from './support-bus.js';

/** Times from which playback is begun, in each of the big tests. */
const STARTS = Number(process.env['PLAYBACK_STARTS'] ?? 200);

const BOOK = {
  name: 'book',
  mode: 'IF',
  fields: [{ name: 'n', type: 'float64' }, { name: 'low', type: 'uint16' }, { name: 'ts', type: 'uint64' }],
  timestamp: 'ts',
  chunkSizeBytes: 64 * 1024,
  ringRecords: 1024,
} as const satisfies FeedSpecInput;

/** Record n, as book-writer.mjs writes it too: every 97th is an index point, and times are out of order. */
const timeOf = (n: number): number => T0 + n + ((n * 7919) % 101) - 50;
const isMarked = (n: number): boolean => n % 97 === 0;
const recordOf = (n: number): [number, number, number] => [n, n & 65535, timeOf(n)];

/** The index point that playback from a time begins with, of the first `count` records. */
function beginOf(start: number, count: number): number {
  for (let n = Math.min(count - 1, start - T0 + 51); n >= 0; n--) if (isMarked(n) && timeOf(n) <= start) return n;
  return 0;
}

async function withBook(extra: object = {}): Promise<{ platform: Platform; writer: Writer<typeof BOOK>; write: (from: number, to: number) => void }> {
  const platform = await openPlatform();
  await platform.createFeed({ ...BOOK, ...extra });
  const writer = await platform.createWriter<typeof BOOK>('book');
  return { platform, writer, write: (from, to) => { writeInto(writer, from, to); } };
}

function writeInto(writer: Writer<typeof BOOK>, from: number, to: number): void {
  for (let n = from; n < to; n++) {
    if (isMarked(n)) writer.markIndex();
    writer.writeValues(...recordOf(n));
  }
}

type Begun = { readonly first: number; readonly records: readonly (readonly number[])[] };
type Way = (platform: Platform, reader: Reader<typeof BOOK>, options: object, count: number) => Promise<Begun>;

/** Every way to play a feed back: the records that come first, at most `count`. */
const ways: readonly [string, Way][] = [
  ['stream', async (_platform, reader, options, count) => {
    const stream = reader.stream({ ...options, playback: true });
    const records: (readonly number[])[] = [];
    for await (const record of stream) if (records.push(record) >= count) break;
    return { first: records[0]?.[0] ?? -1, records };
  }],
  ['streamSync', (_platform, reader, options, count) => {
    const stream = reader.streamSync({ ...options, playback: true, allowMainThread: true });
    const records = Array.from({ length: count }, () => stream.next().value as readonly number[]);
    stream.return();
    return Promise.resolve({ first: records[0]?.[0] ?? -1, records });
  }],
  ['stream of columns', async (_platform, reader, options, count) => {
    let first = -1;
    const records: (readonly number[])[] = [];
    for await (const batch of reader.stream({ ...options, playback: true, format: 'columns' })) {
      if (first < 0) first = batch.firstSequence;
      for (let i = 0; i < batch.rows && records.length < count; i++) records.push([batch.n[i]!, batch.low[i]!, Number(batch.ts[i])]);
      if (records.length >= count) break;
    }
    return { first, records };
  }],
  ['subscribe', (platform, _reader, options, count) => {
    using subscription = subscribe(platform.subscription<typeof BOOK>('book'), { ...options, playback: true, allowMainThread: true });
    let first = -1;
    const records: (readonly number[])[] = [];
    for (let run = subscription.next(); run !== undefined && records.length < count; run = records.length < count ? subscription.next() : undefined) {
      if (first < 0) first = run.firstSequence;
      for (let i = 0; i < run.length && records.length < count; i++) records.push(run.tuple(i));
    }
    return Promise.resolve({ first, records });
  }],
];

function expectFrom({ first, records }: Begun, begin: number, what: string): void {
  expect(first, what).toBe(begin);
  records.forEach((record, i) => { if (String(record) !== String(recordOf(begin + i))) expect.fail(`${what}: ${String(record)} where record ${begin + i} was to come`); });
}

describe('playback', () => {
  test(`from any time of a closed store begins with the last index point up to it (${STARTS} starts, seed ${SEED})`, async () => {
    const { platform, writer } = await withBook();
    // Written by three writers, over rotations.
    writeInto(writer, 0, 9000);
    await writer.close();
    const second = await platform.createWriter<typeof BOOK>('book');
    writeInto(second, 9000, 9050);
    await second.close();
    writeInto(await platform.createWriter<typeof BOOK>('book'), 9050, 20_000);
    await platform.close();

    const closed = await openPlatform(platform.basePath, { readOnly: true });
    const reader = await closed.createReader<typeof BOOK>('book');
    expect(closed.feedInfo('book')).toMatchObject({ indexPoints: Math.ceil(20_000 / 97), mode: 'IF' });
    const random = randomFrom(SEED);
    for (let start = 0; start < STARTS; start++) {
      const time = T0 - 100 + Math.floor(random() * 20_200);
      const begin = beginOf(time, 20_000);
      const [name, way] = ways[start % ways.length]!;
      expectFrom(await way(closed, reader, { start: time }, Math.min(20_000 - begin, 1 + Math.floor(random() * 3000))), begin, `${name} from ${time}`);
      expect((await reader.indexPoint(time))?.sequence, String(time)).toBe(time < timeOf(0) ? undefined : begin);
    }
  });

  test(`from any time under a writer goes over into what comes (${STARTS} starts, seed ${SEED})`, async () => {
    const { platform } = await withBook();
    const stop = new Int32Array(new SharedArrayBuffer(4));
    const worker = await BusWorker.start('book-writer.mjs', { handle: platform.writerHandle('book'), from: 0, to: 1e9, burst: 400, pauseMs: 1, stop });
    const reader = await platform.createReader<typeof BOOK>('book');
    const random = randomFrom(SEED + 1);
    while (reader.bounds().next < 2000) await turn();
    for (let start = 0; start < STARTS; start++) {
      const { next } = reader.bounds();
      // From long ago, from just now, from what is still to come.
      const back = Math.floor([200, 3000, Math.min(next, 100_000)][start % 3]! * random() ** 2);
      const time = T0 + Math.max(0, next - back) + (start % 5 === 0 ? 300 : 0);
      const [name, way] = ways[start % ways.length]!;
      const least = beginOf(time, next);
      const begun = await way(platform, reader, { start: time }, Math.max(1, next - least) + Math.floor(random() * 2000));
      // Where the time lies ahead of the writer, the last index point is one that came while we asked.
      expect(begun.first, `${name} from ${time} at ${next}`).toBeGreaterThanOrEqual(least);
      expect(begun.first).toBeLessThanOrEqual(beginOf(time, reader.bounds().next));
      expectFrom(begun, begun.first, `${name} from ${time}`);
      expect(isMarked(begun.first)).toBe(true);
    }
    Atomics.store(stop, 0, 1);
    await worker.result;
    await platform.close();
  });

  test('without a start begins with the last index point there is, with a number with the last up to that', async () => {
    const { platform, write } = await withBook();
    write(0, 3000);
    const reader = await platform.createReader<typeof BOOK>('book');
    for (const [name, way] of ways) {
      expectFrom(await way(platform, reader, {}, 10), 2910, name);
      expectFrom(await way(platform, reader, { fromSequence: 2000 }, 1000), 1940, name);
      expectFrom(await way(platform, reader, { fromSequence: 97 }, 10), 97, name);
      expectFrom(await way(platform, reader, { start: new Date(0) }, 10), 0, name);
    }
  });

  test.each([true, false])('of a feed without index points waits for the first one (persist: %j)', async (persist) => {
    const platform = await openPlatform();
    await platform.createFeed({ ...BOOK, persist, ...(persist ? {} : { chunkSizeBytes: undefined }) });
    const reader = await platform.createReader<typeof BOOK>('book');
    const stream = reader.stream({ start: T0, playback: true });
    using subscription = subscribe(platform.subscription<typeof BOOK>('book'), { playback: true, allowMainThread: true });
    // Nobody has written yet; then a writer that marks nothing, and one that does.
    let arrived = false;
    const first = stream.next().then((item) => { arrived = true; return item; });
    await turn();
    expect(subscription.poll()).toBeUndefined();
    for (let round = 0, n = 1; round < 2; round++) {
      const writer = await platform.createWriter<typeof BOOK>('book');
      for (const to of [n + 20, n + 40]) {
        for (; n < to; n++) writer.writeValues(...recordOf(n));
        await writer.flush();
        expect(subscription.poll()).toBeUndefined();
        await turn();
        expect(arrived).toBe(false);
      }
      if (round === 0) await writer.close();
    }
    const writer = await platform.createWriter<typeof BOOK>('book');
    const { position } = writer;
    writer.markIndex();
    writer.writeValues(...recordOf(97));
    writer.writeValues(...recordOf(98));
    expect(await first).toEqual({ value: recordOf(97), done: false });
    expect((await stream.next()).value).toEqual(recordOf(98));
    expect(stream.position).toBe(position + 2);
    await stream.return();
    const run = subscription.next(10_000)!;
    expect([run.firstSequence, run.tuple(0), run.row(0).sequence]).toEqual([position, recordOf(97), position]);
    expect(subscription.position).toBe(position + run.length);
    expect([stream.lost, subscription.lost]).toEqual([0, 0]);
  });

  test('of a memory feed begins within what the ring holds', async () => {
    const { platform, write } = await withBook({ persist: false, chunkSizeBytes: undefined });
    write(0, 5000);
    const reader = await platform.createReader<typeof BOOK>('book');
    const oldest = 5000 - 896;
    const held = Math.ceil(oldest / 97) * 97;
    for (const [name, way] of ways) {
      expectFrom(await way(platform, reader, { start: T0 }, 5000 - held), held, name);
      expectFrom(await way(platform, reader, { start: timeOf(4900) }, 100), beginOf(timeOf(4900), 5000), name);
    }
    expect(platform.feedInfo('book').indexPoints).toBe(Math.ceil(5000 / 97) - held / 97);
  });

  test('of a memory feed that has lapped it before it was asked for a record begins with the next index point', async () => {
    const { platform, write, writer } = await withBook({ persist: false, chunkSizeBytes: undefined });
    write(0, 800);
    const lost: unknown[] = [];
    const begin = (): ReturnType<typeof subscribe<typeof BOOK>> => subscribe(platform.subscription<typeof BOOK>('book'), { playback: true, allowMainThread: true, onLoss: (range) => { lost.push(range); } });
    const [one, other] = [begin(), begin()];
    expect([one.position, other.position]).toEqual([776, 776]);
    write(800, 5000);
    const run = one.poll()!;
    expect(run.firstSequence).toBe(Math.ceil((5000 - 896) / 97) * 97);
    expect(run.object(0)).toEqual({ n: run.firstSequence, low: run.firstSequence & 65535, ts: timeOf(run.firstSequence) });
    // Where the ring has none any more it waits for the next that comes.
    for (let n = 5000; n < 9000; n++) writer.writeValues(...recordOf(n));
    expect([other.poll(), other.seeking]).toEqual([undefined, true]);
    writer.markIndex();
    for (let n = 9000; n < 9010; n++) writer.writeValues(...recordOf(n));
    expect([other.poll()?.firstSequence, other.seeking, other.lost]).toEqual([9000, false, 0]);
    expect(lost).toEqual([]);
    // From here on what is lost is told.
    write(9010, 12_000);
    expect([other.poll()!.firstSequence, other.lost]).toEqual([12_000 - 896, 12_000 - 896 - 9010]);
    expect(lost).toEqual([{ from: 9010, to: 12_000 - 896 }]);
    one.close();
    other.close();
    await platform.close();
  });

  test(`of a memory feed beside a writer at full speed begins with an index point, and asking for one is answered (${STARTS} times)`, async () => {
    const { platform } = await withBook({ persist: false, chunkSizeBytes: undefined });
    const stop = new Int32Array(new SharedArrayBuffer(4));
    const worker = await BusWorker.start('book-writer.mjs', { handle: platform.writerHandle('book'), from: 0, to: 1e12, stop });
    const reader = await platform.createReader<typeof BOOK>('book');
    while (reader.bounds().next < 2000) await turn();
    for (let round = 0; round < STARTS; round++) {
      const point = reader.indexPointSync(T0 + 1e13);
      if (point !== undefined) expect([isMarked(point.sequence), point.time]).toEqual([true, timeOf(point.sequence)]);
      reader.latestSync(0.001);
      const stream = reader.streamSync({ start: T0, playback: true, allowMainThread: true });
      const [n, low, time] = stream.next().value as [number, number, number];
      expect([isMarked(n), low, time]).toEqual([true, n & 65535, timeOf(n)]);
      stream.return();
    }
    Atomics.store(stop, 0, 1);
    await worker.result;
    await platform.close();
  });
});

describe('a mark', () => {
  test('that no record has taken waits; it is gone with its writer', async () => {
    const { platform, writer } = await withBook();
    writer.markIndex();
    expect(await failure(() => { writer.writeValues(1, -1, T0); })).toMatchObject({ code: 'DW_VALUE_RANGE' });
    expect(await failure(() => { writer.writeColumns({ n: [1], low: [1, 2], ts: [T0] }); })).toMatchObject({ code: 'DW_VALUE_COUNT' });
    writer.writeColumns({ n: [0, 1], low: [0, 1], ts: [T0, T0 + 1] });
    writer.markIndex();
    await writer.close();
    expect(await failure(() => { writer.markIndex(); })).toMatchObject({ code: 'DW_WRITER_CLOSED' });
    const next = await platform.createWriter<typeof BOOK>('book');
    next.writeRaw(new Uint8Array(platform.recordFormat('book').recordSize));
    const reader = await platform.createReader<typeof BOOK>('book');
    expect(await reader.indexPoints(0, T0 + 10)).toEqual([{ sequence: 0, time: T0, times: { ts: T0 } }]);
  });

  test('is no part of what listings and formats say', async () => {
    const { platform } = await withBook();
    const info = platform.feedInfo('book');
    expect(info.fields.map(({ name }) => name)).toEqual(['n', 'low', 'ts']);
    expect(info.recordFormat).toMatchObject({ fmt: '<dHQ', recordSize: 18 });
    expect(info).toMatchObject({ mode: 'IF', indexPoints: 0 });
    await platform.createFeed({ ...BOOK, name: 'plain', mode: 'UF' });
    expect(platform.feedInfo('plain')).not.toHaveProperty('indexPoints');
    expect(platform.feedInfo('plain').schemaHash).not.toBe(info.schemaHash);
  });

  test('is refused on a feed of mode UF, and so is playback', async () => {
    const platform = await openPlatform();
    await platform.createFeed({ ...BOOK, mode: 'UF' });
    const writer = await platform.createWriter<typeof BOOK>('book');
    const reader = await platform.createReader<typeof BOOK>('book');
    for (const call of [
      () => { writer.markIndex(); }, () => reader.indexPoint(T0), () => reader.indexPoints(T0, T0 + 1), () => reader.stream({ start: T0, playback: true }),
      () => subscribe(platform.subscription('book'), { playback: true, allowMainThread: true }),
    ]) expect(await failure(call)).toMatchObject({ code: 'DW_FEED_NOT_INDEXED', values: { feed: 'book', mode: 'UF' } });
    writer.writeValues(...recordOf(1));
    expect(await reader.last(1)).toEqual([recordOf(1)]);
    expect(await failure(() => subscribe(platform.subscription('book'), { playback: 'yes' as never }))).toMatchObject({ code: 'DW_OPTION_INVALID' });
  });
});
