import { type Clock, DeepwaterError, type Schema, compileSchema } from '@deepwater/core/engine';
import { LiveBars, type QueryPool, type ReaderSource, ReplayFeed, timeOf } from '@deepwater/query';
import { checkBroker, moduleUrl, strategyError, wrong } from '@deepwater/strategy/engine';
import { type CheckedBacktest, checkBacktest } from './options.js';
import type { BacktestResult } from './result.js';
import type { ReplayedFeed, RunOutcome, RunPlan } from './run/payload.js';
import { Sweep } from './sweep.js';

/** What backtests need of the platform that they belong to. */
export interface BacktestHost {
  readonly pool: QueryPool;
  /** @throws DeepwaterError DW_FEED_UNKNOWN */
  source(feed: string): ReaderSource;
}

const LEAST = -(2n ** 63n);
const GREATEST = 2n ** 64n;
let backtests = 0;

/**
 * Runs a strategy over history, once for each set of parameters, in the threads of the pool. The results are in the order of the parameters.
 *
 * @throws DeepwaterError DW_OPTION_INVALID, DW_FEED_UNKNOWN, DW_FIELD_UNKNOWN, DW_RANGE_INVALID; DW_STRATEGY_INVALID where the module does not load or
 * has no handlers; with `failFast` DW_STRATEGY_FAILED; DW_QUERY_TIMEOUT; the reason of the signal
 */
export async function backtest(host: BacktestHost, module: unknown, options: unknown): Promise<BacktestResult[]> {
  const url = moduleUrl(module);
  const checked = checkBacktest(url, options);
  const plan = planOf(host, url, checked);
  return await new Sweep(host.pool, plan, checked, (outcome) => resultOf(plan, checked, outcome)).run();
}

function planOf(host: BacktestHost, module: URL, checked: CheckedBacktest): RunPlan {
  const { feeds, writes, name, bars, broker, seed, keep, sampleUs, start, end } = checked;
  const sources = feeds.map((feed) => host.source(feed));
  const written = writes.map((feed) => host.source(feed));
  const schemas = sources.map(({ spec }) => compileSchema(spec));
  checkUnits(schemas, checked);
  if (broker !== undefined) checkBroker(broker, feeds.map((feed, index) => ({ feed, schema: schemas[index] as Schema })));
  if (bars !== undefined) for (const [index, schema] of schemas.entries()) new LiveBars(feeds[index] as string, schema, bars);
  return {
    name, module: module.href, seed, keep, warmUp: start !== undefined, id: String(++backtests),
    feeds: sources.map((source) => replayed(source, start, end)),
    writes: written.map((source) => ({ source, first: replayed(source, start, undefined).first })),
    ...(bars === undefined ? {} : { bars }), ...(broker === undefined ? {} : { broker }), ...(sampleUs === undefined ? {} : { sampleUs }),
  };
}

/** A feed as it is now: what comes from here on is no part of the backtest. */
function replayed(source: ReaderSource, start: unknown, end: unknown): ReplayedFeed {
  const clock = compileSchema(source.spec).clocks[0] as Clock;
  const from = start === undefined ? LEAST : timeOf(start, clock, 'start');
  const to = end === undefined ? GREATEST : timeOf(end, clock, 'end');
  if (to < from) {
    throw new DeepwaterError('DW_RANGE_INVALID', `The backtest ends (${to}) before it starts (${from}); give start <= end, both in ${clock.unit} of ${clock.name} of feed ${source.spec.name}.`, {
      values: { start: from, end: to, clock: clock.name, unit: clock.unit },
    });
  }
  const open = (head: number): ReplayFeed => new ReplayFeed({ source, start: from, end: to, head });
  const now = open(Number.MAX_SAFE_INTEGER);
  const { head } = now;
  now.close();
  const feed = open(head);
  try {
    return { replay: feed.replayed, first: feed.first, oldest: feed.oldest, rows: feed.rows };
  } finally {
    feed.close();
  }
}

/** A number means a time on each feed's clock; where those count differently it would mean different times. */
function checkUnits(schemas: readonly Schema[], { start, end }: CheckedBacktest): void {
  const units = new Set(schemas.map(({ clocks }) => clocks[0]?.unit));
  if (units.size < 2) return;
  for (const [option, value] of Object.entries({ start, end })) {
    if (value !== undefined && !(value instanceof Date) && Number(value) !== 0) throw wrong(option, value, `a Date: the clocks of the feeds count in ${[...units].join(' and ')}`);
  }
}

function resultOf(plan: RunPlan, { params }: CheckedBacktest, { failure, ...outcome }: RunOutcome): BacktestResult {
  return { ...outcome, params: params[outcome.index], ...(failure === undefined ? {} : { error: strategyError(plan.name, failure) }) };
}
