/** What a backtest gives for each set of parameters. */
import type { DeepwaterError } from '@deepwater/core/engine';
import type { WrittenRecords } from '@deepwater/query';
import type { Fill } from '@deepwater/strategy';
import type { EquityCurve } from './run/equity-sampler.js';
import type { Statistics } from './run/statistics.js';
import type { Trade } from './run/trade-log.js';

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly values?: Readonly<Record<string, unknown>>;
  /** Market time, microseconds since 1970. */
  readonly time: number;
}

/**
 * One run of the strategy. The same records, parameters and seed give the same result to the last bit. Lists have their first entries, up to
 * `keep`; `counts` says how many there were.
 */
export interface BacktestResult<P = unknown> {
  /** Position of the parameters among those that were given. */
  readonly index: number;
  readonly params: P;
  /** Records that it was given, of all feeds. */
  readonly records: number;
  readonly bars: number;
  /** With a broker: every fill in order. */
  readonly fills: readonly Fill[];
  /** With a broker: from flat to flat, in the order in which they ended; what is open at the end is the last. */
  readonly trades: readonly Trade[];
  /** With a broker. */
  readonly equity?: EquityCurve;
  /** With a broker. */
  readonly stats?: Statistics;
  /** What it sent with `context.emit`. */
  readonly emitted: readonly unknown[];
  /** What it wrote with `context.writer`, by feed. */
  readonly written: Readonly<Record<string, WrittenRecords>>;
  /** `context.metrics` at the end. */
  readonly metrics: Readonly<Record<string, number | bigint | string | boolean>>;
  readonly logs: readonly LogLine[];
  readonly counts: { readonly fills: number; readonly trades: number; readonly emitted: number; readonly logs: number };
  /** Why it ended before its time: DW_STRATEGY_FAILED with the feed, the sequence number and the time of the record. */
  readonly error?: DeepwaterError;
}
