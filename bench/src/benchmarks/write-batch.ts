import { closeSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import path from 'node:path';
import { type Benchmark, type Line, atLeast, line } from '../lib/benchmark.js';
import { nowNs, secondsOf } from '../lib/clock.js';
import { settle } from '../lib/disk.js';
import { type BenchColumns, type BenchSpec, RECORD_BYTES, benchFeed, columnsOf, timeOf } from '../lib/records.js';
import { inTurn } from '../lib/sample.js';
import { withStore } from '../lib/stores.js';
import { warmUpWriting, wrongFeed } from '../lib/writing.js';

const TARGET_M = 150;
const PIECE_BYTES = 256 * 1024;

/** The batches of a burst; `timestamp` in either of the forms that writers take. */
type Batches = readonly Readonly<Record<keyof BenchColumns, Float64Array | BigUint64Array>>[];

/** Writes batches into fresh chunks; M rows/s until all of them are in chunks. */
function burst(directory: string, batches: Batches, problems: string[]): Promise<number> {
  settle(directory);
  return withStore(directory, async (platform) => {
    await warmUpWriting(platform);
    await platform.createFeed(benchFeed('ticks'));
    const writer = await platform.createWriter<BenchSpec>('ticks');
    const started = nowNs();
    let rows = 0;
    for (const batch of batches) rows += writer.writeColumns(batch);
    await writer.flush();
    const rate = rows / ((nowNs() - started) / 1e9) / 1e6;
    problems.push(...await wrongFeed(platform, 'ticks', rows));
    await writer.close();
    return rate;
  });
}

/** Writes as many bytes to a fresh file in pieces; as M rows/s. */
function bareFile(directory: string, rows: number, problems: string[]): number {
  settle(directory);
  const file = path.join(directory, 'bare');
  const piece = new Uint8Array(PIECE_BYTES).fill(1);
  const pieces = Math.ceil((rows * RECORD_BYTES) / PIECE_BYTES);
  const fd = openSync(file, 'wx');
  const seconds = secondsOf(() => {
    for (let i = 0; i < pieces; i++) writeSync(fd, piece);
  });
  closeSync(fd);
  if (statSync(file).size !== pieces * PIECE_BYTES) problems.push('the bare file is short');
  rmSync(file);
  return (pieces * PIECE_BYTES) / RECORD_BYTES / seconds / 1e6;
}

export const writeBatch: Benchmark = {
  name: 'write-batch',
  title: 'batches of columns in a burst into the page cache',
  async run(context) {
    const batchRows = context.pick(1_000_000, 250_000);
    const count = context.pick(16, 4);
    const cells: Batches = Array.from({ length: count }, (_, i) => columnsOf(i * batchRows, batchRows));
    const numbers: Batches = cells.map((batch, i) => ({ ...batch, timestamp: Float64Array.from({ length: batchRows }, (_, row) => timeOf(i * batchRows + row)) }));
    const problems = { disk: [] as string[], numbers: [] as string[], memory: [] as string[], bare: [] as string[] };
    const rows = batchRows * count;
    const { memoryDirectory } = context;
    const rates = await inTurn(context.pick(5, 1), {
      disk: () => burst(context.directory, cells, problems.disk),
      numbers: () => burst(context.directory, numbers, problems.numbers),
      bare: () => bareFile(context.directory, rows, problems.bare),
      memory: () => (memoryDirectory === undefined ? NaN : burst(memoryDirectory, cells, problems.memory)),
    });
    const size = `${count} batches of ${batchRows.toLocaleString('en')} rows, flush included`;
    const peers = [{ name: 'writeSync of the same bytes, 256 KiB at a time', sample: rates.bare }];
    const lines: Line[] = [
      line({
        id: 'write-batch', what: `writeColumns, ${size}`, unit: 'M/s', sample: rates.disk, target: atLeast(rates.disk, TARGET_M, 'M/s'), peers,
        problems: [...problems.disk, ...problems.bare], notes: ['timestamps as BigUint64Array'],
      }),
      line({
        id: 'write-batch-numbers', what: 'the same with timestamps as Float64Array', unit: 'M/s', sample: rates.numbers,
        target: atLeast(rates.numbers, TARGET_M, 'M/s'), peers, problems: problems.numbers,
      }),
    ];
    if (memoryDirectory !== undefined) {
      lines.push(line({ id: 'write-batch-memory', what: 'the first, into chunks in shared memory', unit: 'M/s', sample: rates.memory, problems: problems.memory }));
    }
    return lines;
  },
};
