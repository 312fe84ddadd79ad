import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ENTRY_STATE, FileLock, chunkPath, feedPaths } from '@deepwater/core';
import type { ReaderSource } from '@deepwater/query';
import { FeedReader } from '@deepwater/query';
import { type FeedCleanup, type RemoveOptions, removeChunks } from '@deepwater/operations';
import { catalogOf, chunkFiles, from, numbersFeed, numbersIn, openWriter, settled, write } from './support.js';

const HOUR = 3_600_000;
const LATER = Date.now() + 1000 * HOUR;
const clean = async (source: ReaderSource, change: Partial<RemoveOptions> = {}): Promise<FeedCleanup> =>
  removeChunks(source, { nowMs: LATER, believed: true, dryRun: false, access: 'owner', ...change });
const pathsOf = (source: ReaderSource) => feedPaths(source.basePath, source.spec.name);
const live = (source: ReaderSource): number[] => {
  const view = catalogOf(source);
  return from(0, view.count).filter((index) => view.state(index) !== ENTRY_STATE.DELETED);
};

/** A feed with so many records, in chunks of 256, and its writer. */
async function written(records: number, change: object = {}) {
  const source = numbersFeed(change);
  const opened = await openWriter(source);
  await write(opened.writer, records);
  await settled(source);
  return { source, ...opened };
}

describe('removing chunks while the feed is written', () => {
  test('takes all that are old enough but the live one; the writer goes on, and so does a reader that holds a chunk', async () => {
    const { source, writer } = await written(2000);
    const before = new FeedReader(source);
    expect(before.bounds()).toEqual({ first: 0, next: 2000 });
    const stream = before.streamSync({ allowMainThread: true, format: 'columns', batchRows: 10, fromSequence: 0 });
    expect(stream.next().value).toMatchObject({ firstSequence: 0 });
    const [liveChunk] = live(source).slice(-1).map((index) => catalogOf(source).firstSequence(index)) as [number];
    const report = await clean(source);
    expect(report).toMatchObject({ feed: 'numbers', heldChunks: 0, keptChunks: 1, finished: 0 });
    expect(report.removed).toEqual([{ why: 'age', chunks: live(source)[0], bytes: expect.any(Number) as number, first: 0, next: liveChunk }]);
    expect(chunkFiles(source).length).toBeLessThanOrEqual(2); // the live one, and the one prepared to follow it
    expect(before.bounds()).toEqual({ first: liveChunk, next: 2000 });
    // What it had begun is mapped still; what it had not come to is told as lost.
    expect(stream.next().value).toMatchObject({ firstSequence: 10 });
    while (stream.position < 2000) stream.next();
    expect(stream.lost).toBeGreaterThan(0);
    stream.return();
    await write(writer, 500);
    expect(numbersIn(source)).toEqual(from(liveChunk, 2500));
    await before.close();
  });

  test('a dry run says the same and does nothing; without the word of the clock nothing goes, and is counted', async () => {
    const { source } = await written(1000);
    const dry = await clean(source, { dryRun: true });
    const held = await clean(source, { believed: false });
    expect(held).toMatchObject({ removed: [], heldChunks: dry.removed[0]?.chunks });
    expect(numbersIn(source)).toEqual(from(0, 1000));
    expect((await clean(source)).removed).toEqual(dry.removed);
    expect((await clean(source)).removed).toEqual([]);
  });

  test('what is younger than the retention stays, with the time until it does', async () => {
    const { source } = await written(1000);
    const report = await clean(source, { nowMs: Date.now() + 71 * HOUR });
    expect(report.removed).toEqual([]);
    expect(Math.abs(Date.parse(report.keptUntil!) - Date.now() - 72 * HOUR)).toBeLessThan(60_000);
  });

  test('by size: the oldest go until the rest fits, whatever their age', async () => {
    const { source } = await written(2000, { retentionHours: 0, retentionBytes: 100_000 });
    const all = await clean(source, { dryRun: true, nowMs: 0, believed: false });
    const report = await clean(source, { nowMs: 0, believed: false });
    expect(report.removed).toEqual(all.removed);
    expect(report.removed).toMatchObject([{ why: 'size', first: 0 }]);
    expect(report.keptBytes).toBeLessThanOrEqual(100_000);
    expect(numbersIn(source)).toEqual(from(report.removed[0]!.next, 2000));
  });

  test('waits for whoever holds chunks.lock', async () => {
    const { source } = await written(500);
    const lock = FileLock.tryExclusive(pathsOf(source).chunksLock, 'owner')!;
    let done = false;
    const cleaning = clean(source).then(() => { done = true; });
    await new Promise((resolve) => setImmediate(resolve));
    expect(done).toBe(false);
    expect(numbersIn(source)).toEqual(from(0, 500));
    lock.release();
    await cleaning;
    expect(numbersIn(source).length).toBeLessThan(500);
  });
});

