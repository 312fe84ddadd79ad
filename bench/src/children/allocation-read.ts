/** Counts what taking records allocates on the V8 heap. Run with --expose-gc and a new space that is never full. */
import { once } from 'node:events';
import { PerformanceObserver } from 'node:perf_hooks';
import v8 from 'node:v8';
import { Worker } from 'node:worker_threads';
import { Platform, type RowView, type Subscription, subscribe } from 'deepwater';
import { childArgument, sayResult } from '../lib/child.js';
import { type BenchSpec, benchFeed, priceOf, sizeOf, timeOf } from '../lib/records.js';
import { warmUpWriting, writeRun } from '../lib/writing.js';
import type { FullSpeedOrder } from './full-speed-writer.js';

export interface AllocationReadArgument {
  readonly basePath: string;
  readonly records: number;
}

export interface AllocationReadResult {
  readonly node: string;
  /** Bytes for each record: of long runs that are polled, of runs of one record, and of `forEach` that spins beside a writer. */
  readonly runBytes: number;
  readonly singleBytes: number;
  readonly spinBytes: number;
  /** Bytes a second while a subscriber spins and nothing comes. */
  readonly idleBytes: number;
  readonly collections: number;
  readonly problems: readonly string[];
}

const RING_RECORDS = 2 ** 16;
const { basePath, records } = childArgument<AllocationReadArgument>();
const problems: string[] = [];
let collections = 0;
const observer = new PerformanceObserver((list) => { collections += list.getEntries().length; });

/** Checks records, and adds nothing to the heap itself: the number of the next one is in an array, not in a closure's variable. */
class Checker {
  readonly #at = Float64Array.of(0, 0);
  /** One function for ever: a closure made for each run would be counted. */
  readonly visit = (row: RowView<BenchSpec>): void => {
    const n = row.sequence;
    this.#at[1] += 1;
    if (n < this.#at[0] || row.price !== priceOf(n) || row.size !== sizeOf(n) || row.timestamp !== timeOf(n)) problems.push(`record ${n} is (${row.price}, ${row.size}, ${row.timestamp})`);
    this.#at[0] = n + 1;
  };

  get count(): number {
    return this.#at[1];
  }
}

/** Heap bytes of calls, without what the looks at the heap themselves cost. */
class Meter {
  bytes = 0;
  #before = 0;

  begin(): void {
    this.#before = v8.getHeapStatistics().used_heap_size;
  }

  end(): void {
    this.bytes += v8.getHeapStatistics().used_heap_size - this.#before - COST;
  }
}

/** What one look at the heap adds to it: the smallest of many. */
function costOfLooking(): number {
  let least = Infinity;
  for (let i = 0; i < 1000; i++) {
    const before = v8.getHeapStatistics().used_heap_size;
    least = Math.min(least, v8.getHeapStatistics().used_heap_size - before);
  }
  return least;
}

const COST = costOfLooking();
const platform = await Platform.open(basePath, { logLevel: 'error' });
await warmUpWriting(platform);
await platform.createFeed({ ...benchFeed('ticks', { ringRecords: RING_RECORDS }), persist: false });
const handle = platform.subscription<BenchSpec>('ticks');
const options = { wait: 'spin', allowMainThread: true } as const;
const writer = await platform.createWriter<BenchSpec>('ticks');
let written = 0;
const write = (count: number): void => {
  writeRun(writer, written, written + count);
  written += count;
};

/** Takes what there is, run by run. */
function drain(subscription: Subscription<BenchSpec>, checker: Checker): void {
  for (let run = subscription.poll(); run !== undefined; run = subscription.poll()) run.forEach(checker.visit);
}

/** `total` records, written `piece` at a time outside the count. */
function runs(subscription: Subscription<BenchSpec>, checker: Checker, total: number, piece: number): number {
  const meter = new Meter();
  for (let n = 0; n < total; n += piece) {
    write(piece);
    meter.begin();
    drain(subscription, checker);
    meter.end();
  }
  return meter.bytes / total;
}

/** The same one at a time, where the meter itself would be most of it: writer and subscriber together. */
function single(subscription: Subscription<BenchSpec>, checker: Checker, total: number): number {
  const meter = new Meter();
  meter.begin();
  for (let n = 0; n < total; n++) {
    write(1);
    drain(subscription, checker);
  }
  meter.end();
  return meter.bytes / total;
}

/** Nothing comes. */
function idle(subscription: Subscription<BenchSpec>, ms: number): number {
  const meter = new Meter();
  meter.begin();
  if (subscription.next(ms) !== undefined) problems.push('a record came from nowhere');
  meter.end();
  return meter.bytes / (ms / 1000);
}

const subscription = subscribe<BenchSpec>(handle, options);
const checker = new Checker();
runs(subscription, checker, records / 4, RING_RECORDS / 2);
single(subscription, checker, records / 10);
idle(subscription, 200);
global.gc?.();
observer.observe({ entryTypes: ['gc'] });
const runBytes = runs(subscription, checker, records, RING_RECORDS / 2);
const singleBytes = single(subscription, checker, records / 10);
const idleBytes = idle(subscription, 1000);
if (checker.count !== written || subscription.lost > 0) problems.push(`${checker.count} records, not ${written}; ${subscription.lost} lost`);

// A thread that writes at full speed: on a memory feed, so the subscriber loses what it is too slow for, and counts it.
const go = new Int32Array(new SharedArrayBuffer(4));
const order: FullSpeedOrder = { handle: platform.writerHandle('ticks'), from: written, records, go };
const worker = new Worker(new URL('./full-speed-writer.js', import.meta.url), { workerData: order });
await once(worker, 'message');
const exited = once(worker, 'exit');
const last = written + records - 1;
const stopAtLast = (row: RowView<BenchSpec>): void => {
  checker.visit(row);
  if (row.sequence === last) subscription.stop();
};
const meter = new Meter();
Atomics.store(go, 0, 1);
Atomics.notify(go, 0);
meter.begin();
subscription.forEach(stopAtLast);
meter.end();
const spinBytes = meter.bytes / (checker.count - written);
if (checker.count + subscription.lost !== written + records) problems.push(`${checker.count} records and ${subscription.lost} lost, not ${written + records}`);
await new Promise((resolve) => setImmediate(resolve)); // lets the observer tell
observer.disconnect();
subscription.close();
await exited;
await platform.close();
const result: AllocationReadResult = { node: process.versions.node, runBytes, singleBytes, spinBytes, idleBytes, collections, problems };
sayResult(result);
