import v8 from 'node:v8';
import { type BenchContext, type Benchmark, type Line, atLeast, line } from '../lib/benchmark.js';
import { nowNs } from '../lib/clock.js';
import { GB, freeBytes } from '../lib/disk.js';
import { type BenchColumns, type BenchSpec, FIRST_TIME_US, type Sums, addUp, columnsOf, expectedSums, wrongSums } from '../lib/records.js';
import { inTurn, sampleOf } from '../lib/sample.js';
import { withStore } from '../lib/stores.js';
import { fillFeed } from '../lib/writing.js';

const TARGET_HEAP_MB = 100;
const TARGET_BATCHES_M = 500;
/** Distinct records need this much disk; where it is not there, fewer are replayed over and over. */
const DISTINCT_BYTES_FREE = 20 * GB;

/** About what a chunk holds: more than a processor's caches. */
const PLAIN_ROWS = 2_500_000;

interface Replay {
  readonly seconds: number;
  readonly heapMb: number;
  readonly batches: number;
  readonly problems: readonly string[];
}

/** Sizes of a run: how many records there are, and how often each is replayed. */
function sizesOf(context: BenchContext): { rows: number; times: number } {
  if (context.quick) return { rows: 2_000_000, times: 5 };
  return freeBytes(context.directory) >= DISTINCT_BYTES_FREE ? { rows: 500_000_000, times: 1 } : { rows: 20_000_000, times: 25 };
}

export const replay: Benchmark = {
  name: 'replay',
  title: 'replaying 500 million records in batches',
  nodeFlags: ['--expose-gc'],
  run: (context) => withStore(context.directory, async (platform) => {
    const { rows, times } = sizesOf(context);
    context.progress(`writing ${rows.toLocaleString('en')} records`);
    await fillFeed(platform, 'ticks', rows);
    const reader = await platform.createReader<BenchSpec>('ticks');

    const begin = () => {
      global.gc?.();
      const sums: Sums = { price: 0, size: 0, time: 0 };
      let heapMb = 0;
      let batches = 0;
      const started = nowNs();
      return {
        batch: (columns: BenchColumns): void => {
          addUp(columns, sums);
          batches += 1;
          heapMb = Math.max(heapMb, v8.getHeapStatistics().used_heap_size / 1e6);
        },
        end: (from: number, to: number, replays: number): Replay => {
          const seconds = (nowNs() - started) / 1e9;
          const once = expectedSums(from, to);
          const wrong = wrongSums(sums, { price: once.price * replays, size: once.size * replays, time: Math.imul(once.time, replays) });
          return { seconds, heapMb, batches, problems: wrong === undefined ? [] : [wrong] };
        },
      };
    };

    const all = begin();
    for (let time = 0; time < times; time++) {
      for await (const batch of reader.batches(FIRST_TIME_US, FIRST_TIME_US + rows)) all.batch(batch.columns);
    }
    const whole = all.end(0, rows, times);
    context.progress(`batches(): ${whole.seconds.toFixed(1)} s, heap at most ${whole.heapMb.toFixed(1)} MB`);

    // The rate, over records that are in memory for certain.
    const hot = Math.min(rows, context.pick(20_000_000, 2_000_000));
    const from = rows - hot;
    const problems: string[] = [];
    const piece = Math.min(hot, PLAIN_ROWS);
    const plain = columnsOf(from, piece);
    const rates = await inTurn(context.pick(7, 2), {
      sync: () => {
        const run = begin();
        for (const batch of reader.batchesSync(FIRST_TIME_US + from, FIRST_TIME_US + rows)) run.batch(batch.columns);
        const { seconds, problems: wrong } = run.end(from, rows, 1);
        problems.push(...wrong);
        return hot / seconds / 1e6;
      },
      async: async () => {
        const run = begin();
        for await (const batch of reader.batches(FIRST_TIME_US + from, FIRST_TIME_US + rows)) run.batch(batch.columns);
        const { seconds, problems: wrong } = run.end(from, rows, 1);
        problems.push(...wrong);
        return hot / seconds / 1e6;
      },
      plain: () => {
        const run = begin();
        const passes = Math.floor(hot / piece);
        for (let pass = 0; pass < passes; pass++) run.batch(plain);
        const { seconds, problems: wrong } = run.end(from, from + piece, passes);
        problems.push(...wrong);
        return (passes * piece) / seconds / 1e6;
      },
    });
    await reader.close();

    const records = `${(rows * times).toLocaleString('en')} records (${times === 1 ? 'all different' : `${rows.toLocaleString('en')}, ${times} times`})`;
    const heap = sampleOf([whole.heapMb]);
    const lines: Line[] = [
      line({
        id: 'replay-heap', what: `largest heap while ${records} are replayed through batches()`, unit: 'MB', sample: heap,
        target: { text: `< ${TARGET_HEAP_MB} MB`, met: heap.median < TARGET_HEAP_MB }, problems: whole.problems,
        notes: [`looked at after each of ${whole.batches} batches`],
      }),
      line({
        id: 'replay-all', what: 'the same replay, every value added up', unit: 'M/s', sample: sampleOf([(rows * times) / whole.seconds / 1e6]),
        problems: whole.problems, notes: ['as far as the page cache does not hold them, records come from the disk'],
      }),
      line({
        id: 'replay-batches', what: `${hot.toLocaleString('en')} records in the page cache through batchesSync(), every value added up`, unit: 'M/s', sample: rates.sync,
        target: atLeast(rates.sync, TARGET_BATCHES_M, 'M/s'), peers: [{ name: 'through batches()', sample: rates.async }, { name: 'plain arrays as large as a chunk, added up in the same way', sample: rates.plain }], problems,
      }),
    ];
    return lines;
  }),
};
