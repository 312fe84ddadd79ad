import fs from 'node:fs';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { chunkPath } from '@deepwater/core';
import { FeedReader, type PoolOptions, type Progress, QueryPool, countInPool } from '@deepwater/query';
import type { FeedFixture } from './support/feed-fixture.js';
import { failure, feed, trades } from './support/small-feed.js';

const filename = new URL('./workers/pool-tasks.mjs', import.meta.url);
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function warmPool(options: PoolOptions = {}): Promise<QueryPool> {
  const pool = new QueryPool({ threads: 1, nearRows: 0, ...options });
  closing.push(() => pool.close());
  await pool.warmUp();
  return pool;
}

/** Records whose price is their number; times rise by 10, but for every seventh, which is early. */
function fill(fixture: FeedFixture, count: number): void {
  for (let i = 0; i < count; i++) {
    const n = fixture.writer.position;
    if (n - fixture.tail >= 1024) fixture.drain(512);
    fixture.write(n, n % 7, 1000 + (n % 7 === 0 ? Math.floor(n / 2) : n) * 10);
  }
}

/** Keeps the pool's threads busy until it is let go. */
async function hold(pool: QueryPool): Promise<() => void> {
  const words = new Int32Array(new SharedArrayBuffer(16));
  for (let n = 0; n < pool.threads; n++) pool.run({ filename, name: 'hold', payload: { words } }).catch(() => {});
  await expect.poll(() => Atomics.load(words, 0)).toBe(pool.threads);
  return () => {
    Atomics.store(words, 1, 1);
    Atomics.notify(words, 1);
  };
}

/** Has retention delete a chunk as soon as the next task of the pool is done. */
function deleteAfterAnswer(pool: QueryPool, fixture: FeedFixture): void {
  const run = vi.spyOn(pool, 'run').mockImplementation(async (...args) => {
    run.mockRestore();
    const answer = await pool.run<never>(...args);
    fixture.deleteOldest();
    return answer;
  });
}

const prices = (records: readonly (readonly unknown[])[]): unknown[] => records.map(([price]) => price);
const numbers = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);
const ALL = [0, 1e12] as const;
const small = { capacityRows: 256, blockRows: 64, ringSlots: 1024 };
const readerOf = (fixture: FeedFixture, pool: QueryPool): FeedReader<typeof trades> => {
  const reader = new FeedReader<typeof trades>(fixture.source, { pool });
  closing.push(() => reader.close());
  return reader;
};

