import { execFile, spawnSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { Platform, type PlatformOptions, type StoreEvent } from '../dist/index.js';
import { START, TRADES, failure, openPlatform, temporaryDirectory, trade } from './support.js';

interface LogLine {
  level: string;
  msg: string;
}

const logOf = (basePath: string): LogLine[] =>
  readFileSync(join(basePath, 'deepwater.log'), 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line) as LogLine);

/** Every file below a directory with its content. */
function snapshot(directory: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name))
      .map((file) => [file, `${readFileSync(file).toString('base64')} ${statSync(file).mtimeMs}`]),
  );
}

async function storeWithTrades(count = 100): Promise<string> {
  const platform = await openPlatform();
  await platform.createFeed(TRADES);
  const writer = await platform.createWriter<typeof TRADES>('trades');
  for (let n = 0; n < count; n++) writer.writeValues(...trade(n));
  await platform.close();
  return platform.basePath;
}

describe('a base path', () => {
  test('is made, closed to others, with a manifest and a log', async () => {
    const platform = await openPlatform(join(temporaryDirectory(), 'a', 'b'));
    expect(statSync(platform.basePath).mode & 0o777).toBe(0o700);
    await platform.close();
    expect(readdirSync(platform.basePath).sort()).toEqual(['deepwater.log', 'manifest.json', 'registry', 'store.lock']);
    expect(logOf(platform.basePath).map(({ msg }) => msg.split(' by ')[0])).toEqual(['store opened', 'store closed']);
  });

  test('that is a file is refused', async () => {
    const file = join(temporaryDirectory(), 'file');
    writeFileSync(file, 'mine');
    expect(await failure(() => Platform.open(file))).toMatchObject({ code: 'DW_BASE_PATH_INVALID' });
    expect(readFileSync(file, 'utf8')).toBe('mine');
  });

  test('that cannot be written to is refused', async () => {
    expect(await failure(() => Platform.open('/proc/deepwater'))).toMatchObject({ code: 'DW_BASE_PATH_READ_ONLY' });
  });

  test('of another format version is refused, with both versions and the ways out', async () => {
    const basePath = await storeWithTrades();
    const file = join(basePath, 'manifest.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"format": 2', '"format": 3'));
    const before = snapshot(basePath);
    for (const readOnly of [false, true]) {
      const error = await failure(() => Platform.open(basePath, { readOnly }));
      expect(error).toMatchObject({ code: 'DW_FORMAT_VERSION', values: { format: 3, supported: 2 } });
    }
    expect(snapshot(basePath)).toEqual(before);
  });

  test.each([undefined, '', 7, null, 'a\0b'])('%j is refused', async (path) => {
    expect(await failure(() => Platform.open(path as string))).toMatchObject({ code: 'DW_BASE_PATH_INVALID' });
  });
});

describe('options', () => {
  const bad: [string, unknown, string][] = [
    ['a word', 'fast', 'fast'],
    ['null', null, 'null'],
    ['an unknown key', { logLevl: 'info' }, 'did you mean logLevel'],
    ['a log level that is none', { logLevel: 'loud' }, 'silent, error, warn, info, debug'],
    ['an access that is none', { access: 'world' }, 'owner'],
    ['a readOnly that is no boolean', { readOnly: 'yes' }, 'true or false'],
    ['an empty ring directory', { ringDir: '' }, 'a directory'],
    ['an onEvent that is no function', { onEvent: {} }, 'a function'],
  ];
  test.each(bad)('%s is refused, before anything is made', async (_name, options, said) => {
    const basePath = join(temporaryDirectory(), 'data');
    const error = await failure(() => Platform.open(basePath, options as PlatformOptions));
    expect(error).toMatchObject({ code: 'DW_OPTION_INVALID' });
    expect(error.message).toContain(said);
    expect(existsSync(basePath)).toBe(false);
  });

  test('logLevel silent makes no log; onEvent is told all the same', async () => {
    const events: StoreEvent[] = [];
    const platform = await openPlatform(undefined, { logLevel: 'silent', onEvent: (event) => events.push(event) });
    await platform.createFeed(TRADES);
    await platform.close();
    expect(existsSync(join(platform.basePath, 'deepwater.log'))).toBe(false);
    expect(events.filter(({ level }) => level === 'info').map(({ message }) => message)).toEqual([
      expect.stringContaining('store opened'), 'trades: feed created', 'store closed',
    ]);
  });

  test('ringDir is where rings lie, for every process that opens the store', async () => {
    const rings = temporaryDirectory();
    const platform = await openPlatform(undefined, { ringDir: rings });
    await platform.createFeed(TRADES);
    const writer = await platform.createWriter<typeof TRADES>('trades');
    writer.writeValues(...trade(0));
    expect(readdirSync(join(rings, platform.storeId)).sort()).toEqual(['trades.bell', 'trades.ring']);
    const other = await openPlatform(platform.basePath, { readOnly: true });
    expect(await (await other.createReader('trades')).last(5)).toEqual([trade(0)]);
  });

  test('access group opens directories and files to the group, not to others', async () => {
    const platform = await openPlatform(undefined, { access: 'group' });
    await platform.createFeed(TRADES);
    await (await platform.createWriter('trades')).close();
    await platform.close();
    const entries = readdirSync(platform.basePath, { recursive: true, withFileTypes: true });
    const modes = new Set(entries.map((entry) => `${entry.isDirectory() ? 'directory' : 'file'} ${(statSync(join(entry.parentPath, entry.name)).mode & 0o777).toString(8)}`));
    expect(modes).toEqual(new Set(['directory 750', 'file 640']));
    expect(statSync(platform.basePath).mode & 0o777).toBe(0o750);
  });
});

