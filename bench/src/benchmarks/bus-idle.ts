import { once } from 'node:events';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { type SubscribeOptions, stopSubscription } from 'deepwater';
import type { IdleProcessOrder } from '../children/idle-process.js';
import type { IdleOrder } from '../children/idle-subscriber.js';
import { type Benchmark, line } from '../lib/benchmark.js';
import { runChild } from '../lib/child.js';
import { idlePercent } from '../lib/idle.js';
import { type BenchSpec, benchFeed } from '../lib/records.js';
import { type Sample, inTurn } from '../lib/sample.js';
import { withStore } from '../lib/stores.js';

const TARGET_PERCENT = 1;
const SUBSCRIBERS = 50;
const SCRIPT = new URL('../children/idle-subscriber.js', import.meta.url);

async function start(order: IdleOrder, transfer: MessagePort[] = []): Promise<Worker> {
  const worker = new Worker(SCRIPT, { workerData: order, transferList: transfer });
  await once(worker, 'message');
  return worker;
}

export const busIdle: Benchmark = {
  name: 'bus-idle',
  title: 'what subscribers cost while nothing is published',
  run: (context) => withStore(context.directory, async (platform, basePath) => {
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
    /** Of this process, in which the writer is, and of another one that follows the feed, together. */
    const elsewhere = async (kind: IdleProcessOrder['kind']): Promise<number> => {
      const order: IdleProcessOrder = { basePath, feed: 'quiet', kind, count: SUBSCRIBERS, milliseconds };
      const { result } = await runChild<number>('idle-process', order);
      return result + await idlePercent(milliseconds); // afterwards: what starting a process takes is not idleness
    };
    const streams = async (): Promise<number> => {
      const reader = await platform.createReader<BenchSpec>('quiet');
      const all = Array.from({ length: SUBSCRIBERS }, () => reader.stream());
      const next = all.map((stream) => stream.next());
      const percent = await idlePercent(milliseconds);
      await Promise.all(all.map((stream) => stream.return?.()));
      await Promise.all(next);
      return percent;
    };
    const samples = await inTurn(context.pick(5, 1), {
      park: () => ours(SUBSCRIBERS, 'park'),
      spinThenPark: () => ours(SUBSCRIBERS, 'spin-then-park'),
      spin: () => ours(1, 'spin'),
      streams,
      otherThreads: () => elsewhere('threads'),
      otherStreams: () => elsewhere('streams'),
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
    const elsewhereWhat = (who: string): string => `processor of two processes: a writer open, nothing published; ${SUBSCRIBERS} ${who} of a process that only reads`;
    const unit = '% of a core';
    const target = (sample: Sample) => ({ text: `< ${TARGET_PERCENT} % of a core`, met: sample.median < TARGET_PERCENT });
    return [
      line({
        id: 'idle-park', what: what(SUBSCRIBERS, 'parked'), unit, sample: samples.park,
        target: target(samples.park),
        peers: [
          { name: `${SUBSCRIBERS} threads in Atomics.wait`, sample: samples.atomics }, { name: `${SUBSCRIBERS} threads with a MessagePort`, sample: samples.port },
          { name: 'nobody subscribes', sample: samples.nobody },
        ],
      }),
      line({ id: 'idle-spin-then-park', what: what(SUBSCRIBERS, 'spin-then-park'), unit, sample: samples.spinThenPark }),
      line({ id: 'idle-streams', what: `processor of the whole process, a writer open, nothing published, ${SUBSCRIBERS} streams in the main thread`, unit, sample: samples.streams, target: target(samples.streams) }),
      line({ id: 'idle-park-process', what: elsewhereWhat('parked threads'), unit, sample: samples.otherThreads, target: target(samples.otherThreads) }),
      line({ id: 'idle-streams-process', what: elsewhereWhat('streams in the main thread'), unit, sample: samples.otherStreams, target: target(samples.otherStreams) }),
      line({ id: 'idle-spin', what: what(1, 'spinning'), unit, sample: samples.spin }),
    ];
  }),
};
