import { fork } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Worker } from 'node:worker_threads';
import { afterAll, describe, expect, it } from 'vitest';
import { CATALOG, SEGMENT_KIND, feedPaths, readSegments } from '@deepwater/core';
import { attachWriter } from '@deepwater/ingest';
import { FEED_UID, feedSource, ingest, recordOf, selfChecking, temporaryStore } from './support/feed.js';

const stores: { remove: () => void }[] = [];
function newStore(): string {
  const store = temporaryStore();
  stores.push(store);
  fs.mkdirSync(path.join(store.path, 'feeds'));
  return store.path;
}
afterAll(() => { stores.forEach((store) => { store.remove(); }); });

const KIND = Object.fromEntries(Object.entries(SEGMENT_KIND).map(([name, kind]) => [kind, name]));
/** The entries of a store's feed: kind, number, epoch, and the reason where there is one. */
const entriesOf = (basePath: string): unknown[][] =>
  (readSegments(feedPaths(basePath, 'checked').segments, FEED_UID)?.entries ?? []).map(({ kind, sequence, epoch, reason }) => [KIND[kind], sequence, epoch, ...(reason === '' ? [] : [reason])]);

describe('segments of a writer', () => {
  it('begin where it opens, at what it marks, and end where it closes; marking twice makes one boundary', async () => {
    const source = feedSource(newStore(), selfChecking);
    const { service } = ingest();
    let writer = await service.openWriter(source);
    writer.markSegment({ reason: 'nothing has come yet' });
    for (let n = 0; n < 10; n++) writer.writeValues(...recordOf(n));
    writer.markSegment({ reason: 'socket closed' });
    writer.markSegment({ reason: 'again' });
    writer.markSegment();
    writer.writeValues(...recordOf(10));
    writer.markSegment();
    await writer.close();
    writer = await service.openWriter(source);
    writer.writeValues(...recordOf(11));
    await writer.close();
    expect(() => { writer.markSegment(); }).toThrow(expect.objectContaining({ code: 'DW_WRITER_CLOSED' }));
    await service.close();
    expect(entriesOf(source.basePath)).toEqual([
      ['OPENED', 0, 1], ['MARKED', 10, 1, 'socket closed'], ['MARKED', 11, 1], ['CLOSED', 11, 1], ['OPENED', 11, 2], ['CLOSED', 12, 2],
    ]);
  });

  it('are on the disk when markSegment returns, before the record that follows', async () => {
    const source = feedSource(newStore(), selfChecking);
    const { service } = ingest();
    const writer = await service.openWriter(source);
    writer.writeValues(...recordOf(0));
    writer.markSegment({ reason: 'now' });
    expect(entriesOf(source.basePath).at(-1)).toEqual(['MARKED', 1, 1, 'now']);
    await service.close();
  });

  it('refuses memory feeds and what is no reason', async () => {
    const source = feedSource(newStore(), { ...selfChecking, persist: false });
    const { service } = ingest();
    const writer = await service.openWriter(source);
    expect(() => { writer.markSegment(); }).toThrow(expect.objectContaining({ code: 'DW_FEED_NOT_PERSISTED' }));
    await writer.close();
    expect(fs.existsSync(feedPaths(source.basePath, 'checked').segments)).toBe(false);
    const kept = await service.openWriter(feedSource(newStore(), selfChecking));
    kept.writeValues(...recordOf(0));
    for (const wrong of [{ reason: 5 }, 'gone', null]) {
      expect(() => { kept.markSegment(wrong as never); }).toThrow(expect.objectContaining({ code: 'DW_OPTION_INVALID' }));
    }
    await service.close();
  });

  it('are marked by a writer that was handed over, too', async () => {
    const source = feedSource(newStore(), selfChecking);
    const { service } = ingest();
    const writer = await service.openWriter(source);
    for (let n = 0; n < 4; n++) writer.writeValues(...recordOf(n));
    writer.markSegment({ reason: 'first' });
    const handle = writer.handle();
    expect(() => { writer.markSegment(); }).toThrow(expect.objectContaining({ code: 'DW_HANDLE_IN_USE' }));
    const attached = attachWriter(handle);
    attached.markSegment({ reason: 'the same place' });
    attached.writeValues(...recordOf(4));
    attached.markSegment({ reason: 'second' });
    await attached.close();
    await service.close();
    expect(entriesOf(source.basePath)).toEqual([['OPENED', 0, 1], ['MARKED', 4, 1, 'first'], ['MARKED', 5, 1, 'second'], ['CLOSED', 5, 1]]);
  });

  it('go on over the death of the keeper and of the ingest worker', async () => {
    const source = feedSource(newStore(), selfChecking);
    const { service } = ingest();
    const writer = await service.openWriter(source);
    writer.writeValues(...recordOf(0));
    await writer.flush();
    for (const thread of ['ingest', 'keeper'] as const) {
      await expect.poll(() => service.ingestThread, { interval: 1 }).not.toBe(0);
      const before = service.workers[thread] as Worker;
      await before.terminate();
      writer.writeValues(...recordOf(1));
      await writer.flush();
      await expect.poll(() => service.workers[thread] !== before).toBe(true);
    }
    writer.markSegment({ reason: 'after all' });
    await service.close();
    const entries = entriesOf(source.basePath);
    // The keeper's successor and the writer append beside each other.
    expect(entries.filter(([kind]) => kind === 'CONTINUED')).toEqual([['CONTINUED', expect.any(Number), 2]]);
    expect(entries.filter(([kind]) => kind !== 'CONTINUED')).toEqual([['OPENED', 0, 1], ['MARKED', 3, 1, 'after all'], ['CLOSED', 3, 2]]);
  });
});

