import { fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { CATALOG, CHUNK, type DeepwaterError, RING, SEAL_REASON, chunkPath, crc32, feedPaths, peekChunk } from '@deepwater/core';
import { attachWriter } from '@deepwater/ingest';
import { chunksOf, feedSource, firstWrong, ingest, openFiles, recordOf, selfChecking, temporaryStore } from './support/feed.js';
import { SEED } from '../../../test/support/seed.js';

const stores: { remove: () => void }[] = [];
function newStore(): string {
  const store = temporaryStore();
  stores.push(store);
  fs.mkdirSync(path.join(store.path, 'feeds'));
  return store.path;
}
afterAll(() => { stores.forEach((store) => { store.remove(); }); });

/** Of deaths; SEED=… repeats it. */

const code = (error: unknown): string => (error as DeepwaterError).code;

describe('a writer', () => {
  it('moves every record to chunks, in order, over many rotations', async () => {
    const source = feedSource(newStore(), { ...selfChecking, chunkSizeBytes: 20_000, ringRecords: 256 });
    const { service } = ingest();
    const writer = await service.openWriter(source);
    for (let n = 0; n < 50_000; n++) writer.writeValues(...recordOf(n));
    await writer.flush();
    expect(writer.flushedPosition).toBe(50_000);
    await writer.close();
    await service.close();
    const chunks = [...chunksOf(source)];
    expect(chunks.length).toBeGreaterThan(50);
    expect(chunks.every((chunk) => chunk.sealed)).toBe(true);
    expect(chunks.map((chunk) => firstWrong(chunk)).filter((wrong) => wrong !== undefined)).toEqual([]);
    expect(chunks.reduce((rows, chunk) => rows + chunk.rows, 0)).toBe(50_000);
  });

  it('leaves flushed records in the chunk while it goes on, and describes complete blocks truly', async () => {
    const source = feedSource(newStore(), { ...selfChecking, chunkSizeBytes: 4 << 20 });
    const { service } = ingest();
    const writer = await service.openWriter(source);
    for (let n = 0; n < 40_000; n++) writer.writeValues(...recordOf(n));
    await writer.flush();
    const [chunk] = [...chunksOf(source)];
    expect(chunk?.rows).toBe(40_000);
    expect(chunk?.sealed).toBe(false);
    await writer.close();
    await service.close();
    const { catalog, schema } = openFiles(source);
    const entry = catalog.entry(0);
    expect(entry.ranges).toEqual([{ min: BigInt(recordOf(0)[4]), max: BigInt(recordOf(39_999)[4]) }]);
    expect(entry.sortedMask).toBe(1);
    expect(entry.sealReason).toBe(SEAL_REASON.CLOSED);
    expect(catalog.entryHolds(0)).toBe(true);
    expect(schema.clocks).toHaveLength(1);
  });

  it('keeps true minima and maxima of every clock when times come out of order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.integer({ min: 0, max: 1e9 }), fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n })), { minLength: 1, maxLength: 700 }), async (times) => {
        const source = feedSource(newStore(), {
          name: 'clocks',
          fields: [{ name: 'exchange_us', type: 'uint64' }, { name: 'receive_ns', type: 'int64', unit: 'ns' }],
          timestamp: 'exchange_us', clocks: ['receive_ns'], chunkSizeBytes: 4096,
        });
        const { service } = ingest();
        const writer = await service.openWriter(source);
        for (const time of times) writer.writeValues(...time);
        await writer.close();
        await service.close();
        const { catalog } = openFiles(source);
        let at = 0;
        for (let i = 0; i < catalog.count; i++) {
          const { rows, ranges, sortedMask } = catalog.entry(i);
          const part = times.slice(at, (at += rows));
          const columns = [part.map(([us]) => BigInt(us)), part.map(([, ns]) => ns)];
          columns.forEach((column, c) => {
            const order = [...column].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
            expect(ranges[c]).toEqual({ min: order[0], max: order.at(-1) });
            expect((sortedMask >> c) & 1).toBe(column.every((t, j) => j === 0 || t >= (column[j - 1] as bigint)) ? 1 : 0);
          });
        }
        expect(at).toBe(times.length);
      }),
      { numRuns: 12 },
    );
  });

  it('begins a new chunk for each writer and goes on with the numbers', async () => {
    const source = feedSource(newStore(), selfChecking);
    for (let session = 0; session < 3; session++) {
      const { service } = ingest();
      const writer = await service.openWriter(source);
      expect(writer.position).toBe(session * 10);
      for (let n = 0; n < 10; n++) writer.writeValues(...recordOf(session * 10 + n));
      await writer.close();
      await service.close();
    }
    const chunks = [...chunksOf(source)];
    expect(chunks.map((chunk) => [chunk.firstSequence, chunk.rows])).toEqual([[0, 10], [10, 10], [20, 10]]);
    expect(openFiles(source).ring).toBeUndefined();
  });

  it('leaves no chunk behind when nothing was written, and little disk in use when little was', async () => {
    const source = feedSource(newStore(), selfChecking);
    const { service } = ingest();
    await (await service.openWriter(source)).close();
    const paths = feedPaths(source.basePath, 'checked');
    expect(fs.readdirSync(paths.chunks)).toEqual([]);
    const writer = await service.openWriter(source);
    writer.writeValues(...recordOf(0));
    await writer.close();
    await service.close();
    const stat = fs.statSync(chunkPath(paths, 1));
    expect(stat.size).toBeGreaterThan(60 << 20);
    expect(stat.blocks * 512).toBeLessThan(256 << 10);
  });

  it('is the only one: a second is refused, in this process and in others', async () => {
    const source = feedSource(newStore(), selfChecking);
    const { service } = ingest();
    const writer = await service.openWriter(source);
    const other = ingest();
    await expect(other.service.openWriter(source)).rejects.toMatchObject({ code: 'DW_WRITER_EXISTS', values: { pid: process.pid } });
    const child = fork(fileURLToPath(new URL('./support/second-writer.mjs', import.meta.url)), [JSON.stringify(source)], { execArgv: [] });
    expect(await new Promise((resolve) => child.once('message', resolve))).toBe('DW_WRITER_EXISTS');
    await writer.close();
    await (await other.service.openWriter(source)).close();
    await service.close();
    await other.service.close();
  });

  // Process ids mean nothing across namespaces: two containers that share a volume. The lock is the kernel's, and does not use them.
  it.skipIf(spawnSync('unshare', ['-rpf', '--mount-proc', 'true']).status !== 0)('is one for all PID namespaces', async () => {
    const source = feedSource(newStore(), selfChecking);
    const { service } = ingest();
    const writer = await service.openWriter(source);
    const script = fileURLToPath(new URL('./support/second-writer.mjs', import.meta.url));
    const inside = (): string => spawnSync('unshare', ['-rpf', '--mount-proc', process.execPath, script, JSON.stringify(source)], { encoding: 'utf8' }).stdout.trim();
    expect(inside()).toBe('DW_WRITER_EXISTS');
    await writer.close();
    expect(inside()).toBe('opened');
    await service.close();
  });

  it('refuses what does not fit and has written nothing of it', async () => {
    const source = feedSource(newStore(), selfChecking);
    const { service } = ingest();
    const writer = await service.openWriter(source);
    const [sequence, square, side, small, time] = recordOf(0);
    const bad: [unknown[], string][] = [
      [[sequence, square, side, 65536, time], 'DW_VALUE_RANGE'],
      [[sequence, square, side, NaN, time], 'DW_VALUE_RANGE'],
      [[sequence, square, side, 1.5, time], 'DW_VALUE_RANGE'],
      [[sequence, square, 'BS', small, time], 'DW_VALUE_RANGE'],
      [[sequence, square, 1, small, time], 'DW_VALUE_TYPE'],
      [['1', square, side, small, time], 'DW_VALUE_TYPE'],
      [[sequence, square, side, small, -1], 'DW_VALUE_RANGE'],
      [[sequence, square, side, small, 2 ** 53], 'DW_VALUE_RANGE'],
      [[sequence, square, side, small], 'DW_VALUE_COUNT'],
      [[sequence, square, side, small, time, 1], 'DW_VALUE_COUNT'],
    ];
    for (const [values, expected] of bad) {
      let thrown: unknown;
      try {
        writer.writeValues(...values);
      } catch (error) {
        thrown = error;
      }
      expect([values, code(thrown)]).toEqual([values, expected]);
    }
    expect(writer.position).toBe(0);
    writer.writeValues(...recordOf(0));
    await writer.close();
    expect(() => { writer.writeValues(...recordOf(1)); }).toThrow(expect.objectContaining({ code: 'DW_WRITER_CLOSED' }) as Error);
    await service.close();
    expect([...chunksOf(source)].map((chunk) => [chunk.rows, firstWrong(chunk)])).toEqual([[1, undefined]]);
  });

  it('seals a chunk that has grown old, though nothing more comes', async () => {
    const source = feedSource(newStore(), { ...selfChecking, chunkMaxAgeHours: 0.2 / 3600 });
    const { service } = ingest();
    const writer = await service.openWriter(source);
    writer.writeValues(...recordOf(0));
    await expect.poll(() => [...chunksOf(source)].map((chunk) => [chunk.rows, chunk.sealed]), { timeout: 20_000 }).toEqual([[1, true]]);
    expect(openFiles(source).catalog.entry(0).sealReason).toBe(SEAL_REASON.AGE);
    writer.writeValues(...recordOf(1));
    await writer.close();
    await service.close();
    expect([...chunksOf(source)].map((chunk) => [chunk.firstSequence, chunk.rows, firstWrong(chunk)])).toEqual([[0, 1, undefined], [1, 1, undefined]]);
  });

  it('syncs by itself in the rhythm that the feed asks for', async () => {
    const source = feedSource(newStore(), { ...selfChecking, durability: { level: 'sync', intervalMs: 20 } });
    const { service } = ingest();
    const writer = await service.openWriter(source);
    for (let n = 0; n < 100; n++) writer.writeValues(...recordOf(n));
    const paths = feedPaths(source.basePath, 'checked');
    await expect.poll(() => peekChunk(chunkPath(paths, 1)).header.syncedRows, { timeout: 20_000 }).toBe(100);
    await writer.close();
    await service.close();
  });

  it('keeps symbols in the dictionary over writers', async () => {
    const source = feedSource(newStore(), {
      name: 'symbols', fields: [{ name: 'venue', type: 'symbol' }, { name: 't', type: 'uint64' }], timestamp: 't',
    });
    const codes: number[] = [];
    for (const venues of [['XNYS', 'XNAS', 'XNYS'], ['ARCX', 'XNAS']]) {
      const { service } = ingest();
      const writer = await service.openWriter(source);
      venues.forEach((venue, i) => { writer.writeValues(venue, i); });
      await writer.close();
      await service.close();
    }
    for (const chunk of chunksOf(source)) for (let row = 0; row < chunk.rows; row++) codes.push(chunk.columns[0]!.getUint32(row * 4, true));
    expect(codes).toEqual([0, 1, 0, 2, 1]);
  });
});

