/** Subscribers whose ring, feed, store or process goes away, and those that may not write. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Platform, type PlatformOptions, type Writer, stopSubscription, subscribe } from '../dist/index.js';
import { TestProcess, failure, openPlatform, temporaryDirectory } from './support.js';
import { BusWorker, CHECKED, checked, isChecked } from './support-bus.js';

/** A platform whose rings lie in a directory of the test's own. */
async function withRings(options: PlatformOptions = {}): Promise<{ platform: Platform; ringDir: string; ring: string; bell: string }> {
  const ringDir = temporaryDirectory();
  const platform = await openPlatform(undefined, { ringDir, ...options });
  const file = path.join(ringDir, platform.storeId, 'checked');
  return { platform, ringDir, ring: `${file}.ring`, bell: `${file}.bell` };
}

function write(writer: Writer<typeof CHECKED>, to: number): void {
  for (let n = writer.position; n < to; n++) writer.writeValues(...checked(n));
}

const whole = (to: number): unknown => ({ wrong: [], next: to, lost: 0 });
const result = async (reader: TestProcess): Promise<unknown> => JSON.parse(await reader.line()) as unknown;

describe('a ring file that is removed by hand', () => {
  test('under subscribers of other processes: those that have it open go on with it, the others read chunks, and all follow the next writer', async () => {
    const { platform, ring } = await withRings();
    await platform.createFeed(CHECKED);
    let writer = await platform.createWriter<typeof CHECKED>('checked');
    write(writer, 1000);
    const before = ['tuple', 'columns', 'sync'].map((form) => new TestProcess('bus-reader.mjs', platform.basePath, '3000', form, '0'));
    for (const reader of before) expect(await reader.line()).toBe('ready');
    fs.unlinkSync(ring);
    const after = ['tuple', 'sync'].map((form) => new TestProcess('bus-reader.mjs', platform.basePath, '3000', form, '0'));
    for (const reader of after) expect(await reader.line()).toBe('ready');
    write(writer, 1500);
    await writer.close();
    writer = await platform.createWriter<typeof CHECKED>('checked');
    expect(writer.position).toBe(1500);
    write(writer, 3000);
    for (const reader of [...before, ...after]) {
      expect(await result(reader)).toEqual(whole(3000));
      expect(await reader.ended).toMatchObject({ code: 0, stderr: '' });
    }
    await platform.close();
  });

  test('after its writer was killed: numbers jump past what may have been seen, and every record that is given is right', async () => {
    const { platform, ring } = await withRings();
    await platform.createFeed(CHECKED);
    await platform.close();
    const reading = await openPlatform(platform.basePath, { readOnly: true });
    const stream = (await reading.createReader<typeof CHECKED>('checked')).stream({ fromSequence: 0 });
    const first = new TestProcess('bus-writer.mjs', platform.basePath, '5000', 'wait');
    expect(await first.line()).toBe('wrote 5000');
    for (let n = 0; n < 2000; n++) expect(isChecked((await stream.next()).value!, n)).toBe(true);
    first.child.kill('SIGKILL');
    await first.ended;
    fs.unlinkSync(ring);
    const second = new TestProcess('bus-writer.mjs', platform.basePath, '300', 'close');
    const end = Number((await second.line()).split(' ')[1]);
    expect(end).toBeGreaterThan(2 ** 32);
    let next = 2000;
    let jumps = 0;
    while (next < end) {
      const { value } = await stream.next();
      const [n] = value!;
      if (n !== next) jumps += 1;
      if (n < next || !isChecked(value!, n)) expect.fail(`${String(value)} where ${next} was to come`);
      next = n + 1;
    }
    expect([next, jumps]).toEqual([end, 1]);
    await stream.return();
  });
});

test('a ring that the next writer makes anew, under subscribers that are parked in a thread and in other processes: all go on', async () => {
  const { platform, ring } = await withRings();
  await platform.createFeed(CHECKED);
  await platform.close();
  const { basePath } = platform;
  const reading = await openPlatform(basePath, { readOnly: true });
  const thread = await BusWorker.start('bus-subscriber.mjs', { handle: reading.subscription('checked'), options: { wait: 'park' }, to: 300 });
  const readers = ['tuple', 'sync'].map((form) => new TestProcess('bus-reader.mjs', basePath, '300', form));
  for (const reader of readers) expect(await reader.line()).toBe('ready');
  const watched = await reading.createReader('checked');
  for (let round = 1; round <= 3; round++) {
    const writer = new TestProcess('bus-writer.mjs', basePath, '100', round === 2 ? 'wait' : 'close');
    expect(await writer.line()).toBe(`wrote ${round * 100}`);
    if (round === 2) {
      // Everybody has what there is and sleeps at its ring when the writer goes.
      await expect.poll(() => watched.activity().subscribers.map(({ position }) => position), { timeout: 8000 }).toEqual([200, 200, 200]); // a sleeper that missed the bell would look round after ten seconds
      writer.child.kill('SIGTERM');
    }
    await writer.ended;
    expect(fs.existsSync(ring)).toBe(false);
  }
  expect(await thread.result).toMatchObject({ records: 300, wrong: [], lost: 0 });
  for (const reader of readers) expect(await result(reader)).toEqual(whole(300));
});

