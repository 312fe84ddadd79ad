import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import {
  DeepwaterError, type FeedSpec, Registry, type StoreEvent, feedPaths, listFeedFiles, parseFeedSpec, readFeedFile, serializeFeed,
} from '../dist/index.js';
import { inRegistry } from '../dist/registry/registry-file.js';
import { failure, runTogether, startProcess, temporaryDirectory } from './store-support.js';

const seed = Date.now() & 0x7fffffff;
console.log(`registry: seed ${seed}`);

const specOf = (name: string, type = 'float64'): FeedSpec =>
  parseFeedSpec({ name, fields: [{ name: 'value', type }, { name: 'time', type: 'uint64' }], timestamp: 'time' });

async function open(basePath = temporaryDirectory()) {
  const events: StoreEvent[] = [];
  const registry = await Registry.open(basePath, 'owner', (event) => events.push(event));
  return { basePath, registry, events };
}

/** What the registry itself holds. */
function contents(basePath: string): Promise<Record<string, string>> {
  return inRegistry(basePath, 'owner', (database) => Object.fromEntries([...database.getRange()].map(({ key, value }) => [key, value])));
}

const dataOf = (basePath: string): string => join(basePath, 'registry', 'data.mdb');
const warnings = (events: readonly StoreEvent[]): string[] => events.filter(({ level }) => level === 'warn' || level === 'error').map(({ message }) => message);

describe('creating a feed', () => {
  test('writes its file and its entry, once', async () => {
    const { basePath, registry, events } = await open();
    const { feed, created } = await registry.createFeed(specOf('trades'));
    expect(created).toBe(true);
    expect(feed.uid).toMatch(/^[0-9a-f]{16}$/);
    expect(readFeedFile(basePath, 'trades')).toEqual(feed);
    expect(await contents(basePath)).toEqual({ trades: serializeFeed(feed) });
    // Whatever the spec: it is for the caller to compare.
    expect(await registry.createFeed(specOf('trades', 'int8'))).toEqual({ feed, created: false });
    expect(warnings(events)).toEqual([]);
  });

  test('in several processes at once: all get one feed, and one of them made it', async () => {
    const basePath = temporaryDirectory();
    const results = await runTogether<{ uid: string; type: string; created: boolean }>('store-process.mjs', [
      ['feed', basePath, 'trades', 'float64'], ['feed', basePath, 'trades', 'int8'], ['feed', basePath, 'trades', 'uint16'],
    ]);
    expect(results.filter(({ created }) => created)).toHaveLength(1);
    expect(new Set(results.map(({ uid, type }) => `${uid} ${type}`)).size).toBe(1);
    expect(Object.keys(await contents(basePath))).toEqual(['trades']);
    expect(readFeedFile(basePath, 'trades')!.uid).toBe(results[0]!.uid);
  });

  test('many in one process at once: each is made once, and whoever asked for it has the same', async () => {
    const { basePath, registry } = await open();
    const results = await Promise.all(Array.from({ length: 30 }, (_, i) => registry.createFeed(specOf(`feed-${i % 10}`))));
    expect(results.filter(({ created }) => created)).toHaveLength(10);
    for (const { feed } of results) expect(feed.uid).toBe(readFeedFile(basePath, feed.name)!.uid);
    expect(Object.keys(await contents(basePath))).toHaveLength(10);
  });

  test('leaves nothing half done when its process is killed', async () => {
    const basePath = temporaryDirectory();
    const child = startProcess('store-process.mjs', 'feeds', basePath, 'f', '100000');
    const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
    await lines.next();
    child.stdin!.write('go\n');
    const said: string[] = [];
    while (said.length < 7) said.push((await lines.next()).value as string);
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('exit', resolve));
    for (;;) { // what it said before it was killed and we had not read
      const { value, done } = await lines.next();
      if (done === true) break;
      said.push(value);
    }
    const { registry } = await open(basePath);
    await registry.createFeed(specOf('after'));
    const { feeds, damaged } = listFeedFiles(basePath);
    expect(damaged).toEqual([]);
    const names = feeds.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining([...said, 'after']));
    expect(names.length).toBeLessThanOrEqual(said.length + 2);
    expect(Object.keys(await contents(basePath)).sort()).toEqual(names);
  });
});