describe('a writer in a worker thread', () => {
  it('writes through a handle, one holder at a time', async () => {
    const source = feedSource(newStore(), { ...selfChecking, ringRecords: 1024, chunkSizeBytes: 100_000 });
    const { service } = ingest();
    const writer = await service.openWriter(source);
    writer.writeValues(...recordOf(0));
    const handle = writer.handle();
    expect(() => { writer.writeValues(...recordOf(1)); }).toThrow(expect.objectContaining({ code: 'DW_HANDLE_IN_USE' }) as Error);
    const worker = new Worker(new URL('./support/attached-writer.mjs', import.meta.url), { workerData: { handle, records: 30_000 } });
    const said = await new Promise<{ position: number; second: string }>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
    expect(said).toEqual({ position: 30_001, second: 'DW_HANDLE_IN_USE' });
    await writer.close();
    await service.close();
    const chunks = [...chunksOf(source)];
    expect(chunks.map((chunk) => firstWrong(chunk)).filter(Boolean)).toEqual([]);
    expect(chunks.reduce((rows, chunk) => rows + chunk.rows, 0)).toBe(30_001);
  });
});

describe('a writer thread that is terminated', () => {
  it('leaves the right to write to the next one, and what it published; it does not stand in the way of closing', async () => {
    const source = feedSource(newStore(), { ...selfChecking, ringRecords: 1024, chunkSizeBytes: 100_000 });
    const { service } = ingest();
    const writer = await service.openWriter(source);
    let published = 0;
    for (let death = 0; death < 4; death++) {
      // The second of two is refused as long as the first one lives.
      const [worker, second] = [0, 1].map(() => new Worker(new URL('./support/endless-writer.mjs', import.meta.url)));
      worker!.postMessage(writer.handle());
      await once(worker!, 'message');
      second!.postMessage(writer.handle());
      expect(await once(second!, 'message')).toEqual(['DW_HANDLE_IN_USE']);
      await expect(writer.close()).rejects.toMatchObject({ code: 'DW_HANDLE_IN_USE' });
      await expect.poll(() => writer.ring.head - published).toBeGreaterThan(5000);
      await Promise.all([worker!.terminate(), second!.terminate()]);
      published = writer.ring.head;
    }
    const next = attachWriter(writer.handle());
    expect(next.position).toBe(published);
    for (let n = published; n < published + 100; n++) next.writeValues(...recordOf(n));
    await next.close();
    const last = new Worker(new URL('./support/endless-writer.mjs', import.meta.url));
    last.postMessage(writer.handle());
    await once(last, 'message');
    await last.terminate();
    await writer.close();
    await service.close();
    const chunks = [...chunksOf(source)];
    expect(chunks.map((chunk) => firstWrong(chunk)).filter(Boolean)).toEqual([]);
    expect(chunks.reduce((rows, chunk) => rows + chunk.rows, 0)).toBe(writer.ring.head);
  });
});

