/** A strategy at work in its thread: finds the next records, calls the handlers, and lets the event loop run in between. */
import { serializeError } from '@deepwater/core/engine';
import type { LiveBars, Run } from '@deepwater/query';
import { WAIT_STRATEGIES } from '@deepwater/ring';
import { RunningContext } from './context.js';
import type { FeedInput, FeedInputs } from './feed-inputs.js';
import { followFeeds } from './follow-feeds.js';
import type { Failure, Phase, StrategyInit } from './protocol.js';
import { notRunning } from './strategy-error.js';
import { STAT, lostAt, positionAt } from './shared-stats.js';
import type { HandlerName, Handlers, StrategyEnding } from './strategy-module.js';

/** Work between two turns of the event loop: what messages, timers and promises of the strategy wait at most. */
const TURN_MS = 2;
/** Records between two looks at the clock, less one. */
const LOOK_MASK = 63;
/** Looks at the feeds before the thread sleeps, by wait strategy `spin-then-park`. */
const SPIN_LOOKS = 100;

type AnyHandler = (...args: unknown[]) => unknown;

interface NewParams {
  readonly params: unknown;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

export class StrategyRun {
  readonly context: RunningContext;
  readonly #inputs: FeedInputs;
  readonly #stats: Float64Array;
  readonly #failures: Failure[] = [];
  readonly #losses: { feed: string; from: number; to: number }[] = [];
  #stopping = false;
  #error: unknown;
  #params: NewParams | undefined;
  #wake: (() => void) | undefined;
  /** Why one of the feeds cannot be waited for. */
  #feedError: Error | undefined;
  /** For all waits: a feed that is armed when a wait begins calls the function that it was given earlier. */
  readonly #woken = (error?: unknown): void => {
    this.#feedError ??= error as Error | undefined;
    this.#wake?.();
  };
  #turnStart = 0;
  #records = 0;

  /** Follows the feeds from here on. @throws DeepwaterError of `subscribe` and `attachWriter` */
  constructor(private readonly init: StrategyInit, private readonly handlers: Handlers) {
    this.#stats = init.stats;
    this.context = new RunningContext(init, () => { this.stop(); });
    this.#inputs = followFeeds(init, handlers, (feed, { from, to }) => { this.#losses.push({ feed, from, to }); });
    try {
      this.context.attachWriters();
    } catch (error) {
      this.#inputs.close();
      throw error;
    }
  }

  /** Calls `onStart`. @throws what it throws, after everything has been closed */
  async begin(): Promise<void> {
    try {
      await this.#call('onStart', this.context);
    } catch (error) {
      await this.#close();
      throw error;
    }
  }