describe('a read through the pool', () => {
  test('has another thread look at the files: this one opens no chunk before the rows are found', async () => {
    const pool = await warmPool();
    const fixture = feed(trades, small);
    fill(fixture, 2000);
    fixture.drain();
    const open = vi.spyOn(fs, 'openSync');
    closing.push(() => { open.mockRestore(); });
    // Whether there is one more than the catalog knows is looked at by name.
    const opened = (): number => open.mock.calls.filter(([file]) => String(file).startsWith(fixture.paths.chunks) && fs.existsSync(String(file))).length;
    const reader = readerOf(fixture, pool);
    const letGo = await hold(pool);
    const reads = [reader.range(...ALL), reader.last(300), reader.latest(1), reader.at(5000)];
    for (let turns = 0; turns < 50; turns++) await new Promise<void>((resume) => { setImmediate(resume); });
    expect(opened()).toBe(0);
    letGo();
    const [range, last, latest, at] = await Promise.all(reads) as [unknown[][], unknown[][], unknown[][], unknown[]];
    expect(opened()).toBeGreaterThan(0);
    expect(prices(range)).toEqual(numbers(0, 2000));
    expect(prices(last)).toEqual(numbers(1700, 2000));
    expect([latest, at]).toEqual([reader.latestSync(1), reader.atSync(5000)]);
  });

  test('is in the thread that asks until the threads have started', async () => {
    const pool = new QueryPool({ threads: 1, nearRows: 0 });
    closing.push(() => pool.close());
    const run = vi.spyOn(pool, 'run');
    const fixture = feed(trades, small);
    fill(fixture, 500);
    const reader = readerOf(fixture, pool);
    expect(prices(await reader.range(...ALL))).toEqual(numbers(0, 500));
    expect(run).not.toHaveBeenCalled();
    await expect.poll(() => pool.warm).toBe(true);
    expect(prices(await reader.range(...ALL))).toEqual(numbers(0, 500));
    expect(run).toHaveBeenCalledOnce();
  });

  test('sees the records that were published when it began, wherever they are by the time they are looked for', async () => {
    const pool = await warmPool({ morselBytes: 3000 });
    const fixture = feed(trades, small);
    fill(fixture, 1500);
    const reader = readerOf(fixture, pool);
    const letGo = await hold(pool);
    const reads = [reader.range(...ALL), reader.last(900), reader.range(...ALL, { limit: 700 })];
    fill(fixture, 400);
    fixture.drain();
    fill(fixture, 300);
    letGo();
    expect((await Promise.all(reads)).map(prices)).toEqual([numbers(0, 1500), numbers(600, 1500), numbers(0, 700)]);
    expect(prices(await reader.range(...ALL))).toEqual(numbers(0, 2200));
  });

  test('leaves out what retention deletes before it is found, and what is deleted before it is read', async () => {
    const pool = await warmPool();
    const fixture = feed(trades, small);
    fill(fixture, 1500);
    fixture.drain();
    const reader = readerOf(fixture, pool);
    const letGo = await hold(pool);
    const before = reader.range(...ALL);
    fixture.deleteOldest();
    letGo();
    expect(prices(await before)).toEqual(numbers(256, 1500));
    deleteAfterAnswer(pool, fixture);
    expect(prices(await reader.range(...ALL))).toEqual(numbers(512, 1500));
  });

  test('whose limit is met by rows that retention deletes meanwhile goes on behind them', async () => {
    const pool = await warmPool({ morselBytes: 3000 });
    const fixture = feed(trades, small);
    fill(fixture, 1500);
    fixture.drain(1280 - fixture.tail);
    const reader = readerOf(fixture, pool);
    deleteAfterAnswer(pool, fixture);
    expect(prices(await reader.range(...ALL, { limit: 600 }))).toEqual(numbers(256, 856));
    deleteAfterAnswer(pool, fixture);
    expect(prices(await reader.last(1200))).toEqual(numbers(512, 1500));
  });

  test('of a memory feed gives a gapless end of what there was', async () => {
    const pool = await warmPool();
    const fixture = feed({ ...trades, persist: false }, small);
    for (let n = 0; n < 900; n++) fixture.write(n, 0, n);
    const reader = readerOf(fixture, pool);
    const held = prices(reader.rangeSync(...ALL));
    expect(held.length).toBeGreaterThan(800);
    expect(prices(await reader.range(...ALL))).toEqual(held);
    expect(await reader.last(5)).toEqual(reader.lastSync(5));
    expect(await reader.at(450)).toEqual([450, 0, 450]);
    const columns = await reader.range(...ALL, { format: 'columns' });
    expect([...columns.price]).toEqual(held);
  });

  test('of an empty feed, and of one that nobody has ever written', async () => {
    const pool = await warmPool();
    const reader = readerOf(feed(trades, small), pool);
    expect([await reader.range(...ALL), await reader.last(3), await reader.latest(), await reader.at(5)]).toEqual([[], [], [], undefined]);
  });

  test('that a thread dies under gives the same', async () => {
    const pool = await warmPool({ threads: 2, morselBytes: 2000 });
    const fixture = feed(trades, small);
    fill(fixture, 3000);
    const reader = readerOf(fixture, pool);
    for (let round = 0; round < 4; round++) {
      const letGo = await hold(pool);
      const read = reader.range(...ALL);
      const [first] = pool.workers();
      letGo();
      await first?.terminate();
      expect(prices(await read)).toEqual(numbers(0, 3000));
      await expect.poll(() => pool.workers().length).toBe(2);
    }
  });
});

describe('a long scan', () => {
  test('is cut into parts, which give together what one gives; a limit leaves most of them out', async () => {
    const pool = await warmPool({ threads: 2, morselBytes: 1024 });
    const fixture = feed(trades, small);
    fill(fixture, 6000);
    const run = vi.spyOn(pool, 'run');
    const reader = readerOf(fixture, pool);
    expect(await reader.range(20_000, 40_000)).toEqual(reader.rangeSync(20_000, 40_000));
    const parts = run.mock.calls.length;
    expect(parts).toBeGreaterThan(20);
    run.mockClear();
    expect(await reader.range(20_000, 40_000, { limit: 40 })).toEqual(reader.rangeSync(20_000, 40_000, { limit: 40 }));
    expect(run.mock.calls.length).toBeLessThan(parts / 2);
    // No more than is wanted of a chunk: one task for the range; for `at` one that finds the record, and one that looks at it.
    run.mockClear();
    expect(prices(await reader.range(...ALL, { limit: 5 }))).toEqual(numbers(0, 5));
    expect(await reader.at(20_000)).toEqual(reader.atSync(20_000));
    expect(run).toHaveBeenCalledTimes(3);
    const source = JSON.stringify(fixture.source);
    expect(await countInPool(pool, { source, fields: [2], clockIndex: 0, low: 20_000n, high: 39_999n, morselBytes: 512 }, 'count')).toBe(reader.rangeSync(20_000, 40_000).length);
    expect(await countInPool(pool, { source, fields: [2], morselBytes: 512 }, 'count')).toBe(6000);
  });

  test('tells how far it is', async () => {
    const pool = await warmPool({ threads: 2, morselBytes: 1024 });
    const fixture = feed(trades, small);
    fill(fixture, 6000);
    const told: Progress[] = [];
    const onProgress = (progress: Progress): void => { told.push(progress); };
    await readerOf(fixture, pool).range(...ALL, { onProgress });
    expect(told.at(-1)?.rows).toBe(told.at(-1)?.of);
    expect(told.at(-1)?.rows).toBeGreaterThan(4000);
    for (const { rows, of } of told) expect(rows).toBeLessThanOrEqual(of);
  });
});

