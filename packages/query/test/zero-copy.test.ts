import fs from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chunkPath } from '@deepwater/core';
import { DeepwaterError } from '@deepwater/core';
import { FeedReader } from '@deepwater/query';
import { feed, trades, watched } from './support/small-feed.js';
import type { FeedFixture } from './support/feed-fixture.js';
import { assertProperty } from './support/seed.js';

/** Records whose price is their sequence number; times rise by 10. */
function fill(fixture: FeedFixture, count: number, drained = count): void {
  let left = drained;
  for (let n = 0; n < count; n++) {
    if (fixture.writer.position - fixture.tail >= 4096) {
      fixture.drain(2048);
      left -= 2048;
    }
    fixture.write(n, n % 7, 1000 + n * 10);
  }
  fixture.drain(left);
}

describe('segments', () => {
  test('are the pages of the chunk, and yet the caller’s own', () => {
    const fixture = feed(undefined, { capacityRows: 4096, blockRows: 1024 });
    fill(fixture, 5000, 4500);
    const { reader } = watched(fixture);
    const file = fs.readFileSync(chunkPath(fixture.paths, 1));
    const segments = reader.rangeSync(0, 1e9, { format: 'segments' });
    expect(segments.map(({ rows, firstSequence }) => [rows, firstSequence])).toEqual([[4096, 0], [404, 4096], [500, 4500]]);
    expect(segments[0]?.columns.price.buffer).toBeInstanceOf(SharedArrayBuffer);
    segments[0]?.columns.price.reverse();
    segments[0]?.columns.ts.fill(0n);
    expect(segments[0]?.columns.price[0]).toBe(4095);
    expect(fs.readFileSync(chunkPath(fixture.paths, 1)).equals(file)).toBe(true);
    expect(reader.rangeSync(0, 1e9, { format: 'segments' })[0]?.columns.price[0]).toBe(0);
    expect(reader.rangeSync(1000, 1010)).toEqual([[0, 0, 1000]]);
  });

  test('refuse their columns after release, which frees nobody else', () => {
    const fixture = feed();
    fill(fixture, 100);
    const { reader } = watched(fixture);
    const [first] = reader.rangeSync(0, 1e9, { format: 'segments' });
    const [second] = reader.rangeSync(0, 1e9, { format: 'segments' });
    const kept = first?.columns.price;
    first?.release();
    first?.release();
    expect(() => first?.columns).toThrow(DeepwaterError);
    expect(() => first?.columns).toThrow(/used after release/);
    expect(second?.columns.price[99]).toBe(99);
    expect(kept?.[99]).toBe(99);
  });

  test('outlive the reader and the file', async () => {
    const fixture = feed(undefined, { capacityRows: 256, blockRows: 64 });
    fill(fixture, 600);
    const { reader } = watched(fixture);
    const segments = reader.rangeSync(0, 1e9, { format: 'segments', columns: ['price'] });
    fixture.deleteOldest();
    await reader.close();
    expect(segments.flatMap(({ columns }) => [...columns.price])).toEqual(Array.from({ length: 600 }, (_, n) => n));
  });

  test('runs cut by times out of order are segments of their own, unless there are too many', () => {
    const few = feed(undefined, { capacityRows: 1024, blockRows: 256 });
    for (let n = 0; n < 1000; n++) few.write(n, 1, n % 100 === 0 ? 5 : 1000 + n);
    few.drain();
    const segments = watched(few).reader.rangeSync(1000, 1e9, { format: 'segments' });
    expect(segments.map(({ firstSequence, rows }) => [firstSequence, rows])).toEqual(Array.from({ length: 10 }, (_, i) => [i * 100 + 1, 99]));

    const many = feed(undefined, { capacityRows: 1024, blockRows: 256 });
    for (let n = 0; n < 1000; n++) many.write(n, 1, n % 2 === 0 ? 5 : 1000 + n);
    many.drain();
    const [copied, ...none] = watched(many).reader.rangeSync(1000, 1e9, { format: 'segments' });
    expect(none).toEqual([]);
    expect([...(copied?.columns.price ?? [])]).toEqual(Array.from({ length: 500 }, (_, i) => 2 * i + 1));
  });
});

