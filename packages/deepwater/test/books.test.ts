/** Books of feeds, against a plain replay of the records that the test wrote itself. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import {
  BOOK_FLAGS, type FeedSpecInput, type OrderBook, Platform, RunBook, type UntypedSpec, type Writer, bookAt, bookAtSync, books, booksSync, followBook, followBookSync, recordDepth, subscribe,
} from '../dist/index.js';

const { SNAPSHOT, LAST } = BOOK_FLAGS;
const SPEC = {
  name: 'x.book', mode: 'IF', timestamp: 'ts', clocks: ['recv'], chunkSizeMb: 1,
  fields: [
    { name: 'ts', type: 'uint64' }, { name: 'recv', type: 'uint64' }, { name: 'side', type: 'char' }, { name: 'flags', type: 'uint8' },
    { name: 'price', type: 'decimal', scale: 2 }, { name: 'size', type: 'decimal', scale: 2 },
  ],
} as const satisfies FeedSpecInput;

type Level = readonly ['B' | 'A', number, number];
/** What somebody may write. */
type Step =
  | { readonly kind: 'message'; readonly ts: number; readonly recv: number; readonly snapshot: boolean; readonly unfinished: boolean; readonly levels: readonly Level[] }
  | { readonly kind: 'boundary'; readonly reason: string };

const opened: { platform: Platform; root: string }[] = [];
afterEach(async () => {
  for (const { platform, root } of opened.splice(0)) {
    await platform.close();
    fs.rmSync(root, { recursive: true, force: true });
  }
});

async function open(): Promise<Platform> {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'deepwater-books-'));
  const platform = await Platform.open(path.join(root, 'data'), { logLevel: 'silent' });
  opened.push({ platform, root });
  return platform;
}

function write(writer: Writer<UntypedSpec>, step: Step): void {
  if (step.kind === 'boundary') {
    writer.markSegment({ reason: step.reason });
    return;
  }
  const { ts, recv, snapshot, unfinished, levels } = step;
  levels.forEach(([side, price, size], i) => {
    if (snapshot && i === 0) writer.markIndex();
    writer.writeValues(ts, recv, side, (snapshot ? SNAPSHOT : 0) | (i === levels.length - 1 && !unfinished ? LAST : 0), price, size);
  });
}

interface Told {
  readonly bids: unknown[];
  readonly asks: unknown[];
  readonly ts: number | bigint;
  readonly sequence: number;
  readonly whole: boolean;
  readonly stale: string | undefined;
}

const told = (book: OrderBook): Told => ({
  bids: book.levels('B').map(({ price, size }) => [price, size]), asks: book.levels('A').map(({ price, size }) => [price, size]), ts: book.ts, sequence: book.sequence, whole: book.whole,
  stale: book.stale === undefined ? undefined : `${book.stale.cause} ${book.stale.reason ?? ''} ${book.stale.since}`,
});

/** What `bookAt` promises, read word by word over the list of steps. */
function plainBook(steps: readonly Step[], time: number, clock: 'ts' | 'recv'): Told | undefined {
  const rows: { step: Step & { kind: 'message' }; first: number; next: number }[] = [];
  const boundaries: { at: number; reason: string; end: number }[] = [];
  let next = 0;
  let greatest = -1;
  for (const step of steps) {
    if (step.kind === 'message') {
      rows.push({ step, first: next, next: (next += step.levels.length) });
      greatest = Math.max(greatest, step[clock]);
    } else if (next > (boundaries.at(-1)?.at ?? 0)) {
      boundaries.push({ at: next, reason: step.reason, end: greatest + 1 });
      greatest = -1;
    }
  }
  const snapshots = rows.filter(({ step }) => step.snapshot && step[clock] <= time).reverse();
  for (const point of snapshots) {
    const from = rows.indexOf(point);
    let stop = rows.findIndex(({ step }, i) => i >= from && step[clock] > time);
    if (stop < 0) stop = rows.length;
    const sides = { B: new Map<number, number>(), A: new Map<number, number>() };
    let last: (typeof rows)[number] | undefined;
    let begun = -1;
    let whole = true;
    for (const row of rows.slice(from, stop)) {
      whole = !row.step.unfinished;
      if (!whole) continue;
      if (row.step.snapshot) {
        sides.B.clear();
        sides.A.clear();
        begun = row.first;
      }
      for (const [side, price, size] of row.step.levels) void (size === 0 ? sides[side].delete(price) : sides[side].set(price, size));
      last = row;
    }
    if (last === undefined) continue;
    const at = rows[stop]?.first ?? next;
    const gap = boundaries.find((boundary) => boundary.at > begun && (boundary.at < at || (boundary.at === at && time >= boundary.end)));
    return {
      bids: [...sides.B].sort((a, b) => b[0] - a[0]), asks: [...sides.A].sort((a, b) => a[0] - b[0]), ts: last.step.ts, sequence: last.next - 1, whole,
      stale: gap === undefined || gap.at <= begun ? undefined : `marked ${gap.reason} ${gap.end}`,
    };
  }
  return undefined;
}

