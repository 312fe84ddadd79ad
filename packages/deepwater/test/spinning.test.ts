import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { type Platform, stopSubscription, subscribe } from '../dist/index.js';
import { openPlatform } from './support.js';
import { CHECKED, checked } from './support-bus.js';

/** A spinning subscriber in a thread of its own; `told` is what it says at its end. */
async function spinner(platform: Platform) {
  const handle = platform.subscription('checked');
  const count = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(new URL('./bus/spinner.mjs', import.meta.url), { workerData: { handle, count } });
  await once(worker, 'message');
  const told = once(worker, 'message').then(([message]) => message as { taken: unknown[]; end: string; lost: number });
  return { handle, told, count };
}

async function written(platform: Platform, from: number, to: number): Promise<void> {
  const writer = await platform.createWriter<typeof CHECKED>('checked');
  for (let n = from; n < to; n++) writer.writeValues(...checked(n));
  await writer.close();
}

describe.each([true, false])('a subscriber that spins (persist: %s)', (persist) => {
  test('follows from before the first writer through its successors, and is ended from another thread', async () => {
    const platform = await openPlatform();
    await platform.createFeed({ ...CHECKED, persist });
    const writer = persist ? undefined : await platform.createWriter<typeof CHECKED>('checked');
    const { handle, told, count } = await spinner(platform);
    // What a memory feed's writer leaves goes with it, so that feed has one.
    if (writer === undefined) for (let from = 0; from < 500; from += 100) await written(platform, from, from + 100);
    else for (let n = 0; n < 500; n++) writer.writeValues(...checked(n));
    // What was published before the end is not promised to be taken, so the end waits until it has been.
    while (Atomics.load(count, 0) < 500) await new Promise((resolve) => { setImmediate(resolve); });
    stopSubscription(handle);
    expect(await told).toEqual({ taken: Array.from({ length: 500 }, (_, n) => checked(n)), end: 'stopped', lost: 0 });
  });

  test('notices that its feed is deleted', async () => {
    const platform = await openPlatform();
    await platform.createFeed({ ...CHECKED, persist });
    const writer = await platform.createWriter<typeof CHECKED>('checked');
    const { told } = await spinner(platform);
    writer.writeValues(...checked(0));
    await writer.close();
    await platform.deleteFeed('checked');
    expect(['stopped', 'DW_FEED_UNKNOWN']).toContain((await told).end);
  });

  test('waits no longer than it was told to, with a ring and without', async () => {
    const platform = await openPlatform();
    await platform.createFeed({ ...CHECKED, persist });
    const subscription = subscribe(platform.subscription<typeof CHECKED>('checked'), { wait: 'spin', allowMainThread: true });
    expect([subscription.next(0), subscription.next(1)]).toEqual([undefined, undefined]);
    const writer = await platform.createWriter<typeof CHECKED>('checked');
    expect([subscription.next(0), subscription.next(5), subscription.next(-1)]).toEqual([undefined, undefined, undefined]);
    writer.writeValues(...checked(0));
    expect(subscription.next(0)?.tuple(0)).toEqual(checked(0));
    expect(subscription.next(5)).toBeUndefined();
  });

  test('who waits for a record 2^32 ahead is not given one with the same low word', async () => {
    const platform = await openPlatform();
    await platform.createFeed({ ...CHECKED, persist });
    const writer = await platform.createWriter<typeof CHECKED>('checked');
    for (let n = 0; n < 5; n++) writer.writeValues(...checked(n));
    const options = { fromSequence: 2 ** 32 + 3, allowMainThread: true } as const;
    const subscription = subscribe(platform.subscription<typeof CHECKED>('checked'), { ...options, wait: 'spin' });
    expect([subscription.poll(), subscription.next(1), subscription.position]).toEqual([undefined, undefined, 2 ** 32 + 3]);
    const stream = (await platform.createReader<typeof CHECKED>('checked')).stream({ fromSequence: 2 ** 32 + 3 });
    const first = stream.next();
    writer.writeValues(...checked(5));
    await new Promise((resolve) => { setImmediate(resolve); });
    expect(stream.position).toBe(2 ** 32 + 3);
    await stream.return?.();
    expect(await first).toEqual({ value: undefined, done: true });
  });
});
