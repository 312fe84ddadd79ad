/**
 * Walk-forward: parameters are chosen by one stretch of time and judged by the next, which they have not seen, again and again. See R. Pardo,
 * "The Evaluation and Optimization of Trading Strategies", 2nd ed., Wiley 2008, chapter 11.
 */
import { type Clock, NS_PER_UNIT, compileSchema } from '@deepwater/core/engine';
import { type TimeInput, timeOf } from '@deepwater/query';
import { moduleUrl, wrong } from '@deepwater/strategy/engine';
import { type BacktestHost, backtest } from './backtest.js';
import { type BacktestOptions, type BacktestProgress, checkBacktest, durationOf } from './options.js';
import type { BacktestResult } from './result.js';
import type { EquityCurve } from './run/equity-sampler.js';
import { type Statistics, drawdownOf, ratiosOf } from './run/statistics.js';

/** Figures of which more is better. */
const METRICS = ['sharpe', 'sortino', 'profit', 'return', 'profitFactor', 'winRate', 'averageTrade'] as const satisfies readonly (keyof Statistics)[];
export type Metric = (typeof METRICS)[number];

export interface WalkForwardOptions<P = unknown> extends Omit<BacktestOptions<P>, 'start' | 'end' | 'params' | 'broker' | 'onResult' | 'onProgress' | 'failFast' | 'sample'>, Required<Pick<BacktestOptions<P>, 'start' | 'end' | 'params' | 'broker'>> {
  /** Time by which parameters are chosen, and time for which they are then used: `'30d'`, `'12h'`, `'90m'`. */
  readonly train: string;
  readonly test: string;
  /** From one window to the next; not less than `test`, so that no time is tested twice. Default: `test`. */
  readonly step?: string;
  /** What is best; of equal ones the first. A run that failed, or without that figure, is never. Default `sharpe`. */
  readonly metric?: Metric | ((result: BacktestResult<P>) => number);
  readonly onProgress?: (progress: WalkForwardProgress) => void;
}

export interface WalkForwardProgress extends BacktestProgress {
  readonly window: number;
  readonly windows: number;
  readonly phase: 'train' | 'test';
}

export interface WalkForwardWindow<P = unknown> {
  /** Where train begins, where it ends and test begins, and where that ends. */
  readonly train: TimeInput;
  readonly test: TimeInput;
  readonly end: TimeInput;
  /** One for each set of parameters. */
  readonly trained: readonly BacktestResult<P>[];
  /** The best of them, and what its parameters came to on the test; undefined where none had the figure. */
  readonly best?: BacktestResult<P>;
  readonly tested?: BacktestResult<P>;
}

export interface WalkForwardResult<P = unknown> {
  readonly windows: readonly WalkForwardWindow<P>[];
  /** The tests one after the other: each begins with what the one before it ended with, and earns in money what it earned alone. */
  readonly equity: EquityCurve;
  readonly stats: Pick<Statistics, 'cash' | 'equity' | 'profit' | 'return' | 'maxDrawdown' | 'maxDrawdownShare' | 'maxDrawdownUs' | 'sharpe' | 'sortino' | 'fills' | 'fees' | 'turnover' | 'trades'>;
}

const WINDOWS_MAX = 10_000;
/** Values of the equity curve of one test, about. */
const VALUES_PER_TEST = 200;
const SAMPLES = ['1s', '5s', '15s', '1m', '5m', '15m', '1h', '4h', '1d'] as const;

/** @throws DeepwaterError as `backtest` */
export async function walkForward(host: BacktestHost, module: unknown, options: WalkForwardOptions): Promise<WalkForwardResult> {
  const { train, test, step = test, metric = 'sharpe', onProgress, ...rest } = options ?? {} as WalkForwardOptions;
  const url = moduleUrl(module);
  checkBacktest(url, rest);
  if (rest.start === undefined || rest.end === undefined || rest.broker === undefined) throw wrong('start, end, broker', undefined, 'all three: walk-forward cuts a range of time into windows and compares what was earned');
  if (typeof metric !== 'function' && !METRICS.includes(metric)) throw wrong('metric', metric, `one of ${METRICS.join(', ')}, or a function of a result`);
  const clock = compileSchema(host.source(rest.feeds[0] as string).spec).clocks[0] as Clock;
  const lengths = { train: durationOf('train', train), test: durationOf('test', test), step: durationOf('step', step) };
  if (lengths.step < lengths.test) throw wrong('step', step, `at least as long as test, ${test}`);
  const places = placesOf(rest.start, rest.end, clock, lengths);
  const sample = sampleFor(lengths.test);
  const windows: WalkForwardWindow[] = [];
  for (const [index, place] of places.entries()) {
    const run = (phase: 'train' | 'test', start: TimeInput, end: TimeInput, params: readonly unknown[]): Promise<BacktestResult[]> => backtest(host, url, {
      ...rest, start, end, params, sample,
      ...(onProgress === undefined ? {} : { onProgress: (progress: BacktestProgress) => { onProgress({ ...progress, window: index, windows: places.length, phase }); } }),
    });
    const trained = await run('train', place.train, place.test, rest.params);
    const best = bestOf(trained, metric);
    const [tested] = best === undefined ? [] : await run('test', place.test, place.end, [best.params]);
    windows.push({ ...place, trained, ...(best === undefined ? {} : { best }), ...(tested === undefined ? {} : { tested }) });
  }
  return stitched(windows);
}

