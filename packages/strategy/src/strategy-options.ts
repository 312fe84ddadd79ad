/** What `spawnStrategy` is asked for, checked. */
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { DeepwaterError } from '@deepwater/core/engine';
import { type BarOptions, type TimeInput, checkKeys, countOf, flagOf, waitOf } from '@deepwater/query';
import type { WaitStrategyName } from '@deepwater/ring';
import type { BrokerOptions } from './broker/broker-options.js';
import { checkBarKeys, namesOf, strategyName, timeoutOf, wrong } from './option-values.js';

export interface StrategyOptions<P = unknown> {
  /** The feeds to follow, one at least. Where several have records the earliest is given first. */
  readonly feeds: readonly string[];
  /** Feeds that the strategy writes, with `context.writer(feed)`. No writer of theirs may be open. */
  readonly writes?: readonly string[];
  /** Given to it as `context.params`; copied (structured clone) when it is spawned. */
  readonly params?: P;
  /** Shown in logs, errors and metrics. Default: the name of the module's file. */
  readonly name?: string;
  /** Begin with history from this time on, merged by time. Default: live only. */
  readonly start?: TimeInput;
  /**
   * Begin with the last index point at or before `start`, or with the last there is, in those of the feeds that are of mode IF
   * (one at least): order books are whole from their first record on.
   */
  readonly playback?: boolean;
  /** How to wait for records. `spin`: at full load, lowest latency. Default `spin-then-park`. */
  readonly wait?: WaitStrategyName;
  /** Bars for `onBar`, of each of the feeds. */
  readonly bars?: BarOptions;
  /**
   * Trades on paper: `context.broker` and `onFill` are there, and orders are filled by the records that come. `{}` is enough where
   * the feeds have fields `price`, or `bid` and `ask`. A thread that is restarted begins anew, without positions and orders.
   */
  readonly broker?: BrokerOptions;
  /** Of `context.random()`, a whole number. Default 0. */
  readonly seed?: number;
  /** What becomes of it when a handler throws or its thread dies. `restart`: a new thread goes on after the record that failed. Default `stop`. */
  readonly onError?: 'stop' | 'restart';
  /** Restarts in a row before it is given up; one that has run for a minute begins to count anew. Default 10. */
  readonly maxRestarts?: number;
  /** Wait before the first restart in a row, ms; doubled each time, at most 10 s. Default 100. */
  readonly restartDelayMs?: number;
  /** Time for loading the module and for `onStart`, ms, once its thread is there. Default 10,000. */
  readonly startTimeoutMs?: number;
  /** Time for the handler that runs and for `onStop` when it is stopped, ms; then its thread is ended. Default 5,000. */
  readonly stopTimeoutMs?: number;
}

export type CheckedStrategyOptions = StrategyOptions & Required<Pick<StrategyOptions, 'name' | 'playback' | 'wait' | 'onError' | 'maxRestarts' | 'restartDelayMs' | 'startTimeoutMs' | 'stopTimeoutMs' | 'writes' | 'seed'>>;

const KEYS = [
  'feeds', 'writes', 'params', 'name', 'start', 'playback', 'wait', 'bars', 'broker', 'seed', 'onError', 'maxRestarts', 'restartDelayMs', 'startTimeoutMs', 'stopTimeoutMs',
] as const satisfies readonly (keyof StrategyOptions)[];

/** Longest wait before a restart, ms. */
export const RESTART_DELAY_MS_MAX = 10_000;
/** One that has run for so long is not restarted "in a row" any more, ms. */
export const STEADY_MS = 60_000;

/** @throws DeepwaterError DW_OPTION_INVALID, DW_RANGE_INVALID */
export function checkStrategyOptions(module: URL, options: unknown): CheckedStrategyOptions {
  const given = checkKeys(options, KEYS);
  const feeds = namesOf('feeds', given['feeds']);
  if (feeds.length === 0) throw wrong('feeds', given['feeds'], 'the names of the feeds to follow, one at least');
  const name = strategyName(module, given['name']);
  const { onError = 'stop' } = given;
  if (onError !== 'stop' && onError !== 'restart') throw wrong('onError', onError, "'stop' or 'restart'");
  checkBarKeys(given['bars']);
  const params = copyOfParams(given['params']);
  return {
    ...(given as unknown as StrategyOptions),
    feeds, name, onError, params,
    writes: given['writes'] === undefined ? [] : namesOf('writes', given['writes']),
    playback: flagOf('playback', given['playback']),
    wait: waitOf(given['wait']).name,
    seed: countOf('seed', given['seed'], 0) ?? 0,
    maxRestarts: countOf('maxRestarts', given['maxRestarts'], 0) ?? 10,
    restartDelayMs: countOf('restartDelayMs', given['restartDelayMs'], 0) ?? 100,
    startTimeoutMs: timeoutOf('startTimeoutMs', given['startTimeoutMs']) ?? 10_000,
    stopTimeoutMs: timeoutOf('stopTimeoutMs', given['stopTimeoutMs']) ?? 5_000,
  };
}

/** What threads are given, also later ones: nothing that the program changes. @throws DeepwaterError DW_OPTION_INVALID for what cannot be copied */
export function copyOfParams<P>(params: P): P {
  try {
    return structuredClone(params);
  } catch (error) {
    throw new DeepwaterError('DW_OPTION_INVALID', `params cannot be copied to the strategy's thread: ${(error as Error).message} Give plain data.`, { cause: error });
  }
}

/** @param module a file: URL, or a path. @throws DeepwaterError DW_OPTION_INVALID */
export function moduleUrl(module: unknown): URL {
  if (module instanceof URL && module.protocol === 'file:') return module;
  if (typeof module === 'string' && module !== '' && !/^[a-z]+:/i.test(module)) return pathToFileURL(path.resolve(module));
  if (typeof module === 'string' && module.startsWith('file:') && URL.canParse(module)) return new URL(module);
  throw wrong('module', module instanceof URL ? module.href : module, "the file of the strategy, as in new URL('./my-strategy.js', import.meta.url)");
}
