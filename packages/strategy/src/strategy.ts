/** A strategy, as its owner in the main thread sees it. */
import { EventEmitter } from 'node:events';
import type { DeepwaterError } from '@deepwater/core/engine';
import { FeedHeads } from './feed-heads.js';
import type { Failure, StrategyInit, StrategyMessage } from './protocol.js';
import { within } from './within.js';
import type { StrategyHost } from './strategy-host.js';
import { deathOf, isFinal, notRunning, startError, strategyError, tooLate } from './strategy-error.js';
import type { StrategyLoss } from './strategy-module.js';
import { STAT } from './shared-stats.js';
import { type StrategyMetrics, type StrategyState, countsOf, placesOf } from './strategy-metrics.js';
import { type CheckedStrategyOptions, RESTART_DELAY_MS_MAX, STEADY_MS, copyOfParams } from './strategy-options.js';
import { READY_MS, StrategyThread } from './strategy-thread.js';
import { Telling } from './telling.js';

/** How a strategy ended. */
export interface StrategyEnd {
  readonly reason: 'stopped' | 'failed';
  /** Why it failed; also what `onStop` threw where it was stopped. */
  readonly error?: DeepwaterError;
}

interface StrategyEvents {
  /** A value that the strategy sent with `context.emit`. */
  emit: [value: unknown];
  /** It failed, or could not be stopped in time. Also logged; without a listener nothing else happens. */
  error: [error: DeepwaterError];
  /** A new thread has taken over, for the how manieth time. */
  restart: [count: number];
  /** Records were lost. */
  loss: [loss: StrategyLoss];
  /** It has ended for good. */
  stop: [end: StrategyEnd];
}

/** Time that a thread has for its part of `metrics()`. */
const ANSWER_MS = 200;

/** A module at work in a thread of its own. `platform.spawnStrategy` makes them. */
export class Strategy<P = unknown> extends EventEmitter<StrategyEvents> {
  readonly name: string;
  /** Settles when it has ended for good; never rejects. */
  readonly ended: Promise<StrategyEnd>;
  readonly #settleEnded: (end: StrategyEnd) => void;
  readonly #heads: FeedHeads;
  readonly #begun = performance.now();
  #state: StrategyState = 'starting';
  #thread: StrategyThread | undefined;
  #params: unknown;
  #custom: Readonly<Record<string, unknown>> = {};
  #restarts = 0;
  #inARow = 0;
  #errors = 0;
  #runningSince = 0;
  #delay: NodeJS.Timeout | undefined;
  #stopping: Promise<void> | undefined;
  readonly #telling = new Telling();

  /** Use `spawnStrategy`. */
  constructor(
    private readonly host: StrategyHost,
    private readonly init: Omit<StrategyInit, 'events' | 'params'>,
    private readonly options: CheckedStrategyOptions,
  ) {
    super();
    this.name = options.name;
    this.#heads = new FeedHeads((feed) => host.reader(feed));
    this.#params = options.params;
    let settle!: (end: StrategyEnd) => void;
    this.ended = new Promise((resolve) => { settle = resolve; });
    this.#settleEnded = settle;
  }

  get state(): StrategyState {
    return this.#state;
  }

