import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { type MockInstance, afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { chunkPath, isResident } from '@deepwater/core';
import { FeedReader, QueryPool } from '@deepwater/query';
import { pinChunk, unpinChunk } from '../dist/open-chunk.js';
import type { FeedFixture } from './support/feed-fixture.js';
import { feed, trades } from './support/small-feed.js';

const NEAR_ROWS = 1000;
const ROWS_PER_CHUNK = 4096;
const pool = new QueryPool({ threads: 1, nearRows: NEAR_ROWS });
let run: MockInstance<QueryPool['run']>;
beforeAll(() => pool.warmUp());
afterAll(() => pool.close());
beforeEach(() => { run = vi.spyOn(pool, 'run').mockClear(); });

/** Records whose price is their number, 10 units of time apart. */
function filled(count: number, drained = count): { fixture: FeedFixture; reader: FeedReader<typeof trades> } {
  const fixture = feed(trades, { capacityRows: ROWS_PER_CHUNK, blockRows: 256, ringSlots: 16_384 });
  for (let n = 0; n < count; n++) fixture.write(n, n % 7, n * 10);
  fixture.drain(drained);
  return { fixture, reader: new FeedReader<typeof trades>(fixture.source, { pool }) };
}

const prices = (records: readonly (readonly unknown[])[]): unknown[] => records.map(([price]) => price);
const numbers = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

describe('a read of few rows in memory', () => {
  test('is done by the thread that asks, once it has the chunk open; what it gives is the same', async () => {
    const { reader } = filled(10_000);
    expect(prices(await reader.range(12_340, 13_340))).toEqual(numbers(1234, 1334));
    expect(run).toHaveBeenCalledOnce();
    run.mockClear();
    expect(prices(await reader.range(12_340, 13_340))).toEqual(numbers(1234, 1334));
    expect(prices(await reader.range(20_000, 20_010))).toEqual([2000]);
    expect(prices(await reader.range(0, 1e9, { limit: NEAR_ROWS }))).toEqual(numbers(0, NEAR_ROWS));
    expect(prices(await reader.range(12_340, 13_340, { where: { size: { eq: 3 } } }))).toEqual(numbers(1234, 1334).filter((n) => n % 7 === 3));
    expect((await reader.range(30_005, 30_095, { format: 'columns' })).price).toEqual(Float64Array.from(numbers(3001, 3010)));
    expect(run).not.toHaveBeenCalled();
  });

  test('takes what is in the ring with it', async () => {
    const { reader } = filled(10_000, 9800);
    expect(prices(await reader.last(500))).toEqual(numbers(9500, 10_000));
    run.mockClear();
    expect(prices(await reader.last(500))).toEqual(numbers(9500, 10_000));
    expect(run).not.toHaveBeenCalled();
  });

  test('sees what was published when it began', async () => {
    const { fixture, reader } = filled(5000);
    await reader.last(1);
    for (let n = 5000; n < 5010; n++) {
      const read = reader.last(3);
      fixture.write(n, n % 7, n * 10);
      expect(prices(await read)).toEqual(numbers(n - 3, n));
    }
  });
});

describe('a read is one for the pool', () => {
  test('where it looks at more rows', async () => {
    const { reader } = filled(10_000);
    await reader.range(0, 1e9);
    run.mockClear();
    expect(await reader.range(10_000, 20_010)).toHaveLength(NEAR_ROWS + 1);
    expect(await reader.range(0, 1e9, { where: { size: { eq: 3 } } })).toHaveLength(numbers(0, 10_000).filter((n) => n % 7 === 3).length);
    expect(run).toHaveBeenCalledTimes(2);
    expect(await reader.range(10_000, 20_000)).toHaveLength(NEAR_ROWS);
    expect(run).toHaveBeenCalledTimes(2);
  });

  test('where this thread does not have the chunk open', async () => {
    const { reader } = filled(10_000);
    await reader.range(0, 100);
    run.mockClear();
    await reader.range(50_000, 50_100);
    expect(run).toHaveBeenCalledOnce();
    await reader.range(50_100, 50_200);
    expect(run).toHaveBeenCalledOnce();
  });

  test('where the columns would have to be read from the disk', async () => {
    const { fixture, reader } = filled(ROWS_PER_CHUNK * 2);
    const path = chunkPath(fixture.paths, fixture.catalog.view.entry(0).chunkId);
    // Out of the page cache, as after a restart of the machine.
    const file = fs.openSync(path, 'r+');
    fs.fsyncSync(file);
    fs.closeSync(file);
    const emptied = spawnSync('dd', [`if=${path}`, 'iflag=nocache', 'count=0', 'status=none']);
    const chunk = pinChunk(path, fixture.schema, fixture.source.feedUid);
    try {
      const offset = chunk.columnOffsets[fixture.schema.fields[0]!.index]! + 2000 * 8;
      if (emptied.status !== 0 || isResident(chunk.buffer, offset, 8)) {
        console.log('files of the temporary directory do not leave memory here: not shown');
        return;
      }
      expect(prices(await reader.range(20_000, 20_100))).toEqual(numbers(2000, 2010));
      expect(run).toHaveBeenCalledOnce();
      expect(isResident(chunk.buffer, offset, 8)).toBe(true);
      expect(prices(await reader.range(20_000, 20_100))).toEqual(numbers(2000, 2010));
      expect(run).toHaveBeenCalledOnce();
    } finally {
      unpinChunk(path);
    }
  });
});