test('readers that may write nothing: they get everything, parked too, and are in no table', async ({ skip }) => {
  const NOBODY = 65534;
  if (process.getuid?.() !== 0) skip('only root can give a process the rights of somebody else');
  if (spawnSync(process.execPath, ['-v'], { uid: NOBODY, gid: NOBODY }).status !== 0) skip(`others may not run ${process.execPath}`);
  const { platform, ringDir, bell } = await withRings();
  await platform.createFeed(CHECKED);
  const writer = await platform.createWriter<typeof CHECKED>('checked');
  write(writer, 1000);
  // The first chunk is made behind the writer's back: it is to be there before everything is opened to others.
  await writer.flush();
  const open = (directory: string): void => {
    fs.chmodSync(directory, 0o755);
    for (const entry of fs.readdirSync(directory, { recursive: true, withFileTypes: true })) fs.chmodSync(path.join(entry.parentPath, entry.name), entry.isDirectory() ? 0o755 : 0o644);
  };
  for (const directory of [path.dirname(platform.basePath), ringDir]) open(directory);
  const readers = ['tuple', 'columns', 'sync'].map((form) => new TestProcess({ file: 'bus-reader.mjs', uid: NOBODY }, platform.basePath, '2000', form, '0'));
  for (const reader of readers) expect(await reader.line()).toBe('ready');
  const table = fs.readFileSync(bell);
  for (let to = 1100; to <= 2000; to += 100) {
    write(writer, to);
    // Chunks that are made meanwhile are for the owner alone: a store for others has `access`.
    for (const directory of [platform.basePath, ringDir]) open(directory);
    await new Promise((resume) => setImmediate(resume));
  }
  for (const reader of readers) {
    expect(await result(reader)).toEqual(whole(2000));
    expect(await reader.ended).toMatchObject({ code: 0, stderr: '' });
  }
  expect(fs.readFileSync(bell).equals(table)).toBe(true);
  expect((await platform.createReader('checked')).activity().subscribers).toEqual([]);
  const foreign = [platform.basePath, ringDir].flatMap((directory) => fs.readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((file) => fs.statSync(path.join(directory, file)).uid === NOBODY));
  expect(foreign).toEqual([]);
  await platform.close();
});

test('a memory feed whose process was killed: the next writer takes its ring over, the last to close removes it, and other stores keep theirs', async () => {
  const rings = `/dev/shm/deepwater-${os.userInfo().uid}`;
  const stores = await Promise.all([1, 2].map(async () => {
    const platform = await openPlatform();
    await platform.createFeed({ ...CHECKED, persist: false, chunkSizeBytes: undefined });
    await platform.close();
    const killed = new TestProcess('bus-writer.mjs', platform.basePath, '100', 'wait');
    expect(await killed.line()).toBe('wrote 100');
    killed.child.kill('SIGKILL');
    await killed.ended;
    return platform;
  }));
  const [mine, other] = stores.map(({ storeId }) => path.join(rings, storeId)) as [string, string];
  expect(fs.readdirSync(mine).sort()).toEqual(['checked.bell', 'checked.ring']);
  const reading = await openPlatform(stores[0]!.basePath, { readOnly: true });
  const seen = await (await reading.createReader<typeof CHECKED>('checked')).last(1000);
  expect(seen.map(([n]) => n)).toEqual(Array.from({ length: 100 }, (_, n) => n));
  const again = await openPlatform(stores[0]!.basePath);
  const writer = await again.createWriter<typeof CHECKED>('checked');
  write(writer, writer.position + 10);
  await reading.close();
  await again.close();
  expect(fs.existsSync(mine) ? fs.readdirSync(mine) : []).toEqual([]);
  expect(fs.readdirSync(other).sort()).toEqual(['checked.bell', 'checked.ring']);
});