const LEVEL: fc.Arbitrary<Level> = fc.tuple(fc.constantFrom('B' as const, 'A' as const), fc.integer({ min: 1, max: 12 }), fc.integer({ min: 0, max: 3 }));
/** Steps in order of arrival; `recv` never goes back, `ts` may. A message without an end is followed by a snapshot, as adapters do. */
const STEPS = fc.array(fc.oneof(
  { weight: 12, arbitrary: fc.record({ by: fc.integer({ min: 0, max: 3 }), late: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: -3, max: 6 })), snapshot: fc.integer({ min: 0, max: 5 }), unfinished: fc.integer({ min: 0, max: 9 }), levels: fc.array(LEVEL, { minLength: 1, maxLength: 6 }) }) },
  { weight: 1, arbitrary: fc.constantFrom('socket closed', 'gap') },
), { minLength: 1, maxLength: 40 }).map((given) => {
  const steps: Step[] = [];
  let recv = 1000;
  let mustBegin = true;
  for (const step of given) {
    if (typeof step === 'string') {
      steps.push({ kind: 'boundary', reason: step });
      continue;
    }
    recv += step.by;
    const snapshot = mustBegin || step.snapshot === 0;
    mustBegin = step.unfinished === 0;
    steps.push({ kind: 'message', ts: recv - step.late, recv, snapshot, unfinished: mustBegin, levels: step.levels });
  }
  return steps;
});

describe('the book at a time', () => {
  test('is that of a plain replay, at every time and by both clocks: levels, number, wholeness and staleness; and so are many at once', async () => {
    const platform = await open();
    let feeds = 0;
    await fc.assert(fc.asyncProperty(STEPS, async (steps) => {
      const name = `p${feeds++}.book`;
      await platform.createFeed({ ...SPEC, name });
      const writer = await platform.createWriter(name);
      for (const step of steps) write(writer as Writer<UntypedSpec>, step);
      await writer.flush();
      const reader = await platform.createReader(name);
      const messages = steps.filter((step) => step.kind === 'message');
      try {
        if (messages.length === 0) return;
        for (const clock of ['ts', 'recv'] as const) {
          const times = [...new Set(messages.flatMap((message) => [message[clock] - 1, message[clock], message[clock] + 1]))].sort((a, b) => a - b);
          const expected = times.map((time) => plainBook(steps, time, clock));
          for (const [i, time] of times.entries()) {
            const book = bookAtSync(reader, time, { by: clock });
            expect(book && told(book), `${clock} ${time}`).toEqual(expected[i]);
          }
          const later = await bookAt(reader, times.at(-1)!, { by: clock });
          expect(later && told(later)).toEqual(expected.at(-1));
          const seen = [...booksSync(reader, { times, by: clock })].length;
          expect(seen).toBe(expected.filter((each) => each !== undefined).length);
          const many = new Map<number, Told>();
          for await (const { time, book } of books(reader, { times, by: clock })) many.set(Number(time), told(book));
          expect(times.map((time) => many.get(time))).toEqual(expected);
        }
      } finally {
        await reader.close();
        await writer.close();
      }
    }), { numRuns: 60 });
  }, 120_000);
});

/** A message at a time by both clocks. */
const message = (ts: number, snapshot: boolean, ...levels: Level[]): Step => ({ kind: 'message', ts, recv: ts, snapshot, unfinished: false, levels });

