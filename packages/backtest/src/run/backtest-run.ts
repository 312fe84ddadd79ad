/** One run of a strategy over history: the same handlers, bars, broker and order of records as live, without waiting for anything. */
import type { Schema } from '@deepwater/core/engine';
import { FeedReplay, type LiveBars, MergedReplay, type ReplayFeed, type Run } from '@deepwater/query';
import type { Fill } from '@deepwater/strategy';
import {
  type Failure, FeedInput, Giving, HandlerCalls, HandlerError, Market, MarketClock, PaperBroker, STAT, checkBroker, newStats, positionAt,
} from '@deepwater/strategy/engine';
import { BacktestContext } from './backtest-context.js';
import { EquitySampler } from './equity-sampler.js';
import type { ReplayedFeed, RunOutcome, RunParams, RunPlan } from './payload.js';
import { FillTotals, statisticsOf } from './statistics.js';
import { TradeLog } from './trade-log.js';

type Handlers = ConstructorParameters<typeof HandlerCalls>[0];
type Row = Readonly<Record<string, unknown>>;

/** Records between two looks at the flag that ends it all. */
const ROWS_PER_LOOK = 4096;
/** Records of a run that `onBatch` is given, as live: what takes 128 KiB, at most 4096. */
const RUN_BYTES = 128 * 1024;
const RUN_ROWS = 4096;
/** While a handler is waited for, that flag is looked at so often, ms. */
const LOOK_MS = 20;

/** A feed as it is replayed, open for all runs of a thread. */
export type RunFeed = Pick<ReplayedFeed, 'first' | 'oldest'> & { readonly feed: ReplayFeed };

/** Thrown where nobody waits for the results any more. */
export class Cancelled extends Error {}

/** The broker's account of a run: its fills, the trades they make, and the equity over time. */
class Account {
  readonly fills: Fill[] = [];
  readonly totals = new FillTotals();
  readonly trades: TradeLog;
  readonly sampler: EquitySampler;

  constructor(readonly cash: number, { keep, sampleUs }: RunPlan) {
    this.trades = new TradeLog(keep.trades);
    this.sampler = new EquitySampler(cash, sampleUs);
    this.#keep = keep.fills;
  }
  readonly #keep: number;

  readonly filled = (fill: Fill): void => {
    if (this.fills.length < this.#keep) this.fills.push(fill);
    this.totals.add(fill);
    this.trades.add(fill);
  };
}

/** Nothing of the strategy's runs between two records, unless it is waited for: the clock can stay where it is. */
class ReplayedMarket extends Market {
  override leave(): void {}
}

/** A market that takes the equity at its times, before the record that comes then. */
class SampledMarket extends ReplayedMarket {
  first: number | undefined;
  last = 0;

  constructor(clock: MarketClock, private readonly paper: PaperBroker, private readonly sampler: EquitySampler) {
    super(clock, paper);
  }

  override see(feed: number, row: Row, sequence: number): void {
    this.clock.see(feed, row);
    const time = this.clock.now();
    if (time >= this.sampler.next) this.sampler.pass(time, this.paper.equity);
    this.first ??= time;
    this.last = time;
    this.paper.see(feed, row, sequence);
  }
}

export class BacktestRun {
  readonly #context: BacktestContext;
  readonly #calls: HandlerCalls;
  readonly #giving: Giving;
  readonly #inputs: readonly FeedInput[];
  readonly #market: Market;
  readonly #account: Account | undefined;
  readonly #stats: Float64Array;
  readonly #batchRows: readonly number[];
  #sinceLook = 0;

