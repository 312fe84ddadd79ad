import fs from 'node:fs';
import { describe, expect, test, vi } from 'vitest';
import { ChunkHeader, growCatalog } from '@deepwater/core';
import { FeedReader } from '@deepwater/query';
import { FEED_UID } from './support/feed-fixture.js';
import { failure, feed, watched } from './support/small-feed.js';

describe('files that change under an open reader', () => {
  test('a catalog that has grown is mapped anew', () => {
    const fixture = feed(undefined, { capacityRows: 64, blockRows: 64 });
    const { reader } = watched(fixture);
    for (let n = 0; n < 300 * 64; n++) {
      if (n % 64 === 0) fixture.drain();
      if (fixture.catalog.view.count === fixture.catalog.view.capacity) {
        Object.assign(fixture, { catalog: growCatalog(fixture.paths.catalog, fixture.schema, FEED_UID) });
      }
      fixture.write(n, 1, n);
      if (n === 100 * 64) expect(reader.rangeSync(0, 1e9)).toHaveLength(n + 1);
    }
    fixture.drain();
    expect(reader.rangeSync(0, 1e9, { format: 'columns' }).price).toEqual(Float64Array.from({ length: 300 * 64 }, (_, n) => n));
  });

  test('a catalog that was made again is found, and until then the old one serves', () => {
    const fixture = feed(undefined, { capacityRows: 64, blockRows: 64 });
    for (let n = 0; n < 100; n++) fixture.write(n, 1, n);
    fixture.drain();
    const { reader } = watched(fixture);
    expect(reader.rangeSync(0, 1e9)).toHaveLength(100);
    const copy = fs.readFileSync(fixture.paths.catalog);
    fixture.catalog.view.retire();
    fs.renameSync(fixture.paths.catalog, `${fixture.paths.catalog}.old`);
    expect(reader.rangeSync(0, 1e9)).toHaveLength(100);
    fs.writeFileSync(fixture.paths.catalog, copy);
    expect(reader.rangeSync(0, 1e9)).toHaveLength(100);
  });

  test('chunks that retention deletes go out of every read that begins afterwards', async () => {
    const fixture = feed(undefined, { capacityRows: 64, blockRows: 32 });
    for (let n = 0; n < 300; n++) fixture.write(n, 1, n);
    fixture.drain(290);
    const { reader } = watched(fixture);
    for (let first = 0; first < 256; first += 64) {
      expect(reader.rangeSync(0, 1e9).map(([price]) => price)).toEqual(Array.from({ length: 300 - first }, (_, i) => first + i));
      expect(reader.bounds()).toEqual({ first, next: 300 });
      expect(reader.atSync(first - 1)).toBeUndefined();
      expect(await reader.last(1000)).toHaveLength(300 - first);
      fixture.deleteOldest();
    }
  });

  test('a chunk that is sealed between two looks at its header is read whole', () => {
    for (const looks of [1, 2, 3, 4]) {
      const fixture = feed(undefined, { capacityRows: 64, blockRows: 32 });
      for (let n = 0; n < 40; n++) fixture.write(n, 1, n);
      fixture.drain();
      const { reader } = watched(fixture);
      const state = Object.getOwnPropertyDescriptor(ChunkHeader.prototype, 'state') as PropertyDescriptor & { get(): number };
      let left = looks;
      vi.spyOn(ChunkHeader.prototype, 'state', 'get').mockImplementation(function look(this: ChunkHeader) {
        const seen = state.get.call(this);
        left -= 1;
        if (left === 0) fixture.seal();
        return seen;
      });
      try {
        expect(reader.rangeSync(0, 1e9).map(([price]) => price)).toEqual(Array.from({ length: 40 }, (_, n) => n));
        expect(left).toBeLessThan(looks);
      } finally {
        vi.restoreAllMocks();
      }
    }
  });

  test('a feed that was deleted and made again under the same name is another feed', async () => {
    const fixture = feed(undefined, { capacityRows: 64, blockRows: 32 });
    for (let n = 0; n < 100; n++) fixture.write(n, 1, n);
    fixture.drain();
    const { reader } = watched(fixture);
    expect(reader.rangeSync(0, 1e9)).toHaveLength(100);
    const stranger = new FeedReader({ ...fixture.source, feedUid: 'ffffffffffffffff' });
    expect((await failure(() => stranger.rangeSync(0, 1))).message).toContain('it belongs to another feed');
  });
});

describe('the event loop', () => {
  test('turns while an async read is under way, and the read is of one moment', async () => {
    const fixture = feed(undefined, { capacityRows: 16384 });
    for (let n = 0; n < 100_000; n++) {
      if (n % 4096 === 0) fixture.drain();
      fixture.write(n, 1, n);
    }
    const { reader } = watched(fixture);
    let turns = 0;
    let running = true;
    const turn = (): void => {
      turns += 1;
      fixture.write(-1, 1, 5);
      if (turns % 50 === 0) fixture.drain();
      if (running) setImmediate(turn);
    };
    setImmediate(turn);
    const records = await reader.range(0, 1e9, { format: 'object' });
    running = false;
    expect(turns).toBeGreaterThan(2);
    expect(records).toHaveLength(100_000);
    expect(records.findIndex(({ price }, n) => price !== n)).toBe(-1);
  });

  test('a source can be posted to a thread and read there', async () => {
    const fixture = feed();
    fixture.write(1, 2, 3);
    const { Worker } = await import('node:worker_threads');
    const worker = new Worker(
      `const { parentPort, workerData } = require('node:worker_threads');
       import(workerData.query).then(({ FeedReader }) => parentPort.postMessage(new FeedReader(workerData.source).rangeSync(0, 9, { format: 'object' })));`,
      { eval: true, workerData: { source: fixture.source, query: new URL('../dist/index.js', import.meta.url).href } },
    );
    const answer = await new Promise((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
    await worker.terminate();
    expect(answer).toEqual([{ price: 1, size: 2, ts: 3 }]);
  });
});
