import fs from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyValues, everything } from '../../query/test/support/everything.js';
import { type LostRange, type Platform, type SubscribeOptions, type SubscriptionHandle, stopSubscription, subscribe } from '../dist/index.js';
import { failure, openPlatform, temporaryDirectory } from './support.js';
import { CHECKED, SEED, T0, checked } from './support-bus.js';

async function withFeed(extra: object = {}, platform?: Platform) {
  const opened = platform ?? await openPlatform();
  await opened.createFeed({ ...CHECKED, ...extra });
  const writer = await opened.createWriter<typeof CHECKED>('checked');
  const write = (from: number, to: number): void => { for (let n = from; n < to; n++) writer.writeValues(...checked(n)); };
  return { platform: opened, writer, write };
}

const MAIN = { allowMainThread: true } as const;
const numbers = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

/** The numbers of all records there are now, each checked. */
function take(subscription: ReturnType<typeof subscribe<typeof CHECKED>>, max?: number): number[] {
  const taken: number[] = [];
  for (let run = subscription.poll(max); run !== undefined; run = subscription.poll(max)) {
    for (let i = 0; i < run.length; i++) {
      const sequence = run.firstSequence + i;
      expect(run.tuple(i)).toEqual(checked(sequence));
      expect(run.row(i).sequence).toBe(sequence);
      taken.push(sequence);
    }
  }
  return taken;
}

const open = (platform: Platform, options?: SubscribeOptions) => subscribe(platform.subscription<typeof CHECKED>('checked'), { ...MAIN, ...options });

describe('a run', () => {
  test(`shows every type of field as readers give it, from the ring and from chunks (seed ${SEED})`, async () => {
    const platform = await openPlatform();
    await platform.createFeed({ ...everything, ringRecords: 64, chunkSizeBytes: 16384 });
    const writer = await platform.createWriter('everything');
    const reader = await platform.createReader('everything');
    const live = subscribe(platform.subscription('everything'), MAIN);
    const times = [fc.bigInt({ min: 0n, max: BigInt(Number.MAX_SAFE_INTEGER) }).map(Number), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })] as const;
    let records = 0;
    await fc.assert(fc.asyncProperty(fc.array(fc.tuple(anyValues, ...times), { minLength: 1, maxLength: 40 }), async (batch) => {
      for (const [values, ts, received] of batch) writer.writeTuple([...values, ts, received] as never);
      const expected = reader.lastSync(batch.length);
      const objects = reader.lastSync(batch.length, { format: 'object' });
      await writer.flush();
      const again = subscribe(platform.subscription('everything'), { ...MAIN, fromSequence: records });
      for (const subscription of [live, again]) {
        const tuples: unknown[] = [];
        const copies: unknown[] = [];
        const views: unknown[] = [];
        for (let run = subscription.poll(7); run !== undefined; run = subscription.poll(7)) {
          for (let i = 0; i < run.length; i++) tuples.push(run.tuple(i));
          run.forEach((row) => views.push(JSON.parse(JSON.stringify(row, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value)))));
          for (const row of run) copies.push(Object.fromEntries(reader.fieldNames.map((name) => [name, (row as unknown as Record<string, unknown>)[name]])));
        }
        expect(tuples).toEqual(expected);
        expect(copies).toEqual(objects);
        expect(views).toHaveLength(batch.length);
      }
      again.close();
      records += batch.length;
    }), { seed: SEED, numRuns: 60 });
    const fromStart = subscribe(platform.subscription('everything'), { ...MAIN, fromSequence: 0 });
    const all: unknown[] = [];
    for (let run = fromStart.poll(); run !== undefined; run = fromStart.poll()) for (let i = 0; i < run.length; i++) all.push(run.tuple(i));
    expect(all).toEqual(reader.lastSync(records));
  });

  test('is of records one after the other, at most as many as asked for; the flyweight is one object', async () => {
    const { platform, write } = await withFeed();
    const subscription = open(platform, { maxRun: 10 });
    write(0, 25);
    const run = subscription.poll()!;
    expect([run.length, run.firstSequence, subscription.position]).toEqual([10, 0, 10]);
    expect(run.row(3)).toBe(run.row(4));
    expect([...run].length).toBe(10);
    expect(run.object(2)).toEqual({ n: 2, hash: checked(2)[1], low: 2, ts: T0 + 2 });
    await expect(failure(() => run.row(10))).resolves.toMatchObject({ code: 'DW_RANGE_INVALID' });
    expect(subscription.poll(3)!.length).toBe(3);
    expect(take(subscription)).toEqual(numbers(13, 25));
    expect(subscription.next(0)).toBeUndefined();
  });
});