  /** Gives records until it is stopped or a handler throws, then calls `onStop`. @returns what was thrown */
  async finish(): Promise<readonly Failure[]> {
    let input: FeedInput | undefined;
    try {
      this.#turnStart = performance.now();
      while (!this.#stopping) {
        if (this.#params !== undefined) await this.#applyParams();
        input = undefined;
        input = this.#inputs.next();
        if (this.#losses.length > 0) await this.#tellLosses();
        const waiting = input === undefined ? this.#idle() : this.#give(input);
        if (waiting !== undefined) await waiting;
      }
    } catch (error) {
      // Of handlers the phase is known; what is thrown elsewhere comes from a feed.
      if (!(error instanceof HandlerError)) this.fail('feed', error, input?.feed);
    }
    this.context.feed = '';
    this.context.abort();
    this.#params?.failed(notRunning(this.init.name, 'ending'));
    const ending: StrategyEnding = this.#error === undefined ? { reason: 'stopped' } : { reason: 'failed', error: this.#error };
    await this.#call('onStop', this.context, ending).catch((error: unknown) => { this.fail('onStop', error); });
    await this.#close();
    return this.#failures;
  }

  stop(): void {
    this.#stopping = true;
    this.#wake?.();
  }

  setParams(params: unknown): Promise<void> {
    return new Promise((done, failed) => {
      if (this.#stopping) {
        failed(notRunning(this.init.name, 'ending'));
        return;
      }
      // Of two that come at once the later one counts, and has been applied when it returns.
      const before = this.#params;
      this.#params = { params, done: () => { before?.done(); done(); }, failed: (error) => { before?.failed(error); failed(error); } };
      this.#wake?.();
    });
  }

  /** Ends it because of an error. */
  fail(phase: Phase, error: unknown, feed?: string, sequence?: number): void {
    this.#error ??= error;
    this.#failures.push({ phase, error: serializeError(error), ...(feed === undefined ? {} : { feed }), ...(sequence === undefined ? {} : { sequence }) });
    this.stop();
  }

  /** Gives some of the records of an input. @returns what to wait for before more are given: a handler, or the event loop */
  #give(input: FeedInput): PromiseLike<unknown> | undefined {
    const run = input.run as Run;
    this.context.feed = input.feed;
    (this.#stats[STAT.RUNS] as number)++;
    this.#stats[lostAt(input.index)] = input.subscription.lost;
    return this.handlers.onBatch === undefined ? this.#giveRecords(input, run) : this.#giveRun(input, run);
  }

  #giveRecords(input: FeedInput, run: Run): PromiseLike<unknown> | undefined {
    const { handlers: { onRecord } } = this;
    const { until } = this.#inputs;
    const { bars, index } = input;
    const stats = this.#stats;
    while (input.at < until && !this.#stopping) {
      const row = run.row(input.at++);
      // Before the call: what kills the strategy is not given to its successor again.
      stats[positionAt(index)] = row.sequence + 1;
      (stats[STAT.RECORDS] as number)++;
      const bar = bars?.add(row as Readonly<Record<string, unknown>>);
      if (bar !== undefined) {
        const waiting = this.#handle('onBar', bar, input.feed, row.sequence);
        if (waiting !== undefined) return this.#afterBar(waiting, input, run);
      }
      const waiting = onRecord === undefined ? undefined : this.#handle('onRecord', row, input.feed, row.sequence);
      if (waiting !== undefined) return waiting;
      if ((++this.#records & LOOK_MASK) === 0 && performance.now() - this.#turnStart >= TURN_MS) return this.#yield();
    }
    return undefined;
  }

  /** The record that completed a bar, once `onBar` is done with that. */
  async #afterBar(waiting: PromiseLike<unknown>, input: FeedInput, run: Run): Promise<void> {
    await waiting;
    if (this.#stopping || this.handlers.onRecord === undefined) return;
    const row = run.row(input.at - 1);
    await this.#handle('onRecord', row, input.feed, row.sequence);
  }

  #giveRun(input: FeedInput, run: Run): PromiseLike<unknown> | undefined {
    const { firstSequence, length } = run;
    this.#stats[positionAt(input.index)] = firstSequence + length;
    (this.#stats[STAT.RECORDS] as number) += length;
    input.at = length;
    if (input.bars !== undefined) return this.#giveBars(input.bars, input, run);
    const waiting = this.#handle('onBatch', run, input.feed, firstSequence);
    return waiting === undefined && performance.now() - this.#turnStart >= TURN_MS ? this.#yield() : waiting;
  }

  /** The bars that a run completes, then the run. */
  async #giveBars(bars: LiveBars, input: FeedInput, run: Run): Promise<void> {
    for (let i = 0; i < run.length && !this.#stopping; i++) {
      const bar = bars.add(run.row(i) as Readonly<Record<string, unknown>>);
      if (bar !== undefined) await this.#handle('onBar', bar, input.feed, run.firstSequence + i);
    }
    if (!this.#stopping) await this.#handle('onBatch', run, input.feed, run.firstSequence);
    if (performance.now() - this.#turnStart >= TURN_MS) await this.#yield();
  }

  /** Calls a handler with a record, run or bar. @returns its promise, where it gives one. @throws HandlerError */
  #handle(phase: 'onRecord' | 'onBatch' | 'onBar', given: unknown, feed: string, sequence: number): PromiseLike<unknown> | undefined {
    if (phase === 'onBar') (this.#stats[STAT.BARS] as number)++;
    try {
      const result = (this.handlers[phase] as AnyHandler)(given, this.context);
      if (result === undefined || !isThenable(result)) return undefined;
      return result.then(undefined, (error: unknown) => { throw this.#failed(phase, error, feed, sequence); });
    } catch (error) {
      throw this.#failed(phase, error, feed, sequence);
    }
  }

  async #tellLosses(): Promise<void> {
    for (const loss of this.#losses.splice(0)) {
      this.init.events.postMessage({ kind: 'loss', ...loss });
      this.context.feed = loss.feed;
      try {
        await this.#call('onLoss', loss, this.context);
      } catch (error) {
        throw this.#failed('onLoss', error, loss.feed, loss.from);
      }
    }
  }

  async #applyParams(): Promise<void> {
    const { params, done, failed } = this.#params as NewParams;
    this.#params = undefined;
    this.context.params = params;
    this.context.feed = '';
    try {
      await this.#call('onParams', params, this.context);
    } catch (error) {
      failed(error);
      throw this.#failed('onParams', error);
    }
    done();
  }

  /** Calls a handler that is called seldom. */
  async #call(name: HandlerName, ...args: unknown[]): Promise<void> {
    await (this.handlers[name] as AnyHandler | undefined)?.(...args);
  }

  #failed(phase: Phase, error: unknown, feed?: string, sequence?: number): HandlerError {
    this.fail(phase, error, feed, sequence);
    return new HandlerError();
  }

  /** Nothing there: looks a few times more, then sleeps until something comes. The event loop runs. */
  async #idle(): Promise<void> {
    if (this.#inputs.over) {
      this.stop();
      return;
    }
    const { spins } = WAIT_STRATEGIES[this.init.wait];
    const looks = spins === Infinity ? Infinity : spins > 0 ? SPIN_LOOKS : 0;
    for (let look = 1; look <= looks; look++) {
      for (const input of this.#inputs.inputs) if (input.take()) return;
      if ((look & LOOK_MASK) !== 0 || performance.now() - this.#turnStart < TURN_MS) continue;
      await this.#yield();
      if (this.#stopping || this.#params !== undefined) return;
    }
    this.#endTurn();
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      for (const input of this.#inputs.inputs) input.arm(this.#woken);
    });
    this.#wake = undefined;
    if (this.#feedError !== undefined) throw this.#feedError;
    this.#turnStart = performance.now();
  }

  async #yield(): Promise<void> {
    this.#endTurn();
    await new Promise<void>((resume) => { setImmediate(resume); });
    this.#turnStart = performance.now();
  }

  #endTurn(): void {
    (this.#stats[STAT.BUSY_MS] as number) += performance.now() - this.#turnStart;
  }

  async #close(): Promise<void> {
    this.#inputs.close();
    for (const error of await this.context.close()) this.fail('onStop', error);
  }
}

/** Thrown where the failure has been noted already. */
class HandlerError extends Error {}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}