describe('opened only for reading', () => {
  test('everything can be read, nothing is written, and what would write is refused', async () => {
    const basePath = await storeWithTrades();
    const before = snapshot(basePath);
    const platform = await openPlatform(basePath, { readOnly: true });
    expect(platform.listFeeds().map(({ name, records }) => [name, records.next])).toEqual([['trades', 100]]);
    const reader = await platform.createReader<typeof TRADES>('trades');
    expect(await reader.range(START, START + 3000)).toEqual([0, 1, 2].map(trade));
    for (const write of [
      () => platform.createFeed(TRADES),
      () => platform.createWriter('trades'),
      () => platform.deleteFeed('trades'),
      () => platform.setLifecycle('trades', { retentionHours: 1 }),
    ]) {
      expect(await failure(write)).toMatchObject({ code: 'DW_BASE_PATH_READ_ONLY' });
    }
    await platform.close();
    expect(snapshot(basePath)).toEqual(before);
  });

  test('a store that is not there is not made', async () => {
    const basePath = join(temporaryDirectory(), 'data');
    expect(await failure(() => Platform.open(basePath, { readOnly: true }))).toMatchObject({ code: 'DW_BASE_PATH_INVALID' });
    expect(existsSync(basePath)).toBe(false);
  });

  const mountable = process.platform === 'linux' && spawnSync('unshare', ['-rm', 'true']).status === 0;
  test.skipIf(!mountable)('works on a file system that is mounted read-only, where opening for writing is refused', async () => {
    const basePath = await storeWithTrades();
    const script = 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && exec "$0" "$2" "$1"';
    const { stdout } = await promisify(execFile)('unshare', ['-rm', 'sh', '-c', script, process.execPath, basePath, fileURLToPath(new URL('./processes/read-only.mjs', import.meta.url))]);
    expect(JSON.parse(stdout)).toEqual({ writable: 'DW_BASE_PATH_READ_ONLY', last: trade(99), feeds: ['trades'] });
  });

  test('works in a worker thread, where opening for writing is refused', async () => {
    const basePath = await storeWithTrades();
    const source = `
      const { parentPort, workerData } = require('node:worker_threads');
      import(workerData.module).then(async ({ Platform }) => {
        const refused = await Platform.open(workerData.basePath).then(() => 'opened', (error) => error.code);
        const platform = await Platform.open(workerData.basePath, { readOnly: true });
        const [last] = await (await platform.createReader('trades')).last(1);
        await platform.close();
        parentPort.postMessage({ refused, last });
      });`;
    const worker = new Worker(source, { eval: true, workerData: { module: new URL('../dist/index.js', import.meta.url).href, basePath } });
    const answer = await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
    await worker.terminate();
    expect(answer).toEqual({ refused: 'DW_OPTION_INVALID', last: trade(99) });
  });
});

describe('a copied store', () => {
  test('is a store of its own: both can be written at once', async () => {
    const original = await openPlatform();
    await original.createFeed(TRADES);
    const writer = await original.createWriter<typeof TRADES>('trades');
    writer.writeValues(...trade(0));
    await writer.flush();
    const copyPath = join(temporaryDirectory(), 'copy');
    cpSync(original.basePath, copyPath, { recursive: true });
    const events: StoreEvent[] = [];
    const copy = await openPlatform(copyPath, { onEvent: (event) => events.push(event) });
    expect(copy.storeId).not.toBe(original.storeId);
    expect(events.some(({ level, message }) => level === 'warn' && message.includes('copy'))).toBe(true);
    const copyWriter = await copy.createWriter<typeof TRADES>('trades');
    writer.writeValues(...trade(1));
    copyWriter.writeValues(...trade(7));
    expect(await (await original.createReader('trades')).last(9)).toEqual([trade(0), trade(1)]);
    expect(await (await copy.createReader('trades')).last(9)).toEqual([trade(0), trade(7)]);
  });

  test('read without being opened for writing shows what it holds, not what its original gets', async () => {
    const original = await openPlatform();
    await original.createFeed(TRADES);
    const writer = await original.createWriter<typeof TRADES>('trades');
    writer.writeValues(...trade(0));
    await writer.flush();
    const copyPath = join(temporaryDirectory(), 'copy');
    cpSync(original.basePath, copyPath, { recursive: true });
    writer.writeValues(...trade(1));
    const copy = await openPlatform(copyPath, { readOnly: true });
    expect(await (await copy.createReader('trades')).last(9)).toEqual([trade(0)]);
  });
});

test('one store opened twice in a process: the feeds are shared, the writers exclude each other', async () => {
  const first = await openPlatform();
  const other = await openPlatform(first.basePath);
  await first.createFeed(TRADES);
  expect(other.listFeeds().map(({ name }) => name)).toEqual(['trades']);
  const writer = await first.createWriter<typeof TRADES>('trades');
  expect(await failure(() => other.createWriter('trades'))).toMatchObject({ code: 'DW_WRITER_EXISTS', values: { pid: process.pid } });
  writer.writeValues(...trade(0));
  expect(await (await other.createReader('trades')).last(1)).toEqual([trade(0)]);
  await writer.close();
  await (await other.createWriter('trades')).close();
});