describe('where a subscription begins', () => {
  test('with the next record; with a number; with a time, in history and after it', async () => {
    const { platform, writer, write } = await withFeed();
    write(0, 5000);
    await writer.flush();
    write(5000, 5100);
    const [live, numbered, timed, ahead] = [open(platform), open(platform, { fromSequence: 4990 }), open(platform, { start: T0 + 3000 }), open(platform, { fromSequence: 5200 })];
    write(5100, 5300);
    expect(take(live)).toEqual(numbers(5100, 5300));
    expect(take(numbered)).toEqual(numbers(4990, 5300));
    expect(take(timed, 77)).toEqual(numbers(3000, 5300));
    expect(take(ahead)).toEqual(numbers(5200, 5300));
  });

  test('with a time, where times are out of order: what range gives, then every record that comes', async () => {
    const platform = await openPlatform();
    await platform.createFeed({ name: 'late', fields: [{ name: 'n', type: 'float64' }, { name: 'ts', type: 'uint64' }], timestamp: 'ts', ringRecords: 64, chunkSizeBytes: 16384 });
    const writer = await platform.createWriter('late');
    const time = (n: number): number => T0 + (n % 13 === 0 ? 0 : n);
    for (let n = 0; n < 3000; n++) writer.writeValues(n, time(n));
    const expected = (await (await platform.createReader('late')).range(T0 + 500, T0 + 10_000)).map(([n]) => n);
    const subscription = subscribe(platform.subscription('late'), { ...MAIN, start: T0 + 500 });
    for (let n = 3000; n < 3040; n++) writer.writeValues(n, time(n));
    const seen: unknown[] = [];
    for (let run = subscription.poll(); run !== undefined; run = subscription.poll()) run.forEach((row) => { expect(row.sequence).toBe(row['n']); seen.push(row['n']); });
    expect(seen).toEqual([...expected, ...numbers(3000, 3040)]);
    expect(subscription.lost).toBe(0);
  });
});

describe('a subscriber that is too slow', () => {
  test('of a persisted feed goes back to the chunks, whatever happened meanwhile', async () => {
    const { platform, writer, write } = await withFeed();
    const subscription = open(platform);
    write(0, 700);
    expect(subscription.poll(100)!.length).toBe(100);
    write(700, 20_000);
    expect(subscription.poll(50)!.firstSequence).toBe(100);
    await writer.close();
    const next = await platform.createWriter<typeof CHECKED>('checked');
    for (let n = 20_000; n < 30_000; n++) next.writeValues(...checked(n));
    expect(take(subscription)).toEqual(numbers(150, 30_000));
    expect(subscription.lost).toBe(0);
  });

  test('of a memory feed is told exactly what it lost, once', async () => {
    const { platform, write } = await withFeed({ persist: false, chunkSizeBytes: undefined });
    const ranges: LostRange[] = [];
    const subscription = open(platform, { onLoss: (range) => ranges.push(range) });
    write(0, 100);
    expect(take(subscription)).toEqual(numbers(0, 100));
    write(100, 5000);
    // An eighth of the ring may be under the writer's hands.
    expect(take(subscription)).toEqual(numbers(5000 - 896, 5000));
    expect(ranges).toEqual([{ from: 100, to: 5000 - 896 }]);
    expect(subscription.lost).toBe(5000 - 896 - 100);
    write(5000, 5010);
    expect(take(subscription)).toEqual(numbers(5000, 5010));
    expect(ranges).toHaveLength(1);
  });
});

