import { fork } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { afterAll, describe, expect, it } from 'vitest';
import { CATALOG, CHUNK, SEAL_REASON, chunkPath, crc32, feedPaths, peekChunk } from '@deepwater/core';
import type { FeedSource, Writer } from '@deepwater/ingest';
import { type ChunkRows, chunksOf, feedSource, firstWrong, ingest, isIndexPoint, openFiles, recordOf, selfChecking, temporaryStore } from './support/feed.js';

const stores: { remove: () => void }[] = [];
afterAll(() => { stores.forEach((store) => { store.remove(); }); });

function newSource(extra: object): FeedSource {
  const store = temporaryStore();
  stores.push(store);
  fs.mkdirSync(path.join(store.path, 'feeds'));
  return feedSource(store.path, { ...selfChecking, mode: 'IF', ...extra });
}

function write(writer: Writer, from: number, to: number): void {
  for (let n = from; n < to; n++) {
    if (isIndexPoint(n)) writer.markIndex();
    writer.writeValues(...recordOf(n));
  }
}

/** Index points among records [from, to). */
const countIn = (from: number, to: number): number => Array.from({ length: to - from }, (_, i) => from + i).filter(isIndexPoint).length;

/** Every row has its mark and every sealed chunk its count, in the catalog and in its own seal. */
function expectWhole(source: FeedSource, chunks: readonly ChunkRows[]): void {
  const { schema } = openFiles(source);
  for (const chunk of chunks) {
    expect(firstWrong(chunk)).toBeUndefined();
    const counted = countIn(chunk.firstSequence, chunk.firstSequence + chunk.rows);
    expect(chunk.indexPoints, `chunk ${chunk.chunkId}`).toBe(counted);
    expect(peekChunk(chunkPath(feedPaths(source.basePath, 'checked'), chunk.chunkId)).header.seal(schema)?.indexPoints).toBe(counted);
  }
}

async function abandoned(source: FeedSource, how: string): Promise<void> {
  const child = fork(fileURLToPath(new URL('./support/abandon-writer.mjs', import.meta.url)), [JSON.stringify(source), how], { execArgv: [] });
  await new Promise((resolve) => child.once('exit', resolve));
}

describe('marks go with their records', () => {
  it('into chunks, over rotations and writers, and a catalog that is made again counts them again', async () => {
    const source = newSource({ chunkSizeBytes: 20_000, ringRecords: 256 });
    for (const [from, to] of [[0, 9000], [9000, 9001], [9001, 20_000]] as const) {
      const { service } = ingest();
      const writer = await service.openWriter(source);
      write(writer, from, to);
      await writer.close();
      await service.close();
    }
    const chunks = [...chunksOf(source)];
    expect(chunks.length).toBeGreaterThan(20);
    expectWhole(source, chunks);
    expect(chunks.filter(({ indexPoints }) => indexPoints === 0).length, 'some have none').toBeGreaterThan(0);
    expect(chunks.reduce((sum, { indexPoints }) => sum + indexPoints, 0)).toBe(countIn(0, 20_000));

    const { catalog } = feedPaths(source.basePath, 'checked');
    for (const damage of [() => { fs.rmSync(catalog); }, () => { fs.writeFileSync(catalog, fs.readFileSync(catalog).fill(7, 0, 64)); }]) {
      damage();
      const { service, events } = ingest();
      await (await service.openWriter(source)).close();
      await service.close();
      expect(events.join()).toContain('the chunk catalog was made again');
      expectWhole(source, [...chunksOf(source)]);
    }
  });

  it('from a worker thread that attached its writer', async () => {
    const source = newSource({ ringRecords: 1024, chunkSizeBytes: 100_000 });
    const { service } = ingest();
    const writer = await service.openWriter(source);
    const worker = new Worker(new URL('./support/attached-writer.mjs', import.meta.url), { workerData: { handle: writer.handle(), records: 10_000 } });
    await new Promise((resolve, reject) => { worker.once('message', resolve).once('error', reject); });
    expect(() => { writer.markIndex(); }).toThrow(expect.objectContaining({ code: 'DW_HANDLE_IN_USE' }) as Error);
    await writer.close();
    await service.close();
    expectWhole(source, [...chunksOf(source)]);
  });

  it.each(['', 'flush', 'sync'])('when their writer is killed (after %j): the next one seals and counts', async (how) => {
    const source = newSource({ chunkSizeBytes: 8 << 20 });
    await abandoned(source, how);
    const { service } = ingest();
    const writer = await service.openWriter(source);
    write(writer, writer.position, writer.position + 2000);
    const { position } = writer;
    await writer.close();
    await service.close();
    const chunks = [...chunksOf(source)];
    expectWhole(source, chunks);
    expect(chunks.reduce((rows, chunk) => rows + chunk.rows, 0)).toBe(position);
    if (how !== '') expect(openFiles(source).catalog.entry(0).sealReason).toBe(SEAL_REASON.RECOVERED);
  });

  it('when the ingest worker dies', async () => {
    const source = newSource({ ringRecords: 4096, chunkSizeBytes: 200_000 });
    const { service } = ingest();
    const writer = await service.openWriter(source);
    for (let death = 0; death < 3; death++) {
      write(writer, writer.position, writer.position + 3000);
      await writer.flush();
      await service.workers.ingest?.terminate();
      await writer.flush();
    }
    write(writer, writer.position, writer.position + 3000);
    await writer.close();
    await service.close();
    const chunks = [...chunksOf(source)];
    expectWhole(source, chunks);
    expect(chunks.reduce((sum, { indexPoints }) => sum + indexPoints, 0)).toBe(countIn(0, 12_000));
  });

  it('after a power loss: those of the records that are left, and a block whose marks did not reach the disk is none', async () => {
    for (const lostMarks of [false, true]) {
      const source = newSource({ chunkSizeBytes: 8 << 20 });
      await abandoned(source, 'sync');
      const { schema, ring } = openFiles(source);
      fs.rmSync(ring!.path);
      const paths = feedPaths(source.basePath, 'checked');
      const file = chunkPath(paths, 1);
      const geometry = peekChunk(file).header.check(schema, fs.statSync(file).size);
      const chunk = fs.readFileSync(file);
      chunk.fill(0x11, CHUNK.BOOT_ID, CHUNK.BOOT_ID + 16);
      chunk.writeUInt32LE(crc32(chunk.subarray(CHUNK.ACTIVATION, CHUNK.ACTIVATION_CRC)), CHUNK.ACTIVATION_CRC);
      // A page of the index column that never reached the disk: in the second block.
      if (lostMarks) chunk.fill(0, geometry.columnOffsets[schema.indexColumn!.index]! + 16_384, geometry.columnOffsets[schema.indexColumn!.index]! + 20_480);
      fs.writeFileSync(file, chunk);
      const catalog = fs.readFileSync(paths.catalog);
      catalog.fill(0x11, CATALOG.BOOT_ID, CATALOG.BOOT_ID + 16);
      fs.writeFileSync(paths.catalog, catalog);

      const { service } = ingest();
      await (await service.openWriter(source)).close();
      await service.close();
      const [first] = [...chunksOf(source)];
      expect(first!.rows).toBe((lostMarks ? 1 : 2) * 16_384);
      expectWhole(source, [first!]);
    }
  });
});