  /** @param cancelled whether nobody waits any more @param given told now and then how many records it has been given */
  constructor(
    private readonly plan: RunPlan, private readonly params: RunParams, private readonly feeds: readonly RunFeed[], private readonly handlers: Handlers,
    private readonly cancelled: () => boolean, private readonly given: (records: number) => void,
  ) {
    const schemas = feeds.map(({ feed }) => feed.schema);
    const stats = newStats(feeds.length);
    this.#stats = stats;
    const begin = plan.warmUp ? Math.max(...feeds.map(({ feed }) => startMicros(feed))) : 0;
    const clock = new MarketClock(schemas, begin);
    const { account, market } = marketOf(plan, feeds, schemas, clock);
    this.#account = account;
    this.#market = market;
    for (const [index, { first }] of feeds.entries()) stats[positionAt(index)] = first;
    const visible = [
      ...feeds.map(({ feed }, index) => ({ source: feed.replayed.source, below: () => stats[positionAt(index)] as number })),
      ...plan.writes.filter(({ source: { spec } }) => !feeds.some(({ feed }) => feed.name === spec.name)).map(({ source, first }) => ({ source, below: () => first })),
    ];
    this.#context = new BacktestContext(plan, params, clock, market.broker, visible, () => { this.#calls.stop(); });
    this.#calls = new HandlerCalls(handlers, this.#context, stats);
    this.#giving = new Giving(handlers, this.#calls, this.#context, stats, {
      dueAfter: (rows) => (this.#sinceLook += rows) >= ROWS_PER_LOOK,
    }, market);
    const bars = handlers.onBar === undefined ? undefined : plan.bars;
    this.#inputs = feeds.map(({ feed }, index) => new FeedInput(index, sourceOf(feed.name), feed.schema, false, bars, 0));
    this.#batchRows = schemas.map(({ slotStride }) => (handlers.onBatch === undefined ? Infinity : Math.max(1, Math.min(RUN_ROWS, Math.floor(RUN_BYTES / slotStride)))));
  }

  /** @throws Cancelled; what reading history throws */
  async run(): Promise<RunOutcome> {
    const calls = this.#calls;
    // A handler may be waited for that never comes back.
    const looking = setInterval(() => { if (this.cancelled()) calls.fail('uncaught', new Cancelled()); }, LOOK_MS);
    try {
      const outcome = await this.#runThrough();
      if (this.cancelled()) throw new Cancelled();
      return outcome;
    } finally {
      clearInterval(looking);
      await this.#context.close();
    }
  }