describe('what a subscription outlives', () => {
  test('a feed that nobody has written yet, and several writers of it', async () => {
    const platform = await openPlatform();
    await platform.createFeed(CHECKED);
    const [one, two] = [open(platform), open(platform, { start: 0 })];
    expect([one.poll(), two.poll(), one.next(30)]).toEqual([undefined, undefined, undefined]);
    for (let round = 0; round < 4; round++) {
      const writer = await platform.createWriter<typeof CHECKED>('checked');
      for (let n = round * 1500; n < (round + 1) * 1500; n++) writer.writeValues(...checked(n));
      if (round % 2 === 0) {
        const run = one.next(5000)!;
        const { length } = run;
        expect([run.firstSequence, run.tuple(0)]).toEqual([round * 1500, checked(round * 1500)]);
        expect(take(one)).toEqual(numbers(round * 1500 + length, (round + 1) * 1500));
      }
      await writer.close();
      if (round % 2 === 1) expect(one.next(5000)?.firstSequence).toBe(round * 1500);
      take(one);
    }
    expect(take(two)).toEqual(numbers(0, 6000));
    expect([one.lost, two.lost]).toEqual([0, 0]);
  });

  test('writers of a memory feed: the records of a new ring begin with new numbers, and nothing counts as lost', async () => {
    const platform = await openPlatform();
    await platform.createFeed({ ...CHECKED, persist: false, chunkSizeBytes: undefined });
    const subscription = open(platform);
    const seen: number[] = [];
    for (let round = 0; round < 3; round++) {
      const writer = await platform.createWriter<typeof CHECKED>('checked');
      for (let n = 0; n < 300; n++) writer.writeValues(...checked(round * 300 + n));
      // A ring of which nothing was seen in time is gone with its writer; this one was seen.
      const run = subscription.next(5000)!;
      for (let i = 0; i < run.length; i++) seen.push(run.row(i).n);
      await writer.close();
    }
    expect(seen).toEqual(numbers(0, 900));
    expect(subscription.lost).toBe(0);
  });

  test('a ring in another place, of which every writer makes a new one', async () => {
    const { platform, writer, write } = await withFeed({}, await openPlatform(undefined, { ringDir: temporaryDirectory() }));
    const subscription = open(platform);
    write(0, 100);
    expect(take(subscription)).toEqual(numbers(0, 100));
    write(100, 200);
    await writer.close();
    const next = await platform.createWriter<typeof CHECKED>('checked');
    for (let n = 200; n < 300; n++) next.writeValues(...checked(n));
    expect(take(subscription).concat(take(subscription))).toEqual(numbers(100, 300));
  });
});

