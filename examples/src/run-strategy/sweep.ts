import { type BacktestProgress, type BacktestResult, Platform, paramGrid, writeBacktestReport } from 'deepwater';
import { load } from '../main-job/load.js';
import type { Progress } from '../main-job/progress.js';
import { writeByValues } from '../main-job/write.js';
import { findSources } from '../sources/find-sources.js';

/** A day of trades, and what the breakout strategy is tried with on it. */
export const SWEEP = {
  module: new URL('../strategies/breakout.js', import.meta.url),
  feed: 'gemini_eth-usd_trades',
  params: paramGrid({
    trades: ['gemini_eth-usd_trades'], bars: Array.from({ length: 50 }, (_, i) => 4 + 2 * i), beyondBps: Array.from({ length: 20 }, (_, i) => i), size: [1],
  }),
  broker: { cash: 10_000, latencyMs: 250, takerFeeBps: 2, slippageBps: 1 },
  bars: { resolution: '1m' },
} as const;

export interface SweepRun {
  readonly recordings: string;
  /** A directory for the store. */
  readonly store: string;
  readonly progress: Progress;
  /** Where the report goes. */
  readonly report?: string;
}

/** Tries a thousand sets of parameters on the bundled recording. @returns the results, the best first */
export async function runSweep({ recordings, store, progress, report }: SweepRun): Promise<BacktestResult[]> {
  await using platform = await Platform.open(store, { logLevel: 'warn' });
  await loadFeed(platform, recordings, progress);
  const { module, feed, params, broker, bars } = SWEEP;
  const task = progress.start(`${params.length} backtests`, null);
  let told = 0;
  const onProgress = ({ records }: BacktestProgress): void => {
    task.advance(records - told);
    told = records;
  };
  const results = await platform.backtest(module, { feeds: [feed], params, broker, bars, onProgress });
  task.finish();
  if (report !== undefined) await writeBacktestReport(results, report, { title: 'Breakout on a day of ETH-USD' });
  return results.toSorted((a, b) => (b.stats?.profit ?? -Infinity) - (a.stats?.profit ?? -Infinity));
}

/** The recording as a feed. */
export async function loadFeed(platform: Platform, recordings: string, progress: Progress): Promise<void> {
  const source = findSources(recordings).find(({ name }) => name === SWEEP.feed);
  if (source === undefined) throw new Error(`the sweep wants the recording ${SWEEP.feed}, which is not below ${recordings}`);
  await writeByValues(platform, await load(source, progress), progress);
}