describe('changing and removing a feed', () => {
  test('a change is in the file and in the registry; one that throws is in neither', async () => {
    const { basePath, registry } = await open();
    const { feed } = await registry.createFeed(specOf('trades'));
    const changed = await registry.updateFeed('trades', ({ spec }) => ({ ...spec, retentionHours: 5 }));
    expect(changed).toEqual({ ...feed, spec: { ...feed.spec, retentionHours: 5 } });
    expect(await failure(() => registry.updateFeed('trades', () => { throw new Error('no'); }))).toMatchObject({ message: 'no' });
    expect(readFeedFile(basePath, 'trades')).toEqual(changed);
    expect(await contents(basePath)).toEqual({ trades: serializeFeed(changed) });
  });

  test('a removed feed is gone with everything in its directory', async () => {
    const { basePath, registry } = await open();
    const { feed } = await registry.createFeed(specOf('trades'));
    await registry.createFeed(specOf('quotes'));
    mkdirSync(join(feedPaths(basePath, 'trades').chunks));
    writeFileSync(join(feedPaths(basePath, 'trades').chunks, '000000000001.dwk'), 'x');
    await registry.removeFeed('trades', feed.uid);
    expect(readdirSync(join(basePath, 'feeds'))).toEqual(['quotes']);
    expect(Object.keys(await contents(basePath))).toEqual(['quotes']);
  });

  test('a feed made since under the same name is not removed', async () => {
    const { basePath, registry } = await open();
    const { feed } = await registry.createFeed(specOf('trades'));
    await registry.removeFeed('trades', feed.uid);
    const { feed: next } = await registry.createFeed(specOf('trades'));
    expect(await failure(() => registry.removeFeed('trades', feed.uid))).toMatchObject({ code: 'DW_FEED_UNKNOWN' });
    expect(readFeedFile(basePath, 'trades')).toEqual(next);
  });

  test('an unknown feed is named, with one that may be meant', async () => {
    const { registry } = await open();
    await registry.createFeed(specOf('trades'));
    const error = await failure(() => registry.updateFeed('tradse', ({ spec }) => spec));
    expect(error).toMatchObject({ code: 'DW_FEED_UNKNOWN', message: expect.stringContaining('did you mean trades?') as string });
  });

  test('a directory that a feed was to be made in is not taken for a feed', async () => {
    const { basePath, registry } = await open();
    await registry.createFeed(specOf('quotes'));
    mkdirSync(feedPaths(basePath, 'trades').directory);
    const error = await failure(() => registry.updateFeed('trades', ({ spec }) => spec)) as DeepwaterError;
    expect(error).toMatchObject({ code: 'DW_FEED_UNKNOWN', values: { feed: 'trades', feeds: ['quotes'] } });
    expect(error.message).toMatch(/no feed trades in \S+; the store has one feed\./);
  });

  test('what a killed deletion left is removed at the next opening', async () => {
    const { basePath, registry } = await open();
    const { feed } = await registry.createFeed(specOf('trades'));
    renameSync(feedPaths(basePath, 'trades').directory, join(basePath, 'feeds', '.deleted-trades-0badcafe'));
    const again = await open(basePath);
    expect(readdirSync(join(basePath, 'feeds'))).toEqual([]);
    expect(await contents(basePath)).toEqual({});
    expect((await again.registry.createFeed(specOf('trades'))).feed.uid).not.toBe(feed.uid);
  });
});