describe('an ingest worker that dies', () => {
  it.each(['ingest', 'keeper'] as const)('(%s) is started again and nothing is lost, however often', async (thread) => {
    const source = feedSource(newStore(), { ...selfChecking, ringRecords: 4096, chunkSizeBytes: 200_000 });
    const { service, events } = ingest();
    const writer = await service.openWriter(source);
    let n = 0;
    for (let death = 0; death < 5; death++) {
      const before = service.workers[thread];
      for (let i = 0; i < 20_000; i++) {
        try {
          writer.writeValues(...recordOf(n));
          n += 1;
        } catch (error) {
          // Refused, not lost: the event loop has to run before there is a worker again.
          expect(code(error)).toBe('DW_INGEST_DEAD');
          await new Promise((resolve) => setImmediate(resolve));
          i -= 1;
        }
      }
      const gone = new Promise((resolve) => before?.once('exit', resolve));
      void before?.terminate();
      await gone;
      await writer.flush(); // waits for the successor
      expect(writer.flushedPosition).toBe(n);
      await expect.poll(() => service.workers[thread] !== before).toBe(true);
    }
    await expect.poll(() => events.filter((event) => event.includes('started again'))).toHaveLength(5);
    await writer.close();
    await service.close();
    const chunks = [...chunksOf(source)];
    expect(chunks.map((chunk) => firstWrong(chunk)).filter(Boolean)).toEqual([]);
    expect(chunks.reduce((rows, chunk) => rows + chunk.rows, 0)).toBe(100_000);
  });

  it(`or several, at any moment of a restart: there is one of each again, and nothing is lost (seed ${SEED})`, async () => {
    const source = feedSource(newStore(), { ...selfChecking, ringRecords: 4096, chunkSizeBytes: 100_000 });
    const { service } = ingest();
    const writer = await service.openWriter(source);
    let random = SEED >>> 0;
    const next = (): number => (random = (Math.imul(random, 1664525) + 1013904223) >>> 0) / 4294967296;
    let n = 0;
    for (let round = 0; round < 5; round++) {
      for (let i = 0; i < 2000; i++) writer.writeValues(...recordOf(n++));
      // At most four in a row, since each may be of both threads: a fifth is taken for a fault that restarts do not mend.
      for (let deaths = 1 + Math.floor(next() * 2); deaths > 0; deaths--) {
        // Threads that run: one that loads native code must not be terminated.
        await expect.poll(() => service.ingestThread, { interval: 1 }).not.toBe(0);
        const { ingest: first, keeper } = service.workers;
        const [one, other] = next() < 0.5 ? [first, keeper] : [keeper, first];
        void one?.terminate();
        for (let turns = Math.floor(next() * 3); turns > 0; turns--) await new Promise((resolve) => setImmediate(resolve));
        if (next() < 0.5) void other?.terminate();
        for (let turns = Math.floor(next() * 100); turns > 0; turns--) await new Promise((resolve) => setImmediate(resolve));
      }
      await writer.flush();
      expect(writer.flushedPosition).toBe(n);
    }
    await writer.close();
    await service.close();
    const chunks = [...chunksOf(source)];
    expect(chunks.map((chunk) => firstWrong(chunk)).filter(Boolean)).toEqual([]);
    expect(chunks.reduce((rows, chunk) => rows + chunk.rows, 0)).toBe(n);
    expect(openFiles(source).catalog.writer.open).toBe(false);
  });

  it('after it committed rows and before the ring knew: they are not moved once more', async () => {
    const source = feedSource(newStore(), selfChecking);
    const { service } = ingest();
    const writer = await service.openWriter(source);
    for (let n = 0; n < 5000; n++) writer.writeValues(...recordOf(n));
    await writer.flush();
    const worker = service.workers.ingest;
    // The first to hear of its end, at which nobody else has done anything about it yet.
    worker?.prependOnceListener('exit', () => { writer.ring.resetPosition(RING.TAIL, writer.ring.tail - 100); });
    await worker?.terminate();
    for (let n = 5000; n < 6000; n++) writer.writeValues(...recordOf(n));
    await writer.close();
    await service.close();
    const chunks = [...chunksOf(source)];
    expect(chunks.map((chunk) => chunk.firstSequence)).toContain(5000);
    expect(chunks.reduce((rows, chunk) => rows + chunk.rows, 0)).toBe(6000);
    expect(chunks.map((chunk) => firstWrong(chunk)).filter(Boolean)).toEqual([]);
  });

  it.each(['ingest', 'keeper'] as const)('(%s) while its writer is being closed: the successor ends the work', async (thread) => {
    for (const turns of [0, 1, 2, 5]) {
      const source = feedSource(newStore(), selfChecking);
      const { service } = ingest();
      const writer = await service.openWriter(source);
      await expect.poll(() => service.ingestThread, { interval: 1 }).not.toBe(0);
      for (let n = 0; n < 5000; n++) writer.writeValues(...recordOf(n));
      const victim = service.workers[thread];
      const closed = writer.close();
      for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
      void victim?.terminate();
      await closed;
      await service.close();
      expect([...chunksOf(source)].reduce((rows, chunk) => rows + chunk.rows, 0)).toBe(5000);
      expect(openFiles(source).catalog.writer.open).toBe(false);
    }
  });

  it.each(['ingest', 'keeper'] as const)('(%s) is noticed by a writer that waits for room, in bounded time', async (thread) => {
    const source = feedSource(newStore(), { ...selfChecking, ringRecords: 256, chunkSizeBytes: 4096 });
    const { service } = ingest({ roomTimeoutMs: 60_000 });
    const writer = await service.openWriter(source);
    const gone = new Promise((resolve) => service.workers[thread]?.once('exit', resolve));
    void service.workers[thread]?.terminate();
    await gone;
    // The event loop does not run from here on, so nobody can start the next one.
    let thrown: unknown;
    let n = 0;
    try {
      for (;;) writer.writeValues(...recordOf(n++));
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code: 'DW_INGEST_DEAD', values: { thread: thread === 'ingest' ? 'ingest worker' : 'keeper' } });
    const { position } = writer;
    // Without a keeper the ingest worker goes on until its chunks are full.
    if (thread === 'ingest') expect(position).toBe(256);
    await writer.flush();
    expect(writer.flushedPosition).toBe(position);
    await writer.close();
    await service.close();
    const chunks = [...chunksOf(source)];
    expect(chunks.map((chunk) => firstWrong(chunk)).filter(Boolean)).toEqual([]);
    expect(chunks.reduce((rows, chunk) => rows + chunk.rows, 0)).toBe(position);
  });

  it.each([['ingest', true], ['keeper', true], ['ingest', false], ['keeper', false]] as const)('(%s) leaves nothing behind: the last to close removes ring and bell (persist: %s)', async (thread, persist) => {
    const source = feedSource(newStore(), { ...selfChecking, persist, ringRecords: 2048 });
    const { service, events } = ingest();
    const writer = await service.openWriter(source);
    const rings = path.dirname(openFiles(source).ring!.path);
    for (let death = 0; death < 3; death++) {
      for (let n = 0; n < 500; n++) writer.writeValues(...recordOf(writer.position % 2 ** 32));
      const before = service.workers[thread];
      void before?.terminate();
      await expect.poll(() => events.filter((event) => event.includes('is started again')).length).toBe(death + 1);
      await expect.poll(() => service.workers[thread] !== before).toBe(true);
    }
    expect(openFiles(source).ring!.head - openFiles(source).ring!.baseSequence).toBe(1500);
    await writer.close();
    expect(fs.existsSync(rings) ? fs.readdirSync(rings) : []).toEqual([]);
    expect(openFiles(source).catalog.writer.open).toBe(false);
    await service.close();
  });
});

