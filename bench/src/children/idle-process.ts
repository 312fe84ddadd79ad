/** A process that follows a feed of another one in which nothing comes: with threads that are parked, or streams of its main thread. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { Platform } from 'deepwater';
import type { IdleOrder } from './idle-subscriber.js';
import { childArgument, sayResult } from '../lib/child.js';
import { idlePercent } from '../lib/idle.js';

export interface IdleProcessOrder {
  readonly basePath: string;
  readonly feed: string;
  readonly kind: 'threads' | 'streams';
  readonly count: number;
  readonly milliseconds: number;
}

const { basePath, feed, kind, count, milliseconds } = childArgument<IdleProcessOrder>();
const platform = await Platform.open(basePath, { logLevel: 'error', readOnly: true });
if (kind === 'threads') {
  const handle = platform.subscription(feed);
  const workers = Array.from({ length: count }, () => new Worker(new URL('./idle-subscriber.js', import.meta.url), { workerData: { kind: 'subscription', handle, wait: 'park' } satisfies IdleOrder }));
  await Promise.all(workers.map((worker) => once(worker, 'message')));
} else {
  const reader = await platform.createReader(feed);
  for (let i = 0; i < count; i++) void reader.stream().next();
}
sayResult(await idlePercent(milliseconds));
await platform.close();
process.exit();
