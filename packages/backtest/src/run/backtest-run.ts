/** One run of a strategy over history: the same handlers, bars, broker and order of records as live, without waiting for anything. */
import { type Clock, NS_PER_UNIT } from '@deepwater/core/engine';
import { FeedReplay, type LiveBars, MergedReplay, type ReplayFeed, type Run } from '@deepwater/query';
import {
  type Failure, FeedInput, Giving, HandlerCalls, HandlerError, type Handlers, type Market, MarketClock, type RecordSource, type Row, STAT, newStats, plainMetrics, positionAt,
} from '@deepwater/strategy/engine';
import { Account, ReplayedMarket } from './account.js';
import { BacktestContext } from './backtest-context.js';
import type { ReplayedFeed, RunOutcome, RunParams, RunPlan } from './payload.js';

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
class Cancelled extends Error {}

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
    this.#account = plan.broker === undefined ? undefined : new Account(plan.broker, plan, feeds.map(({ feed }) => ({ feed: feed.name, schema: feed.schema })), clock);
    this.#market = this.#account?.market ?? new ReplayedMarket(clock, undefined);
    for (const [index, { first }] of feeds.entries()) stats[positionAt(index)] = first;
    const visible = [
      ...feeds.map(({ feed }, index) => ({ source: feed.replayed.source, below: () => stats[positionAt(index)] as number })),
      ...plan.writes.filter(({ source: { spec } }) => !feeds.some(({ feed }) => feed.name === spec.name)).map(({ source, first }) => ({ source, below: () => first })),
    ];
    this.#context = new BacktestContext(plan, params, clock, this.#market.broker, visible, () => { this.#calls.stop(); });
    this.#calls = new HandlerCalls(handlers, this.#context, stats);
    this.#giving = new Giving(handlers, this.#calls, this.#context, stats, {
      dueAfter: (rows) => (this.#sinceLook += rows) >= ROWS_PER_LOOK,
    }, this.#market);
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
          this.#look();
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
      this.#look();
    }
  }

  /** Now and then. */
  #look(): void {
    if (this.#sinceLook < ROWS_PER_LOOK) return;
    this.#sinceLook = 0;
    if (this.cancelled()) throw new Cancelled();
    this.given(this.#stats[STAT.RECORDS] as number);
  }

  #outcome(): RunOutcome {
    const context = this.#context;
    const { counts = { fills: 0, trades: 0 }, ...traded } = this.#account?.close() ?? { fills: [], trades: [] };
    const failure = this.#calls.failures[0];
    this.given(this.#stats[STAT.RECORDS] as number);
    return {
      index: this.params.index, records: this.#stats[STAT.RECORDS] as number, bars: this.#stats[STAT.BARS] as number,
      ...traded, emitted: context.emitted, written: context.written, metrics: plainMetrics(context.metrics), logs: context.logs,
      counts: { ...counts, emitted: context.emittedCount, logs: context.logCount },
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

/** The beginning of a feed's replay in microseconds. */
function startMicros({ schema, replayed: { start } }: ReplayFeed): number {
  const { unit } = schema.clocks[0] as Clock;
  return Number((start * NS_PER_UNIT[unit]) / NS_PER_UNIT.us);
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

function sourceOf(feed: string): RecordSource {
  return { feed, lost: 0, stopped: false, poll: () => undefined, ready: () => Promise.resolve(), close() {} };
}