  async #runThrough(): Promise<RunOutcome> {
    const { feeds } = this;
    const calls = this.#calls;
    for (const [index, { bars }] of this.#inputs.entries()) if (bars !== undefined) warmUp(feeds[index] as RunFeed, bars, this.plan.warmUp);
    try {
      await calls.settle(calls.call('onStart', this.#context));
    } catch (error) {
      if (!(error instanceof HandlerError)) calls.fail('onStart', error);
      return this.#outcome();
    }
    const replay = feeds.length === 1 ? new FeedReplay((feeds[0] as RunFeed).feed) : new MergedReplay(feeds.map(({ feed }) => feed));
    try {
      await (replay instanceof FeedReplay ? this.#giveFeed(replay) : this.#giveMerged(replay));
    } catch (error) {
      // Of handlers the failure has been noted.
      if (!(error instanceof HandlerError)) throw error;
    } finally {
      this.#market.clock.hold();
      replay.close();
    }
    this.#context.feed = '';
    this.#context.abort();
    try {
      await calls.settle(calls.call('onStop', this.#context, calls.ending));
    } catch (error) {
      if (!(error instanceof HandlerError)) calls.fail('onStop', error);
    }
    return this.#outcome();
  }

  async #giveFeed(replay: FeedReplay): Promise<void> {
    const [input] = this.#inputs as readonly [FeedInput];
    while (!this.#calls.stopping && replay.next()) {
      input.show(replay.run as unknown as Run);
      await this.#giveUntil(input, replay.run.length);
    }
  }

  async #giveMerged(replay: MergedReplay): Promise<void> {
    const calls = this.#calls;
    const inputs = this.#inputs;
    while (!calls.stopping && replay.next()) {
      for (const feed of replay.moved) (inputs[feed] as FeedInput).show(replay.runs[feed] as unknown as Run);
      while (replay.at < replay.length && !calls.stopping) {
        if (this.handlers.onBatch === undefined) {
          const waiting = this.#giving.giveMerged(inputs, replay);
          if (waiting !== undefined) await calls.settle(waiting);
          this.#lookNowAndThen();
        } else {
          const { at, until } = replay;
          const input = inputs[replay.source[at] as number] as FeedInput;
          input.at = replay.row[at] as number;
          await this.#giveUntil(input, input.at + until - at);
          replay.at = until;
        }
      }
    }
  }

  /** Gives the records of an input's run up to one. */
  async #giveUntil(input: FeedInput, end: number): Promise<void> {
    const calls = this.#calls;
    const most = this.#batchRows[input.index] as number;
    while (input.at < end && !calls.stopping) {
      const waiting = this.#giving.give(input, Math.min(end, input.at + most));
      if (waiting !== undefined) await calls.settle(waiting);
      this.#lookNowAndThen();
    }
  }

  #lookNowAndThen(): void {
    if (this.#sinceLook >= ROWS_PER_LOOK) this.#look();
  }

  #look(): void {
    this.#sinceLook = 0;
    if (this.cancelled()) throw new Cancelled();
    this.given(this.#stats[STAT.RECORDS] as number);
  }

  #outcome(): RunOutcome {
    const context = this.#context;
    const account = this.#account;
    const market = this.#market;
    const failure = this.#calls.failures[0];
    this.given(this.#stats[STAT.RECORDS] as number);
    return {
      index: this.params.index, records: this.#stats[STAT.RECORDS] as number, bars: this.#stats[STAT.BARS] as number,
      fills: account?.fills ?? [], trades: account === undefined ? [] : [...account.trades.kept, ...account.trades.open],
      ...(account === undefined || !(market instanceof SampledMarket) ? {} : figures(account, market)),
      emitted: context.emitted, written: context.written, metrics: context.plainMetrics, logs: context.logs,
      counts: { fills: account?.totals.count ?? 0, trades: account?.trades.closed ?? 0, emitted: context.emittedCount, logs: context.logCount },
      ...(failure === undefined ? {} : { failure: this.#timed(failure) }),
    };
  }

  /** The record that it failed at is the one where the clock stands. */
  #timed(failure: Failure): Failure {
    const error = withoutQuery(failure.error);
    return { ...failure, error, ...(failure.sequence === undefined ? {} : { time: this.#market.clock.now() }) };
  }
}

/** An error of a module that was loaded for one run: what tells the runs apart does not belong to the result. */
function withoutQuery(error: Failure['error']): Failure['error'] {
  const clean = (text: string): string => text.replaceAll(/[?&]deepwater=[\w.-]+/g, '');
  return {
    ...error, message: clean(error.message), ...(error.stack === undefined ? {} : { stack: clean(error.stack) }),
    ...(error.cause === undefined ? {} : { cause: withoutQuery(error.cause) }), ...(error.errors === undefined ? {} : { errors: error.errors.map(withoutQuery) }),
  };
}

function figures(account: Account, market: SampledMarket): Pick<RunOutcome, 'equity' | 'stats'> {
  const final = (market.broker as PaperBroker).equity;
  const equity = account.sampler.finish(final);
  return { equity, stats: statisticsOf(account.cash, final, equity, account.totals, account.trades, market.first ?? 0, market.last) };
}

function marketOf(plan: RunPlan, feeds: readonly RunFeed[], schemas: readonly Schema[], clock: MarketClock): { account: Account | undefined; market: Market } {
  if (plan.broker === undefined) return { account: undefined, market: new ReplayedMarket(clock, undefined) };
  const checked = checkBroker(plan.broker, feeds.map(({ feed }) => ({ feed: feed.name, schema: feed.schema })));
  const account = new Account(checked.cash, plan);
  return { account, market: new SampledMarket(clock, new PaperBroker(checked, schemas, clock, account.filled), account.sampler) };
}

/** The beginning of a feed's replay in microseconds. */
function startMicros({ schema, replayed: { start } }: ReplayFeed): number {
  const unit = schema.clocks[0]?.unit;
  return unit === 'ns' ? Number(start / 1000n) : Number(start) * (unit === 'us' ? 1 : 1000);
}

/** Shows bars what came before the first record, as when a strategy begins live with history. */
function warmUp({ feed, first, oldest }: RunFeed, bars: LiveBars, begun: boolean): void {
  const replay = new FeedReplay(feed, begun ? bars.startOf(feed.replayed.start) : undefined);
  try {
    const { run } = replay;
    let more = replay.next();
    const rows = function* (): Generator<Row, void, void> {
      for (; more && run.firstSequence < first; more = replay.next()) {
        const count = Math.min(run.length, first - run.firstSequence);
        for (let i = 0; i < count; i++) yield run.row(i) as Row;
      }
    };
    bars.warmUp(rows(), oldest === 0 || (more ? Math.min(first, run.firstSequence) : first) > oldest, -Infinity);
  } finally {
    replay.close();
  }
}

function sourceOf(feed: string): ConstructorParameters<typeof FeedInput>[1] {
  return { feed, lost: 0, stopped: false, poll: () => undefined, ready: () => Promise.resolve(), close() {} };
}
