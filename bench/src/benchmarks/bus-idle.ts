import { once } from 'node:events';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { type SubscribeOptions, stopSubscription } from 'deepwater';
import type { IdleOrder } from '../children/idle-subscriber.js';
import { type Benchmark, line } from '../lib/benchmark.js';
import { nowNs } from '../lib/clock.js';
import { type BenchSpec, benchFeed } from '../lib/records.js';
import { inTurn } from '../lib/sample.js';
import { withStore } from '../lib/stores.js';

const TARGET_PERCENT = 1;
const SUBSCRIBERS = 50;
const SCRIPT = new URL('../children/idle-subscriber.js', import.meta.url);

async function start(order: IdleOrder, transfer: MessagePort[] = []): Promise<Worker> {
  const worker = new Worker(SCRIPT, { workerData: order, transferList: transfer });
  await once(worker, 'message');
  return worker;
}

/** Processor of this whole process while nothing is published, percent of a core. */
async function idlePercent(milliseconds: number): Promise<number> {
  await new Promise((resolve) => { setTimeout(resolve, 300); }); // what starting them left to do is not idleness
  const cpu = process.cpuUsage();
  const started = nowNs();
  await new Promise((resolve) => { setTimeout(resolve, milliseconds); });
  const { user, system } = process.cpuUsage(cpu);
  return ((user + system) / 1e6 / ((nowNs() - started) / 1e9)) * 100;
}

export const busIdle: Benchmark = {
  name: 'bus-idle',
  title: 'what subscribers cost while nothing is published',
  run: (context) => withStore(context.directory, async (platform) => {
    await platform.createFeed({ ...benchFeed('quiet'), persist: false });
    const writer = await platform.createWriter<BenchSpec>('quiet');
    const milliseconds = context.pick(2000, 500);
    const ours = async (count: number, wait: NonNullable<SubscribeOptions['wait']>): Promise<number> => {
      const handle = platform.subscription('quiet');
      const workers = await Promise.all(Array.from({ length: count }, () => start({ kind: 'subscription', handle, wait })));
      const percent = await idlePercent(milliseconds);
      const gone = workers.map((worker) => once(worker, 'exit'));
      stopSubscription(handle);
      await Promise.all(gone);
      return percent;
    };
    const samples = await inTurn(context.pick(5, 1), {
      park: () => ours(SUBSCRIBERS, 'park'),
      spinThenPark: () => ours(SUBSCRIBERS, 'spin-then-park'),
      spin: () => ours(1, 'spin'),
      atomics: async () => {
        const word = new Int32Array(new SharedArrayBuffer(4));
        const workers = await Promise.all(Array.from({ length: SUBSCRIBERS }, () => start({ kind: 'atomics', word })));
        const percent = await idlePercent(milliseconds);
        const gone = workers.map((worker) => once(worker, 'exit'));
        Atomics.store(word, 0, 1);
        Atomics.notify(word, 0);
        await Promise.all(gone);
        return percent;
      },
      port: async () => {
        const workers = await Promise.all(Array.from({ length: SUBSCRIBERS }, async () => {
          const { port1, port2 } = new MessageChannel();
          return { worker: await start({ kind: 'port', port: port2 }, [port2]), port: port1 };
        }));
        const percent = await idlePercent(milliseconds);
        const gone = workers.map(({ worker }) => once(worker, 'exit'));
        for (const { port } of workers) port.postMessage('stop');
        await Promise.all(gone);
        return percent;
      },
      nobody: () => idlePercent(milliseconds),
    });
    await writer.close();
    const what = (count: number, wait: string): string => `processor of the whole process, a writer open, nothing published, ${count} subscriber${count > 1 ? 's' : ''} in threads, ${wait}`;
    const unit = '% of a core';
    return [
      line({
        id: 'idle-park', what: what(SUBSCRIBERS, 'parked'), unit, sample: samples.park,
        target: { text: `< ${TARGET_PERCENT} % of a core`, met: samples.park.median < TARGET_PERCENT },
        peers: [
          { name: `${SUBSCRIBERS} threads in Atomics.wait`, sample: samples.atomics }, { name: `${SUBSCRIBERS} threads with a MessagePort`, sample: samples.port },
          { name: 'nobody subscribes', sample: samples.nobody },
        ],
      }),
      line({ id: 'idle-spin-then-park', what: what(SUBSCRIBERS, 'spin-then-park'), unit, sample: samples.spinThenPark }),
      line({ id: 'idle-spin', what: what(1, 'spinning'), unit, sample: samples.spin }),
    ];
  }),
};
