/** Counts what writing records allocates on the V8 heap. Run with --expose-gc and a new space that is never full. */
import { PerformanceObserver } from 'node:perf_hooks';
import v8 from 'node:v8';
import { Platform } from 'deepwater';
import { childArgument, sayResult } from '../lib/child.js';
import { type BenchSpec, benchFeed, columnsOf } from '../lib/records.js';
import { warmUpWriting, writeRun, wrongFeed } from '../lib/writing.js';

export interface AllocationArgument {
  readonly basePath: string;
  readonly records: number;
}

export interface AllocationResult {
  readonly node: string;
  /** Bytes for each record: written one by one, and in batches. */
  readonly oneBytes: number;
  readonly batchBytes: number;
  readonly collections: number;
  readonly problems: readonly string[];
}

const { basePath, records } = childArgument<AllocationArgument>();
let collections = 0;
const observer = new PerformanceObserver((list) => { collections += list.getEntries().length; });

/** Bytes that the heap grew by, which is what was allocated as long as nothing was collected. */
function grown(run: () => void): number {
  const before = v8.getHeapStatistics().used_heap_size;
  run();
  return v8.getHeapStatistics().used_heap_size - before;
}

const platform = await Platform.open(basePath, { logLevel: 'error' });
await warmUpWriting(platform);
await platform.createFeed(benchFeed('ticks'));
const writer = await platform.createWriter<BenchSpec>('ticks');
const warm = records / 10;
writeRun(writer, 0, warm); // the loop itself, too, until it is compiled
// As many batches to compile what writes them as are measured.
const batchRows = records / 100;
const batches = Array.from({ length: 20 }, (_, i) => columnsOf(warm + records + i * batchRows, batchRows));
const [warmBatches, measured] = [batches.slice(0, 10), batches.slice(10)];
await writer.flush();

global.gc?.();
observer.observe({ entryTypes: ['gc'] });
const oneBytes = grown(() => { writeRun(writer, warm, warm + records); }) / records;
await writer.flush();
for (const batch of warmBatches) writer.writeColumns(batch);
await writer.flush();
const batchBytes = grown(() => { for (const batch of measured) writer.writeColumns(batch); }) / (measured.length * batchRows);
await writer.flush();
await new Promise((resolve) => setImmediate(resolve)); // lets the observer tell
observer.disconnect();

const problems = await wrongFeed(platform, 'ticks', warm + records + batches.length * batchRows);
await writer.close();
await platform.close();
const result: AllocationResult = { node: process.versions.node, oneBytes, batchBytes, collections, problems };
sayResult(result);