describe('subscribers that are parked', () => {
  test('in threads, which are terminated, and in processes, which end: nothing of them is left', async () => {
    const { platform, bell } = await withRings();
    await platform.createFeed(CHECKED);
    const writer = await platform.createWriter<typeof CHECKED>('checked');
    const reader = await platform.createReader('checked');
    const handle = platform.subscription('checked');
    const threads = await Promise.all([1, 2, 3].map(() => BusWorker.start('bus-subscriber.mjs', { handle, options: { wait: 'park' }, to: 1e9 })));
    const processes = ['exit', 'close', 'kill'].map((how) => ({ how, child: new TestProcess('bus-parked.mjs', platform.basePath) }));
    for (const { child } of processes) expect(await child.line()).toBe('parked');
    await expect.poll(() => reader.activity().subscribers.length).toBeGreaterThanOrEqual(6);
    await Promise.all(threads.map(({ worker }) => worker.terminate()));
    for (const { how, child } of processes) {
      if (how === 'kill') child.child.kill('SIGKILL');
      else child.say(how);
      if (how === 'close') expect(await result(child)).toEqual({ streams: ['DW_READER_CLOSED', 'DW_READER_CLOSED'], thread: 0 });
      const { code, signal, stderr } = await child.ended;
      expect({ code, signal, stderr }).toEqual({ code: how === 'exit' ? 7 : how === 'close' ? 0 : null, signal: how === 'kill' ? 'SIGKILL' : null, stderr: '' });
    }
    // The kernel's entry of a thread goes a moment after it has ended.
    await expect.poll(() => reader.activity().subscribers).toEqual([]);
    // The next record finds the bits of those that slept, and wakes nobody.
    write(writer, 1);
    expect(fs.readFileSync(bell).readInt32LE(0)).toBe(0);
    await platform.close();
  });
});

describe('what says so, and what to do', () => {
  const codes = async (...calls: (() => unknown)[]): Promise<string[]> => Promise.all(calls.map(async (call) => {
    const { code, message } = await failure(call);
    return `${code}: ${message}`;
  }));

  test('a feed that was deleted, or deleted and made anew: handles, streams that wait, and streams that are begun', async () => {
    const { platform } = await withRings();
    await platform.createFeed(CHECKED);
    await (await platform.createWriter('checked')).close();
    const handle = platform.subscription('checked');
    const other = await openPlatform(platform.basePath, { readOnly: true });
    const reader = await other.createReader('checked');
    const waiting = failure(() => reader.stream().next());
    await platform.deleteFeed('checked');
    expect(await waiting).toMatchObject({ code: 'DW_FEED_UNKNOWN', message: expect.stringMatching(/deleted.*listFeeds/) as string });
    const gone = expect.stringMatching(/^DW_FEED_UNKNOWN: .*deleted\. .*listFeeds/) as string;
    expect(await codes(() => subscribe(handle), () => reader.stream().next(), () => reader.streamSync({ allowMainThread: true }).next())).toEqual([gone, gone, gone]);
    await platform.createFeed(CHECKED);
    await (await platform.createWriter('checked')).close();
    const anew = expect.stringMatching(/^DW_FEED_UNKNOWN: .*made anew\. .*listFeeds/) as string;
    expect(await codes(() => subscribe(handle), () => reader.stream().next(), () => reader.streamSync({ allowMainThread: true }).next(), () => reader.lastSync(1))).toEqual([anew, anew, anew, anew]);
  });

  test('a platform that was closed, and a store that another one has taken the place of', async () => {
    const { platform } = await withRings();
    await platform.createFeed(CHECKED);
    await (await platform.createWriter('checked')).close();
    const other = await openPlatform(platform.basePath, { readOnly: true });
    const handle = other.subscription('checked');
    const reader = await other.createReader('checked');
    const waiting = failure(() => reader.stream().next());
    await other.close();
    expect(await waiting).toMatchObject({ code: 'DW_READER_CLOSED', message: expect.stringContaining('createReader') as string });
    expect(await codes(() => subscribe(handle), () => reader.stream(), () => other.subscription('checked'))).toEqual([
      expect.stringMatching(/^DW_HANDLE_INVALID: .*closed.*platform\.subscription/), expect.stringMatching(/^DW_READER_CLOSED: /), expect.stringMatching(/^DW_PLATFORM_CLOSED: .*[Oo]pen/),
    ]);
    expect(await codes(() => { stopSubscription(7 as never); })).toEqual([expect.stringMatching(/^DW_HANDLE_INVALID: .*platform\.subscription/)]);

    // Another store at the same path.
    const mine = platform.subscription('checked');
    await platform.createReader('checked');
    fs.renameSync(platform.basePath, `${platform.basePath}.away`);
    const second = await openPlatform(platform.basePath);
    await second.createFeed(CHECKED);
    expect(await codes(() => subscribe(mine))).toEqual([expect.stringMatching(/^DW_HANDLE_INVALID: .*store.*Take the handle/)]);
    await second.close();
    fs.rmSync(platform.basePath, { recursive: true });
    fs.renameSync(`${platform.basePath}.away`, platform.basePath);
    subscribe(mine).close();
  });
});