async function bookFeed(spec: FeedSpecInput = SPEC) {
  const platform = await open();
  const { name } = await platform.createFeed(spec);
  const writer = await platform.createWriter(name);
  const reader = await platform.createReader(name);
  return { platform, writer, reader, put: (...steps: Step[]) => { for (const step of steps) write(writer, step); } };
}

describe('what cannot be told', () => {
  test('before the first whole snapshot there is no book; feeds without index points, or without such fields, are refused', async () => {
    const { platform, reader, put, writer } = await bookFeed();
    expect(bookAtSync(reader, 5000)).toBeUndefined();
    put({ kind: 'message', ts: 1000, recv: 1000, snapshot: true, unfinished: true, levels: [['B', 1, 1]] });
    await writer.flush();
    expect([bookAtSync(reader, 999), bookAtSync(reader, 5000), await bookAt(reader, 5000)]).toEqual([undefined, undefined, undefined]);
    expect([...booksSync(reader, { start: 0, end: 10_000, every: '1ms' })]).toEqual([]);
    const refused = async (name: string, spec: object, code: string, options = {}) => {
      await platform.createFeed({ ...SPEC, ...spec, name } as FeedSpecInput);
      const other = await platform.createReader(name);
      expect(() => bookAtSync(other, 1, options), name).toThrow(expect.objectContaining({ code }) as Error);
    };
    await refused('uf', { mode: 'UF' }, 'DW_FEED_NOT_INDEXED');
    await refused('other', {}, 'DW_FIELD_UNKNOWN', { fields: { size: 'amount' } });
    await refused('kinds', {}, 'DW_OPTION_INVALID', { fields: { price: 'side' } });
    await refused('clocks', {}, 'DW_OPTION_INVALID', { by: 'received' });
    await expect(bookAt(reader, 5000, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
    for (const options of [{ times: [2, 1] }, { start: 2, end: 1, every: '1s' }]) expect(() => [...booksSync(reader, options)]).toThrow(expect.objectContaining({ code: 'DW_RANGE_INVALID' }) as Error);
    for (const options of [{ start: 1, end: 2, every: '1x' }, { times: [1], every: '1s' }]) expect(() => [...booksSync(reader, options)]).toThrow(expect.objectContaining({ code: 'DW_OPTION_INVALID' }) as Error);
  });

  test('a snapshot that never ended, and changes behind it, are a book that is not to be relied on', async () => {
    const { reader, put, writer } = await bookFeed();
    put({ kind: 'message', ts: 1000, recv: 1000, snapshot: true, unfinished: true, levels: [['B', 1, 1], ['B', 2, 1]] }, message(1001, false, ['B', 3, 1]), message(1005, true, ['B', 4, 1]));
    await writer.flush();
    expect(bookAtSync(reader, 1004)?.stale).toEqual({ since: 1001, cause: 'unfinished' });
    expect(bookAtSync(reader, 1005)?.stale).toBeUndefined();
  });

  test('of a boundary a reader is told before any record behind it', async () => {
    const { reader, put } = await bookFeed();
    put(message(1000, true, ['B', 1, 1]));
    const before = reader.segmentMark();
    put(message(1001, false, ['B', 2, 1]));
    expect(reader.segmentMark()).toBe(before);
    put({ kind: 'boundary', reason: 'gap' });
    expect(reader.segmentMark()).not.toBe(before);
  });

  test('a writer that has ended: from its last record on nothing is known', async () => {
    const { reader, put, writer } = await bookFeed();
    put(message(1000, true, ['B', 1, 1]), message(1010, false, ['B', 2, 1]));
    await writer.flush();
    expect(bookAtSync(reader, 2000)?.stale).toBeUndefined();
    await writer.close();
    expect([bookAtSync(reader, 1010)?.stale, bookAtSync(reader, 1011)?.stale]).toEqual([undefined, { since: 1011, cause: 'closed' }]);
  });
});

test('feeds of one’s own: other names, numbers, no flags, nanoseconds', async () => {
  const { reader, writer } = await bookFeed({
    name: 'own', mode: 'IF', timestamp: 'at', fields: [{ name: 'at', type: 'uint64', unit: 'ns' }, { name: 'of', type: 'char' }, { name: 'px', type: 'float64' }, { name: 'qty', type: 'float64' }],
  });
  const start = 1_700_000_000_000_000_000n;
  writer.markIndex();
  for (const [at, of, px, qty] of [[0n, 'B', 1.5, 1], [1n, 'A', 2.5, 2], [2n, 'B', 1.5, 0]] as const) writer.writeValues(start + at, of, px, qty);
  writer.markIndex();
  writer.writeValues(start + 3n, 'A', 9.5, 1);
  await writer.flush();
  const fields = { side: 'of', price: 'px', size: 'qty' };
  const shown = (time: bigint) => {
    const book = bookAtSync(reader, time, { fields });
    return book && [book.bestBid?.price, book.bestAsk?.price, book.ts, book.sequence];
  };
  expect([-1n, 0n, 1n, 2n, 3n].map((at) => shown(start + at))).toEqual([
    undefined, [1.5, undefined, start, 0], [1.5, 2.5, start + 1n, 1], [undefined, 2.5, start + 2n, 2], [undefined, 9.5, start + 3n, 3],
  ]);
  expect([...booksSync(reader, { times: [start, start + 3n], fields, depth: 1 })].map(({ time, bids, asks }) => [time, bids, asks])).toEqual([
    [start, [{ price: 1.5, size: 1 }], []], [start + 3n, [], [{ price: 9.5, size: 1 }]],
  ]);
});

describe('followed live', () => {
  test('first the book there is, then the book behind each message; a boundary makes it stale, a snapshot fresh', async () => {
    const { reader, put, writer } = await bookFeed();
    put(message(1000, true, ['B', 1, 1], ['A', 5, 1]), message(1010, false, ['B', 2, 1]));
    const end = new AbortController();
    const seen: unknown[] = [];
    let turns = 0;
    for await (const book of followBook(reader, { signal: end.signal })) {
      seen.push([book.ts, book.bestBid?.price, book.stale?.cause]);
      turns++;
      if (turns === 1) put(message(1020, false, ['B', 3, 1], ['B', 2, 0]), message(1030, false, ['A', 4, 1]));
      if (turns === 3) put({ kind: 'boundary', reason: 'socket closed' });
      // Nothing has come: it is told all the same.
      if (turns === 4) {
        expect(book.stale).toEqual({ since: 1031, cause: 'marked', reason: 'socket closed' });
        put(message(1040, false, ['B', 3.5, 1]), message(1050, true, ['B', 1.5, 1]));
      }
      if (turns === 6) end.abort();
    }
    expect(seen).toEqual([[1010, 2, undefined], [1020, 3, undefined], [1030, 3, undefined], [1030, 3, 'marked'], [1040, 3.5, 'marked'], [1050, 1.5, undefined]]);
    await writer.close();
  }, 20_000);

  test('from a time in the past: the book of that time, then each message behind it; the same without an event loop', async () => {
    const { reader, put, writer } = await bookFeed();
    put(message(1000, true, ['B', 1, 1]), message(1010, false, ['B', 2, 1]), message(1020, false, ['B', 3, 1]), message(1030, true, ['B', 4, 1]), message(1040, false, ['B', 5, 1]));
    await writer.flush();
    const expected = [[1010, [2, 1]], [1020, [3, 2, 1]], [1030, [4]], [1040, [5, 4]]];
    const shown = (book: OrderBook) => [book.ts, book.levels('B').map(({ price }) => price)];
    const later: unknown[] = [];
    for await (const book of followBook(reader, { start: 1015 })) if (later.push(shown(book)) === 4) break;
    expect(later).toEqual(expected);
    const now: unknown[] = [];
    for (const book of followBookSync(reader, { start: 1015, allowMainThread: true })) if (now.push(shown(book)) === 4) break;
    expect(now).toEqual(expected);
    for (const book of followBookSync(reader, { allowMainThread: true })) {
      expect(shown(book)).toEqual([1040, [5, 4]]);
      break;
    }
  });

  test('in the handler of a subscription, message by message', async () => {
    const { platform, put, writer } = await bookFeed();
    put(message(1000, false, ['B', 9, 1]), message(1001, true, ['B', 1, 1], ['A', 5, 1]), message(1010, false, ['B', 2, 1], ['B', 1, 0]));
    await writer.flush();
    const live = new RunBook(platform.feedInfo('x.book').spec);
    const subscription = subscribe(platform.subscription('x.book'), { fromSequence: 0, maxRun: 2 });
    const seen: unknown[] = [];
    for (let run = subscription.poll(); run !== undefined; run = subscription.poll()) live.take(run, (book) => seen.push([book.ts, book.sequence, book.levels('B').map(({ price }) => price), book.whole]));
    subscription.close();
    expect(seen).toEqual([[1001, 2, [1], true], [1010, 4, [2], true]]);
  });
});

describe('a feed of depth', () => {
  const MS = 1000;
  const rows = async (platform: Platform, name: string) => (await platform.createReader(name)).rangeSync(0, 2 ** 52) as unknown[][];

  test('has the book at regular times, in silence too; stale is said once; what is run again goes on where it ended', async () => {
    const { platform, put, writer } = await bookFeed();
    put(message(9_500, true, ['B', 1, 1], ['A', 5, 2]), message(12_200, false, ['B', 2, 1]));
    await writer.flush();
    const depth = { depth: 2, every: '1ms' };
    expect(await recordDepth(platform, 'x.book', depth)).toEqual({ feed: 'x.depth2-1ms', written: 3, newest: 12 * MS });
    expect(await recordDepth(platform, 'x.book', depth)).toEqual({ feed: 'x.depth2-1ms', written: 0, newest: 12 * MS });
    put({ kind: 'boundary', reason: 'gap' }, message(16_000, true, ['B', 3, 1]), message(17_000, false, ['A', 4, 1]), message(18_500, false, ['A', 6, 1]));
    await writer.flush();
    expect((await recordDepth(platform, 'x.book', { ...depth, end: 14 * MS })).written).toBe(1);
    expect((await recordDepth(platform, 'x.book', depth)).written).toBe(3);
    const [one, none, first] = ['1.00', '0.00', [9_500, 1, false]];
    const level = (price: string, size = one) => [price, size];
    const record = (ts: number, [bookTs, sequence, stale]: unknown[], counts: number[], ...levels: string[][]) => [ts * MS, bookTs, sequence, stale, ...counts, ...levels.flat()];
    expect(await rows(platform, 'x.depth2-1ms')).toEqual([
      ...[10, 11, 12].map((ts) => record(ts, first, [1, 1], level(one), level('5.00', '2.00'), level(none, none), level(none, none))),
      record(13, [12_200, 2, true], [2, 1], level('2.00'), level('5.00', '2.00'), level(one), level(none, none)),
      record(16, [16_000, 3, false], [1, 0], level('3.00'), level(none, none), level(none, none), level(none, none)),
      ...[17, 18].map((ts) => record(ts, [17_000, 4, false], [1, 1], level('3.00'), level('4.00'), level(none, none), level(none, none))),
    ]);
  });

  test('live: what is written is what history says; a restart leaves nothing out and writes nothing twice', async () => {
    const { platform, put, writer } = await bookFeed();
    const begin = Date.now() * MS;
    put(message(begin, true, ['B', 1, 1]));
    const options = { depth: 1, every: '20ms', live: true, lagMs: 50 };
    let price = 1;
    for (let session = 0; session < 2; session++) {
      const end = new AbortController();
      const running = recordDepth(platform, 'x.book', { ...options, signal: end.signal });
      for (let i = 0; i < 15; i++) {
        await new Promise((resolve) => { setTimeout(resolve, 17); });
        put(message(Date.now() * MS, false, ['B', ++price, 1]));
      }
      // Silence: samples are written all the same.
      await new Promise((resolve) => { setTimeout(resolve, 200); });
      end.abort();
      expect((await running).written).toBeGreaterThan(10);
    }
    const written = await rows(platform, 'x.depth1-20ms');
    const times = written.map(([ts]) => ts as number);
    expect(times).toEqual(Array.from({ length: times.length }, (_, i) => times[0]! + i * 20 * MS));
    const reader = await platform.createReader('x.book');
    for (const [ts, bookTs, sequence, stale, , , bid] of written) {
      const book = bookAtSync(reader, ts as number)!;
      expect([book.ts, book.sequence, false, book.exactLevels('B', 1)[0]?.price]).toEqual([bookTs, sequence, stale, bid]);
    }
    await writer.close();
  }, 20_000);
});
