import { STAT, lostAt, positionAt } from './shared-stats.js';

/** `restarting`: it failed, and a new thread is about to go on. `failed`: it has ended because of an error. */
export type StrategyState = 'starting' | 'running' | 'restarting' | 'stopping' | 'stopped' | 'failed';

/** What a strategy has done so far. Counts go on over restarts. */
export interface StrategyMetrics {
  readonly state: StrategyState;
  /** Whether its thread answered. Where it did not, a handler is busy, and `custom` is what it said last. */
  readonly responding: boolean;
  readonly records: number;
  readonly runs: number;
  readonly bars: number;
  readonly emitted: number;
  readonly restarts: number;
  readonly errors: number;
  /** Since it was spawned. */
  readonly upMs: number;
  /** Spent on records, by all of its threads. */
  readonly busyMs: number;
  readonly feeds: Readonly<Record<string, { readonly position: number; readonly lag: number; readonly lost: number }>>;
  /** `context.metrics` */
  readonly custom: Readonly<Record<string, unknown>>;
}

export function countsOf(stats: Float64Array): Pick<StrategyMetrics, 'records' | 'runs' | 'bars' | 'emitted' | 'busyMs'> {
  const number = (at: number): number => stats[at] as number;
  return { records: number(STAT.RECORDS), runs: number(STAT.RUNS), bars: number(STAT.BARS), emitted: number(STAT.EMITTED), busyMs: number(STAT.BUSY_MS) };
}

/** @param headOf the number of the record that a feed is given next, where that is known */
export function placesOf(stats: Float64Array, feeds: readonly string[], headOf: (feed: string) => number | undefined): StrategyMetrics['feeds'] {
  return Object.fromEntries(feeds.map((feed, index) => {
    const position = stats[positionAt(index)] as number;
    return [feed, { position, lag: Math.max(0, (headOf(feed) ?? position) - position), lost: stats[lostAt(index)] as number }];
  }));
}
