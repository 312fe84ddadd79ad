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
