/** Opens a store in a fresh process and reads the first record of a range, twice; says how long each took. */
import { Platform } from 'deepwater';
import type { BenchSpec } from '../lib/records.js';
import { childArgument, sayResult } from '../lib/child.js';

export interface OpenStoreArgument {
  readonly basePath: string;
  readonly from: number;
  readonly to: number;
}

export interface OpenStoreTimes {
  readonly openMs: number;
  readonly readerMs: number;
  readonly firstMs: number;
  readonly first: readonly unknown[] | undefined;
}

export interface OpenStoreResult {
  readonly fresh: OpenStoreTimes;
  /** In the same process again: everything it loads once is there, the store is opened anew. */
  readonly again: OpenStoreTimes;
}

const { basePath, from, to } = childArgument<OpenStoreArgument>();

async function open(): Promise<OpenStoreTimes> {
  const started = performance.now();
  const platform = await Platform.open(basePath, { logLevel: 'error' });
  const opened = performance.now();
  const reader = await platform.createReader<BenchSpec>('ticks');
  const created = performance.now();
  const [first] = reader.rangeSync(from, to, { limit: 1 });
  const read = performance.now();
  process.stdout.write('\n'); // the parent takes the time of the first output
  await platform.close();
  return { openMs: opened - started, readerMs: created - opened, firstMs: read - created, first };
}

const fresh = await open();
const again = await open();
const result: OpenStoreResult = { fresh, again };
sayResult(result);
