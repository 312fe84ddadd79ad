/** The receiving end of a hop, as a worker thread or as a process: says when it listens and, at the end, what it saw. */
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { SECTION_BYTES, closeFile, mapFile, openExisting } from '@deepwater/core/engine';
import { Platform, type SubscriptionHandle, subscribe } from 'deepwater';
import { Arrivals } from '../lib/bus/arrivals.js';
import type { HopOrder } from '../lib/bus/hop.js';
import { SLOTS_BYTES, Slots } from '../lib/bus/slots.js';
import type { BenchSpec } from '../lib/records.js';

const say = (message: unknown): void => {
  if (parentPort === null) process.send?.(message);
  else parentPort.postMessage(message);
};

function follow(handle: SubscriptionHandle<BenchSpec>, { wait }: HopOrder, arrivals: Arrivals): void {
  const subscription = subscribe<BenchSpec>(handle, { wait, allowMainThread: true });
  say('ready');
  subscription.run((run) => {
    run.forEach((row) => { arrivals.take(row.price, row.size, row.timestamp); });
    if (arrivals.complete) subscription.stop();
  });
  subscription.close();
}

async function receive(order: HopOrder): Promise<void> {
  const { channel, wait } = order;
  const arrivals = new Arrivals(order.records, order.warmUp);
  if (channel.kind === 'handle') follow(channel.handle as SubscriptionHandle<BenchSpec>, order, arrivals);
  else if (channel.kind === 'store') {
    const platform = await Platform.open(channel.basePath, { logLevel: 'error' });
    follow(platform.subscription<BenchSpec>(channel.feed), order, arrivals);
    await platform.close();
  } else {
    say('ready');
    if (channel.kind === 'slots') new Slots(channel.memory, false).receive(arrivals, wait === 'park');
    else {
      const fd = openExisting(channel.path, true);
      const mapped = mapFile(fd, { path: channel.path, length: Math.max(SLOTS_BYTES, SECTION_BYTES), mode: 'shared' });
      closeFile(fd);
      new Slots(mapped.buffer, true).receive(arrivals, wait === 'park');
    }
  }
  say(arrivals.result());
}

if (isMainThread) {
  process.once('message', (order: HopOrder) => { void receive(order).then(() => { process.disconnect(); }); });
} else await receive(workerData as HopOrder);
