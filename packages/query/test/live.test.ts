import { once } from 'node:events';
import fs, { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { feedPaths, parseFeedSpec } from '@deepwater/core';
import { FeedReader, type ReaderSource } from '@deepwater/query';
import { FEED_UID, FeedFixture, STORE_ID } from './support/feed-fixture.js';
import { assertProperty } from './support/seed.js';

const spec = {
  name: 'live',
  fields: [
    { name: 'n', type: 'float64' },
    { name: 'odd', type: 'uint32' },
    { name: 'low', type: 'uint16' },
    { name: 'ts', type: 'uint64' },
  ],
  timestamp: 'ts',
} as const;

const cleanUps: (() => void)[] = [];
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp();
});

/** The time that live-writer.mjs gives to record n. */
const timeOf = (n: number): number => 1_700_000_000_000_000 + (n % 97 === 0 ? Math.floor(n / 2) : n) * 10;
const ALL = [0, 2 ** 53 - 1] as const;

describe('a reader while the feed is written', () => {
  test('whose first writer comes between its looks at the catalog and at the chunks', () => {
    const fixture = new FeedFixture(spec, { capacityRows: 128, blockRows: 32, ringSlots: 1024 });
    cleanUps.push(() => { fixture.remove(); });
    for (let n = 0; n < 200; n++) fixture.write(n, 0, 0, timeOf(n));
    fixture.drain();
    const { catalog } = fixture.paths;
    fs.renameSync(catalog, `${catalog}.later`);
    const list = fs.readdirSync;
    const looks = vi.spyOn(fs, 'readdirSync').mockImplementation(((...args: Parameters<typeof list>) => {
      if (fs.existsSync(`${catalog}.later`)) fs.renameSync(`${catalog}.later`, catalog);
      return list(...args);
    }) as typeof list);
    cleanUps.push(() => { looks.mockRestore(); });
    expect(new FeedReader(fixture.source).rangeSync(...ALL)).toHaveLength(200);
    expect(looks).toHaveBeenCalled();
  });

  test('what happens between two batches changes nothing but what retention deletes', () => {
    const step = fc.record({ write: fc.integer({ min: 0, max: 90 }), drain: fc.integer({ min: 0, max: 200 }), remove: fc.boolean() });
    assertProperty(fc.property(fc.integer({ min: 0, max: 500 }), fc.integer({ min: 0, max: 500 }), fc.array(step, { minLength: 1, maxLength: 8 }), fc.integer({ min: 5, max: 60 }), (written, drained, steps, batchRows) => {
      const fixture = new FeedFixture(spec, { capacityRows: 128, blockRows: 32, ringSlots: 1024 });
      cleanUps.push(() => { fixture.remove(); });
      const write = (count: number): void => {
        for (let i = 0; i < count; i++) {
          const n = fixture.writer.position;
          if (n - fixture.tail >= 1024) fixture.drain(100);
          fixture.write(n, n * 2 + 1, n % 65536, 1000 + ((n * 37) % 500));
        }
      };
      write(written);
      fixture.drain(drained);
      const head = fixture.writer.position;
      const seen: number[] = [];
      let at = 0;
      let deleted = 0;
      for (const batch of new FeedReader(fixture.source).batchesSync(0, 10_000, { batchRows, columns: ['n'] })) {
        seen.push(...(batch.columns as { n: Float64Array }).n);
        const { write: more, drain, remove } = steps[at++ % steps.length]!;
        write(more);
        fixture.drain(drain);
        if (remove && fixture.catalog.view.firstLive < fixture.catalog.view.count - 1) {
          fixture.deleteOldest();
          deleted = fixture.records[0]!.sequence;
        }
      }
      // In order, none twice, none of later; missing may only be what was deleted before the reader came to it.
      expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b));
      expect(seen.every((n) => n < head)).toBe(true);
      expect(seen.filter((n) => n >= deleted)).toEqual(Array.from({ length: Math.max(0, head - deleted) }, (_, i) => deleted + i));
    }), 60);
  });

  test('what a reader remembers of the chunk that is being filled is right at every moment, in order or not', () => {
    const step = fc.record({ times: fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 12 }), rising: fc.boolean(), from: fc.integer({ min: 0, max: 400 }), length: fc.integer({ min: 0, max: 60 }) });
    assertProperty(fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), (steps) => {
      const fixture = new FeedFixture(spec, { capacityRows: 64, blockRows: 16, ringSlots: 1024 });
      cleanUps.push(() => { fixture.remove(); });
      const reader = new FeedReader<typeof spec>(fixture.source);
      const times: number[] = [];
      let top = 0;
      for (const { times: offsets, rising, from, length } of steps) {
        for (const offset of offsets) {
          top += rising ? offset : 0;
          const n = times.push(rising ? top : offset) - 1;
          fixture.write(n, n, n, times[n]);
        }
        fixture.drain();
        const wanted = times.flatMap((time, n) => (time >= from && time < from + length ? [n] : []));
        expect([...reader.rangeSync(from, from + length, { format: 'columns' }).n]).toEqual(wanted);
      }
    }), 150);
  });

  test('a writer at full speed: each read is one whole, gapless prefix of the feed', async () => {
    const records = 400_000;
    const { reader, begin, done, finish } = await startWriter({ persist: true, records, reads: 8, slotCount: 256, capacityRows: 2048, blockRows: 64 });
    let reads = 0;
    let known = 0;
    while (!done()) {
      begin();
      const columns = reader.rangeSync(...ALL, { format: 'columns' });
      const wrong = columns.n.findIndex((n, i) => n !== i || columns.odd[i] !== (i * 2 + 1) >>> 0 || columns.low[i] !== i % 65536 || columns.ts[i] !== BigInt(timeOf(i)));
      expect(wrong).toBe(-1);
      expect(columns.n.length).toBeGreaterThanOrEqual(known);
      known = columns.n.length;
      const last = reader.lastSync(100, { format: 'columns', columns: ['n'] }).n;
      expect([...last]).toEqual(Array.from(last, (_, i) => last[0]! + i));
      const sliced = await reader.range(...ALL, { format: 'columns', columns: ['n', 'ts'] });
      expect(sliced.n.findIndex((n, i) => n !== i)).toBe(-1);
      const newest = reader.newest();
      if (newest !== undefined) expect(newest.time).toBe(timeOf(newest.sequence));
      reads += 1;
    }
    await finish();
    expect(reads).toBeGreaterThanOrEqual(8);
    expect(reader.rangeSync(...ALL, { format: 'columns', columns: ['n'] }).n.length).toBe(records);
    const from = timeOf(records - 5000);
    const wanted = Array.from({ length: records }, (_, n) => n).filter((n) => timeOf(n) >= from);
    expect([...reader.rangeSync(from, ALL[1], { format: 'columns', columns: ['n'] }).n]).toEqual(wanted);
  });

  test('a memory feed that is overwritten all the time: no torn record, no hole', async () => {
    const { reader, done, finish } = await startWriter({ persist: false, records: 20_000_000, reads: 0, slotCount: 4096, capacityRows: 64, blockRows: 64 });
    let reads = 0;
    let rows = 0;
    const end = performance.now() + 2000;
    while (!done() && performance.now() < end) {
      const { n, odd, low, ts } = reader.rangeSync(...ALL, { format: 'columns' });
      const first = n[0] ?? 0;
      expect(n.findIndex((value, i) => value !== first + i || odd[i] !== (value * 2 + 1) >>> 0 || low[i] !== value % 65536 || ts[i] !== BigInt(timeOf(value)))).toBe(-1);
      rows += n.length;
      reads += 1;
      await new Promise((resume) => { setImmediate(resume); });
    }
    await finish();
    expect(reads).toBeGreaterThan(3);
    expect(rows).toBeGreaterThan(0);
  });
});

