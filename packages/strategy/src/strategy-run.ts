/** A strategy at work in its thread: finds the next records, has them given, and lets the event loop run in between. */
import type { LostRange } from '@deepwater/query';
import { WAIT_STRATEGIES } from '@deepwater/ring';
import { marketOf } from './broker/market.js';
import { RunningContext } from './context.js';
import type { FeedInput, FeedInputs } from './feed-inputs.js';
import { followFeeds } from './follow-feeds.js';
import { Giving } from './giving.js';
import { HandlerCalls, HandlerError } from './handler-calls.js';
import type { Failure, Phase, StrategyInit } from './protocol.js';
import { onStartError, notRunning } from './strategy-error.js';
import { positionAt } from './shared-stats.js';
import type { Handlers } from './strategy-module.js';
import { Turns } from './turns.js';

/** Looks at feeds before the thread sleeps, by wait strategy `spin-then-park`; at all of them once at least. */
const SPIN_LOOKS = 100;
/**
 * To be woken by any of many feeds means to say so to each of them, and a wake-up for each of their publishers. As long as there
 * is something every few milliseconds it is cheaper to look at them once a millisecond.
 */
const MANY_FEEDS = 16;
const PAUSE_MS = 1;
/** After so many pauses in vain it sleeps until it is woken. */
const PAUSES_MAX = 20;
/** Looks between two at the clock, less one. */
const LOOK_MASK = 63;

interface NewParams {
  readonly params: unknown;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

export class StrategyRun {
  readonly context: RunningContext;
  readonly #calls: HandlerCalls;
  readonly #giving: Giving;
  readonly #turns: Turns;
  readonly #inputs: FeedInputs;
  readonly #losses: { readonly index: number; readonly range: LostRange }[] = [];
  #params: NewParams | undefined;
  /** Why one of the feeds cannot be waited for. */
  #feedError: Error | undefined;
  /** For all waits: a feed that is armed when a wait begins calls the function that it was given earlier. */
  readonly #woken = (error?: unknown): void => {
    this.#feedError ??= error as Error | undefined;
    this.#calls.wake?.();
  };
  #pauses = 0;
  readonly #stopped = (): boolean => this.#calls.stopping;

