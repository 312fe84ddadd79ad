import { existsSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { onFailpoint } from '@deepwater/core';
import { describe, expect, test } from 'vitest';
import type { FeedSpecInput, LifecycleChange, Platform, StoreEvent } from '../dist/index.js';
import { START, TRADES, TestProcess, failure, openPlatform, temporaryDirectory, trade } from './support.js';

const ringsOf = (platform: Platform): string => `/dev/shm/deepwater-${process.getuid!()}/${platform.storeId}`;

async function platformWithTrades(count = 0): Promise<Platform> {
  const platform = await openPlatform();
  await platform.createFeed(TRADES);
  if (count > 0) {
    const writer = await platform.createWriter<typeof TRADES>('trades');
    for (let n = 0; n < count; n++) writer.writeValues(...trade(n));
    await writer.close();
  }
  return platform;
}

describe('createFeed', () => {
  test('is idempotent, in either spelling, in this process and the next', async () => {
    const platform = await platformWithTrades();
    const { uid } = platform.feedInfo('trades');
    expect((await platform.createFeed(TRADES)).uid).toBe(uid);
    const { name, timestamp, chunkSizeMb, ...rest } = TRADES;
    const snake = { ...rest, feed_name: name, ts_col: timestamp, chunk_size_bytes: chunkSizeMb * 1024 * 1024, retention_hours: 72, index_playback: false };
    expect((await platform.createFeed(snake)).uid).toBe(uid);
    await platform.close();
    expect((await (await openPlatform(platform.basePath)).createFeed(TRADES)).uid).toBe(uid);
  });

  test('gives what is known of the feed', async () => {
    const platform = await openPlatform();
    const info = await platform.createFeed({ ...TRADES, desc: 'Trades', instrument: { exchange: 'coinbase', symbol: 'BTC-USD' } });
    expect(info).toMatchObject({ name: 'trades', desc: 'Trades', instrument: { exchange: 'coinbase', symbol: 'BTC-USD' }, records: { first: 0, next: 0 } });
    expect(info).toEqual(platform.feedInfo('trades'));
  });

  const others: [string, FeedSpecInput, string[], string][] = [
    ['another field', { ...TRADES, fields: [...TRADES.fields, { name: 'id', type: 'uint64' }] }, ['fields[4]'], 'another name'],
    ['another type', { ...TRADES, fields: [{ name: 'price', type: 'float32' }, ...TRADES.fields.slice(1)] }, ['fields[0].type'], 'another name'],
    ['persist', { ...TRADES, persist: false }, ['persist', 'chunkSizeBytes', 'ringBytes'], 'persist never changes'],
    ['another retention', { ...TRADES, retentionHours: 5 }, ['retentionHours'], 'setLifecycle'],
    ['another mode and durability', { ...TRADES, mode: 'IF', durability: 'sync' }, ['mode', 'durability.level', 'durability.intervalMs'], 'another name'],
  ];
  test.each(others)('with %s is refused with the differing keys', async (_name, spec, keys, next) => {
    const platform = await platformWithTrades();
    const error = await failure(() => platform.createFeed(spec));
    expect(error).toMatchObject({ code: 'DW_FEED_SPEC_CONFLICT', values: { feed: 'trades' } });
    expect(error.values!['keys']).toEqual(expect.arrayContaining(keys.filter((key) => key !== 'chunkSizeBytes')));
    expect(error.message).toContain(next);
    for (const key of error.values!['keys'] as string[]) expect(error.message).toContain(key);
  });

  test('with a spec that cannot be used writes nothing', async () => {
    const platform = await openPlatform();
    for (const [code, spec] of [
      ['DW_FEED_NAME_INVALID', { ...TRADES, name: '../trades' }],
      ['DW_TIMESTAMP_TYPE', { ...TRADES, timestamp: 'price' }],
      ['DW_SPEC_INVALID', { ...TRADES, retention: 5 }],
      ['DW_SIZE_INVALID', { ...TRADES, chunkSizeMb: -1 }],
      ['DW_SPEC_INVALID', null],
    ] as const) {
      expect(await failure(() => platform.createFeed(spec as unknown as FeedSpecInput))).toMatchObject({ code });
    }
    expect(existsSync(join(platform.basePath, 'feeds'))).toBe(false);
  });

  test('in two processes at once: with one spec both have it, with two one of them is told', async () => {
    for (const [types, conflicts] of [[['float64', 'float64'], 0], [['float64', 'int8'], 1]] as const) {
      const basePath = join(temporaryDirectory(), 'data');
      const processes = types.map((type) => new TestProcess('create-feed.mjs', basePath, type));
      for (const each of processes) expect(await each.line()).toBe('ready');
      for (const each of processes) each.say('go');
      const results = await Promise.all(processes.map(async (each) => JSON.parse(await each.line()) as { uid?: string; code?: string; keys?: string[] }));
      const made = results.filter(({ uid }) => uid !== undefined);
      expect(made).toHaveLength(2 - conflicts);
      expect(new Set(made.map(({ uid }) => uid)).size).toBe(1);
      expect(results.filter(({ code }) => code !== undefined)).toEqual(Array.from({ length: conflicts }, () => expect.objectContaining({ code: 'DW_FEED_SPEC_CONFLICT', keys: ['fields[0].type'] }) as unknown));
      expect((await openPlatform(basePath)).listFeeds()).toHaveLength(1);
    }
  });
});

describe('what is known of a feed', () => {
  test('counts its records, its chunks and its bytes, and follows them', async () => {
    const platform = await platformWithTrades();
    expect(platform.feedInfo('trades')).toMatchObject({ records: { first: 0, next: 0 }, chunks: 0, writer: { open: false } });
    const writer = await platform.createWriter<typeof TRADES>('trades');
    for (let n = 0; n < 500; n++) writer.writeValues(...trade(n));
    expect(platform.feedInfo('trades')).toMatchObject({ records: { first: 0, next: 500 }, newest: START + 499_000, writer: { open: true, pid: process.pid } });
    await writer.close();
    const info = platform.feedInfo('trades');
    expect(info).toMatchObject({ records: { first: 0, next: 500 }, newest: START + 499_000, chunks: 1, writer: { open: false } });
    expect(info.writer).toEqual({ open: false });
    expect(info.bytesOnDisk).toBeGreaterThan(500 * 25);
    expect(info.fields.map(({ name }) => name)).toEqual(['price', 'size', 'side', 'timestamp_us']);
    expect(info.clocks).toMatchObject([{ name: 'timestamp_us', unit: 'us' }]);
  });

  test('of a writer that was killed: its records, and that it is not open', async () => {
    const basePath = join(temporaryDirectory(), 'data');
    const child = new TestProcess('writer.mjs', basePath, '1000');
    expect(await child.line()).toBe('wrote 1000');
    const platform = await openPlatform(basePath);
    expect(platform.feedInfo('trades')).toMatchObject({ records: { next: 1000 }, writer: { open: true, pid: child.pid } });
    child.child.kill('SIGKILL');
    await child.ended;
    expect(platform.feedInfo('trades')).toMatchObject({ records: { next: 1000 }, writer: { open: false, pid: child.pid } });
  });

  test('is listed by name; recordFormat and lifecycle say what the spec says', async () => {
    const platform = await platformWithTrades();
    await platform.createFeed({ name: 'book', fields: [{ name: '_', type: '_4' }, { name: 'time', type: 'int64' }], timestamp: 'time', persist: false, ringBytes: 65536 });
    expect(platform.listFeeds().map(({ name }) => name)).toEqual(['book', 'trades']);
    expect(platform.recordFormat('trades')).toMatchObject({ fmt: '<ddcQ', recordSize: 25 });
    expect(platform.recordFormat('book')).toMatchObject({ fmt: '<4xq', recordSize: 12 });
    expect(platform.lifecycle('trades')).toEqual({
      persist: true, mode: 'UF', chunkSizeBytes: 1024 * 1024, chunkMaxAgeHours: 1, retentionHours: 72, retentionBytes: 0, durability: { level: 'flush', intervalMs: 50 },
    });
    expect(platform.lifecycle('book')).toMatchObject({ persist: false, ringBytes: 65536 });
  });

  test('of an unknown feed is an error that names near ones; of a name that is none, another', async () => {
    const platform = await platformWithTrades();
    for (const look of [() => platform.feedInfo('trads'), () => platform.lifecycle('trads'), () => platform.recordFormat('trads'), () => platform.createReader('trads'), () => platform.createWriter('trads'), () => platform.deleteFeed('trads'), () => platform.writerHandle('trads'), () => platform.setLifecycle('trads', {})]) {
      const error = await failure(look);
      expect(error).toMatchObject({ code: 'DW_FEED_UNKNOWN' });
      expect(error.message).toContain('did you mean trades?');
    }
    for (const name of ['../trades', '', 'x'.repeat(10_000), 5, undefined]) {
      expect(await failure(() => platform.feedInfo(name as string))).toMatchObject({ code: 'DW_FEED_NAME_INVALID' });
    }
  });

  test('a damaged feed file hides that feed alone, and is told', async () => {
    const events: StoreEvent[] = [];
    const platform = await openPlatform(undefined, { onEvent: (event) => events.push(event) });
    await platform.createFeed(TRADES);
    await platform.createFeed({ ...TRADES, name: 'quotes' });
    writeFileSync(join(platform.basePath, 'feeds', 'trades', 'feed.json'), '{');
    expect(platform.listFeeds().map(({ name }) => name)).toEqual(['quotes']);
    expect(events.at(-1)).toMatchObject({ level: 'error', values: { feed: 'trades' } });
    expect(await failure(() => platform.feedInfo('trades'))).toMatchObject({ code: 'DW_FILE_CORRUPT' });
  });

  test('a damaged catalog is named as the problem of its feed', async () => {
    const platform = await platformWithTrades(10);
    writeFileSync(join(platform.basePath, 'feeds', 'trades', 'catalog.dwc'), 'garbage');
    expect(platform.feedInfo('trades')).toMatchObject({ records: { first: 0, next: 0 }, problem: expect.stringContaining('catalog.dwc') as string });
  });
});

describe('setLifecycle', () => {
  test('changes what may change, for everybody and for good', async () => {
    const platform = await platformWithTrades();
    const other = await openPlatform(platform.basePath);
    const changed = await platform.setLifecycle('trades', { retentionHours: 0, retention_mb: 1.5, chunk_max_age_hours: 2, chunkSizeMb: 2, durability: 'sync', ringRecords: 100 });
    expect(changed).toEqual({
      persist: true, mode: 'UF', chunkSizeBytes: 2 * 1024 * 1024, chunkMaxAgeHours: 2, retentionHours: 0, retentionBytes: 1.5 * 1024 * 1024, durability: { level: 'sync', intervalMs: 1000 }, ringRecords: 128,
    });
    expect(other.lifecycle('trades')).toEqual(changed);
    expect(platform.lifecycle('trades')).toEqual(changed);
    expect(platform.feedInfo('trades').uid).toBe(other.feedInfo('trades').uid);
    // The spec is another one now.
    expect(await failure(() => other.createFeed(TRADES))).toMatchObject({ code: 'DW_FEED_SPEC_CONFLICT' });
    await other.createFeed({ ...TRADES, chunkSizeMb: 2, retentionHours: 0, retentionBytes: 1.5 * 1024 * 1024, chunkMaxAgeHours: 2, durability: 'sync', ringRecords: 128 });
  });

  test('a limit of size that is taken back leaves the spec as it was without the key', async () => {
    const platform = await platformWithTrades();
    expect(await platform.setLifecycle('trades', { retentionMb: 64 })).toMatchObject({ retentionBytes: 64 * 1024 * 1024 });
    expect(await platform.setLifecycle('trades', { retentionBytes: 0 })).toMatchObject({ retentionBytes: 0 });
    expect(platform.feedInfo('trades').spec).not.toHaveProperty('retentionBytes');
    await platform.createFeed(TRADES);
    await platform.createFeed({ ...TRADES, retentionMb: 0 });
  });

  test('of a memory feed changes the size of its ring, however it is said', async () => {
    const platform = await openPlatform();
    await platform.createFeed({ ...TRADES, persist: false });
    for (const [change, expected] of [[{ chunk_size_mb: 2 }, { ringBytes: 2 * 1024 * 1024 }], [{ ringBytes: 65536 }, { ringBytes: 65536 }], [{ ringRecords: 256 }, { ringRecords: 256 }]] as const) {
      const { persist, ringBytes, ringRecords } = await platform.setLifecycle('trades', change);
      expect({ persist, ringBytes, ringRecords }).toEqual({ persist: false, ringBytes: undefined, ringRecords: undefined, ...expected });
    }
  });

  const bad: [string, unknown, string][] = [
    ['persist', { persist: false }, 'DW_OPTION_INVALID'],
    ['fields', { fields: [] }, 'DW_OPTION_INVALID'],
    ['a key that is none', { retentionHour: 5 }, 'DW_OPTION_INVALID'],
    ['a negative age', { retentionHours: -1 }, 'DW_SIZE_INVALID'],
    ['a negative size', { retentionMb: -1 }, 'DW_SIZE_INVALID'],
    ['two limits of size that differ', { retentionMb: 1, retention_bytes: 5 }, 'DW_SPEC_INVALID'],
    ['a size that is text', { chunkSizeMb: '64' }, 'DW_SPEC_INVALID'],
    ['two sizes that differ', { chunkSizeMb: 1, chunk_size_bytes: 5000 }, 'DW_SPEC_INVALID'],
    ['nothing', null, 'DW_OPTION_INVALID'],
  ];
  test.each(bad)('refuses %s, and nothing changes', async (_name, change, code) => {
    const platform = await platformWithTrades();
    const before = platform.lifecycle('trades');
    expect(await failure(() => platform.setLifecycle('trades', change as LifecycleChange))).toMatchObject({ code });
    expect(platform.lifecycle('trades')).toEqual(before);
  });

  test('is for the next writer: one that is open goes on', async () => {
    const platform = await platformWithTrades();
    const writer = await platform.createWriter<typeof TRADES>('trades');
    await platform.setLifecycle('trades', { chunkSizeBytes: 8192, ringRecords: 64 });
    for (let n = 0; n < 1000; n++) writer.writeValues(...trade(n));
    await writer.close();
    expect(platform.feedInfo('trades').chunks).toBe(1);
    const next = await platform.createWriter<typeof TRADES>('trades');
    for (let n = 1000; n < 2000; n++) next.writeValues(...trade(n));
    await next.close();
    expect(platform.feedInfo('trades').chunks).toBeGreaterThan(3);
    expect(await (await platform.createReader('trades')).last(5000)).toEqual(Array.from({ length: 2000 }, (_, n) => trade(n)));
  });
});

describe('deleteFeed', () => {
  test('removes files, ring and entry; a feed of the same name is another one', async () => {
    const platform = await platformWithTrades(100);
    const { uid } = platform.feedInfo('trades');
    const reader = await platform.createReader('trades');
    await platform.deleteFeed('trades');
    expect(platform.listFeeds()).toEqual([]);
    expect(readdirSync(join(platform.basePath, 'feeds'))).toEqual([]);
    expect(existsSync(ringsOf(platform)) ? readdirSync(ringsOf(platform)) : []).toEqual([]);
    expect(await failure(() => reader.last(1))).toMatchObject({ code: 'DW_READER_CLOSED' });
    expect(await failure(() => platform.feedInfo('trades'))).toMatchObject({ code: 'DW_FEED_UNKNOWN' });
    expect((await platform.createFeed({ ...TRADES, persist: false })).uid).not.toBe(uid);
    expect(await (await platform.createReader('trades')).last(10)).toEqual([]);
  });

  test('is refused while a writer lives: here, in another platform, in another process', async () => {
    const platform = await platformWithTrades();
    const other = await openPlatform(platform.basePath);
    const writer = await platform.createWriter('trades');
    for (const each of [platform, other]) {
      expect(await failure(() => each.deleteFeed('trades'))).toMatchObject({ code: 'DW_FEED_IN_USE', values: { feed: 'trades', pid: process.pid } });
    }
    await writer.close();
    const child = new TestProcess('writer.mjs', platform.basePath, '10');
    expect(await child.line()).toBe('wrote 10');
    expect(await failure(() => platform.deleteFeed('trades'))).toMatchObject({ code: 'DW_FEED_IN_USE', values: { pid: child.pid } });
    expect(platform.feedInfo('trades').records.next).toBe(10);
    child.child.kill('SIGKILL');
    await child.ended;
    // What the killed writer left in its ring goes as well.
    expect(readdirSync(ringsOf(platform))).toContain('trades.ring');
    await platform.deleteFeed('trades');
    expect(readdirSync(ringsOf(platform))).not.toContain('trades.ring');
    expect(platform.listFeeds()).toEqual([]);
  });

  test('broken off behind the catalog: the feed is there, and goes on with its next writer, or is deleted', async () => {
    const platform = await platformWithTrades(10);
    const brokenOff = (): void => {
      onFailpoint((name) => { if (name === 'registry.catalog-retired') throw new Error('the power goes'); });
    };
    for (const count of [10, 15]) {
      brokenOff();
      await expect(platform.deleteFeed('trades')).rejects.toThrow('the power goes');
      onFailpoint(undefined);
      expect((await platform.health({ checkFeeds: true })).checks.find(({ check, state }) => check === 'catalog' && state === 'fail')?.message).toContain('broken off');
      const reader = await platform.createReader<typeof TRADES>('trades');
      expect(await reader.last(100)).toEqual(Array.from({ length: count }, (_, n) => trade(n)));
      const writer = await platform.createWriter<typeof TRADES>('trades');
      for (let n = count; n < count + 5; n++) writer.writeValues(...trade(n));
      const seen: unknown[] = [];
      for await (const record of reader.stream({ fromSequence: 0 })) {
        seen.push(record);
        if (seen.length === count + 5) break;
      }
      expect(seen).toEqual(Array.from({ length: count + 5 }, (_, n) => trade(n)));
      await writer.close();
      await reader.close();
    }
    brokenOff();
    await expect(platform.deleteFeed('trades')).rejects.toThrow('the power goes');
    onFailpoint(undefined);
    await platform.deleteFeed('trades');
    expect(platform.listFeeds()).toEqual([]);
  });

  test('at once in two platforms: one of them does it', async () => {
    const platform = await platformWithTrades(10);
    const other = await openPlatform(platform.basePath);
    const results = await Promise.allSettled([platform.deleteFeed('trades'), other.deleteFeed('trades')]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const { reason } = results.find((result): result is PromiseRejectedResult => result.status === 'rejected')!;
    expect(['DW_FEED_IN_USE', 'DW_FEED_UNKNOWN']).toContain((reason as { code: string }).code);
  });

  test('a reader in another platform finds nothing, and its next reader the new feed', async () => {
    const platform = await platformWithTrades(100);
    const other = await openPlatform(platform.basePath);
    const reader = await other.createReader<typeof TRADES>('trades');
    expect(await reader.last(1)).toEqual([trade(99)]);
    await platform.deleteFeed('trades');
    expect(await failure(() => other.createReader('trades'))).toMatchObject({ code: 'DW_FEED_UNKNOWN' });
    await platform.createFeed(TRADES);
    const writer = await platform.createWriter<typeof TRADES>('trades');
    writer.writeValues(...trade(5));
    const next = await other.createReader<typeof TRADES>('trades');
    expect(next).not.toBe(reader);
    expect(await next.last(10)).toEqual([trade(5)]);
  });

  test('a reader that holds the ring of a killed writer is told that the feed is gone', async () => {
    const platform = await openPlatform();
    const child = new TestProcess('writer.mjs', platform.basePath, '5', 'wait', '{}', '{"persist":false}');
    expect(await child.line()).toBe('wrote 5');
    const other = await openPlatform(platform.basePath);
    const reader = await other.createReader<typeof TRADES>('trades');
    child.child.kill('SIGKILL');
    await child.ended;
    expect(await reader.last(9)).toHaveLength(5);
    await platform.deleteFeed('trades');
    expect(await reader.last(9)).toEqual([]);
  });

  test('works where the catalog or the ring is damaged', async () => {
    const platform = await platformWithTrades(10);
    writeFileSync(join(platform.basePath, 'feeds', 'trades', 'catalog.dwc'), 'garbage');
    await platform.deleteFeed('trades');
    expect(platform.listFeeds()).toEqual([]);
  });
});

describe('writers and readers', () => {
  test('are the same until they are closed, then new ones', async () => {
    const platform = await platformWithTrades();
    const [writer, again] = await Promise.all([platform.createWriter<typeof TRADES>('trades'), platform.createWriter<typeof TRADES>('trades')]);
    expect(again).toBe(writer);
    writer.writeValues(...trade(0));
    const closing = writer.close();
    const next = await platform.createWriter<typeof TRADES>('trades');
    await closing;
    expect(next).not.toBe(writer);
    expect(await failure(() => writer.writeValues(...trade(1)))).toMatchObject({ code: 'DW_WRITER_CLOSED' });
    next.writeValues(...trade(1));
    const reader = await platform.createReader<typeof TRADES>('trades');
    expect(await platform.createReader('trades')).toBe(reader);
    await reader.close();
    const fresh = await platform.createReader<typeof TRADES>('trades');
    expect(fresh).not.toBe(reader);
    expect(await fresh.last(9)).toEqual([trade(0), trade(1)]);
  });

  test('a writer in another process excludes one here, which is told who it is, and can begin when it is gone', async () => {
    const basePath = join(temporaryDirectory(), 'data');
    const child = new TestProcess('writer.mjs', basePath, '5');
    expect(await child.line()).toBe('wrote 5');
    const platform = await openPlatform(basePath);
    expect(await failure(() => platform.createWriter('trades'))).toMatchObject({ code: 'DW_WRITER_EXISTS', values: { pid: child.pid } });
    child.child.kill('SIGKILL');
    await child.ended;
    const writer = await platform.createWriter<typeof TRADES>('trades');
    expect(writer.position).toBe(5);
    writer.writeValues(...trade(5));
    expect(await (await platform.createReader('trades')).last(9)).toEqual(Array.from({ length: 6 }, (_, n) => trade(n)));
  });

  test('a handle takes the right to write to a worker thread and back', async () => {
    const platform = await platformWithTrades();
    expect(await failure(() => platform.writerHandle('trades'))).toMatchObject({ code: 'DW_HANDLE_INVALID' });
    const writer = await platform.createWriter<typeof TRADES>('trades');
    writer.writeValues(...trade(0));
    const worker = new Worker(new URL('./processes/attached.mjs', import.meta.url), { workerData: { handle: platform.writerHandle('trades') } });
    const said = (): Promise<unknown> => new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
    expect(await said()).toBe(3);
    // It is still the feed's writer: asked for again, and not to be deleted or closed under the thread that writes.
    expect(await platform.createWriter('trades')).toBe(writer);
    expect(await failure(() => platform.deleteFeed('trades'))).toMatchObject({ code: 'DW_FEED_IN_USE' });
    expect(await failure(() => writer.writeValues(...trade(9)))).toMatchObject({ code: 'DW_HANDLE_IN_USE' });
    const done = said();
    worker.postMessage('close');
    expect(await done).toBe('closed');
    await worker.terminate();
    await writer.close();
    expect(await (await platform.createReader('trades')).last(9)).toEqual([trade(0), trade(1), trade(2)]);
    await (await platform.createWriter('trades')).close();
  });

  test('a writer that cannot be closed because another thread writes is closed when that thread is done', async () => {
    const platform = await platformWithTrades();
    const writer = await platform.createWriter('trades');
    const worker = new Worker(new URL('./processes/attached.mjs', import.meta.url), { workerData: { handle: platform.writerHandle('trades') } });
    const said = (): Promise<unknown> => new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
    await said();
    expect(await failure(() => writer.close())).toMatchObject({ code: 'DW_HANDLE_IN_USE' });
    expect(await platform.createWriter('trades')).toBe(writer);
    const done = said();
    worker.postMessage('close');
    await done;
    await worker.terminate();
    await writer.close();
    await (await platform.createWriter('trades')).close();
  });

  test('a feed whose writer cannot be opened can be tried again', async () => {
    const platform = await platformWithTrades();
    const chunks = join(platform.basePath, 'feeds', 'trades', 'chunks');
    writeFileSync(chunks, 'a file in the way');
    expect((await failure(() => platform.createWriter('trades'))).code).toMatch(/^DW_/);
    renameSync(chunks, `${chunks}.gone`);
    const writer = await platform.createWriter<typeof TRADES>('trades');
    writer.writeValues(...trade(0));
    await writer.close();
    expect(readFileSync(join(platform.basePath, 'deepwater.log'), 'utf8')).toContain('writer opened');
  });
});
