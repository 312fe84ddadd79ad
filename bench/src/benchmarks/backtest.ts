import { createHash } from 'node:crypto';
import type { Platform } from 'deepwater';
import { type BenchContext, type Benchmark, type Line, atLeast, line } from '../lib/benchmark.js';
import { nowNs } from '../lib/clock.js';
import { type Answer, asGiven, race, timed } from '../lib/queries/race.js';
import { fillTicks, tickFeed, tickNumbers, tickPrice, tickSize, tickTime } from '../lib/queries/ticks.js';
import { inTurn, sampleOf } from '../lib/sample.js';
import { withStore } from '../lib/stores.js';

const TARGET_M = 20;
const FEEDS = Array.from({ length: 8 }, (_, feed) => `feed-${feed}`);
const strategy = (name: string): URL => new URL(`../strategies/${name}.js`, import.meta.url);

/** What adding-up comes to. */
function sumsOf(rows: number): number[] {
  const sums = [0, 0, 0];
  for (let n = 0; n < rows; n++) {
    sums[0] += tickPrice(n);
    sums[1] += tickSize(n);
    sums[2] += tickTime(n) % 1021;
  }
  return sums;
}

/** One run of a strategy over all records of some feeds: how many it was given, and what it said. */
async function replayed(platform: Platform, name: string, feeds: readonly string[]): Promise<Answer> {
  const started = nowNs();
  const [{ records, emitted, error }] = await platform.backtest(strategy(name), { feeds, workers: 1 });
  const ns = nowNs() - started;
  if (error !== undefined) throw error;
  return { ns, values: [records, ...emitted.flat() as number[]] };
}

/** Calls a function that does nothing with each of some objects: the least that any backtest over objects costs. */
function plainCalls(rows: number): () => Answer {
  const objects = Array.from({ length: rows }, (_, n) => ({ price: tickPrice(n), size: tickSize(n), timestamp: tickTime(n) }));
  let given = 0;
  const handlers = { onRecord: (_record: object): void => { given++; } };
  return timed(() => {
    given = 0;
    for (const record of objects) handlers.onRecord(record);
    return [given];
  }, asGiven);
}

async function replayLines(context: BenchContext, platform: Platform, rows: number): Promise<Line[]> {
  const options = { rounds: context.pick(5, 2), rows, expected: [rows] };
  const objects = Math.min(rows, 1_000_000);
  const one = await race(options, { name: 'empty', ask: () => replayed(platform, 'empty', ['ticks']) },
    { name: `a plain loop that calls a function with each of ${objects.toLocaleString('en')} objects`, ask: plainCalls(objects), rows: objects, expected: [objects] });
  context.progress('backtest-records');
  const summed = await race({ ...options, expected: [rows, ...sumsOf(rows)] }, { name: 'adding up', ask: () => replayed(platform, 'adding-up', ['ticks']) });
  context.progress('backtest-8');
  const eight = await race(options, { name: 'eight', ask: () => replayed(platform, 'empty', FEEDS) });
  const eightSummed = await race({ ...options, expected: [rows, ...sumsOf(rows)] }, { name: 'eight, adding up', ask: () => replayed(platform, 'adding-up', FEEDS) });
  const records = `${rows.toLocaleString('en')} records`;
  const unit = 'M records/s';
  return [
    line({ id: 'backtest-empty', what: `a backtest of ${records} of one feed, an empty onRecord, one worker`, unit, ...one, target: atLeast(one.sample, TARGET_M, unit) }),
    line({ id: 'backtest-records', what: 'the same, every value of every record added up through the flyweight', unit, ...summed }),
    line({ id: 'backtest-8', what: `a backtest of ${records} of eight feeds, merged by time, an empty onRecord, one worker`, unit, ...eight, target: atLeast(eight.sample, TARGET_M, unit) }),
    line({ id: 'backtest-8-records', what: 'the same, every value of every record added up through the flyweight', unit, ...eightSummed }),
  ];
}

async function sweepLines(context: BenchContext, platform: Platform, rows: number): Promise<Line[]> {
  const count = context.pick(16, 4);
  const params = Array.from({ length: count }, (_, i) => ({ fast: 20 + 10 * (i % 8), slow: 300 + 100 * Math.floor(i / 8) }));
  const problems: string[] = [];
  let first: string | undefined;
  const sweep = (workers: number) => async (): Promise<number> => {
    const started = nowNs();
    const results = await platform.backtest(strategy('crossing'), { feeds: ['some'], params, workers, broker: { takerFeeBps: 1 } });
    const seconds = (nowNs() - started) / 1e9;
    for (const { index, records, fills, error } of results) {
      const wrong = error !== undefined ? error.message : records !== rows ? `${records} records, not ${rows}` : fills.length === 0 ? 'no fill' : undefined;
      if (wrong !== undefined && problems.length < 5) problems.push(`set ${index}: ${wrong}`);
    }
    const digest = createHash('sha256').update(JSON.stringify(results)).digest('hex');
    first ??= digest;
    if (digest !== first) problems.push(`with ${workers} workers the results are other ones`);
    return count / seconds;
  };
  const contestants = { one: sweep(1), two: sweep(2) };
  await inTurn(1, contestants);
  const rates = await inTurn(context.pick(5, 2), contestants);
  const what = `parameter sets a second: ${count} sets, each over ${rows.toLocaleString('en')} records with orders and fills`;
  return [
    line({ id: 'backtest-sweep-1', what: `${what}, one worker`, unit: 'sets/s', sample: rates.one, problems }),
    line({
      id: 'backtest-sweep-2', what: 'the same, two workers', unit: 'sets/s', sample: rates.two, peers: [{ name: 'one worker', sample: rates.one }], problems,
      notes: ['every result of every run is the same to the last bit'],
    }),
    line({ id: 'backtest-sweep-records', what: 'records a second of the sweep, two workers together', unit: 'M records/s', sample: sampleOf([(rates.two.median * rows) / 1e6]), problems }),
  ];
}

export const backtest: Benchmark = {
  name: 'backtest',
  title: 'strategies over replayed history, and sweeps of parameters',
  run: (context) => withStore(context.directory, async (platform) => {
    const rows = context.pick(4_000_000, 400_000);
    const swept = context.pick(100_000, 50_000);
    await fillTicks(platform, 'ticks', tickNumbers(rows));
    for (const [feed, name] of FEEDS.entries()) await fillTicks(platform, 'ticks', tickNumbers(rows, (n) => tickFeed(n) === feed), name);
    await fillTicks(platform, 'ticks', tickNumbers(swept), 'some');
    context.progress('backtest-empty');
    const lines = await replayLines(context, platform, rows);
    context.progress('backtest-sweep');
    return [...lines, ...await sweepLines(context, platform, swept)];
  }),
};
