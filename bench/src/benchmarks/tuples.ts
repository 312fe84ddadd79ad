import { type Benchmark, atLeast, line } from '../lib/benchmark.js';
import { secondsOf } from '../lib/clock.js';
import { type BenchSpec, FIRST_TIME_US, columnsOf, expectedSums, wordsOf, wrongSums } from '../lib/records.js';
import { inTurn } from '../lib/sample.js';
import { withStore } from '../lib/stores.js';
import { fillFeed } from '../lib/writing.js';

const TARGET_M = 20;

type Tuples = readonly (readonly [number, number, number])[];

/** Rows a call where the result fits the young generation of the heap. */
const SHORT_ROWS = 10_000;

/** What is wrong with the tuples of the records [from, from + rows). */
function wrongTuples(name: string, tuples: Tuples, rows: number, from = 0): string[] {
  if (tuples.length !== rows) return [`${name}: ${tuples.length} tuples, not ${rows}`];
  const sums = { price: 0, size: 0, time: 0 };
  for (const [price, size, timestamp] of tuples) {
    sums.price += price;
    sums.size += size;
    sums.time = (sums.time + (timestamp % 2 ** 32)) | 0;
  }
  const wrong = wrongSums(sums, expectedSums(from, from + rows));
  return wrong === undefined ? [] : [`${name}: ${wrong}`];
}

export const tuples: Benchmark = {
  name: 'tuples',
  title: 'a range as tuples',
  nodeFlags: ['--expose-gc'],
  run: (context) => withStore(context.directory, async (platform) => {
    const rows = context.pick(2_000_000, 200_000);
    await fillFeed(platform, 'ticks', rows);
    const reader = await platform.createReader<BenchSpec>('ticks');
    const { price, size, timestamp } = columnsOf(0, rows);
    const words = wordsOf(timestamp);
    const problems: string[] = [];
    const timed = (name: string, make: () => Tuples) => (): number => {
      let made: Tuples = [];
      global.gc?.();
      const seconds = secondsOf(() => { made = make(); });
      problems.push(...wrongTuples(name, made, rows));
      return rows / seconds / 1e6;
    };
    const contestants = {
      ours: timed('range', () => reader.rangeSync(FIRST_TIME_US, FIRST_TIME_US + rows)),
      short: () => {
        let seconds = 0;
        for (let from = 0; from < rows; from += SHORT_ROWS) {
          let made: Tuples = [];
          seconds += secondsOf(() => { made = reader.rangeSync(FIRST_TIME_US + from, FIRST_TIME_US + from + SHORT_ROWS); });
          problems.push(...wrongTuples('short ranges', made, SHORT_ROWS, from));
        }
        return rows / seconds / 1e6;
      },
      bare: timed('bare loop', () => {
        const made: [number, number, number][] = new Array<[number, number, number]>(rows);
        for (let i = 0; i < rows; i++) made[i] = [price[i], size[i], words[2 * i] + words[2 * i + 1] * 2 ** 32];
        return made;
      }),
    };
    await inTurn(1, contestants); // until everything is compiled
    const rates = await inTurn(context.pick(7, 2), contestants);
    await reader.close();
    return [line({
      id: 'tuples-short', what: `the same rows in ranges of ${SHORT_ROWS.toLocaleString('en')}`, unit: 'M/s', sample: rates.short, target: atLeast(rates.short, TARGET_M, 'M/s'), problems,
    }), line({
      id: 'tuples', what: `range of ${rows.toLocaleString('en')} rows as tuples`, unit: 'M/s', sample: rates.ours, target: atLeast(rates.ours, TARGET_M, 'M/s'),
      peers: [{ name: 'a bare loop that makes the same arrays from three typed arrays', sample: rates.bare }], problems,
    })];
  }),
};