describe('a registry that is missing or damaged', () => {
  async function storeWithFeeds(): Promise<string> {
    const { basePath, registry } = await open();
    for (const name of ['book', 'quotes', 'trades']) await registry.createFeed(specOf(name));
    return basePath;
  }

  const damages: [string, (basePath: string) => void, boolean][] = [
    ['gone', (basePath) => rmSync(join(basePath, 'registry'), { recursive: true }), false],
    ['without its data', (basePath) => rmSync(dataOf(basePath)), false],
    ['of garbage', (basePath) => writeFileSync(dataOf(basePath), 'garbage'), true],
    ['cut off', (basePath) => truncateSync(dataOf(basePath), 5000), true],
    ['of no length', (basePath) => truncateSync(dataOf(basePath), 0), true],
    ['without its checksum', (basePath) => rmSync(join(basePath, 'registry', 'checksum.json')), true],
    ['with a checksum of garbage', (basePath) => writeFileSync(join(basePath, 'registry', 'checksum.json'), '\0\0'), true],
    ['with a directory in place of its data', (basePath) => { rmSync(dataOf(basePath)); mkdirSync(dataOf(basePath)); }, true],
    ['with a link in place of its data', (basePath) => { renameSync(dataOf(basePath), join(basePath, 'registry', 'x')); symlinkSync('x', dataOf(basePath)); }, true],
  ];
  test.each(damages)('%s is made again by opening', async (_name, damage, putAside) => {
    const basePath = await storeWithFeeds();
    const before = await contents(basePath);
    damage(basePath);
    const { events } = await open(basePath);
    expect(await contents(basePath)).toEqual(before);
    expect(warnings(events)).toHaveLength(putAside ? 1 : 0);
    expect(readdirSync(basePath).filter((name) => name.startsWith('registry.damaged-'))).toHaveLength(putAside ? 1 : 0);
  });

  test('is made again while the store is open, by the next change', async () => {
    const { basePath, registry, events } = await open();
    await registry.createFeed(specOf('quotes'));
    writeFileSync(dataOf(basePath), 'garbage');
    await registry.createFeed(specOf('trades'));
    expect(Object.keys(await contents(basePath))).toEqual(['quotes', 'trades']);
    expect(warnings(events)).toHaveLength(1);
  });

  test('with any bytes changed never crashes: nothing is read that its checksum does not cover', async () => {
    const basePath = await storeWithFeeds();
    const before = await contents(basePath);
    const original = readFileSync(dataOf(basePath));
    let state = seed;
    const random = (below: number): number => (state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff) % below;
    for (let round = 0; round < 25; round++) {
      const bytes = Buffer.from(original);
      // Page headers and the two meta pages are where LMDB breaks.
      for (let i = random(20); i >= 0; i--) bytes[random(bytes.length / 4096) * 4096 + random(64)] = random(256);
      writeFileSync(dataOf(basePath), bytes);
      writeFileSync(join(basePath, 'registry', 'lock.mdb'), Buffer.from(original.subarray(0, 8192)));
      await open(basePath);
      expect(await contents(basePath)).toEqual(before);
    }
    // However often: a few are kept for a look, not all.
    expect(readdirSync(basePath).filter((name) => name.startsWith('registry.damaged-')).length).toBeLessThanOrEqual(3);
  }, 120_000);

  test('can be made again on demand', async () => {
    const basePath = await storeWithFeeds();
    const { registry } = await open(basePath);
    expect(await registry.rebuild()).toBe(3);
    expect(Object.keys(await contents(basePath))).toEqual(['book', 'quotes', 'trades']);
  });
});

describe('registry and feed files that disagree', () => {
  test('the file wins', async () => {
    const { basePath, registry } = await open();
    await registry.createFeed(specOf('trades'));
    const { spec: file } = feedPaths(basePath, 'trades');
    // By hand, and so without the checksum.
    const edited = readFileSync(file, 'utf8').replace('"retentionHours": 72', '"retentionHours": 9').replace(/,\n {2}"checksum": "[0-9a-f]{8}"/, '');
    writeFileSync(file, edited);
    await open(basePath);
    expect(await contents(basePath)).toEqual({ trades: edited });
    expect(readFeedFile(basePath, 'trades')!.spec.retentionHours).toBe(9);
  });

  test.each([['missing', (file: string) => rmSync(file)], ['damaged', (file: string) => writeFileSync(file, '{"for')]])('a %s file comes back from the registry, and it is said', async (_name, damage) => {
    const { basePath, registry } = await open();
    const { feed } = await registry.createFeed(specOf('trades'));
    damage(feedPaths(basePath, 'trades').spec);
    const { events } = await open(basePath);
    expect(readFeedFile(basePath, 'trades')).toEqual(feed);
    expect(warnings(events).join()).toContain('the registry had its content');
  });

  test('a digit that was changed under the checksum is damage, and the registry has what it was', async () => {
    const { basePath, registry } = await open();
    const { feed } = await registry.createFeed(specOf('trades'));
    const { spec: file } = feedPaths(basePath, 'trades');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"retentionHours": 72', '"retentionHours": 12'));
    expect(() => readFeedFile(basePath, 'trades')).toThrow('its checksum does not hold');
    await open(basePath);
    expect(readFeedFile(basePath, 'trades')).toEqual(feed);
  });

  test('a file of a newer format is left alone', async () => {
    const { basePath, registry } = await open();
    await registry.createFeed(specOf('trades'));
    const { spec: file } = feedPaths(basePath, 'trades');
    const newer = readFileSync(file, 'utf8').replace('"format": 1', '"format": 2');
    writeFileSync(file, newer);
    await open(basePath);
    expect(readFileSync(file, 'utf8')).toBe(newer);
  });

  test('an entry without a feed is dropped; a feed without an entry gets one', async () => {
    const { basePath, registry } = await open();
    await registry.createFeed(specOf('gone'));
    const { feed } = await registry.createFeed(specOf('kept'));
    rmSync(feedPaths(basePath, 'gone').directory, { recursive: true });
    mkdirSync(feedPaths(basePath, 'new').directory);
    writeFileSync(feedPaths(basePath, 'new').spec, serializeFeed({ ...feed, name: 'new', spec: specOf('new') }));
    await open(basePath);
    expect(Object.keys(await contents(basePath))).toEqual(['kept', 'new']);
  });
});

