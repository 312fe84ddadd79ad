import { type Benchmark, atLeast, line } from '../lib/benchmark.js';
import { secondsOf } from '../lib/clock.js';
import { type BenchColumns, type BenchSpec, FIRST_TIME_US, addUp, columnsOf, expectedSums, wrongColumns, wrongSums } from '../lib/records.js';
import { inTurn } from '../lib/sample.js';
import { withStore } from '../lib/stores.js';
import { fillFeed } from '../lib/writing.js';

const TARGET_M = 400;

export const columnsCopied: Benchmark = {
  name: 'columns-copied',
  title: 'a range over several chunks as typed columns, copied',
  nodeFlags: ['--expose-gc'],
  run: (context) => withStore(context.directory, async (platform) => {
    const rows = context.pick(8_000_000, 400_000);
    const chunkSizeMb = context.pick(64, 4);
    await fillFeed(platform, 'ticks', rows, { chunkSizeMb });
    const reader = await platform.createReader<BenchSpec>('ticks');
    const source = columnsOf(0, rows);
    const ours = (): BenchColumns => reader.rangeSync(FIRST_TIME_US, FIRST_TIME_US + rows, { format: 'columns' });
    const memcpy = (): BenchColumns => ({ price: source.price.slice(), size: source.size.slice(), timestamp: source.timestamp.slice() });
    const problems: string[] = [];
    const first = wrongColumns(ours(), 0);
    if (first !== undefined) problems.push(`range: ${first}`);

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
      ours: timed('range', ours, false),
      memcpy: timed('slice', memcpy, false),
      oursSummed: timed('range, summed', ours, true),
      memcpySummed: timed('slice, summed', memcpy, true),
    };
    await inTurn(2, contestants); // until everything is compiled
    const rates = await inTurn(context.pick(9, 3), contestants);
    await reader.close();
    const what = `range of ${rows.toLocaleString('en')} rows over ${Math.ceil((rows * 24) / (chunkSizeMb * 2 ** 20))} chunks as copied columns`;
    return [
      line({
        id: 'columns-copied', what: `${what}, returned`, unit: 'M/s', sample: rates.ours, target: atLeast(rates.ours, TARGET_M, 'M/s'),
        peers: [{ name: 'slice() of the same bytes into fresh memory', sample: rates.memcpy }], problems,
      }),
      line({
        id: 'columns-copied-summed', what: `${what}, returned and every value added up`, unit: 'M/s', sample: rates.oursSummed,
        peers: [{ name: 'slice() and adding up', sample: rates.memcpySummed }], problems,
      }),
    ];
  }),
};
