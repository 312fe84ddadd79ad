/**
 * A thread that follows many feeds: it looks at one after the other, and sleeps for a millisecond when none of them has
 * anything. Every record is checked. Says 'ready', and at the end what it saw.
 */
import { parentPort, workerData } from 'node:worker_threads';
import type { SubscriptionHandle } from 'deepwater';
import { subscribe } from '@deepwater/query';
import { FeedCheck, type FollowedFeeds } from '../lib/feed-check.js';
import type { BenchSpec } from '../lib/records.js';

export interface FeedsOrder {
  readonly handles: readonly SubscriptionHandle<BenchSpec>[];
  /** Records of each feed. */
  readonly records: number;
}

const PAUSE_MS = 1;

const { handles, records } = workerData as FeedsOrder;
const feeds = handles.map((handle) => ({ subscription: subscribe<BenchSpec>(handle, { wait: 'park' }), check: new FeedCheck(handle.feed, records) }));
const pause = new Int32Array(new SharedArrayBuffer(4));
parentPort?.postMessage('ready');
for (let left = feeds.length; left > 0;) {
  let found = false;
  left = 0;
  for (const { subscription, check } of feeds) {
    if (check.complete || subscription.stopped) continue;
    left += 1;
    const run = subscription.poll();
    if (run === undefined) continue;
    found = true;
    run.forEach((row) => { check.take(row.price, row.size, row.timestamp); });
  }
  if (!found && left > 0) Atomics.wait(pause, 0, 0, PAUSE_MS);
}
parentPort?.postMessage({
  records: feeds.reduce((sum, { check }) => sum + check.taken, 0),
  problems: feeds.flatMap(({ check, subscription }) => [...check.problems(), ...(subscription.lost > 0 ? [`${subscription.feed}: ${subscription.lost} lost`] : [])]).slice(0, 5),
} satisfies FollowedFeeds);
for (const { subscription } of feeds) subscription.close();