describe('a read ends before it is done', () => {
  test('when its reader is closed, at once, though no thread is free', async () => {
    const pool = await warmPool();
    const fixture = feed(trades, small);
    fill(fixture, 2000);
    const reader = readerOf(fixture, pool);
    const letGo = await hold(pool);
    const reads = [reader.range(...ALL), reader.at(5000), reader.last(5, { timeoutMs: 60_000 })];
    for (const read of reads) read.catch(() => {});
    await reader.close();
    for (const read of reads) expect((await failure(() => read)).code).toBe('DW_READER_CLOSED');
    letGo();
    expect(prices(await readerOf(fixture, pool).last(1))).toEqual([1999]);
  });

  test('by its signal, with the reason of the signal; by its time, with the time; in the pool and without', async () => {
    const pool = await warmPool();
    const fixture = feed(trades, small);
    fill(fixture, 2000);
    const pooled = readerOf(fixture, pool);
    const letGo = await hold(pool);
    const abort = new AbortController();
    const reason = new Error('not wanted');
    const reads = [
      pooled.range(...ALL, { signal: abort.signal }), pooled.latest(1, { signal: abort.signal }), pooled.last(9, { signal: abort.signal }),
      pooled.at(5000, { signal: abort.signal }), new FeedReader(fixture.source).range(...ALL, { signal: AbortSignal.abort(reason) }),
    ].map((read) => read.then(() => 'done', (error: unknown) => error));
    abort.abort(reason);
    expect(await Promise.all(reads)).toEqual([reason, reason, reason, reason, reason]);
    const late = pooled.range(...ALL, { timeoutMs: 15 });
    await expect(late).rejects.toMatchObject({ code: 'DW_QUERY_TIMEOUT', values: { task: 'range of feed trades', timeoutMs: 15 } });
    letGo();
    expect(prices(await pooled.range(...ALL, { timeoutMs: 60_000, signal: new AbortController().signal }))).toEqual(numbers(0, 2000));
  });

  test('by what onProgress throws', async () => {
    const pool = await warmPool();
    const fixture = feed(trades, small);
    fill(fixture, 2000);
    await expect(readerOf(fixture, pool).range(...ALL, { onProgress: () => { throw new Error('mine'); } })).rejects.toThrow('mine');
  });

  test('many at once, each with a time and cut into many parts, do not make Node warn of a leak', async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error): void => { warnings.push(warning); };
    process.on('warning', onWarning);
    closing.push(() => process.off('warning', onWarning));
    const pool = await warmPool();
    const fixture = feed(trades, small);
    fill(fixture, 2000);
    const reader = readerOf(fixture, pool);
    for (const read of await Promise.all(numbers(0, 20).map(() => reader.last(5, { timeoutMs: 60_000 })))) expect(prices(read)).toEqual(numbers(1995, 2000));
    const rows: number[] = [];
    const parts = numbers(0, 20).map((payload) => ({ payload }));
    await pool.map<number>(parts, { filename, name: 'echo', what: 'parts', concurrency: 20 }, (n) => { rows.push(n); });
    expect(rows).toEqual(numbers(0, 20));
    await new Promise<void>((resume) => { setImmediate(resume); });
    expect(warnings).toEqual([]);
  });

  test('limits that cannot be used are refused, and sync forms have none', async () => {
    const pool = await warmPool();
    const reader = readerOf(feed(trades, small), pool);
    for (const [options, text] of [
      [{ signal: {} }, 'signal'], [{ timeoutMs: 0 }, 'timeoutMs'], [{ timeoutMs: Infinity }, 'timeoutMs'], [{ timeoutMs: '5' }, 'timeoutMs'], [{ onProgress: 1 }, 'onProgress'],
    ] as const) {
      const error = await failure(() => reader.range(...ALL, options as never));
      expect([error.code, error.message]).toEqual(['DW_OPTION_INVALID', expect.stringContaining(text)]);
    }
    expect((await failure(() => reader.range(...ALL, { timeoutMs: 5, limmit: 1 } as never))).message).toContain('"limmit"');
    expect((await failure(() => reader.rangeSync(...ALL, { timeoutMs: 5 } as never))).code).toBe('DW_OPTION_INVALID');
  });
});

test('closing a reader has the pool let go of its files', async () => {
  const pool = await warmPool({ threads: 2 });
  const fixture = feed(trades, small);
  fill(fixture, 2000);
  fixture.drain();
  const mappings = (): number => fs.readFileSync('/proc/self/maps', 'utf8').split('\n').filter((line) => line.includes(chunkPath(fixture.paths, 1))).length;
  // What the fixture, which wrote the chunk, still has mapped is collected at any time: sooner here.
  await expect.poll(() => {
    globalThis.gc?.();
    return mappings();
  }).toBe(0);
  const reader = new FeedReader<typeof trades>(fixture.source, { pool });
  await reader.range(...ALL);
  expect(mappings()).toBeGreaterThan(0);
  await reader.close();
  await expect.poll(mappings).toBe(0);
});
