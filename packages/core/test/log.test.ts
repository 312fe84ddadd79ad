import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test, vi } from 'vitest';
import { DeepwaterError, type LogLevel, StoreLog } from '../dist/index.js';
import { RotatingLog } from '../dist/log/rotating-log.js';
import { failure, temporaryDirectory } from './store-support.js';

interface Line {
  level: string;
  time: string;
  pid: number;
  msg: string;
  values?: Record<string, unknown>;
}

const linesOf = (file: string): Line[] => readFileSync(file, 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line) as Line);

describe('the log of a store', () => {
  test('is JSON lines with level, time, process, message and values', async () => {
    const basePath = temporaryDirectory();
    const log = await StoreLog.open(basePath, 'info', 'owner');
    log.event({ level: 'info', message: 'opened' });
    log.event({ level: 'warn', message: 'odd', values: { feed: 'trades', at: 5n, error: new DeepwaterError('DW_DISK_FULL', 'no room', { values: { free: 0n } }) } });
    await log.close();
    const [first, second] = linesOf(join(basePath, 'deepwater.log'));
    expect(first).toEqual({ level: 'info', time: expect.stringMatching(/^\d{4}-.*Z$/) as string, pid: process.pid, msg: 'opened' });
    expect(second).toMatchObject({ level: 'warn', msg: 'odd', values: { feed: 'trades', at: 5, error: { code: 'DW_DISK_FULL' } } });
  });

  test.each([['silent', []], ['error', ['error']], ['warn', ['error', 'warn']], ['info', ['error', 'warn', 'info']], ['debug', ['error', 'warn', 'info', 'debug']]] as [LogLevel, string[]][])('at level %s has %j', async (level, expected) => {
    const basePath = temporaryDirectory();
    const log = await StoreLog.open(basePath, level, 'owner');
    for (const each of ['error', 'warn', 'info', 'debug'] as const) log.event({ level: each, message: each });
    await log.close();
    if (expected.length === 0) expect(readdirSync(basePath)).toEqual([]);
    else expect(linesOf(join(basePath, 'deepwater.log')).map((line) => line.level)).toEqual(expected);
  });

  test('goes on in the file that is there, and is closed to others', async () => {
    const basePath = temporaryDirectory();
    for (const access of ['owner', 'group'] as const) {
      const log = await StoreLog.open(basePath, 'info', access);
      log.event({ level: 'info', message: access });
      await log.close();
    }
    const file = join(basePath, 'deepwater.log');
    expect(linesOf(file).map(({ msg }) => msg)).toEqual(['owner', 'group']);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test('takes lines from several writers at once, none torn', async () => {
    const basePath = temporaryDirectory();
    const logs = await Promise.all([0, 1, 2].map(() => StoreLog.open(basePath, 'info', 'owner')));
    for (let i = 0; i < 300; i++) logs[i % 3]!.event({ level: 'info', message: `line ${i}`, values: { filler: 'x'.repeat(i) } });
    await Promise.all(logs.map((log) => log.close()));
    expect(linesOf(join(basePath, 'deepwater.log')).map(({ msg }) => msg).sort()).toEqual(Array.from({ length: 300 }, (_, i) => `line ${i}`).sort());
  });

  test('takes nothing after its end, and may be closed twice', async () => {
    const basePath = temporaryDirectory();
    const log = await StoreLog.open(basePath, 'info', 'owner');
    log.event({ level: 'info', message: 'before' });
    await log.close();
    log.event({ level: 'info', message: 'after' });
    await log.close();
    log.closeSync();
    expect(linesOf(join(basePath, 'deepwater.log')).map(({ msg }) => msg)).toEqual(['before']);
  });

  test.each([['a level of its own', 'verbose'], ['a number', 3]])('%s is refused', async (_name, level) => {
    expect(await failure(() => StoreLog.open(temporaryDirectory(), level as LogLevel, 'owner'))).toMatchObject({ code: 'DW_OPTION_INVALID' });
  });

  test('a link or a directory in its place is refused', async () => {
    const basePath = temporaryDirectory();
    symlinkSync(join(basePath, 'elsewhere'), join(basePath, 'deepwater.log'));
    expect(await failure(() => StoreLog.open(basePath, 'info', 'owner'))).toMatchObject({ code: 'DW_FILE_CORRUPT' });
    rmSync(join(basePath, 'deepwater.log'));
    mkdirSync(join(basePath, 'deepwater.log'));
    expect(await failure(() => StoreLog.open(basePath, 'info', 'owner'))).toMatchObject({ code: 'DW_FILE_CORRUPT' });
    // Unless nothing is to be logged.
    await (await StoreLog.open(basePath, 'silent', 'owner')).close();
  });
});

describe('rotation', () => {
  test('keeps the newest five files of the size given, in order, and no others', async () => {
    const file = join(temporaryDirectory(), 'deepwater.log');
    const log = new RotatingLog(file, 'owner', 1000);
    for (let i = 0; i < 100; i++) log.write(`${String(i).padStart(99, ' ')}\n`);
    await log.close();
    expect(readdirSync(join(file, '..')).sort()).toEqual(['deepwater.log', ...[1, 2, 3, 4, 5].map((n) => `deepwater.log.${n}`)]);
    const kept = [5, 4, 3, 2, 1].flatMap((n) => readFileSync(`${file}.${n}`, 'utf8').trim().split(/\s+/).map(Number));
    expect(kept).toEqual(Array.from({ length: 50 }, (_, i) => i + 50));
    for (const n of [1, 2, 3, 4, 5]) expect(statSync(`${file}.${n}`).mode & 0o777).toBe(0o600);
  });

  test('happens at 10 MiB', async () => {
    const basePath = temporaryDirectory();
    writeFileSync(join(basePath, 'deepwater.log'), 'x'.repeat(10 * 1024 * 1024 - 10));
    const log = await StoreLog.open(basePath, 'info', 'owner');
    log.event({ level: 'info', message: 'the last of the old file' });
    log.event({ level: 'info', message: 'the first of the new one' });
    await log.close();
    expect(linesOf(join(basePath, 'deepwater.log')).map(({ msg }) => msg)).toEqual(['the first of the new one']);
    expect(statSync(join(basePath, 'deepwater.log.1')).size).toBeGreaterThan(10 * 1024 * 1024);
  });
});

describe('at the end of a process', () => {
  const run = async (basePath: string, end: string): Promise<string[]> => {
    const source = `import { StoreLog } from ${JSON.stringify(new URL('../dist/index.js', import.meta.url).href)};
      const log = await StoreLog.open(${JSON.stringify(basePath)}, 'info', 'owner');
      for (let i = 0; i < 50; i++) log.event({ level: 'info', message: 'line ' + i });
      ${end}`;
    await promisify(execFile)(process.execPath, ['--input-type=module', '-e', source], { timeout: 20_000 });
    return [...new Set(linesOf(join(basePath, 'deepwater.log')).map(({ msg }) => msg))];
  };
  const all = Array.from({ length: 50 }, (_, i) => `line ${i}`);

  test('an open log does not keep it alive, and its lines are written', async () => {
    expect(await run(temporaryDirectory(), '')).toEqual(all);
  });

  test('closeSync writes what is waiting', async () => {
    expect(await run(temporaryDirectory(), 'log.closeSync(); process.exit()')).toEqual(all);
  });
});

test('a log that cannot be written warns once and stops nobody', async () => {
  const directory = join(temporaryDirectory(), 'gone');
  mkdirSync(directory);
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  try {
    const log = new RotatingLog(join(directory, 'deepwater.log'), 'owner');
    rmSync(directory, { recursive: true });
    writeFileSync(directory, 'a file in the way');
    const warned = vi.waitUntil(() => warn.mock.calls.length > 0);
    for (let i = 0; i < 10; i++) log.write('line\n');
    await warned;
    for (let i = 0; i < 10; i++) log.write('line\n');
    await log.close();
    log.closeSync();
    expect(warn.mock.calls).toHaveLength(1);
    expect(warn.mock.calls[0]![0]).toContain('deepwater.log cannot be written');
  } finally {
    warn.mockRestore();
  }
});

describe('secrets', () => {
  const logged = async (message: string, values?: Record<string, unknown>): Promise<string> => {
    const basePath = temporaryDirectory();
    const log = await StoreLog.open(basePath, 'info', 'owner');
    log.event({ level: 'info', message, ...(values === undefined ? {} : { values }) });
    await log.close();
    return readFileSync(join(basePath, 'deepwater.log'), 'utf8');
  };
  const SECRET = 'hunter2-swordfish';

  test.each(['password', 'apiKey', 'api_key', 'API-KEY', 'accessToken', 'clientSecret', 'Authorization', 'set-cookie', 'credentials', 'pwd', 'privateKey'])('a value named %s is not written, however deep', async (key) => {
    const line = await logged('connected', { feed: 'trades', exchange: { [key]: SECRET, list: [{ [key]: { inner: SECRET } }] } });
    expect(line).not.toContain(SECRET);
    expect(JSON.parse(line)).toMatchObject({ values: { feed: 'trades', exchange: { [key]: '[redacted]' } } });
  });

  test.each([
    `wss://me:${SECRET}@example.org/stream`, `redis://:${SECRET}@127.0.0.1:6379`, `https://example.org/?symbol=BTC&token=${SECRET}&depth=5`,
    `Authorization: Bearer ${SECRET}`, `password=${SECRET}`, `{"api_key":"${SECRET}"}`, `secret: '${SECRET}'`,
  ])('%s has none, in a message or a value', async (text) => {
    const line = await logged(`cannot connect to ${text}`, { url: text, cause: new Error(text) });
    expect(line).not.toContain(SECRET);
    expect(line).toContain('[redacted]');
  });

  test('what is none stays as it is', async () => {
    const values = { feed: 'tokens', key: 'retentionHours', path: '/data/@me/feeds', keys: ['a:b@c'], records: 5, none: null, at: 'https://example.org/a?b=c' };
    expect(JSON.parse(await logged('feed passwords: 3 chunks, 1:2@3', values))).toMatchObject({ msg: 'feed passwords: 3 chunks, 1:2@3', values });
  });

  test('values that refer to themselves are written as far as they go', async () => {
    const values: Record<string, unknown> = { a: 1 };
    values['self'] = values;
    expect(await logged('round', values)).toContain('"a":1');
  });
});
