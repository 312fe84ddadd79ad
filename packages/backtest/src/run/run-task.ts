/** What threads of the pool do of a backtest: some sets of parameters, one after the other, over the same records. */
import { ReplayFeed, type TaskHelper } from '@deepwater/query';
import { checkBarsGiven } from '@deepwater/strategy/engine';
import { BacktestRun } from './backtest-run.js';
import { handlersForRun } from './load-module.js';
import type { RunOutcome, RunPayload } from './payload.js';

/** @throws DeepwaterError DW_STRATEGY_INVALID; what reading history throws. What handlers throw is in the outcomes. */
export async function runSets({ plan, sets }: RunPayload, helper: TaskHelper): Promise<RunOutcome[]> {
  const feeds = plan.feeds.map(({ replay, first, oldest }) => ({ feed: new ReplayFeed(replay), first, oldest }));
  const rows = plan.feeds.reduce((sum, feed) => sum + feed.rows, 0);
  const outcomes: RunOutcome[] = [];
  try {
    for (const [done, set] of sets.entries()) {
      const handlers = await handlersForRun(plan.module, `${plan.id}-${set.index}`);
      checkBarsGiven(plan.module, handlers, plan.bars, 'backtest');
      const given = (records: number): void => { helper.progress(done * rows + Math.min(rows, records), sets.length * rows); };
      outcomes.push(await new BacktestRun(plan, set, feeds, handlers, () => helper.cancelled(), given).run());
      given(rows);
    }
  } finally {
    for (const { feed } of feeds) feed.close();
  }
  return outcomes;
}
