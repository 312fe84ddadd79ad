import type { Platform, Reader } from 'deepwater';
import { type Benchmark, atLeast, line } from '../lib/benchmark.js';
import { secondsOf } from '../lib/clock.js';
import {
  type BenchColumns, type BenchFeedOptions, type BenchSpec, FIRST_TIME_US, addUp, benchFeed, columnsOf, expectedSums, wrongColumns, wrongSums,
} from '../lib/records.js';
import { inTurn } from '../lib/sample.js';
import { withStore } from '../lib/stores.js';
import { fillFeed, writeRun } from '../lib/writing.js';

const TARGET_M = 400;
const CHUNKS = 3;

/** Makes a feed of chunks that are sealed short, at rows that fill no page: their columns cannot but be copied. */
async function fillShort(platform: Platform, name: string, rows: number, options: BenchFeedOptions): Promise<void> {
  await platform.createFeed(benchFeed(name, options));
  for (let chunk = 0; chunk < CHUNKS; chunk++) {
    const writer = await platform.createWriter<BenchSpec>(name);
    const [from, to] = [chunk, chunk + 1].map((k) => Math.floor((rows * k) / CHUNKS) | 1);
    writeRun(writer, chunk === 0 ? 0 : from, chunk === CHUNKS - 1 ? rows : to);
    await writer.close();
  }
}

export const columnsCopied: Benchmark = {
  name: 'columns-copied',
  title: 'a range over several chunks as typed columns',
  nodeFlags: ['--expose-gc'],
  run: (context) => withStore(context.directory, async (platform) => {
    const rows = context.pick(8_000_000, 400_000);
    const options = { chunkSizeMb: context.pick(64, 4) };
    await fillFeed(platform, 'full', rows, options);
    await fillShort(platform, 'short', rows, options);
    const full = await platform.createReader<BenchSpec>('full');
    const short = await platform.createReader<BenchSpec>('short');
    const source = columnsOf(0, rows);
    const rangeOf = (reader: Reader<BenchSpec>) => (): BenchColumns => reader.rangeSync(FIRST_TIME_US, FIRST_TIME_US + rows, { format: 'columns' });
    const [ofFull, ofShort] = [rangeOf(full), rangeOf(short)];
    const memcpy = (): BenchColumns => ({ price: source.price.slice(), size: source.size.slice(), timestamp: source.timestamp.slice() });
    const problems: string[] = [];
    for (const range of [ofFull, ofShort]) {
      const wrong = wrongColumns(range(), 0);
      if (wrong !== undefined) problems.push(`range: ${wrong}`);
    }

    const timed = (name: string, make: () => BenchColumns, summed: boolean) => (): number => {
      let made = source;
      const sums = { price: 0, size: 0, time: 0 };
      global.gc?.(); // what the run before returned is not this one's to free
      const seconds = secondsOf(() => {
        made = make();
        if (summed) addUp(made, sums);
      });
      if (!summed) addUp(made, sums);
      const wrong = made.price.length === rows ? wrongSums(sums, expectedSums(0, rows)) : `${made.price.length} rows, not ${rows}`;
      if (wrong !== undefined) problems.push(`${name}: ${wrong}`);
      return rows / seconds / 1e6;
    };
    const contestants = {
      full: timed('range', ofFull, false),
      short: timed('range of short chunks', ofShort, false),
      memcpy: timed('slice', memcpy, false),
      fullSummed: timed('range, summed', ofFull, true),
      shortSummed: timed('range of short chunks, summed', ofShort, true),
      memcpySummed: timed('slice, summed', memcpy, true),
    };
    await inTurn(2, contestants); // until everything is compiled
    const rates = await inTurn(context.pick(9, 3), contestants);
    await full.close();
    await short.close();
    const what = `range of ${rows.toLocaleString('en')} rows over ${CHUNKS} chunks as columns`;
    const returned = [{ name: 'slice() of the same bytes into fresh memory', sample: rates.memcpy }];
    const summed = [{ name: 'slice() and adding up', sample: rates.memcpySummed }];
    return [
      line({
        id: 'columns-copied', what: `${what}, returned`, unit: 'M/s', sample: rates.full, target: atLeast(rates.full, TARGET_M, 'M/s'), peers: returned, problems,
        notes: ['whole pages of full chunks are mapped, not copied: the caller pays when he touches them, as in the next line'],
      }),
      line({ id: 'columns-copied-summed', what: `${what}, returned and every value added up`, unit: 'M/s', sample: rates.fullSummed, peers: summed, problems }),
      line({
        id: 'columns-copied-short', what: 'the first where the chunks were sealed short and every row is copied', unit: 'M/s', sample: rates.short,
        target: atLeast(rates.short, TARGET_M, 'M/s'), peers: returned, problems,
      }),
      line({ id: 'columns-copied-short-summed', what: 'the same and every value added up', unit: 'M/s', sample: rates.shortSummed, peers: summed, problems }),
    ];
  }),
};