describe('records an earlier writer left in the ring', () => {
  it('are moved over by the next one, also when it wants a ring of another size', async () => {
    // Seen many times over in kill.test.ts; here with another geometry.
    const base = newStore();
    const source = feedSource(base, { ...selfChecking, ringRecords: 4096, durability: { level: 'flush', intervalMs: 60_000 } });
    const child = fork(fileURLToPath(new URL('./support/abandon-writer.mjs', import.meta.url)), [JSON.stringify(source)], { execArgv: [] });
    await new Promise((resolve) => child.once('exit', resolve));
    const left = openFiles(source).ring;
    expect(left?.head).toBe(3000);
    const changed = { ...source, spec: { ...source.spec, ringRecords: 65536 } };
    for (let session = 0; session < 2; session++) {
      const { service } = ingest();
      const writer = await service.openWriter(changed);
      expect(writer.position).toBe(3000);
      await writer.close();
      await service.close();
    }
    const chunks = [...chunksOf(source)];
    expect(chunks.reduce((rows, chunk) => rows + chunk.rows, 0)).toBe(3000);
    expect(chunks.map((chunk) => firstWrong(chunk)).filter(Boolean)).toEqual([]);
  });

  it('are numbered past when the ring itself is gone', async () => {
    const base = newStore();
    const source = feedSource(base, { ...selfChecking, durability: { level: 'flush', intervalMs: 10 } });
    const child = fork(fileURLToPath(new URL('./support/abandon-writer.mjs', import.meta.url)), [JSON.stringify(source), 'flush'], { execArgv: [] });
    await new Promise((resolve) => child.once('exit', resolve));
    fs.rmSync(openFiles(source).ring!.path);
    const { service, events } = ingest();
    const writer = await service.openWriter(source);
    expect(writer.position).toBe(3000 + 2 ** 36);
    writer.writeValues(...recordOf(7));
    await writer.close();
    await service.close();
    const { catalog } = openFiles(source);
    expect(catalog.entry(1)).toMatchObject({ firstSequence: 3000 + 2 ** 36, gapBefore: 2 ** 36, rows: 1 });
    expect(events.join()).toContain('the ring of the last writer is gone');
  });
});

