/** Opens a store in a fresh process and reads the first record of a range; says how long that took. */
import { Platform } from 'deepwater';
import type { BenchSpec } from '../lib/records.js';
import { childArgument, sayResult } from '../lib/child.js';

export interface OpenStoreArgument {
  readonly basePath: string;
  readonly from: number;
  readonly to: number;
}

export interface OpenStoreResult {
  readonly openMs: number;
  readonly readerMs: number;
  readonly firstMs: number;
  readonly first: readonly unknown[] | undefined;
}

const { basePath, from, to } = childArgument<OpenStoreArgument>();
const started = performance.now();
const platform = await Platform.open(basePath, { logLevel: 'error' });
const opened = performance.now();
const reader = await platform.createReader<BenchSpec>('ticks');
const created = performance.now();
const [first] = reader.rangeSync(from, to, { limit: 1 });
const read = performance.now();
const result: OpenStoreResult = { openMs: opened - started, readerMs: created - opened, firstMs: read - created, first: first as readonly unknown[] | undefined };
sayResult(result);
await reader.close();
await platform.close();
