import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Platform } from '../dist/index.js';
import { TRADES, TestProcess, failure, openPlatform, temporaryDirectory, trade } from './support.js';

const COUNT = 5000;
const expected = Array.from({ length: COUNT }, (_, n) => trade(n));

/** Everything a store holds, read by a process that never wrote. */
async function recordsIn(basePath: string): Promise<{ records: unknown[]; platform: Platform }> {
  const platform = await openPlatform(basePath, { readOnly: true });
  return { records: await (await platform.createReader<typeof TRADES>('trades')).last(10 * COUNT), platform };
}

const logOf = (basePath: string): string => readFileSync(join(basePath, 'deepwater.log'), 'utf8');

describe('close', () => {
  test('moves every record to chunks and lets the feeds go; a closed platform says so', async () => {
    const platform = await openPlatform();
    await platform.createFeed(TRADES);
    const writer = await platform.createWriter<typeof TRADES>('trades');
    const reader = await platform.createReader<typeof TRADES>('trades');
    for (const values of expected) writer.writeValues(...values);
    const closing = platform.close();
    expect(platform.closed).toBe(true);
    // From the first moment on, not only when it is done.
    for (const use of [
      () => platform.createFeed(TRADES), () => platform.listFeeds(), () => platform.feedInfo('trades'), () => platform.lifecycle('trades'),
      () => platform.recordFormat('trades'), () => platform.setLifecycle('trades', {}), () => platform.deleteFeed('trades'),
      () => platform.createWriter('trades'), () => platform.createReader('trades'), () => platform.writerHandle('trades'),
    ]) {
      expect(await failure(use)).toMatchObject({ code: 'DW_PLATFORM_CLOSED' });
    }
    await closing;
    await platform.close();
    expect(await failure(() => writer.writeValues(...trade(0)))).toMatchObject({ code: 'DW_WRITER_CLOSED' });
    expect(await failure(() => reader.last(1))).toMatchObject({ code: 'DW_READER_CLOSED' });
    const after = await recordsIn(platform.basePath);
    expect(after.records).toEqual(expected);
    expect(after.platform.feedInfo('trades').writer.open).toBe(false);
    await (await (await openPlatform(platform.basePath)).createWriter('trades')).close();
  });

  test('waits for a writer that is just being opened', async () => {
    const platform = await openPlatform();
    await platform.createFeed(TRADES);
    const opening = platform.createWriter<typeof TRADES>('trades');
    await platform.close();
    expect((await opening).closed).toBe(true);
    await (await (await openPlatform(platform.basePath)).createWriter('trades')).close();
  });

  test('happens at the end of `await using`', async () => {
    let outer: Platform;
    {
      await using platform = await openPlatform();
      outer = platform;
      await platform.createFeed(TRADES);
    }
    expect(outer.closed).toBe(true);
  });

  test('leaves no listeners at the process, however many platforms there were', async () => {
    const count = (): number[] => ['exit', 'SIGTERM', 'SIGINT'].map((event) => process.listenerCount(event));
    await Promise.all((await Promise.all([openPlatform(), openPlatform()])).map((platform) => platform.close()));
    const before = count();
    const platforms = await Promise.all(Array.from({ length: 20 }, () => openPlatform()));
    const during = count();
    await Promise.all(platforms.map((platform) => platform.close()));
    expect(count()).toEqual(before);
    expect(during.map((n, i) => n - before[i]!).every((n) => n <= 1)).toBe(true);
  });
});