describe('what is refused', () => {
  test('handles that are none, or over, or of a store or feed that is not there any more', async () => {
    const { platform, writer } = await withFeed();
    const handle = platform.subscription<typeof CHECKED>('checked');
    await expect(failure(() => platform.subscription('chekced'))).resolves.toMatchObject({ code: 'DW_FEED_UNKNOWN' });
    for (const wrong of [undefined, null, 7, {}, { ...handle, stop: 1 }, JSON.parse(JSON.stringify(handle))]) {
      await expect(failure(() => subscribe(wrong as SubscriptionHandle))).resolves.toMatchObject({ code: 'DW_HANDLE_INVALID' });
      await expect(failure(() => { stopSubscription(wrong as SubscriptionHandle); })).resolves.toMatchObject({ code: 'DW_HANDLE_INVALID' });
    }
    const stopped = platform.subscription('checked');
    stopSubscription(stopped);
    stopSubscription(stopped);
    await expect(failure(() => subscribe(stopped))).resolves.toMatchObject({ code: 'DW_HANDLE_INVALID', message: expect.stringContaining('stopSubscription') as string });
    const other = await openPlatform();
    const moved = { ...handle, source: { ...handle.source, basePath: other.basePath } };
    await expect(failure(() => subscribe(moved))).resolves.toMatchObject({ code: 'DW_HANDLE_INVALID', values: { storeId: platform.storeId, found: other.storeId } });

    const subscription = subscribe(handle, MAIN);
    await writer.close();
    await platform.deleteFeed('checked');
    await expect(failure(() => subscription.next(10_000))).resolves.toMatchObject({ code: 'DW_FEED_UNKNOWN' });
    await expect(failure(() => subscribe(handle))).resolves.toMatchObject({ code: 'DW_FEED_UNKNOWN' });
    await platform.createFeed(CHECKED);
    await expect(failure(() => subscribe(handle))).resolves.toMatchObject({ code: 'DW_FEED_UNKNOWN', message: expect.stringContaining('made anew') as string });

    const last = platform.subscription('checked');
    const ending = subscribe(last, MAIN);
    await platform.close();
    expect([ending.stopped, ending.next(), ending.poll()]).toEqual([true, undefined, undefined]);
    await expect(failure(() => subscribe(last))).resolves.toMatchObject({ code: 'DW_HANDLE_INVALID', message: expect.stringContaining('closed') as string });
  });

  test('a feed that is deleted and made anew under the subscriber', async () => {
    const { platform, writer, write } = await withFeed();
    const subscription = open(platform);
    write(0, 10);
    await writer.close();
    await platform.deleteFeed('checked');
    const again = await withFeed({}, platform);
    again.write(0, 10);
    await expect(failure(() => { for (;;) subscription.next(10_000); })).resolves.toMatchObject({ code: 'DW_FEED_UNKNOWN' });
  });

  test('blocking the main thread, unless it is asked for', async () => {
    const { platform, write } = await withFeed();
    const subscription = subscribe(platform.subscription('checked'));
    write(0, 1);
    for (const call of [() => subscription.next(), () => { subscription.forEach(() => {}); }, () => [...subscription], () => [...subscription.objects()]]) {
      await expect(failure(call)).resolves.toMatchObject({ code: 'DW_MAIN_THREAD_BLOCK' });
    }
    const reader = await platform.createReader('checked');
    await expect(failure(() => reader.streamSync())).resolves.toMatchObject({ code: 'DW_MAIN_THREAD_BLOCK' });
    expect(subscription.poll()?.length).toBe(1);
  });

  test.each([
    [{ start: 1, fromSequence: 2 }, 'DW_OPTION_INVALID'], [{ wait: 'sleep' }, 'DW_OPTION_INVALID'], [{ maxRun: 0 }, 'DW_OPTION_INVALID'], [{ strat: 1 }, 'DW_OPTION_INVALID'],
    [{ fromSequence: -1 }, 'DW_OPTION_INVALID'], [{ start: 'now' }, 'DW_RANGE_INVALID'], [{ onLoss: 1 }, 'DW_OPTION_INVALID'], [{ allowMainThread: 1 }, 'DW_OPTION_INVALID'],
  ])('%j', async (options, code) => {
    const { platform } = await withFeed();
    await expect(failure(() => subscribe(platform.subscription('checked'), options as never))).resolves.toMatchObject({ code });
  });
});

test('a store that cannot be written to: what a subscriber does changes no file but the bell', async () => {
  const { platform, write } = await withFeed();
  write(0, 3000);
  const reading = await openPlatform(platform.basePath, { readOnly: true });
  const files = (): string[] => fs.readdirSync(platform.basePath, { recursive: true, encoding: 'utf8' }).sort()
    .filter((file) => !file.includes('chunks') && !file.includes('log')).map((file) => `${file} ${fs.statSync(path.join(platform.basePath, file)).size}`);
  const before = files();
  const subscription = open(reading, { fromSequence: 0 });
  expect(take(subscription)).toEqual(numbers(0, 3000));
  expect(subscription.next(10)).toBeUndefined();
  expect(files()).toEqual(before);
});
