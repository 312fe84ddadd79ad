import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type BarsOptions, FeedReader, QueryPool } from '@deepwater/query';
import { build, history, span } from './support/bar-feed.js';
import { failure, feed, trades } from './support/small-feed.js';
import { assertAsyncProperty } from './support/seed.js';

/** Parts of so few bytes that a few chunks are many parts. */
let tiny: QueryPool;
beforeAll(async () => {
  tiny = new QueryPool({ threads: 2, morselBytes: 700 });
  await tiny.warmUp();
});
afterAll(() => tiny.close());

const kind = fc.constantFrom<Partial<BarsOptions>>({ resolution: '1ms' }, { resolution: '7ms' }, { resolution: '100ms' }, { resolution: '1s' }, { ticks: 9 }, { imbalance: { of: 'ticks', threshold: 3 } });
const more = fc.record({
  fill: fc.constantFrom('none', 'previous'), format: fc.constantFrom('object', 'columns'), limit: fc.option(fc.integer({ min: 0, max: 60 }), { nil: undefined }),
  where: fc.option(fc.constantFrom({ side: 'B' }, { side: { in: ['S', 's', 'x'] } }), { nil: undefined }),
}, { requiredKeys: [] });

describe('bars that the pool makes', () => {
  test('are those that the thread makes itself, digit for digit, in parts and while the feed is written', async () => {
    const map = vi.spyOn(tiny, 'map');
    await assertAsyncProperty(fc.asyncProperty(history, kind, span, more, async (past, asked, { from, ms }, rest) => {
      const { fixture } = build(past);
      const { epoch, second } = past.shape;
      const start = epoch + (BigInt(from) * second) / 1000n;
      const end = start + (BigInt(ms) * second) / 1000n;
      const options = { ...asked, ...rest, ...('resolution' in asked ? {} : { fill: undefined }) } as BarsOptions;
      const warned: string[] = [];
      const reader = new FeedReader(fixture.source, { pool: tiny, onWarning: ({ message }) => { warned.push(message); } });
      const expected = reader.barsSync(start, end, options);
      const told = warned.splice(0);
      const made = reader.bars(start, end, options);
      // What comes after the call is not in its bars, and rows leave the ring while they are made.
      fixture.drain(past.seed % 100);
      const { values } = fixture.records[0] ?? { values: undefined };
      if (values !== undefined && fixture.writer.position - fixture.ring.tail < 500) fixture.write(...values);
      expect(await made).toEqual(expected);
      expect(warned).toEqual(told);
      await reader.close();
    }), 120);
    // Some of them were cut, or the test says nothing of parts.
    expect(map.mock.calls.length).toBeGreaterThan(20);
    map.mockRestore();
  });

  test('are made in the thread until the pool is there', async () => {
    const pool = new QueryPool({ threads: 1 });
    const run = vi.spyOn(pool, 'run');
    const fixture = feed(trades, { capacityRows: 256, blockRows: 64 });
    for (let i = 0; i < 100; i++) fixture.write(i, 1, 1000 + i);
    const reader = new FeedReader<typeof trades>(fixture.source, { pool });
    expect(await reader.bars(0, 1e12, { ticks: 100 })).toHaveLength(1);
    expect(run).not.toHaveBeenCalled();
    await expect.poll(() => pool.warm).toBe(true);
    expect(await reader.bars(0, 1e12, { ticks: 100 })).toHaveLength(1);
    expect(run).toHaveBeenCalled();
    await reader.close();
    await pool.close();
  });

  test('can be given up, have a deadline, and tell how far they are', async () => {
    const fixture = feed(trades, { capacityRows: 256, blockRows: 64, ringSlots: 1024 });
    for (let i = 0; i < 3000; i++) {
      if (i % 500 === 0) fixture.drain();
      fixture.write(i, 1, 1000 + i);
    }
    fixture.drain();
    const reader = new FeedReader<typeof trades>(fixture.source, { pool: tiny });
    const told: { rows: number; of: number }[] = [];
    expect(await reader.bars(0, 1e12, { resolution: '1ms', onProgress: (progress) => { told.push(progress); } })).toHaveLength(3);
    expect(told.at(-1)?.rows).toBe(told.at(-1)?.of);
    expect(told.at(-1)?.rows).toBeGreaterThanOrEqual(3000);
    const gone = new AbortController();
    const given = reader.bars(0, 1e12, { resolution: '1ms', signal: gone.signal });
    gone.abort(new Error('not wanted any more'));
    await expect(given).rejects.toThrow('not wanted any more');
    expect((await failure(() => reader.bars(0, 1e12, { resolution: '1ms', timeoutMs: 1e-6 }))).code).toBe('DW_QUERY_TIMEOUT');
    expect((await failure(() => reader.bars(0, 1e12, { resolution: '1ms', where: { price: 'a' } as never }))).code).toBe('DW_FILTER_INVALID');
    await reader.close();
  });
});