describe('segments of writers that died', () => {
  const WRITER = fileURLToPath(new URL('./support/segments-writer.mjs', import.meta.url));

  /** A process that writes `records` and marks before those in `marks`, then ends as `end` says. */
  async function written(basePath: string, records: number, marks: number[], end: 'kill' | 'exit', flush = false): Promise<void> {
    const child = fork(WRITER, [JSON.stringify(feedSource(basePath, selfChecking)), JSON.stringify({ records, marks, end, flush })], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    if (end === 'kill') {
      await once(child, 'message');
      child.kill('SIGKILL');
    }
    await once(child, 'exit');
  }

  it('end where their records do, in the ring or not; a mark after the last record stays what ended the segment', async () => {
    const basePath = newStore();
    await written(basePath, 100, [40], 'kill', true);
    await written(basePath, 50, [50], 'kill');
    const { service } = ingest();
    await service.openWriter(feedSource(basePath, selfChecking));
    await service.close();
    expect(entriesOf(basePath)).toEqual([
      ['OPENED', 0, 1], ['MARKED', 40, 1, 'before 40'], ['CRASHED', 100, 1], ['OPENED', 100, 2], ['MARKED', 150, 2, 'before 50'], ['CRASHED', 150, 2],
      ['OPENED', 150, 3], ['CLOSED', 150, 3],
    ]);
  });

  it('are closed by a process that ends in order without closing its writer', async () => {
    const basePath = newStore();
    await written(basePath, 100, [], 'exit');
    const { service } = ingest();
    await service.openWriter(feedSource(basePath, selfChecking));
    await service.close();
    expect(entriesOf(basePath)).toEqual([['OPENED', 0, 1], ['CLOSED', 100, 1], ['OPENED', 100, 2], ['CLOSED', 100, 2]]);
  });

  it('lost power where the machine did: records beyond what survived are taken back, and numbers are not used again', async () => {
    const basePath = newStore();
    const source = feedSource(basePath, selfChecking);
    await written(basePath, 30, [10, 25], 'kill', true);
    const { catalog, segments } = feedPaths(basePath, 'checked');
    // Another boot, and no ring.
    const fd = fs.openSync(catalog, 'r+');
    fs.writeSync(fd, Buffer.alloc(16, 7), 0, 16, CATALOG.BOOT_ID);
    fs.closeSync(fd);
    fs.rmSync(path.join('/dev/shm', `deepwater-${process.getuid!()}`, source.storeId), { recursive: true, force: true });
    const { service } = ingest();
    const writer = await service.openWriter(source);
    const head = writer.position;
    await service.close();
    expect(head).toBeGreaterThan(30);
    const entries = entriesOf(basePath);
    const survived = entries.find(([kind]) => kind === 'POWER_LOST')![1] as number;
    expect(survived).toBeLessThanOrEqual(30);
    expect(entries.slice(-3)).toEqual([['POWER_LOST', survived, 1], ['OPENED', head, 2], ['CLOSED', head, 2]]);
    expect(fs.statSync(segments).size).toBeGreaterThan(4096);
  });

  it('are made again from chunks where the file is gone, but for what was marked', async () => {
    const basePath = newStore();
    const source = feedSource(basePath, selfChecking);
    const { service } = ingest();
    for (let n = 0; n < 3; n++) {
      const writer = await service.openWriter(source);
      for (let i = 0; i < 10; i++) writer.writeValues(...recordOf(i));
      writer.markSegment();
      for (let i = 0; i < 10; i++) writer.writeValues(...recordOf(i));
      await writer.close();
    }
    fs.rmSync(feedPaths(basePath, 'checked').segments);
    await service.openWriter(source);
    await service.close();
    expect(entriesOf(basePath)).toEqual([
      ['OPENED', 0, 1], ['CLOSED', 20, 1], ['OPENED', 20, 2], ['CLOSED', 40, 2], ['OPENED', 40, 3], ['CLOSED', 60, 3], ['OPENED', 60, 4], ['CLOSED', 60, 4],
    ]);
  });
});