test('files of the registry are for the owner only', async () => {
  const { basePath } = await open();
  const modes = ['data.mdb', 'lock.mdb', 'checksum.json'].map((name) => statSync(join(basePath, 'registry', name)).mode & 0o777);
  expect(modes).toEqual([0o600, 0o600, 0o600]);
});

test('a worker thread may not open it', async () => {
  const source = `
    const { parentPort, workerData } = require('node:worker_threads');
    import(workerData.module).then(async ({ Registry }) => {
      parentPort.postMessage(await Registry.open(workerData.basePath, 'owner').then(() => 'opened', (error) => error.code));
    });`;
  const worker = new Worker(source, { eval: true, workerData: { module: new URL('../dist/index.js', import.meta.url).href, basePath: temporaryDirectory() } });
  const answer = await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
  await worker.terminate();
  expect(answer).toBe('DW_OPTION_INVALID');
});

test.skipIf(process.platform !== 'linux')('importing the package does not load LMDB: threads and programs that only read do without', async () => {
  const source = `await import(${JSON.stringify(new URL('../dist/index.js', import.meta.url).href)});
    console.log(/lmdb|node\\.abi/.test((await import('node:fs')).readFileSync('/proc/self/maps', 'utf8')))`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', source]);
  expect(stdout).toBe('false\n');
});

test('a feed whose directory cannot be made is in the file system neither, nor in the registry, and can be made later', async () => {
  const { registry, basePath } = await open();
  await registry.createFeed(specOf('before'));
  writeFileSync(join(basePath, 'feeds', 'blocked'), '');
  const error = await failure(() => registry.createFeed(specOf('blocked')));
  expect(DeepwaterError.isDeepwaterError(error)).toBe(true);
  expect(Object.keys(await contents(basePath))).toEqual(['before']);
  rmSync(join(basePath, 'feeds', 'blocked'));
  expect((await registry.createFeed(specOf('blocked'))).created).toBe(true);
});

const mountable = process.platform === 'linux' && spawnSync('unshare', ['-rm', 'true']).status === 0;

test.skipIf(!mountable)('a full disk is an error with its code, never a crash, and what was there stays', async () => {
  // In a mount namespace of its own: a file system of 192 KiB.
  const disk = temporaryDirectory();
  const worker = new URL('./workers/full-disk.mjs', import.meta.url).pathname;
  const { stdout } = await promisify(execFile)('unshare', ['-rm', 'sh', '-c', `mount -t tmpfs -o size=192k tmpfs "$0" && exec "$1" "$2" "$0"`, disk, process.execPath, worker]);
  const { made, codes, listed, directories, afterwards } = JSON.parse(stdout) as { made: number; codes: string[]; listed: number; directories: number; afterwards: boolean };
  expect(new Set(codes)).toEqual(new Set(['DW_DISK_FULL']));
  expect(made).toBeGreaterThan(3);
  // The file is the truth: one that was written before the registry had no room counts.
  expect(listed).toBeGreaterThanOrEqual(made);
  expect(listed - made).toBeLessThanOrEqual(codes.length);
  expect(directories).toBe(listed);
  expect(afterwards).toBe(true);
});
