/** What `backtest` is asked for, checked. */
import { NS_PER_UNIT, durationNs } from '@deepwater/core/engine';
import { type BarOptions, type TimeInput, checkKeys, countOf, flagOf, functionOf } from '@deepwater/query';
import type { BrokerOptions } from '@deepwater/strategy';
import { checkBarKeys, copyOfParams, namesOf, strategyName, timeoutOf, wrong } from '@deepwater/strategy/engine';
import type { Keep } from './run/payload.js';
import type { BacktestResult } from './result.js';

/** How far a backtest is. */
export interface BacktestProgress {
  /** Sets of parameters that are done, of those there are. */
  readonly runs: number;
  readonly runsOf: number;
  /** Records that were given, of those there are to give to all runs. */
  readonly records: number;
  readonly recordsOf: number;
  /** Since it began, and what is left by what it took so far; undefined before anything can be said. */
  readonly elapsedMs: number;
  readonly leftMs?: number;
}

export interface BacktestOptions<P = unknown> {
  /** The feeds to replay, one at least; their records come merged by time. */
  readonly feeds: readonly string[];
  /** Times [start, end) of the feeds' own clocks: in their unit, or a Date. Default: all there is. */
  readonly start?: TimeInput;
  readonly end?: TimeInput;
  /** One run for each. Default: one run without parameters. */
  readonly params?: readonly P[];
  /** Feeds that the strategy writes: nothing is written, the records are in the result. */
  readonly writes?: readonly string[];
  /** Bars for `onBar`, of each of the feeds. */
  readonly bars?: BarOptions;
  /** Trades on paper: `context.broker`, `onFill`, and fills, trades, equity and statistics in the result. */
  readonly broker?: BrokerOptions;
  /** Time between two values of the equity curve, at least: `'1s'`, `'1h'`, `'1d'`. Default: as fine as 1,500 values allow. */
  readonly sample?: string;
  /** Of `context.random()`, with the position of the parameters. Default 0. */
  readonly seed?: number;
  /** Runs at a time. Default: the threads of the platform's pool. */
  readonly workers?: number;
  /** Shown in errors and the report. Default: the name of the module's file. */
  readonly name?: string;
  /** Entries that are kept of the lists of a result. Default: 10,000 each, 1,000 log lines. */
  readonly keep?: Partial<Keep>;
  /** Reject when a strategy throws, rather than going on with the other parameters. Default false. */
  readonly failFast?: boolean;
  /** Told of results as they come, in whatever order. What it throws ends the backtest. */
  readonly onResult?: (result: BacktestResult<P>) => void;
  /** Told a few times a second how far it is, and at the end. What it throws ends the backtest. */
  readonly onProgress?: (progress: BacktestProgress) => void;
  /** Ends it, with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Ends it with DW_QUERY_TIMEOUT. */
  readonly timeoutMs?: number;
}

export interface CheckedBacktest extends BacktestOptions {
  readonly writes: readonly string[];
  readonly params: readonly unknown[];
  readonly name: string;
  readonly seed: number;
  readonly sampleUs?: number;
  readonly keep: Keep;
  readonly failFast: boolean;
}

const KEYS = [
  'feeds', 'start', 'end', 'params', 'writes', 'bars', 'broker', 'sample', 'seed', 'workers', 'name', 'keep', 'failFast', 'onResult', 'onProgress', 'signal', 'timeoutMs',
] as const satisfies readonly (keyof BacktestOptions)[];
const KEEP: Keep = { fills: 10_000, trades: 10_000, emitted: 10_000, written: 10_000, logs: 1_000 };
const SETS_MAX = 1_000_000;

/** @throws DeepwaterError DW_OPTION_INVALID */
export function checkBacktest(module: URL, options: unknown): CheckedBacktest {
  const given = checkKeys(options, KEYS);
  const feeds = namesOf('feeds', given['feeds']);
  if (feeds.length === 0) throw wrong('feeds', given['feeds'], 'the names of the feeds to replay, one at least');
  const name = strategyName(module, given['name']);
  const { params = [undefined], signal, keep } = given;
  if (!Array.isArray(params) || params.length === 0 || params.length > SETS_MAX) throw wrong('params', params, `a list of 1 to ${SETS_MAX} sets of parameters; paramGrid makes one of the values of each`);
  checkBarKeys(given['bars']);
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw wrong('signal', signal, 'the signal of an AbortController');
  const kept = checkKeys(keep, Object.keys(KEEP));
  const sampleUs = given['sample'] === undefined ? undefined : Number(durationOf('sample', given['sample']) / NS_PER_UNIT.us);
  const { sample: _sample, ...rest } = given as unknown as BacktestOptions;
  functionOf('onResult', given['onResult']);
  functionOf('onProgress', given['onProgress']);
  countOf('workers', given['workers'], 1);
  timeoutOf('timeoutMs', given['timeoutMs']);
  return {
    ...rest, feeds, name, params: copyOfParams(params as unknown[]),
    writes: given['writes'] === undefined ? [] : namesOf('writes', given['writes']),
    seed: countOf('seed', given['seed'], 0) ?? 0,
    failFast: flagOf('failFast', given['failFast']),
    keep: Object.fromEntries(Object.entries(KEEP).map(([list, count]) => [list, countOf(`keep.${list}`, kept[list], 0) ?? count])) as unknown as Keep,
    ...(sampleUs === undefined ? {} : { sampleUs }),
  };
}

/** A length of time in nanoseconds. */
export function durationOf(option: string, value: unknown): bigint {
  const ns = durationNs(value);
  if (ns === undefined) throw wrong(option, value, "a whole number of ms, s, m, h or d, such as '1h'");
  return ns;
}