/** The first of those with the greatest figure; undefined where none has it. */
function bestOf(results: readonly BacktestResult[], metric: Metric | ((result: BacktestResult) => number)): BacktestResult | undefined {
  const values = results.map((result) => valueOf(result, metric));
  const greatest = values.reduce((most, value) => Math.max(most, value), -Infinity);
  return greatest === -Infinity ? undefined : results[values.indexOf(greatest)];
}

/** A figure that more is better of; -Infinity where there is none. */
function valueOf(result: BacktestResult, metric: Metric | ((result: BacktestResult) => number)): number {
  if (result.error !== undefined) return -Infinity;
  const value = typeof metric === 'function' ? metric(result) : result.stats?.[metric] ?? -Infinity;
  return Number.isNaN(value) ? -Infinity : value;
}

function placesOf(start: TimeInput, end: TimeInput, clock: Clock, lengths: { train: bigint; test: bigint; step: bigint }): Pick<WalkForwardWindow, 'train' | 'test' | 'end'>[] {
  const dates = start instanceof Date;
  const unit = dates ? NS_PER_UNIT.ms : NS_PER_UNIT[clock.unit];
  const from = timeOf(start, clock, 'start') * NS_PER_UNIT[clock.unit];
  const to = timeOf(end, clock, 'end') * NS_PER_UNIT[clock.unit];
  const time = (ns: bigint): TimeInput => (dates ? new Date(Number(ns / unit)) : clock.unit === 'ns' ? ns : Number(ns / unit));
  const places: Pick<WalkForwardWindow, 'train' | 'test' | 'end'>[] = [];
  for (let at = from; at + lengths.train + lengths.test <= to; at += lengths.step) {
    if (places.length >= WINDOWS_MAX) throw wrong('step', `${lengths.step} ns`, `longer steps: there would be more than ${WINDOWS_MAX} windows`);
    places.push({ train: time(at), test: time(at + lengths.train), end: time(at + lengths.train + lengths.test) });
  }
  if (places.length === 0) throw wrong('end', end, 'a range of time that has room for train and test at least once');
  return places;
}

function sampleFor(testNs: bigint): string {
  const wanted = testNs / BigInt(VALUES_PER_TEST);
  return SAMPLES.findLast((sample) => durationOf('sample', sample) <= wanted) ?? '1s';
}

function stitched(windows: readonly WalkForwardWindow[]): WalkForwardResult {
  const tests = windows.flatMap(({ tested }) => (tested?.equity === undefined || tested.stats === undefined ? [] : [{ curve: tested.equity, stats: tested.stats }]));
  const cash = tests[0]?.stats.cash ?? 0;
  const times: number[] = [];
  const values: number[] = [];
  let carried = 0;
  for (const { curve, stats } of tests) {
    for (const [i, value] of curve.values.entries()) {
      // The last value of a test is at the time of the first of the next one.
      if (times.length > 0 && (curve.times[i] as number) <= (times.at(-1) as number)) continue;
      times.push(curve.times[i] as number);
      values.push(value + carried);
    }
    carried += stats.profit;
  }
  const equity = { intervalUs: tests[0]?.curve.intervalUs ?? 1_000_000, times, values };
  const total = (figure: 'fills' | 'fees' | 'turnover' | 'trades'): number => tests.reduce((sum, { stats }) => sum + stats[figure], 0);
  return {
    windows, equity,
    stats: {
      cash, equity: cash + carried, profit: carried, return: cash > 0 ? carried / cash : null, ...drawdownOf(equity), ...ratiosOf(equity),
      fills: total('fills'), fees: total('fees'), turnover: total('turnover'), trades: total('trades'),
    },
  };
}