describe('a process that ends', () => {
  test('by itself, with a platform open: it is not kept alive, and nothing is lost', async () => {
    const basePath = join(temporaryDirectory(), 'data');
    const child = new TestProcess('writer.mjs', basePath, String(COUNT), 'nothing');
    expect(await child.ended).toMatchObject({ code: 0, signal: null, stderr: '' });
    expect((await recordsIn(basePath)).records).toEqual(expected);
    expect(logOf(basePath)).toContain('at the end of the process');
  });

  test('by process.exit: nothing is lost, and the exit code stays', async () => {
    const basePath = join(temporaryDirectory(), 'data');
    const child = new TestProcess('writer.mjs', basePath, String(COUNT), 'exit');
    expect(await child.ended).toMatchObject({ code: 3, stderr: '' });
    expect((await recordsIn(basePath)).records).toEqual(expected);
  });

  test.each(['throw', 'reject'])('by an error that nobody catches (%s): as it does without us, and nothing is lost', async (how) => {
    const basePath = join(temporaryDirectory(), 'data');
    const child = new TestProcess('writer.mjs', basePath, String(COUNT), how);
    expect(await child.ended).toMatchObject({ code: 1, signal: null, stderr: expect.stringMatching(/Error: nobody catches this\n +at .*writer\.mjs/) as string });
    expect((await recordsIn(basePath)).records).toEqual(expected);
    expect(logOf(basePath)).toContain('at the end of the process');
  });

  test.each(['SIGTERM', 'SIGINT'] as const)('by %s, where closing hangs: after the time that it may take, by that signal all the same', async (signal) => {
    const child = new TestProcess('hanging-close.mjs', '200');
    expect(await child.line()).toBe('ready');
    child.child.kill(signal);
    expect(await child.line()).toBe('closing');
    expect(await child.ended).toEqual({ code: null, signal, stderr: expect.stringContaining('not done within 0.2 s') as string });
  });

  test('by its own will, where closing hangs and it listens to the signal itself', async () => {
    const child = new TestProcess('hanging-close.mjs', '100', 'listen');
    expect(await child.line()).toBe('ready');
    child.child.kill('SIGTERM');
    expect(await child.line()).toBe('closing');
    child.say('end');
    expect(await child.ended).toMatchObject({ code: 5, signal: null });
  });

  test.each(['SIGTERM', 'SIGINT'] as const)('by %s: everything is closed, and the signal is the cause of death', async (signal) => {
    const basePath = join(temporaryDirectory(), 'data');
    const child = new TestProcess('writer.mjs', basePath, String(COUNT));
    expect(await child.line()).toBe(`wrote ${COUNT}`);
    child.child.kill(signal);
    expect(await child.ended).toEqual({ code: null, signal, stderr: '' });
    expect(logOf(basePath)).toMatch(/"msg":"store closed"/);
    const { records, platform } = await recordsIn(basePath);
    expect(records).toEqual(expected);
    expect(platform.feedInfo('trades').writer).toEqual({ open: false });
  });

  test('by SIGKILL: nothing that was accepted is lost', async () => {
    const basePath = join(temporaryDirectory(), 'data');
    const child = new TestProcess('writer.mjs', basePath, String(COUNT));
    expect(await child.line()).toBe(`wrote ${COUNT}`);
    child.child.kill('SIGKILL');
    await child.ended;
    expect((await recordsIn(basePath)).records).toEqual(expected);
  });

  test('a program that listens to the signal itself decides about its end; the platform is closed', async () => {
    const basePath = join(temporaryDirectory(), 'data');
    const child = new TestProcess('writer.mjs', basePath, String(COUNT), 'listen');
    expect(await child.line()).toBe(`wrote ${COUNT}`);
    child.child.kill('SIGTERM');
    expect(await child.line()).toBe('heard');
    child.say('end');
    expect(await child.line()).toBe('closed true');
    expect(await child.ended).toMatchObject({ code: 0, signal: null });
    expect((await recordsIn(basePath)).records).toEqual(expected);
  });

  test('with handleSignals: false the platform is left to the program', async () => {
    const basePath = join(temporaryDirectory(), 'data');
    const child = new TestProcess('writer.mjs', basePath, String(COUNT), 'listen', '{"handleSignals":false}');
    expect(await child.line()).toBe(`wrote ${COUNT}`);
    child.child.kill('SIGTERM');
    expect(await child.line()).toBe('heard');
    child.say('end');
    expect(await child.line()).toBe('closed false');
    expect(await child.ended).toMatchObject({ code: 0 });
  });

  test('in order, after close: at once, with nothing left running', async () => {
    const basePath = join(temporaryDirectory(), 'data');
    const child = new TestProcess('writer.mjs', basePath, String(COUNT), 'close');
    expect(await child.ended).toMatchObject({ code: 0, stderr: '' });
    expect((await recordsIn(basePath)).records).toEqual(expected);
  });
});
