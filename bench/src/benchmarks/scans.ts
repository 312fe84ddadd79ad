import type { Float64, Vector } from 'apache-arrow';
import type { Reader } from 'deepwater';
import { type Benchmark, type Line, type Target, atLeast, line } from '../lib/benchmark.js';
import { cContenders, cName, noteOnC } from '../lib/queries/c-peer.js';
import { duckContenders, oneRow } from '../lib/queries/duck-peer.js';
import { type Tick, arraysContender, arrowVector, objectsContender } from '../lib/queries/plain-peers.js';
import { type Contender, type Race, asGiven, race, timed } from '../lib/queries/race.js';
import { type TickContest, withTicks } from '../lib/queries/tick-contest.js';
import { type SidedColumns, type TickSpec, endTime } from '../lib/queries/ticks.js';
import { FIRST_TIME_US } from '../lib/records.js';
import { withStore } from '../lib/stores.js';

const TARGET_OF_C = 0.8;
const TARGET_VWAP_M = 1500;
/** Rows whose prices and sizes a core's own caches hold (1 MB together), and how often they are asked about in a run. */
const CACHED_ROWS = 60_000;
const CACHED_TIMES = 100;

type TickReader = Reader<TickSpec>;

/** One question, as it is put to everybody. */
interface Question {
  readonly id: string;
  readonly what: string;
  /** As the C peer is asked, and DuckDB. */
  readonly command: string;
  readonly sql: string;
  ours(reader: TickReader, end: number): number[];
  ofArrays(price: Float64Array, size: Float64Array): number[];
  ofVectors(price: Vector<Float64>, size: Vector<Float64>): number[];
  ofTicks(ticks: readonly Tick[]): number[];
}

const QUESTIONS: readonly Question[] = [
  {
    id: 'scan-sum', what: 'sum of a float64 column', command: 'sum', sql: 'select sum(price) from ticks',
    ours: (reader, end) => [reader.aggregateSync(FIRST_TIME_US, end, { aggregates: { sum: { sum: 'price' } } }).sum],
    ofArrays(price) {
      let sum = 0;
      for (let i = 0; i < price.length; i++) sum += price[i];
      return [sum];
    },
    ofVectors(price) {
      let sum = 0;
      for (let i = 0; i < price.length; i++) sum += price.get(i)!;
      return [sum];
    },
    ofTicks(ticks) {
      let sum = 0;
      for (const { price } of ticks) sum += price;
      return [sum];
    },
  },
  {
    id: 'scan-vwap', what: 'sum of price times size over sum of size', command: 'vwap', sql: 'select sum(price * size) / sum(size) from ticks',
    ours: (reader, end) => [reader.aggregateSync(FIRST_TIME_US, end, { aggregates: { vwap: { vwap: ['price', 'size'] } } }).vwap ?? NaN],
    ofArrays(price, size) {
      let value = 0;
      let volume = 0;
      for (let i = 0; i < price.length; i++) {
        value += price[i] * size[i];
        volume += size[i];
      }
      return [value / volume];
    },
    ofVectors(price, size) {
      let value = 0;
      let volume = 0;
      for (let i = 0; i < price.length; i++) {
        const units = size.get(i)!;
        value += price.get(i)! * units;
        volume += units;
      }
      return [value / volume];
    },
    ofTicks(ticks) {
      let value = 0;
      let volume = 0;
      for (const { price, size } of ticks) {
        value += price * size;
        volume += size;
      }
      return [value / volume];
    },
  },
  {
    id: 'scan-minmax', what: 'least and greatest of a float64 column', command: 'minmax', sql: 'select min(price), max(price) from ticks',
    ours(reader, end) {
      const { min, max } = reader.aggregateSync(FIRST_TIME_US, end, { aggregates: { min: { min: 'price' }, max: { max: 'price' } } });
      return [min ?? NaN, max ?? NaN];
    },
    ofArrays(price) {
      let [min] = price;
      let max = min;
      for (let i = 1; i < price.length; i++) {
        const value = price[i];
        if (value < min) min = value;
        if (value > max) max = value;
      }
      return [min, max];
    },
    ofVectors(price) {
      let min = price.get(0)!;
      let max = min;
      for (let i = 1; i < price.length; i++) {
        const value = price.get(i)!;
        if (value < min) min = value;
        if (value > max) max = value;
      }
      return [min, max];
    },
    ofTicks(ticks) {
      let [{ price: min }] = ticks;
      let max = min;
      for (const { price } of ticks) {
        if (price < min) min = price;
        if (price > max) max = price;
      }
      return [min, max];
    },
  },
];

