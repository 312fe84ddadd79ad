import { rmSync } from 'node:fs';
import path from 'node:path';
import { type BenchContext, type Benchmark, type Line, line } from '../lib/benchmark.js';
import { nowNs } from '../lib/clock.js';
import { GB, ddBytesPerSecond, freeBytes, settle } from '../lib/disk.js';
import { type BenchSpec, RECORD_BYTES, benchFeed } from '../lib/records.js';
import { inTurn } from '../lib/sample.js';
import { withStore } from '../lib/stores.js';
import { warmUpWriting, writeRun, wrongFeed } from '../lib/writing.js';

const TARGET_M = 40;
const TARGET_OF_DD = 0.9;
/** Records between two looks at the clock. */
const STRIDE = 16_384;
/** Part of the free space that a run may take. */
const SPACE_SHARE = 0.5;

interface Sustained {
  readonly records: number;
  readonly seconds: number;
  readonly chunks: number;
  readonly problems: readonly string[];
}

/** Writes single records as fast as they are taken, until the time or the space is over and all of them are in chunks. */
function sustain(directory: string, seconds: number, bytesMax: number): Promise<Sustained> {
  return withStore(directory, async (platform) => {
    await warmUpWriting(platform);
    await platform.createFeed(benchFeed('ticks'));
    const writer = await platform.createWriter<BenchSpec>('ticks');
    const recordsMax = bytesMax / RECORD_BYTES;
    const started = nowNs();
    let records = 0;
    do {
      writeRun(writer, records, records + STRIDE);
      records += STRIDE;
    } while (nowNs() - started < seconds * 1e9 && records < recordsMax);
    await writer.flush();
    const elapsed = (nowNs() - started) / 1e9;
    const problems = await wrongFeed(platform, 'ticks', records);
    const chunks = Math.ceil((records * RECORD_BYTES) / (64 * 2 ** 20));
    await writer.close();
    return { records, seconds: elapsed, chunks, problems };
  });
}

async function onDisk(context: BenchContext): Promise<Line> {
  const seconds = context.pick(10, 1);
  const bytesMax = freeBytes(context.directory) * SPACE_SHARE;
  const problems: string[] = [];
  const notes: string[] = [];
  let bytes = 0;
  const rates = await inTurn(context.pick(3, 1), {
    ours: async () => {
      settle(context.directory);
      const run = await sustain(context.directory, seconds, bytesMax);
      problems.push(...run.problems);
      bytes = run.records * RECORD_BYTES;
      context.progress(`disk: ${run.records} records in ${run.seconds.toFixed(2)} s`);
      notes.push(`${(bytes / GB).toFixed(1)} GB in ${run.seconds.toFixed(1)} s, about ${run.chunks} chunks`);
      return run.records / run.seconds / 1e6;
    },
    dd: () => {
      settle(context.directory);
      const file = path.join(context.directory, 'dd');
      const rate = ddBytesPerSecond(file, bytes || seconds * GB);
      rmSync(file);
      context.progress(`dd: ${(rate / GB).toFixed(2)} GB/s`);
      return rate / RECORD_BYTES / 1e6;
    },
  });
  const ratio = rates.ours.median / rates.dd.median;
  return line({
    id: 'write-one',
    what: `single records, persisted, sustained for ${seconds} s into fresh chunks on disk`,
    unit: 'M/s',
    sample: rates.ours,
    target: { text: `≥ ${TARGET_M} M/s, or ≥ ${TARGET_OF_DD} × dd`, met: rates.ours.median >= TARGET_M || ratio >= TARGET_OF_DD },
    peers: [{ name: 'dd conv=fdatasync, same bytes', sample: rates.dd }],
    problems,
    notes: [...notes, 'three runs: each takes its time and space'],
  });
}

async function inMemory(context: BenchContext, directory: string): Promise<Line> {
  const seconds = context.pick(10, 1);
  const problems: string[] = [];
  const notes: string[] = [];
  const { ours } = await inTurn(context.pick(3, 1), {
    ours: async () => {
      const run = await sustain(directory, seconds, freeBytes(directory) * SPACE_SHARE);
      problems.push(...run.problems);
      notes.push(`${((run.records * RECORD_BYTES) / GB).toFixed(1)} GB in ${run.seconds.toFixed(1)} s${run.seconds < seconds ? ' (all the memory there is for this)' : ''}`);
      context.progress(`shared memory: ${run.records} records in ${run.seconds.toFixed(2)} s`);
      return run.records / run.seconds / 1e6;
    },
  });
  return line({
    id: 'write-one-memory', what: 'the same into chunks in shared memory: what the processor allows', unit: 'M/s', sample: ours, problems, notes,
  });
}

export const writeOne: Benchmark = {
  name: 'write-one',
  title: 'single records through chunk rotation, sustained',
  async run(context) {
    const lines = [await onDisk(context)];
    if (context.memoryDirectory !== undefined) lines.push(await inMemory(context, context.memoryDirectory));
    return lines;
  },
};
