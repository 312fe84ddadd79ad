import fs from 'node:fs';
import path from 'node:path';
import { type DeepwaterError, SEAL_REASON, chunkPath, closeFile, feedPaths, openCatalog, openExisting, compileSchema, replaceSystem, system, systemError } from '@deepwater/core';
import { afterAll, describe, expect, test } from 'vitest';
import { chunksOf, feedSource, firstWrong, recordOf, selfChecking, temporaryStore } from './support/feed.js';
import { OneThread } from './support/one-thread.js';

const stores: { remove: () => void }[] = [];
afterAll(() => { for (const store of stores) store.remove(); });

/** A feed with records that are in its first chunk and not on the device. */
async function written(records: number): Promise<OneThread> {
  const store = temporaryStore();
  stores.push(store);
  fs.mkdirSync(path.join(store.path, 'feeds'));
  const engine = new OneThread(feedSource(store.path, { ...selfChecking, chunkSizeBytes: 4_000_000 }));
  for (let n = 0; n < records; n++) engine.writer.writeValues(...recordOf(n));
  expect(await engine.move()).toBeUndefined();
  return engine;
}

/** Has the device refuse what `refused` says; which files were synced, by inode. */
function device(refused: () => boolean): { synced: { inode: bigint; refused: boolean }[]; end: () => void } {
  const synced: { inode: bigint; refused: boolean }[] = [];
  const { fdatasyncAsync } = system.files;
  const end = replaceSystem({
    files: { ...system.files, fdatasyncAsync: async (fd) => {
      const { inode } = system.files.fstat(fd);
      synced.push({ inode, refused: refused() });
      if (refused()) throw Object.assign(new Error('EIO: fdatasync'), { errno: -5, code: 'EIO', syscall: 'fdatasync' });
      await fdatasyncAsync(fd);
    } },
  });
  return { synced, end };
}

const rowsOf = (engine: OneThread): number => [...chunksOf(engine.source)].reduce((sum, chunk) => {
  expect(firstWrong(chunk)).toBeUndefined();
  return sum + chunk.rows;
}, 0);

const reasons = (engine: OneThread): number[] => {
  const { view } = openCatalog(feedPaths(engine.source.basePath, 'checked').catalog, compileSchema(engine.source.spec), engine.source.feedUid, false);
  return Array.from({ length: view.count }, (_, index) => view.entry(index).sealReason);
};

describe('a chunk that the device refuses', () => {
  test('is never synced again: its records are written into another file, and durable then', async () => {
    const engine = await written(50_000);
    const file = chunkPath(feedPaths(engine.source.basePath, 'checked'), 1);
    const { ino: inode } = fs.statSync(file, { bigint: true });
    let down = true;
    const { synced, end } = device(() => down);
    try {
      expect(await engine.sync()).toMatchObject({ code: 'DW_SYSTEM_CALL', values: { errno: 'EIO' } });
      expect(engine.events.join('\n')).toContain('did not take chunk 1');
      // The writer goes on, in another chunk.
      for (let n = 50_000; n < 60_000; n++) engine.writer.writeValues(...recordOf(n));
      expect(await engine.move()).toBeUndefined();
      expect(await engine.sync(), 'as long as it refuses').toMatchObject({ code: 'DW_SYSTEM_CALL' });
      down = false;
      expect(await engine.sync(), 'once it takes them').toBeUndefined();
      expect(fs.statSync(file, { bigint: true }).ino).not.toBe(inode);
      expect(synced.filter((each) => each.inode === inode).map(({ refused }) => refused), 'syncs of the file that was refused').toEqual([true]);
      expect(reasons(engine)[0]).toBe(SEAL_REASON.POISONED);
      expect(rowsOf(engine)).toBe(60_000);
      expect(await engine.close()).toBeUndefined();
    } finally {
      end();
    }
    expect(rowsOf(engine)).toBe(60_000);
    expect(fs.readdirSync(feedPaths(engine.source.basePath, 'checked').chunks)).toEqual(['000000000001.dwk', '000000000002.dwk', '000000000003.dwk'].slice(0, reasons(engine).length));
  });

  test('and whose pages are lost is told, with the records that are gone: nothing else is copied in their place', async () => {
    const engine = await written(50_000);
    let down = true;
    const { end } = device(() => down);
    try {
      expect(await engine.sync()).toMatchObject({ code: 'DW_SYSTEM_CALL' });
      // What Linux does after a refusal: the pages count as clean, and go when memory is short. Zeros come back from the device.
      const fd = openExisting(chunkPath(feedPaths(engine.source.basePath, 'checked'), 1), true);
      fs.writeSync(fd, Buffer.alloc(4096), 0, 4096, [...chunksOf(engine.source)][0]!.columns[0]!.byteOffset + 20_000 * 8);
      closeFile(fd);
      down = false;
      const error = await engine.sync() as DeepwaterError;
      expect(error).toMatchObject({ code: 'DW_FILE_CORRUPT', values: { first: 16_384, next: 32_768, column: 'sequence' } });
      expect(await engine.close(), 'and it is told at the close').toMatchObject({ code: 'DW_SYSTEM_CALL' });
    } finally {
      end();
    }
  });

  test('and whose writer dies is written anew by the next one', async () => {
    const engine = await written(20_000);
    const file = chunkPath(feedPaths(engine.source.basePath, 'checked'), 1);
    const { ino: inode } = fs.statSync(file, { bigint: true });
    const { end } = device(() => true);
    expect(await engine.sync()).toMatchObject({ code: 'DW_SYSTEM_CALL' });
    await engine.die();
    end();
    const { synced, end: over } = device(() => false);
    const next = new OneThread(engine.source);
    expect(next.writer.position).toBe(20_000);
    expect(await next.sync()).toBeUndefined();
    over();
    expect(synced.some((each) => each.inode === inode)).toBe(false);
    expect(fs.statSync(file, { bigint: true }).ino).not.toBe(inode);
    expect(await next.close()).toBeUndefined();
    expect(rowsOf(next)).toBe(20_000);
  });

  test('by its writes is left after the third, and the rest goes into the next', async () => {
    const engine = await written(10_000);
    const { write } = system.files;
    const bad = fs.statSync(chunkPath(feedPaths(engine.source.basePath, 'checked'), 1), { bigint: true }).ino;
    const end = replaceSystem({ files: { ...system.files, write: (fd, bytes, from, length, position) => {
      if (system.files.fstat(fd).inode === bad) throw Object.assign(new Error('EIO: write'), { errno: -5, code: 'EIO', syscall: 'write' });
      return write(fd, bytes, from, length, position);
    } } });
    try {
      for (let n = 10_000; n < 20_000; n++) engine.writer.writeValues(...recordOf(n));
      expect(await engine.move()).toBeUndefined();
      expect(await engine.close()).toBeUndefined();
    } finally {
      end();
    }
    expect(rowsOf(engine)).toBe(20_000);
    expect([...chunksOf(engine.source)].map(({ rows }) => rows)).toEqual([10_000, 10_000]);
    expect(systemError('write', 'x', 5).code).toBe('DW_SYSTEM_CALL');
  });
});
