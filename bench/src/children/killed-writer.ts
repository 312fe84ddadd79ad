/** Writes records as fast as they are taken and, once the last is accepted, kills itself as `kill -9` would. */
import { Platform } from 'deepwater';
import { childArgument } from '../lib/child.js';
import { type BenchSpec, benchFeed } from '../lib/records.js';
import { writeRun } from '../lib/writing.js';

export interface KilledWriterArgument {
  readonly basePath: string;
  readonly records: number;
  readonly chunkSizeMb: number;
}

const { basePath, records, chunkSizeMb } = childArgument<KilledWriterArgument>();
const platform = await Platform.open(basePath, { logLevel: 'error' });
await platform.createFeed(benchFeed('ticks', { chunkSizeMb }));
const writer = await platform.createWriter<BenchSpec>('ticks');
writeRun(writer, 0, records);
process.kill(process.pid, 'SIGKILL');