/** Everybody who is asked beside ours. */
function peersOf(question: Question, { ticks: { price, size }, objects, duck, c }: TickContest<'ticks'>): Contender[] {
  const [prices, sizes] = [arrowVector(price), arrowVector(size)];
  const { ofArrays, ofVectors, ofTicks, command, sql } = question;
  return [
    ...cContenders(c, (peer) => peer.ask(command)),
    ...duckContenders(duck, () => sql, oneRow),
    arraysContender(() => ofArrays(price, size)),
    { name: 'a loop over Arrow vectors (get)', ask: timed(() => ofVectors(prices, sizes), asGiven) },
    objectsContender(objects, ofTicks, ofArrays(price.subarray(0, objects.length), size.subarray(0, objects.length))),
  ];
}

/** What the target of a line says, given who ran beside it. */
function targetOf(id: string, { sample, peers }: Race): Target | undefined {
  if (id === 'scan-vwap') return atLeast(sample, TARGET_VWAP_M, 'M rows/s');
  if (id !== 'scan-sum') return undefined;
  const [fastest] = peers.filter(({ name }) => name === cName('vector'));
  return fastest === undefined ? undefined : { text: `≥ ${TARGET_OF_C} × C, additions in any order`, met: sample.median >= TARGET_OF_C * fastest.sample.median };
}

/** The same question about few rows over and over again: what is left where memory is not what it waits for. */
async function cachedLine(question: Question, reader: TickReader, ticks: SidedColumns, rounds: number): Promise<Line> {
  const { id, ours, ofArrays } = question;
  const rows = Math.min(CACHED_ROWS, ticks.price.length);
  const [price, size] = [ticks.price.subarray(0, rows), ticks.size.subarray(0, rows)];
  const end = endTime(rows);
  const often = (ask: () => number[]) => timed(() => {
    let values: number[] = [];
    for (let time = 0; time < CACHED_TIMES; time++) values = ask();
    return values;
  }, asGiven);
  const result = await race({ rounds, rows: rows * CACHED_TIMES, expected: ofArrays(price, size) },
    { name: 'ours', ask: often(() => ours(reader, end)) },
    { name: 'a plain loop over typed arrays', ask: often(() => ofArrays(price, size)) },
  );
  return line({ id: `${id}-cached`, what: `the same of ${rows.toLocaleString('en')} rows, ${CACHED_TIMES} times: what a core's own caches allow`, unit: 'M rows/s', ...result });
}

export const scans: Benchmark = {
  name: 'scans',
  title: 'aggregates of a range, one thread',
  run: (context) => withStore(context.directory, async (platform, basePath) => {
    const rows = context.pick(16_000_000, 600_000);
    const rounds = context.pick(5, 2);
    return await withTicks(context, platform, basePath, 'ticks', rows, async (contest) => {
      const { reader, c, ticks } = contest;
      const lines: Line[] = [];
      for (const question of QUESTIONS) {
        const { id, what, ours, ofArrays } = question;
        context.progress(id);
        const expected = ofArrays(ticks.price, ticks.size);
        const result = await race({ rounds, rows, expected }, { name: 'ours', ask: timed(() => ours(reader, endTime(rows)), asGiven) }, ...peersOf(question, contest));
        const target = targetOf(id, result);
        lines.push(line({ id, what: `${what}, ${rows.toLocaleString('en')} rows, one thread`, unit: 'M rows/s', ...result, notes: noteOnC(c), ...(target === undefined ? {} : { target }) }));
        lines.push(await cachedLine(question, reader, ticks, rounds));
      }
      return lines;
    });
  }),
};
