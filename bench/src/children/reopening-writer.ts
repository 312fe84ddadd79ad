/** Opens the feed of a killed writer, in a process whose workers run already; says how long that took. */
import { Platform } from 'deepwater';
import { childArgument, sayResult } from '../lib/child.js';
import { type BenchSpec, timeOf } from '../lib/records.js';
import { warmUpWriting, wrongFeed } from '../lib/writing.js';

export interface ReopeningWriterArgument {
  readonly basePath: string;
  readonly records: number;
}

export interface ReopeningWriterResult {
  readonly openMs: number;
  /** From the end of that to the newest record, in a new reader. */
  readonly readMs: number;
  readonly problems: readonly string[];
}

const { basePath, records } = childArgument<ReopeningWriterArgument>();
const platform = await Platform.open(basePath, { logLevel: 'error' });
await warmUpWriting(platform);

const started = performance.now();
const writer = await platform.createWriter('ticks');
const opened = performance.now();
const reader = await platform.createReader<BenchSpec>('ticks');
const [newest] = reader.lastSync(1);
const read = performance.now();

const problems = await wrongFeed(platform, 'ticks', records);
const wanted = timeOf(records - 1);
if (newest?.[2] !== wanted) problems.push(`the newest record has time ${newest?.[2]}, not ${wanted}`);
await reader.close();
await writer.close();
await platform.close();
const result: ReopeningWriterResult = { openMs: opened - started, readMs: read - opened, problems };
sayResult(result);
