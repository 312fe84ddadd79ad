import { appendFileSync, cpSync, mkdirSync, readFileSync, readdirSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { FileLock, RING, compileSchema, feedPaths, openCatalog, ringPaths, sharedRingDirectory } from '@deepwater/core';
import { type HealthCheck, type HealthRequest, HOLD_MS, checkFeeds, checkStore, clocksNow, writeCleanupMemory } from '@deepwater/operations';
import { openRing } from '@deepwater/ring';
import { type HealthOptions, checkHealth } from '../dist/index.js';
import { TRADES, failure, openPlatform, temporaryDirectory, trade } from './support.js';

/** A store with trades in chunks, and nothing open. */
async function soundStore(count: number): Promise<string> {
  const platform = await openPlatform(undefined, { cleanupMinutes: 0 });
  await platform.createFeed(TRADES);
  const writer = await platform.createWriter<typeof TRADES>('trades');
  for (let n = 0; n < count; n++) writer.writeValues(...trade(n));
  await platform.close();
  return platform.basePath;
}

let sound: string;
beforeAll(async () => { sound = await soundStore(2000); });

/** What is found, as `feed check state` where it is not ok; in this thread. */
async function look(basePath: string, request: Partial<HealthRequest> = {}): Promise<{ bad: string[]; checks: HealthCheck[] }> {
  const whole = { basePath, checkFeeds: true, minFreeGb: 0, observeMs: 200, ...request };
  const { checks: ofStore, manifest } = await checkStore(whole);
  const checks = [...ofStore, ...(manifest === undefined ? [] : await checkFeeds(whole, manifest))];
  return { checks, bad: checks.filter(({ state }) => state === 'warn' || state === 'fail').map(({ feed, check, state }) => [feed, check, state].filter(Boolean).join(' ')) };
}

const feedFile = (basePath: string, ...names: string[]): string => join(basePath, 'feeds', 'trades', ...names);
const chunk = (basePath: string): string => feedFile(basePath, 'chunks', readdirSync(feedFile(basePath, 'chunks'))[0]!);
const flip = (file: string, at: number): void => {
  const bytes = readFileSync(file);
  bytes[at]! ^= 0xff;
  writeFileSync(file, bytes);
};

const found = (checks: readonly HealthCheck[], name: string, feed = 'trades'): HealthCheck | undefined => checks.find((each) => each.check === name && (each.feed === undefined || each.feed === feed));

describe('the health of a store that nobody has open', () => {
  test('is well where it is', async () => {
    expect((await look(sound)).bad).toEqual([]);
    const report = await checkHealth(sound, { minFreeGb: 0 });
    expect(report).toMatchObject({ healthy: true, basePath: sound });
    expect(report.checks.length).toBe((await look(sound)).checks.length);
  });

  const damages: [string, (store: string) => void, string[]][] = [
    ['a manifest that is none', (store) => { writeFileSync(join(store, 'manifest.json'), '{'); }, ['manifest fail']],
    ['a manifest of a later version', (store) => { writeFileSync(join(store, 'manifest.json'), readFileSync(join(store, 'manifest.json'), 'utf8').replace(/"format": \d+/, '"format": 99')); }, ['manifest fail']],
    ['a registry that is damaged', (store) => { flip(join(store, 'registry', 'data.mdb'), 5000); }, ['registry warn']],
    ['a feed file that is none', (store) => { writeFileSync(feedFile(store, 'feed.json'), '{'); }, ['registry warn', 'trades feed file fail']],
    ['a catalog that is garbage', (store) => { writeFileSync(feedFile(store, 'catalog.dwc'), 'garbage'); }, ['trades catalog fail', 'trades chunks fail', 'trades records fail', 'trades ring fail', 'trades writer fail', 'trades recent writes fail', 'trades times fail', 'trades cleanup fail']],
    ['an entry of the catalog that is damaged', (store) => { flip(feedFile(store, 'catalog.dwc'), 4096 + 16); }, ['trades catalog fail', 'trades chunks fail']],
    ['a catalog that is gone', (store) => { rmSync(feedFile(store, 'catalog.dwc')); }, ['trades catalog fail']],
    ['a chunk that is gone', (store) => { rmSync(chunk(store)); }, ['trades chunks fail', 'trades records fail']],
    ['a chunk that is cut', (store) => { truncateSync(chunk(store), 4096); }, ['trades chunks fail', 'trades records fail']],
    ['a chunk with a damaged header', (store) => { flip(chunk(store), 20); }, ['trades chunks fail', 'trades records fail']],
    ['something in quarantine', (store) => { mkdirSync(join(store, 'quarantine')); writeFileSync(join(store, 'quarantine', 'x'), ''); }, ['quarantine warn']],
    ['errors in the log', (store) => { appendFileSync(join(store, 'deepwater.log'), `${JSON.stringify({ level: 'error', time: new Date().toISOString(), msg: 'the disk is on fire' })}\n`); }, ['log warn']],
    ['a memory of the clock that is none', (store) => { writeFileSync(join(store, 'cleanup.json'), '{'); }, ['clock warn']],
  ];
  test.each(damages)('finds %s', async (_name, damage, expected) => {
    const store = join(temporaryDirectory(), 'data');
    cpSync(sound, store, { recursive: true });
    damage(store);
    const { bad, checks } = await look(store);
    for (const each of expected) expect(bad).toContain(each);
    expect(bad.filter((each) => !expected.includes(each) && each !== 'manifest warn' && !/ (ingest|recent writes|times|cleanup|writer|ring) fail$/.test(each))).toEqual([]);
    for (const { state, message } of checks) if (state === 'fail' || state === 'warn') expect(message).toBeTruthy();
  });

  test('says how long ago the last record came, by its own time or by when it was written', async () => {
    const store = join(temporaryDirectory(), 'data');
    cpSync(sound, store, { recursive: true });
    expect((await look(store, { maxAgeSeconds: 3600 })).bad).not.toContain('trades recent writes fail');
    expect((await look(store, { maxAgeSeconds: 0.001 })).bad).toContain('trades recent writes fail');
    utimesSync(feedFile(store, 'feed.json'), 1, 1);
    expect(found((await look(store, { maxAgeSeconds: 3600 })).checks, 'recent writes')).toMatchObject({ state: 'ok', limit: '3600 s' });
  });

  test('says what the disk has, what the clock did, and what should have been removed', async () => {
    expect(found((await look(sound, { minFreeGb: 1e9 })).checks, 'disk space')).toMatchObject({ state: 'fail', limit: '1000000000 GB' });
    const store = join(temporaryDirectory(), 'data');
    cpSync(sound, store, { recursive: true });
    const now = clocksNow();
    writeCleanupMemory(store, { clock: { anchor: { ...now, wallMs: now.wallMs - 10 * HOLD_MS }, believedMs: now.wallMs - 10 * HOLD_MS } }, 'owner');
    expect(found((await look(store)).checks, 'clock')).toMatchObject({ state: 'warn', value: 'held: jump', message: expect.stringContaining('set forward by 10 days') as string });
    const file = feedFile(store, 'feed.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"retentionHours": 72', '"retentionHours": 0, "retentionBytes": 1').replace(/,\s*"checksum": "\w+"/, ''));
    expect(found((await look(store)).checks, 'cleanup')).toMatchObject({ state: 'warn', value: 1 });
  });

  test('is asked with options that make sense, and of a store that is there', async () => {
    for (const options of [{ maxAgeSeconds: -1 }, { minFreeGb: '1' }, { checkFeed: true }, null]) expect(await failure(() => checkHealth(sound, options as HealthOptions))).toMatchObject({ code: 'DW_OPTION_INVALID' });
    expect(await failure(() => checkHealth(temporaryDirectory()))).toMatchObject({ code: 'DW_BASE_PATH_INVALID' });
  });

  test('comes in time, or says that it did not', async () => {
    const { healthy, checks } = await checkHealth(sound, { timeoutMs: 0 });
    expect(healthy).toBe(false);
    expect(checks.at(-1)).toMatchObject({ check: 'time', state: 'fail' });
  });
});

