import type { KilledWriterArgument } from '../children/killed-writer.js';
import type { ReopeningWriterArgument, ReopeningWriterResult } from '../children/reopening-writer.js';
import { type BenchContext, type Benchmark, type Line, atMost, line } from '../lib/benchmark.js';
import { runChild } from '../lib/child.js';
import { GB } from '../lib/disk.js';
import { RECORD_BYTES } from '../lib/records.js';
import { sampleOf } from '../lib/sample.js';
import { newStorePath, removeStore } from '../lib/stores.js';

const TARGET_MS = 10;
const TARGET_MS_PER_GB = 50;

/** Tails of one chunk that was not sealed: what a feed has by default, and the largest there is. */
const TAILS = [
  { id: 'reopen-after-kill', chunkSizeMb: 64, records: 2_600_000 },
  { id: 'reopen-after-kill-large', chunkSizeMb: 1024, records: 40_000_000 },
] as const;

async function measure(context: BenchContext, tail: (typeof TAILS)[number]): Promise<Line> {
  const records = context.pick(tail.records, tail.records / 10);
  const open: number[] = [];
  const read: number[] = [];
  const problems: string[] = [];
  for (let run = 0; run < context.pick(5, 1); run++) {
    const basePath = newStorePath(context.directory);
    try {
      const writing: KilledWriterArgument = { basePath, records, chunkSizeMb: tail.chunkSizeMb };
      await runChild<undefined>('killed-writer', writing, { endsBy: 'SIGKILL' });
      const reopening: ReopeningWriterArgument = { basePath, records };
      const { result } = await runChild<ReopeningWriterResult>('reopening-writer', reopening);
      open.push(result.openMs);
      read.push(result.readMs);
      problems.push(...result.problems);
      context.progress(`${tail.chunkSizeMb} MB chunk: createWriter ${result.openMs.toFixed(1)} ms, first read ${result.readMs.toFixed(1)} ms`);
    } finally {
      removeStore(basePath);
    }
  }
  const tailGb = (records * RECORD_BYTES) / GB;
  const sample = sampleOf(open);
  return line({
    id: tail.id, what: `createWriter after kill -9, ${tailGb.toFixed(2)} GB in an unsealed chunk and the ring, every record there`, unit: 'ms', sample,
    target: atMost(sample, Number((TARGET_MS + TARGET_MS_PER_GB * tailGb).toFixed(1)), 'ms'), problems,
    notes: [`then ${sampleOf(read).median.toFixed(1)} ms to the newest record in a new reader (median)`, 'opened at once after the kill, in a process whose workers run'],
  });
}

export const reopenAfterKill: Benchmark = {
  name: 'reopen-after-kill',
  title: 'opening a feed whose writer was killed',
  async run(context) {
    const lines: Line[] = [];
    for (const tail of TAILS) lines.push(await measure(context, tail));
    return lines;
  },
};