describe('a machine that went down while a feed was written', () => {
  /** A store as it is after a power loss: another boot id, no ring, and whatever of the unsynced rows reached the disk. */
  async function afterPowerLoss(damage: (chunk: Buffer) => void): Promise<{ source: ReturnType<typeof feedSource>; synced: number }> {
    const source = feedSource(newStore(), { ...selfChecking, chunkSizeBytes: 8 << 20 });
    const child = fork(fileURLToPath(new URL('./support/abandon-writer.mjs', import.meta.url)), [JSON.stringify(source), 'sync'], { execArgv: [] });
    await new Promise((resolve) => child.once('exit', resolve));
    fs.rmSync(openFiles(source).ring!.path);
    const paths = feedPaths(source.basePath, 'checked');
    const chunk = fs.readFileSync(chunkPath(paths, 1));
    chunk.fill(0x11, CHUNK.BOOT_ID, CHUNK.BOOT_ID + 16);
    chunk.writeUInt32LE(crc32(chunk.subarray(CHUNK.ACTIVATION, CHUNK.ACTIVATION_CRC)), CHUNK.ACTIVATION_CRC);
    damage(chunk);
    fs.writeFileSync(chunkPath(paths, 1), chunk);
    const catalog = fs.readFileSync(paths.catalog);
    catalog.fill(0x11, CATALOG.BOOT_ID, CATALOG.BOOT_ID + 16);
    fs.writeFileSync(paths.catalog, catalog);
    return { source, synced: 3000 };
  }

  async function reopen(source: ReturnType<typeof feedSource>): Promise<{ position: number; events: string[] }> {
    const { service, events } = ingest();
    const writer = await service.openWriter(source);
    const { position } = writer;
    writer.writeValues(...recordOf(1));
    await writer.close();
    await service.close();
    return { position, events };
  }

  it('keeps what was synced and every complete block, and numbers on past what may have been seen', async () => {
    const { source } = await afterPowerLoss(() => {});
    expect((await reopen(source)).position).toBe(2 * 16384 + 2 ** 36);
    const [first, second] = [...chunksOf(source)];
    expect([first!.rows, firstWrong(first!), first!.sealed]).toEqual([2 * 16384, undefined, true]);
    expect([second!.rows, second!.firstSequence]).toEqual([1, 2 * 16384 + 2 ** 36]);
    expect(openFiles(source).catalog.entry(1).gapBefore).toBe(2 ** 36);
  });

  it('numbers on past them also when the first writer afterwards writes nothing, and past what that one might have written', async () => {
    const { source } = await afterPowerLoss(() => {});
    const { service } = ingest();
    await (await service.openWriter(source)).close();
    await service.close();
    expect((await reopen(source)).position).toBe(2 * 16384 + 2 * 2 ** 36);
  });

  it('is settled once: what a writer killed right after it had in its ring counts', async () => {
    const { source } = await afterPowerLoss(() => {});
    const child = fork(fileURLToPath(new URL('./support/abandon-writer.mjs', import.meta.url)), [JSON.stringify(source)], { execArgv: [] });
    await new Promise((resolve) => child.once('exit', resolve));
    expect((await reopen(source)).position).toBe(2 * 16384 + 2 ** 36 + 3000);
  });

  it('drops a block whose cells are not what was written, and everything behind it', async () => {
    const { source, synced } = await afterPowerLoss((chunk) => {
      const columns = chunk.readUInt32LE(CHUNK.COLUMNS_OFFSET);
      chunk.fill(0, columns + 10_000 * 8, columns + 12_000 * 8); // pages of the first column that never reached the disk
    });
    expect((await reopen(source)).position).toBe(synced + 2 ** 36);
    const [first] = [...chunksOf(source)];
    expect([first!.rows, firstWrong(first!)]).toEqual([synced, undefined]);
  });
});
