/** A thread that follows one feed of an exchange: for each message, how long after its frame was received its last record came. */
import { parentPort, workerData } from 'node:worker_threads';
import { BOOK_FLAGS } from '@deepwater/exchanges';
import { type SubscriptionHandle, subscribe } from 'deepwater';
import { nowNs } from '../lib/clock.js';
import { SLOTS_COUNT, SLOTS_HEAD_BYTES } from '../lib/exchange/time-slots.js';
import { Histogram } from '../lib/histogram.js';

export interface RecordsOrder {
  /** A feed, or bare slots: the head, and behind 128 bytes the times of receipt. */
  readonly handle?: SubscriptionHandle;
  readonly slots?: SharedArrayBuffer;
  readonly wait: 'spin' | 'park';
  /** Wall clock in microseconds less the steady clock's: times of receipt are the former. */
  readonly offsetUs: number;
  /** The first so many messages do not count. */
  readonly warmUp: number;
  /** Set to 1 when there is nothing more to come. */
  readonly stop: SharedArrayBuffer;
}

export interface RecordsSeen {
  readonly messages: number;
  readonly lost: number;
  readonly p50Ns: number;
  readonly p99Ns: number;
  readonly p999Ns: number;
  readonly maxNs: number;
}

const LOOK_MS = 100;

const { handle, slots, wait, offsetUs, warmUp, stop } = workerData as RecordsOrder;
const stopped = new Int32Array(stop);
const latencies = new Histogram();
let messages = 0;
let lost = 0;

const take = (receivedUs: number): void => {
  if (messages++ >= warmUp) latencies.record(nowNs() - (receivedUs - offsetUs) * 1000);
};

interface Row { readonly recv: bigint | number; readonly flags?: number }

if (handle !== undefined) {
  const subscription = subscribe(handle, { wait });
  parentPort?.postMessage('ready');
  subscription.run((run) => {
    run.forEach((view) => {
      const row = view as unknown as Row;
      if (row.flags === undefined || (row.flags & BOOK_FLAGS.LAST) !== 0) take(Number(row.recv));
    });
  });
  lost = subscription.lost;
  subscription.close();
} else {
  const head = new Int32Array(slots as SharedArrayBuffer, 0, 1);
  const times = new Float64Array(slots as SharedArrayBuffer, SLOTS_HEAD_BYTES);
  parentPort?.postMessage('ready');
  for (let next = 0; ;) {
    const seen = Atomics.load(head, 0);
    for (; next < seen; next++) take(times[next & (SLOTS_COUNT - 1)]);
    if (Atomics.load(stopped, 0) === 1) break;
    if (wait === 'park') Atomics.wait(head, 0, seen, LOOK_MS);
  }
}
parentPort?.postMessage({
  messages, lost, p50Ns: latencies.quantile(0.5), p99Ns: latencies.quantile(0.99), p999Ns: latencies.quantile(0.999), maxNs: latencies.max,
} satisfies RecordsSeen);