  /** Starts its first thread. For `spawnStrategy`. @throws DeepwaterError DW_STRATEGY_INVALID, DW_STRATEGY_FAILED, DW_STRATEGY_TIMEOUT */
  async begin(): Promise<void> {
    try {
      await this.#start();
    } catch (error) {
      await this.#end({ reason: 'failed', error: error as DeepwaterError });
      throw error;
    }
    setImmediate(() => { this.#telling.begin(); });
  }

  /**
   * Stops it: the record that is being given is its last, `onStop` is called, its writers are closed. A handler that does not
   * return in `stopTimeoutMs` is ended with its thread. Resolves when all of that is done, also where it has ended already.
   */
  async stop(): Promise<void> {
    if (this.#state === 'stopped' || this.#state === 'failed') return;
    this.#stopping ??= this.#stop();
    await this.#stopping;
    await this.ended;
  }

  /**
   * Gives it other parameters: `context.params` are these from the next call of a handler on, and `onParams` is called. Resolves
   * when that has been done; where it is being restarted, at once: the next thread has them. They are copied.
   * @throws DeepwaterError DW_OPTION_INVALID, DW_STRATEGY_STOPPED, DW_STRATEGY_FAILED; what `onParams` throws, which ends it
   */
  async setParams(params: P): Promise<void> {
    const copy = copyOfParams(params);
    const thread = this.#thread;
    if (thread === undefined || this.#state !== 'running') {
      if (this.#state === 'restarting') {
        this.#params = copy;
        return;
      }
      throw notRunning(this.name, this.#state);
    }
    await thread.api.setParams(copy);
    this.#params = copy;
  }

  /** What it has done so far. Never waits for a handler. */
  async metrics(): Promise<StrategyMetrics> {
    const responding = await this.#askCustom();
    const feeds = this.init.feeds.map(({ feed }) => feed);
    return {
      state: this.#state, responding, restarts: this.#restarts, errors: this.#errors, upMs: performance.now() - this.#begun,
      ...countsOf(this.init.stats), feeds: placesOf(this.init.stats, feeds, (feed) => this.#heads.of(feed)), custom: this.#custom,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #askCustom(): Promise<boolean> {
    const thread = this.#thread;
    if (thread === undefined || this.#state !== 'running') return false;
    const custom = await within(ANSWER_MS, thread.api.metrics()).catch(() => undefined);
    if (custom !== undefined) this.#custom = custom;
    return custom !== undefined;
  }

  /** A thread, up to the end of `onStart`. @param up called before it is given records */
  async #start(up?: () => void): Promise<void> {
    const given = this.#params;
    const thread = new StrategyThread({ ...this.init, params: given }, (message) => { this.#heard(thread, message); });
    this.#thread = thread;
    this.#runningSince = 0;
    void thread.died.then((death) => {
      // In its own time: it failed to start, or it ended and was told to go.
      if (this.#thread === thread && this.#state === 'running') void this.#failed([deathOf(this.name, death)]);
    });
    const { startTimeoutMs } = this.options;
    try {
      if (await within(READY_MS, thread.ready.then(() => true)) === undefined) throw tooLate(this.name, 'come up', READY_MS);
      if (await within(startTimeoutMs, thread.api.start().then(() => true)) === undefined) throw tooLate(this.name, 'start', startTimeoutMs);
      this.#runningSince = performance.now();
    } catch (error) {
      await thread.terminate();
      this.#thread = undefined;
      throw startError(this.name, error);
    }
    // Who has stopped it in the meantime ends the thread, too.
    if (this.#state !== 'starting' && this.#state !== 'restarting') return;
    this.#state = 'running';
    up?.();
    // Other parameters may have been set in the meantime. Where it ends from here on, its last message or its death tells.
    thread.api.go(given === this.#params ? [] : [this.#params]).catch(() => {});
  }

  #heard(thread: StrategyThread, message: StrategyMessage): void {
    if (message.kind === 'emit' || message.kind === 'log') (this.init.stats[STAT.HEARD] as number)++;
    switch (message.kind) {
      case 'emit':
        this.#telling.tell(() => { this.emit('emit', message.value); });
        return;
      case 'log':
        this.host.event({ level: message.level, message: `${this.name}: ${message.message}`, values: { strategy: this.name, ...message.values } });
        return;
      case 'loss': {
        const { feed, from, to } = message;
        this.host.event({ level: 'warn', message: `${this.name}: records ${from} to ${to - 1} of feed ${feed} were lost`, values: { strategy: this.name, feed, from, to } });
        this.#telling.tell(() => { this.emit('loss', { feed, from, to }); });
        return;
      }
      case 'end':
        if (this.#thread === thread) void this.#threadEnded(message.failures);
    }
  }

  /** The thread has said its last word. */
  async #threadEnded(failures: readonly Failure[]): Promise<void> {
    const errors = failures.map((failure) => strategyError(this.name, failure));
    if (errors.length > 0 && this.#state !== 'stopping') {
      await this.#failed(errors);
      return;
    }
    for (const error of errors) this.#report(error);
    await this.#end({ reason: 'stopped', ...(errors[0] === undefined ? {} : { error: errors[0] }) });
  }

  async #failed(errors: readonly DeepwaterError[]): Promise<void> {
    const thread = this.#thread;
    const first = errors[0] as DeepwaterError;
    if (this.#runningSince > 0 && performance.now() - this.#runningSince >= STEADY_MS) this.#inARow = 0;
    const again = this.options.onError === 'restart' && this.#inARow < this.options.maxRestarts && !isFinal(first);
    this.#state = again ? 'restarting' : 'stopping';
    for (const error of errors) this.#report(error);
    await thread?.terminate();
    if (this.#thread === thread) this.#thread = undefined;
    // Somebody may have stopped it in the meantime: a listener, for one.
    if (this.#state !== 'restarting') {
      await this.#end({ reason: again ? 'stopped' : 'failed', error: first });
      return;
    }
    const delay = Math.min(RESTART_DELAY_MS_MAX, this.options.restartDelayMs * 2 ** this.#inARow);
    this.#inARow++;
    this.#delay = setTimeout(() => { void this.#restart(); }, delay);
  }

  async #restart(): Promise<void> {
    this.#delay = undefined;
    try {
      await this.#start(() => {
        const count = ++this.#restarts;
        this.host.event({ level: 'warn', message: `${this.name}: strategy restarted`, values: { strategy: this.name, restarts: count } });
        this.#telling.tell(() => { this.emit('restart', count); });
      });
    } catch (error) {
      if (this.#state === 'restarting') await this.#failed([error as DeepwaterError]);
      else await this.#end({ reason: 'failed', error: error as DeepwaterError });
    }
  }

  #report(error: DeepwaterError): void {
    this.#errors++;
    const { cause } = error;
    this.host.event({ level: 'error', message: error.message, values: { ...error.values, stack: cause instanceof Error ? cause.stack : error.stack } });
    // An 'error' event that nobody listens to would end the process, and the other strategies with it.
    this.#telling.tell(() => { if (this.listenerCount('error') > 0) this.emit('error', error); });
  }

  async #stop(): Promise<void> {
    const { stopTimeoutMs } = this.options;
    const wasWaiting = this.#delay !== undefined;
    clearTimeout(this.#delay);
    this.#delay = undefined;
    const running = this.#state === 'running';
    this.#state = 'stopping';
    const thread = this.#thread;
    if (wasWaiting || thread === undefined) {
      await this.#end({ reason: 'stopped' });
      return;
    }
    void thread.api.stop().catch(() => {}); // its death is noticed below
    const how = await within(running ? stopTimeoutMs : 0, Promise.race([this.ended, thread.died]));
    // Its last message has been heard, and its thread was ended because of that.
    if (how !== undefined && ('reason' in how || how.expected)) return;
    await thread.terminate();
    const error = how === undefined ? tooLate(this.name, 'stop', stopTimeoutMs) : deathOf(this.name, how);
    if (running) this.#report(error);
    await this.#end({ reason: 'stopped', ...(running ? { error } : {}) });
  }

  async #end(end: StrategyEnd): Promise<void> {
    const thread = this.#thread;
    this.#thread = undefined;
    await thread?.terminate();
    const failures = await this.host.release(this.init.writers.map(({ feed }) => feed));
    for (const failure of failures) this.host.event({ level: 'error', message: `${this.name}: ${failure.message}`, values: { strategy: this.name } });
    await this.#heads.close();
    if (this.#state === 'stopped' || this.#state === 'failed') return;
    this.#state = end.reason;
    this.#settleEnded(end);
    this.host.event({
      level: end.reason === 'failed' ? 'error' : 'info', message: `${this.name}: strategy ${end.reason}`, values: { strategy: this.name },
    });
    this.#telling.tell(() => { this.emit('stop', end); });
  }
}