describe('large columns', () => {
  test('laid side by side from many chunks equal a copy, wherever they begin and end', () => {
    // 4096 rows of 8 bytes are whole pages, 4160 are not: both ways must give the same.
    for (const capacityRows of [4096, 8192, 4160]) {
      const fixture = feed({ ...trades, name: `wide${capacityRows}`, fields: [...trades.fields, { name: 'flag', type: 'uint8' }, { name: 'note', type: 'string', bytes: 3 }] }, { capacityRows, blockRows: 64 });
      const count = 40_000;
      for (let n = 0; n < count; n++) {
        if (fixture.writer.position - fixture.tail >= 4096) fixture.drain(2000);
        fixture.write(n, n % 7, 1000 + n, n % 251, String(n % 1000));
      }
      fixture.drain(100);
      const reader = new FeedReader(fixture.source);
      assertProperty(fc.property(fc.integer({ min: 0, max: 15_000 }), fc.integer({ min: 20_000, max: 41_000 }), (from, to) => {
        const { price, size, ts, flag, note } = reader.rangeSync(1000 + from, 1000 + to, { format: 'columns' }) as Record<string, Float64Array>;
        const rows = Math.min(to, count) - from;
        expect([price?.length, size?.length, ts?.length, flag?.length, note?.length]).toEqual([rows, rows, rows, rows, rows * 3]);
        expect(price?.findIndex((value, i) => value !== from + i || size?.[i] !== (from + i) % 7 || flag?.[i] !== (from + i) % 251 || (ts as unknown as BigUint64Array)[i] !== BigInt(1000 + from + i))).toBe(-1);
        expect(Buffer.from(note as unknown as Uint8Array).toString().replaceAll('\0', ' ')).toBe(Array.from({ length: rows }, (_, i) => String((from + i) % 1000).padEnd(3)).join(''));
      }), 12);
    }
  });

  test('are private: what is stored in them reaches no file', () => {
    const fixture = feed(undefined, { capacityRows: 8192, blockRows: 1024 });
    fill(fixture, 30_000);
    const { reader } = watched(fixture);
    const columns = reader.rangeSync(0, 1e9, { format: 'columns' });
    columns.price.fill(-1);
    columns.ts.reverse();
    const again = reader.rangeSync(0, 1e9, { format: 'columns' });
    expect(again.price.findIndex((value, i) => value !== i)).toBe(-1);
    expect(again.ts.findIndex((value, i) => value !== BigInt(1000 + i * 10))).toBe(-1);
  });

  test('hold no rows that were committed after the read', () => {
    const fixture = feed(undefined, { capacityRows: 65536, blockRows: 64 });
    fill(fixture, 20_000, 20_000);
    const { reader } = watched(fixture);
    const columns = reader.rangeSync(0, 1e9, { format: 'columns' });
    for (let n = 0; n < 3000; n++) fixture.write(-5, 0, 1000);
    fixture.drain();
    expect(columns.price.length).toBe(20_000);
    // Nor behind the end, where the rest of the last page lies.
    const behind = new Float64Array(columns.price.buffer as ArrayBuffer, columns.price.byteOffset + 20_000 * 8, 64);
    expect([...behind]).toEqual(new Array(64).fill(0));
  });

  test('thousands of results one after the other find room: unused ones are collected', () => {
    const fixture = feed(undefined, { capacityRows: 16384, blockRows: 4096 });
    fill(fixture, 16384);
    const { reader } = watched(fixture);
    for (let round = 0; round < 20_000; round++) {
      const { price } = reader.rangeSync(0, 1e9, { format: 'columns' });
      if (price[16383] !== 16383) throw new Error(`round ${round}`);
    }
  });
});