  /** Follows the feeds from here on. @throws DeepwaterError of `subscribe` and `attachWriter` */
  constructor(private readonly init: StrategyInit, private readonly handlers: Handlers) {
    const market = init.broker === undefined ? undefined : marketOf(init.broker, init.feeds.map(({ source }) => source.spec));
    this.context = new RunningContext(init, () => { this.stop(); }, market?.broker);
    this.#turns = new Turns(init.stats);
    this.#calls = new HandlerCalls(handlers, this.context, init.stats);
    this.#giving = new Giving(handlers, this.#calls, this.context, init.stats, this.#turns, market);
    this.#inputs = followFeeds(init, handlers, (index, range) => {
      this.#losses.push({ index, range });
    });
    try {
      this.context.attachWriters();
    } catch (error) {
      this.#inputs.close();
      throw error;
    }
  }

  /** Calls `onStart`. @throws DeepwaterError DW_STRATEGY_FAILED where it throws, after everything has been closed */
  async begin(): Promise<void> {
    try {
      await this.#calls.call('onStart', this.context);
    } catch (error) {
      await this.#close();
      throw onStartError(this.init.name, error);
    }
  }

  /** Gives records until it is stopped or a handler throws, then calls `onStop`. @returns what was thrown */
  async finish(): Promise<readonly Failure[]> {
    const calls = this.#calls;
    const turns = this.#turns;
    let input: FeedInput | undefined;
    try {
      turns.begin();
      while (!calls.stopping) {
        if (this.#params !== undefined) await calls.settle(this.#applyParams());
        input = undefined;
        input = this.#inputs.next();
        if (this.#losses.length > 0) await calls.settle(this.#tellLosses());
        // Somebody may have had something to say meanwhile. The records stay where they are.
        if (calls.stopping || this.#params !== undefined) continue;
        if (input !== undefined) this.#pauses = 0;
        const waiting = input === undefined ? this.#idle() : this.#giving.give(input, this.#inputs.until);
        if (waiting !== undefined) await calls.settle(waiting);
        if (waiting === undefined ? turns.foundDue : turns.due) await turns.yield(this.#stopped);
      }
    } catch (error) {
      // Of handlers the phase is known; what is thrown elsewhere comes from a feed.
      if (!(error instanceof HandlerError)) this.fail('feed', error, input?.feed);
    }
    this.context.feed = '';
    this.context.abort();
    this.#params?.failed(notRunning(this.init.name, 'ending'));
    await calls.call('onStop', this.context, calls.ending).catch((error: unknown) => { this.fail('onStop', error); });
    await this.#close();
    return calls.failures;
  }

  stop(): void {
    this.#calls.stop();
  }

  setParams(params: unknown): Promise<void> {
    return new Promise((done, failed) => {
      if (this.#calls.stopping) {
        failed(notRunning(this.init.name, 'ending'));
        return;
      }
      // Of two that come at once the later one counts, and has been applied when it returns.
      const before = this.#params;
      this.#params = { params, done: () => { before?.done(); done(); }, failed: (error) => { before?.failed(error); failed(error); } };
      this.#calls.wake?.();
    });
  }

  /** Ends it because of an error. */
  fail(phase: Phase, error: unknown, feed?: string): void {
    this.#calls.fail(phase, error, feed);
  }

  async #tellLosses(): Promise<void> {
    const { init: { events, feeds, stats }, context } = this;
    const losses = this.#losses.splice(0).map(({ index, range }) => ({ index, loss: { feed: (feeds[index] as { feed: string }).feed, ...range } }));
    for (const { index, loss } of losses) {
      events.postMessage({ kind: 'loss', ...loss });
      this.#inputs.inputs[index]?.bars?.lose();
      // A successor is not told again.
      stats[positionAt(index)] = Math.max(stats[positionAt(index)] as number, loss.to);
    }
    for (const { loss } of losses) {
      context.feed = loss.feed;
      try {
        await this.#calls.call('onLoss', loss, context);
      } catch (error) {
        throw this.#calls.failed('onLoss', error, loss.feed, loss.from);
      }
    }
  }

  async #applyParams(): Promise<void> {
    const { params, done, failed } = this.#params as NewParams;
    this.#params = undefined;
    this.context.params = params;
    this.context.feed = '';
    try {
      await this.#calls.call('onParams', params, this.context);
    } catch (error) {
      failed(error);
      throw this.#calls.failed('onParams', error);
    }
    done();
  }

  /** Nothing there: looks a few times more, then sleeps until something comes. The event loop runs. */
  async #idle(): Promise<void> {
    const calls = this.#calls;
    const turns = this.#turns;
    const { inputs, over } = this.#inputs;
    if (over) {
      this.stop();
      return;
    }
    const { spins } = WAIT_STRATEGIES[this.init.wait];
    const looks = spins === Infinity ? Infinity : spins > 0 ? Math.ceil(SPIN_LOOKS / inputs.length) : 0;
    for (let look = 1; look <= looks; look++) {
      if (this.#inputs.look()) return;
      if ((look & LOOK_MASK) !== 0 || !turns.due) continue;
      await turns.yield(this.#stopped);
      if (calls.stopping || this.#params !== undefined) return;
    }
    turns.end();
    const pause = inputs.length >= MANY_FEEDS && this.#pauses++ < PAUSES_MAX;
    await new Promise<void>((resolve) => {
      calls.wake = resolve;
      if (pause) setTimeout(resolve, PAUSE_MS);
      else for (const input of inputs) input.arm(this.#woken);
    });
    calls.wake = undefined;
    if (this.#feedError !== undefined) throw this.#feedError;
    turns.begin();
  }

  async #close(): Promise<void> {
    this.#inputs.close();
    for (const error of await this.context.close()) this.fail('onStop', error);
  }
}
