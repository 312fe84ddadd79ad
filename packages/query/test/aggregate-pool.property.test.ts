import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { FeedReader, QueryPool } from '@deepwater/query';
import type { everything } from './support/everything.js';
import { buildFeed, history, rangeOf } from './support/history.js';
import { anyWhere } from './support/naive-where.js';
import { failure, feed, trades } from './support/small-feed.js';
import { assertAsyncProperty } from './support/seed.js';

let one: QueryPool;
let tiny: QueryPool;
beforeAll(async () => {
  one = new QueryPool({ threads: 1, nearRows: 0 });
  // Parts of so few bytes that scans are cut wherever they may be.
  tiny = new QueryPool({ threads: 2, morselBytes: 300, nearRows: 0 });
  await Promise.all([one.warmUp(), tiny.warmUp()]);
});
afterAll(() => Promise.all([one.close(), tiny.close()]));

const every = (price: string, size: string): Record<string, unknown> => ({
  n: 'count', sum: { sum: price }, mean: { mean: price }, min: { min: price }, max: { max: price }, first: { first: price }, last: { last: price },
  sd: { stddev: price }, vwap: { vwap: [price, size] }, h: { histogram: price, from: -100, to: 1000, bins: 5 }, q: { quantile: price, at: [0, 0.3, 1] },
});

describe('aggregates that the pool works out', () => {
  test('are those of the sync form to the last digit, in one part and in many', async () => {
    const map = vi.spyOn(tiny, 'map');
    const where = fc.option(anyWhere, { nil: undefined });
    await assertAsyncProperty(fc.asyncProperty(history, fc.constantFrom(0, 1), fc.integer({ min: -20, max: 900 }), fc.constantFrom(40, 3000), where, fc.constantFrom('price', 'f32', 'i32'), async (past, by, from, length, filter, price) => {
      const fixture = buildFeed(past);
      const { start, end } = rangeOf({ by, from, length });
      const options = { by: fixture.schema.clocks[by]?.name, where: filter as never, aggregates: every(price, 'f32') as never };
      const plain = new FeedReader<typeof everything>(fixture.source);
      const expected = plain.aggregateSync(start, end, options);
      expect(await plain.aggregate(start, end, options)).toEqual(expected);
      for (const pool of [one, tiny]) {
        const reader = new FeedReader<typeof everything>(fixture.source, { pool });
        expect(await reader.aggregate(start, end, options)).toEqual(expected);
        await reader.close();
      }
    }), 80);
    // Some of them were cut, or the test says nothing of parts.
    expect(map).toHaveBeenCalled();
    map.mockRestore();
  });

  test('so also of chunks that are cut in the middle, in whatever order times are', async () => {
    const fixture = feed(trades, { capacityRows: 300_000, blockRows: 5000, ringSlots: 1 << 19 });
    const at = (i: number): number => 1_000_000 + i + (i % 50_000 < 20_000 ? 0 : Math.floor(Math.sin(i) * 40_000));
    for (let i = 0; i < 410_000; i++) fixture.write(Math.sin(i) * 1000 + i / 7e7, Math.abs(Math.cos(i)) / 3, at(i));
    fixture.drain(400_000);
    const plain = new FeedReader<typeof trades>(fixture.source);
    const reader = new FeedReader<typeof trades>(fixture.source, { pool: tiny });
    const map = vi.spyOn(tiny, 'map');
    const bound = fc.integer({ min: 950_000, max: 1_450_000 });
    const where = fc.option(fc.record({ size: fc.record({ gte: fc.double({ min: 0, max: 0.4, noNaN: true }) }), ts: fc.record({ between: fc.tuple(bound, bound) }) }, { requiredKeys: [] }), { nil: undefined });
    await assertAsyncProperty(fc.asyncProperty(bound, fc.constantFrom(30_000, 200_000, 1e9), where, async (start, length, filter) => {
      const { h: _h, ...aggregates } = every('price', 'size');
      const options = { where: filter as never, aggregates: aggregates as never };
      expect(await reader.aggregate(start, start + length, options)).toEqual(plain.aggregateSync(start, start + length, options));
    }), 25);
    expect(Math.max(...map.mock.calls.map(([parts]) => [...parts].length))).toBeGreaterThanOrEqual(6);
    map.mockRestore();
    await reader.close();
  });

  test('tell how far they are, can be given up, and say what is wrong with what is asked', async () => {
    const fixture = feed(trades, { capacityRows: 256, blockRows: 64, ringSlots: 1024 });
    for (let i = 0; i < 2000; i++) {
      if (i % 500 === 0) fixture.drain();
      fixture.write(i, 1, 1000 + i);
    }
    fixture.drain();
    const reader = new FeedReader<typeof trades>(fixture.source, { pool: tiny });
    const told: { rows: number; of: number }[] = [];
    const aggregates = { n: 'count' } as const;
    expect(await reader.aggregate(0, 1e12, { aggregates, onProgress: (progress) => { told.push(progress); } })).toEqual({ n: 2000 });
    expect(told.at(-1)).toEqual({ rows: 2000, of: 2000 });
    const gone = new AbortController();
    const given = reader.aggregate(0, 1e12, { aggregates, signal: gone.signal });
    gone.abort(new Error('not wanted any more'));
    await expect(given).rejects.toThrow('not wanted any more');
    expect((await failure(() => reader.aggregate(0, 1e12, { aggregates, timeoutMs: 1e-6 }))).code).toBe('DW_QUERY_TIMEOUT');
    expect((await failure(() => reader.aggregate(0, 1e12, { aggregates: { n: { sum: 'prize' } } as never }))).code).toBe('DW_FIELD_UNKNOWN');
    await reader.close();
  });
});