describe('when everything was removed', () => {
  /** A feed whose chunks are all sealed, and removed. */
  async function emptied(): Promise<ReaderSource> {
    const { source, service } = await written(1000);
    await service.close();
    expect((await clean(source)).removed).toMatchObject([{ first: 0, next: 1000 }]);
    expect(chunkFiles(source)).toEqual([]);
    expect(numbersIn(source)).toEqual([]);
    return source;
  }

  /** What the next writer does. */
  async function goesOn(source: ReaderSource): Promise<{ first: number; notes: string[] }> {
    const { writer, service, notes } = await openWriter(source);
    const first = writer.position;
    await write(writer, 300);
    await service.close();
    expect(numbersIn(source)).toEqual(from(first, first + 300));
    return { first, notes };
  }

  test('the next writer goes on with the next number', async () => {
    const source = await emptied();
    expect((await goesOn(source)).first).toBe(1000);
    await clean(source);
    expect((await goesOn(source)).first).toBe(1300);
  });

  test('and the catalog is lost, too: it still does, with chunk ids of its own', async () => {
    const source = await emptied();
    rmSync(pathsOf(source).catalog);
    expect((await goesOn(source)).first).toBe(1000);
    expect(Number(chunkFiles(source)[0]!.slice(0, 12))).toBe(5);
  });

  test('and the power went while a writer was open: the numbers jump past all that may have been seen', async () => {
    const source = await emptied();
    const view = catalogOf(source, true);
    view.setWriter(true, 4711, '0'.repeat(32));
    const { first } = await goesOn(source);
    expect(first).toBeGreaterThan(1000);
  });

  test('and nothing knows the number any more: the feed is not opened as if it had none', async () => {
    const source = await emptied();
    rmSync(pathsOf(source).catalog);
    writeFileSync(pathsOf(source).removed, '{');
    await expect(openWriter(source)).rejects.toMatchObject({ code: 'DW_FILE_CORRUPT' });
  });
});

describe('a clean-up that was killed', () => {
  /** Chunks of the feed, kept beside it. */
  async function withCopies(records: number) {
    const { source, service } = await written(records);
    await service.close();
    const paths = pathsOf(source);
    const copies = chunkFiles(source).map((name) => ({ file: join(paths.chunks, name), copy: join(source.basePath, name) }));
    for (const { file, copy } of copies) copyFileSync(file, copy);
    return { source, paths, restore: (count: number) => { for (const { file, copy } of copies.slice(0, count)) if (!existsSync(file)) copyFileSync(copy, file); } };
  }

  test('after marking: what is marked is gone for readers, and its files go with the next run', async () => {
    const { source, paths } = await withCopies(1000);
    const view = catalogOf(source, true);
    view.markDeleted(0);
    view.markDeleted(1);
    const next = view.firstSequence(2);
    expect(numbersIn(source)).toEqual(from(next, 1000));
    // Kept for ever now: what was marked is not taken back, and nothing else goes.
    const report = await clean({ ...source, spec: { ...source.spec, retentionHours: 0 } });
    expect(report).toMatchObject({ removed: [], finished: 2 });
    expect(numbersIn(source)).toEqual(from(next, 1000));
    expect(JSON.parse(readFileSync(paths.removed, 'utf8'))).toMatchObject({ chunkId: 2 });
  });

  test('between the state of an entry and the count of those that are gone: the next run makes it good', async () => {
    const { source } = await withCopies(1000);
    const view = catalogOf(source, true);
    view.markDeleted(0);
    view.firstLive = 0;
    await clean({ ...source, spec: { ...source.spec, retentionHours: 0 } });
    expect(catalogOf(source).firstLive).toBe(1);
  });

  test('before the files went, and the catalog is lost: removed chunks do not come back', async () => {
    const { source, paths, restore } = await withCopies(1000);
    await clean(source);
    restore(3);
    rmSync(paths.catalog);
    const { writer, service } = await openWriter(source);
    expect(writer.position).toBe(1000);
    await write(writer, 10);
    expect(numbersIn(source)).toEqual(from(1000, 1010));
    expect(await clean(source)).toMatchObject({ removed: [], finished: 3 });
    expect(chunkFiles(source).some((name) => name <= '000000000003.dwk')).toBe(false);
    await service.close();
  });

  test('leaves a file alone that the catalog does not know, where nothing newer was removed', async () => {
    const { source, paths } = await withCopies(1000);
    const stray = chunkPath(paths, 900);
    writeFileSync(stray, 'not a chunk');
    await clean(source);
    expect(existsSync(stray)).toBe(true);
  });
});
