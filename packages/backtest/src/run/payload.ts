/** What a thread is asked to run, and what it answers: plain data. */
import type { BarOptions, ReaderSource, ReplaySource } from '@deepwater/query';
import type { BrokerOptions } from '@deepwater/strategy';
import type { Failure } from '@deepwater/strategy/engine';
import type { BacktestResult } from '../result.js';

/** How many of each are kept of a run. */
export interface Keep {
  readonly fills: number;
  readonly trades: number;
  readonly emitted: number;
  readonly written: number;
  readonly logs: number;
}

/** A feed that is given, as it was when the backtest began. */
export interface ReplayedFeed {
  readonly replay: ReplaySource;
  /** Sequence numbers of the first record that is given, and of the oldest that there is. */
  readonly first: number;
  readonly oldest: number;
  /** Records that are given. */
  readonly rows: number;
}

export interface WrittenFeed {
  readonly source: ReaderSource;
  /** Sequence number of its first record from the start on: those before can be read. */
  readonly first: number;
}

/** What all runs of a backtest have in common. */
export interface RunPlan {
  readonly name: string;
  /** URL of the module. */
  readonly module: string;
  /** In the order in which they were named. */
  readonly feeds: readonly ReplayedFeed[];
  /** A start was given: bars that are under way there are begun with what came before. */
  readonly warmUp: boolean;
  /** Feeds whose records become part of the result; their history up to the start can be read. */
  readonly writes: readonly WrittenFeed[];
  readonly bars?: BarOptions;
  readonly broker?: BrokerOptions;
  readonly sampleUs?: number;
  readonly seed: number;
  readonly keep: Keep;
  /** Tells its runs from those of others. */
  readonly id: string;
}

/** A set of parameters and its position. */
export interface RunParams {
  readonly index: number;
  readonly params: unknown;
}

export interface RunPayload {
  readonly plan: RunPlan;
  readonly sets: readonly RunParams[];
}

/** A result as it leaves its thread. */
export type RunOutcome = Omit<BacktestResult, 'params' | 'error'> & { readonly failure?: Failure };
