import { Worker } from 'node:worker_threads';
import type { SubscriptionHandle } from 'deepwater';
import { stopSubscription } from 'deepwater';
import type { RecordsOrder, RecordsSeen } from '../../children/records-subscriber.js';
import { nowNs } from '../clock.js';
import { within } from '../within.js';

const SCRIPT = new URL('../../children/records-subscriber.js', import.meta.url);
const LOOKS = 1000;
const LIMIT_MS = 10_000;

/** The clock that times of receipt are of: see ingest's `recv`. */
export const wallUs = (): number => (performance.timeOrigin + performance.now()) * 1000;

/** What that clock is ahead of the steady one, which all threads share; the least of many looks, since a thread may be put aside between the two. */
function offsetUs(): number {
  let least = Infinity;
  for (let i = 0; i < LOOKS; i++) {
    const steady = nowNs() / 1000;
    least = Math.min(least, wallUs() - steady);
  }
  return least;
}

export interface RecordsFollower {
  /** Ends it, after what has come. */
  end(): Promise<RecordsSeen>;
}

/** A thread that follows a feed, or bare slots, and says how late each message came. */
export async function followRecords(what: { readonly handle: SubscriptionHandle } | { readonly slots: SharedArrayBuffer }, wait: 'spin' | 'park', warmUp: number): Promise<RecordsFollower> {
  const stop = new SharedArrayBuffer(4);
  const worker = new Worker(SCRIPT, { workerData: { ...what, wait, warmUp, stop, offsetUs: offsetUs() } satisfies RecordsOrder });
  const word = (): Promise<unknown> => new Promise((resolve, reject) => { worker.once('message', resolve).once('error', reject); });
  await within(LIMIT_MS, word(), 'the subscriber is not ready');
  return {
    end: async () => {
      const seen = word();
      Atomics.store(new Int32Array(stop), 0, 1);
      if ('handle' in what) stopSubscription(what.handle);
      else Atomics.notify(new Int32Array(what.slots, 0, 1), 0);
      const result = await within(LIMIT_MS, seen, 'the subscriber does not end') as RecordsSeen;
      await worker.terminate();
      return result;
    },
  };
}