interface LiveFeed {
  readonly reader: FeedReader<typeof spec>;
  readonly done: () => boolean;
  /** Says that a read begins. */
  readonly begin: () => void;
  readonly finish: () => Promise<void>;
}

/** @param options.reads how many reads must have begun, at least, before the writer has written everything */
async function startWriter(options: { persist: boolean; records: number; reads: number; slotCount: number; capacityRows: number; blockRows: number }): Promise<LiveFeed> {
  const basePath = mkdtempSync(path.join(os.tmpdir(), 'deepwater-query-live-'));
  cleanUps.push(() => { rmSync(basePath, { recursive: true, force: true }); });
  const parsed = parseFeedSpec({ ...spec, persist: options.persist });
  const source: ReaderSource = { basePath, storeId: STORE_ID, feedUid: FEED_UID, spec: parsed };
  mkdirSync(feedPaths(basePath, spec.name).chunks, { recursive: true });
  const stop = new Int32Array(new SharedArrayBuffer(8));
  const worker = new Worker(new URL('./support/live-writer.mjs', import.meta.url), { workerData: { source, stop, ...options } });
  cleanUps.push(() => { void worker.terminate(); });
  const exited = once(worker, 'exit');
  let done = false;
  const failed = new Promise<never>((_, reject) => { worker.once('error', (error) => { done = true; reject(error); }); });
  failed.catch(() => undefined);
  await Promise.race([once(worker, 'message'), failed]);
  worker.once('message', () => { done = true; });
  return {
    reader: new FeedReader<typeof spec>(source),
    done: () => done,
    begin: () => {
      Atomics.add(stop, 1, 1);
      Atomics.notify(stop, 1);
    },
    finish: async () => {
      Atomics.store(stop, 0, 1);
      Atomics.notify(stop, 1);
      await Promise.race([exited, failed]);
    },
  };
}