describe('the health of a feed that is written', () => {
  test('is well while its records go into chunks', async () => {
    const platform = await openPlatform(undefined, { cleanupMinutes: 0 });
    await platform.createFeed(TRADES);
    const writer = await platform.createWriter<typeof TRADES>('trades');
    for (let n = 0; n < 1000; n++) writer.writeValues(...trade(n));
    const { bad, checks } = await look(platform.basePath, { maxAgeSeconds: 1000 });
    expect(bad).toEqual([]);
    expect(found(checks, 'writer')).toMatchObject({ value: `process ${process.pid}` });
    expect((await platform.health({ minFreeGb: 0 })).healthy).toBe(true);
  });

  /** A writer that closed nothing: its ring says what is made of it here. */
  async function abandoned(change: (ring: ReturnType<typeof openRing>) => void): Promise<{ basePath: string; lock: string }> {
    const platform = await openPlatform(undefined, { cleanupMinutes: 0 });
    await platform.createFeed({ ...TRADES, ringRecords: 1024 });
    const writer = await platform.createWriter<typeof TRADES>('trades');
    for (let n = 0; n < 500; n++) writer.writeValues(...trade(n));
    await writer.flush();
    const { basePath } = platform;
    const info = platform.feedInfo('trades');
    const { storeId } = platform;
    const copy = join(temporaryDirectory(), 'rings');
    mkdirSync(copy, { recursive: true });
    const rings = ringPaths(sharedRingDirectory(storeId), 'trades');
    cpSync(rings.ring, join(copy, 'trades.ring'));
    cpSync(rings.bell, join(copy, 'trades.bell'));
    await platform.close();
    mkdirSync(sharedRingDirectory(storeId), { recursive: true });
    cpSync(copy, sharedRingDirectory(storeId), { recursive: true });
    const schema = compileSchema(info.spec);
    const { view } = openCatalog(feedPaths(basePath, 'trades').catalog, schema, info.uid, true);
    view.setRingPlace(1, process.getuid!());
    view.setWriter(true, 4_000_000, view.writer.bootId);
    change(openRing(rings.ring, schema, info.uid, 'shared'));
    return { basePath, lock: feedPaths(basePath, 'trades').lock };
  }

  test('whose writer is gone is a warning, with what it left', async () => {
    const { basePath } = await abandoned((ring) => { ring.resetPosition(RING.HEAD, 520); });
    const { bad, checks } = await look(basePath);
    expect(bad).toEqual(['trades writer warn']);
    expect(found(checks, 'writer')?.message).toContain('20 records in the ring');
  });

  test('whose records wait although it has a writer is not well; nor is one whose ring is full', async () => {
    const { basePath, lock } = await abandoned((ring) => { ring.resetPosition(RING.HEAD, 500 + 950); });
    const held = FileLock.tryExclusive(lock, 'owner')!;
    try {
      const { bad, checks } = await look(basePath);
      expect(bad).toEqual(['trades ring warn', 'trades ingest fail']);
      expect(found(checks, 'ingest')?.message).toContain('950 records wait');
    } finally {
      held.release();
    }
  });
});
