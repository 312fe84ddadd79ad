import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { TestProcess, openPlatform, temporaryDirectory } from './support.js';
import { BusWorker, CHECKED, SEED, checked, startWriter } from './support-bus.js';

/** Raise it for a soak. */
const RECORDS = Number(process.env['BUS_RECORDS'] ?? 1_000_000);
/** Of memory feeds: a whole number of batches. */
const END = Math.ceil((RECORDS * 4) / 65_536) * 65_536;

describe('subscribers under a writer at full speed, rings and chunks of a thousand records', () => {
  test.each(['spin', 'park', 'spin-then-park'] as const)('of a persisted feed, fast and slow (%s): every record once, whole, in order', async (wait) => {
    const platform = await openPlatform();
    await platform.createFeed(CHECKED);
    await platform.createWriter('checked');
    const handle = platform.subscription('checked');
    const fast = await BusWorker.start('bus-subscriber.mjs', { handle, options: { wait }, to: RECORDS / 2 });
    const slow = await BusWorker.start('bus-subscriber.mjs', { handle, options: { wait, maxRun: 3000 }, to: RECORDS / 2, slow: 16 });
    const writer = await startWriter(platform, { to: RECORDS / 2 });
    await writer.result;
    for (const subscriber of [fast, slow]) {
      expect(await subscriber.result).toMatchObject({ wrong: [], next: RECORDS / 2, records: RECORDS / 2, lost: 0, position: RECORDS / 2 });
    }
    await platform.close();
  });

  test.each([['record by record', 0, 1024], ['in batches', 65_536, 65_536]])('of a memory feed written %s: no torn record, none twice, and what was lost is told exactly', async (_how, batch, ringRecords) => {
    const platform = await openPlatform();
    await platform.createFeed({ ...CHECKED, persist: false, chunkSizeBytes: undefined, ringRecords });
    await platform.createWriter('checked');
    const handle = platform.subscription('checked');
    const options = { wait: 'spin-then-park', maxRun: 65_536 };
    const fast = await BusWorker.start('bus-subscriber.mjs', { handle, options, to: END });
    const slow = await BusWorker.start('bus-subscriber.mjs', { handle, options, to: END, slow: 8 });
    await (await startWriter(platform, { to: END, batch })).result;
    for (const subscriber of [fast, slow]) {
      const { wrong, next, records, lost, ranges } = await subscriber.result as Record<string, number>;
      expect(wrong).toEqual([]);
      expect(next).toBe(END);
      expect(lost).toBe(ranges);
      expect(records! + lost!).toBe(END);
    }
    expect((await slow.result)['lost']).toBeGreaterThan(0);
    await platform.close();
  });

  test('in another process, stopped by SIGSTOP for laps on end: every record of a persisted feed all the same', async () => {
    const platform = await openPlatform();
    await platform.createFeed(CHECKED);
    await platform.createWriter('checked');
    const reader = new TestProcess('bus-reader.mjs', platform.basePath, String(RECORDS / 2), 'columns');
    expect(await reader.line()).toBe('ready');
    const writer = await startWriter(platform, { to: RECORDS / 2, burst: 20_000, pauseMs: 1 });
    for (let stops = 0; stops < 4; stops++) {
      reader.child.kill('SIGSTOP');
      const from = platform.feedInfo('checked').records.next;
      await expect.poll(() => platform.feedInfo('checked').records.next - from > 10_000 || platform.feedInfo('checked').records.next >= RECORDS / 2, { timeout: 30_000 }).toBe(true);
      reader.child.kill('SIGCONT');
    }
    await writer.result;
    expect(JSON.parse(await reader.line())).toEqual({ wrong: [], next: RECORDS / 2, lost: 0 });
    expect(await reader.ended).toMatchObject({ code: 0, stderr: '' });
    await platform.close();
  });

  test('in another process, records one by one, on the main thread and blocking: the same', async () => {
    const platform = await openPlatform();
    await platform.createFeed(CHECKED);
    await platform.createWriter('checked');
    const readers = ['tuple', 'sync'].map((form) => new TestProcess('bus-reader.mjs', platform.basePath, '100000', form));
    for (const reader of readers) expect(await reader.line()).toBe('ready');
    await (await startWriter(platform, { to: 100_000, burst: 1000 + (SEED % 1000), pauseMs: 1 })).result;
    for (const reader of readers) {
      expect(JSON.parse(await reader.line())).toEqual({ wrong: [], next: 100_000, lost: 0 });
      expect(await reader.ended).toMatchObject({ code: 0, stderr: '' });
    }
    await platform.close();
  });
});

describe('subscribers that wait', () => {
  test('are ended by terminate() at once, and by stopSubscription and the end of the platform', async () => {
    const platform = await openPlatform();
    await platform.createFeed(CHECKED);
    const writer = await platform.createWriter<typeof CHECKED>('checked');
    const [one, two, three] = [1, 2, 3].map(() => platform.subscription('checked'));
    const parked = await Promise.all([one, one, two, three].map((handle) => BusWorker.start('bus-subscriber.mjs', { handle, options: { wait: 'park' }, to: 1e9 })));
    await parked[0]!.worker.terminate();
    const { stopSubscription } = await import('../dist/index.js');
    stopSubscription(two!);
    expect(await parked[2]!.result).toMatchObject({ records: 0, wrong: [] });
    // The others go on.
    for (let n = 0; n < 10; n++) writer.writeValues(...checked(n));
    stopSubscription(one!);
    await parked[1]!.exited;
    await platform.close();
    expect(await parked[3]!.result).toMatchObject({ records: 10, wrong: [], next: 10 });
  });

  test('and may not write the bell look by themselves: threads and streams', async () => {
    const ringDir = temporaryDirectory();
    const platform = await openPlatform(undefined, { ringDir });
    await platform.createFeed(CHECKED);
    const writer = await platform.createWriter<typeof CHECKED>('checked');
    // A link is not followed, whoever asks: the tests run as root too, whom no mode keeps from writing.
    const bell = path.join(ringDir, platform.storeId, 'checked.bell');
    fs.renameSync(bell, `${bell}.away`);
    fs.symlinkSync(`${bell}.away`, bell);
    const parked = await BusWorker.start('bus-subscriber.mjs', { handle: platform.subscription('checked'), options: { wait: 'park' }, to: 10 });
    const stream = (await platform.createReader<typeof CHECKED>('checked')).stream();
    for (let n = 0; n < 10; n++) {
      const next = stream.next();
      writer.writeValues(...checked(n));
      expect((await next).value).toEqual(checked(n));
    }
    expect(await parked.result).toMatchObject({ records: 10, wrong: [] });
    await platform.close();
  });

  test('do not keep a process from ending', async () => {
    const ending = new TestProcess('bus-exit.mjs', temporaryDirectory());
    expect(await ending.line()).toBe('parked');
    expect(await ending.ended).toEqual({ code: 7, signal: null, stderr: '' });
  });
});
