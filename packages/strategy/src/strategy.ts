/** A strategy, as its owner in the main thread sees it. */
import { EventEmitter } from 'node:events';
import type { DeepwaterError } from '@deepwater/core/engine';
import type { FeedReader } from '@deepwater/query';
import type { Failure, StrategyInit, StrategyMessage } from './protocol.js';
import { within } from './within.js';
import type { StrategyHost } from './strategy-host.js';
import { deathOf, isFinal, notRunning, startError, strategyError, tooLate } from './strategy-error.js';
import type { StrategyLoss } from './strategy-module.js';
import { type StrategyMetrics, type StrategyState, countsOf, placesOf } from './strategy-metrics.js';
import { type CheckedStrategyOptions, RESTART_DELAY_MS_MAX, STEADY_MS, checkParams } from './strategy-options.js';
import { StrategyThread } from './strategy-thread.js';

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
  readonly #readers = new Map<string, FeedReader>();
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
  /** The last message of a thread that ended before its start was answered. */
  #lastWord: readonly Failure[] | undefined;
  #stopping: Promise<void> | undefined;
  /** What is to be told once `spawnStrategy` has returned and its caller can have listeners. */
  #untold: (() => void)[] | undefined = [];

  /** Use `spawnStrategy`. */
  constructor(
    private readonly host: StrategyHost,
    private readonly init: Omit<StrategyInit, 'events' | 'params'>,
    private readonly options: CheckedStrategyOptions,
  ) {
    super();
    this.name = options.name;
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
    this.#hearLastWord();
    setImmediate(() => {
      const untold = this.#untold ?? [];
      this.#untold = undefined;
      for (const tell of untold) tell();
    });
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
   * when that has been done. They hold for its restarts, too.
   * @throws DeepwaterError DW_OPTION_INVALID, DW_STRATEGY_STOPPED, DW_STRATEGY_FAILED; what `onParams` throws, which ends it
   */
  async setParams(params: P): Promise<void> {
    checkParams(params);
    const thread = this.#thread;
    if (thread === undefined || this.#state !== 'running') {
      if (this.#state === 'restarting') {
        this.#params = params;
        return;
      }
      throw notRunning(this.name, this.#state);
    }
    await thread.api.setParams(params);
    this.#params = params;
  }

  /** What it has done so far. Never waits for a handler. */
  async metrics(): Promise<StrategyMetrics> {
    const responding = await this.#askCustom();
    const feeds = this.init.feeds.map(({ feed }) => feed);
    return {
      state: this.#state, responding, restarts: this.#restarts, errors: this.#errors, upMs: performance.now() - this.#begun,
      ...countsOf(this.init.stats), feeds: placesOf(this.init.stats, feeds, (feed) => this.#headOf(feed)), custom: this.#custom,
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

  /** A thread, up to the end of `onStart`. */
  async #start(): Promise<void> {
    const thread = new StrategyThread({ ...this.init, params: this.#params }, (message) => { this.#heard(thread, message); });
    this.#thread = thread;
    void thread.died.then((death) => {
      // In its own time: it failed to start, or it ended and was told to go.
      if (this.#thread === thread && this.#state === 'running') void this.#failed([deathOf(this.name, death)]);
    });
    const { startTimeoutMs } = this.options;
    try {
      if (await within(startTimeoutMs, thread.api.start().then(() => true)) === undefined) throw tooLate(this.name, 'start', startTimeoutMs);
      this.#runningSince = performance.now();
      // It may have been stopped in the meantime, and may have sent its last message already.
      if (this.#state === 'starting' || this.#state === 'restarting') this.#state = 'running';
    } catch (error) {
      await thread.terminate();
      this.#thread = undefined;
      throw startError(this.name, error);
    }
  }

  #heard(thread: StrategyThread, message: StrategyMessage): void {
    switch (message.kind) {
      case 'emit':
        this.#tell(() => { this.emit('emit', message.value); });
        return;
      case 'log':
        this.host.event({ level: message.level, message: `${this.name}: ${message.message}`, values: { strategy: this.name, ...message.values } });
        return;
      case 'loss': {
        const { feed, from, to } = message;
        this.host.event({ level: 'warn', message: `${this.name}: records ${from} to ${to - 1} of feed ${feed} were lost`, values: { strategy: this.name, feed, from, to } });
        this.#tell(() => { this.emit('loss', { feed, from, to }); });
        return;
      }
      case 'end':
        if (this.#thread !== thread) return;
        if (this.#state === 'starting' || this.#state === 'restarting') this.#lastWord = message.failures;
        else void this.#threadEnded(message.failures);
    }
  }

  #hearLastWord(): void {
    const lastWord = this.#lastWord;
    this.#lastWord = undefined;
    if (lastWord !== undefined) void this.#threadEnded(lastWord);
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
    if (performance.now() - this.#runningSince >= STEADY_MS) this.#inARow = 0;
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
      await this.#start();
    } catch (error) {
      if (this.#state === 'restarting') await this.#failed([error as DeepwaterError]);
      else await this.#end({ reason: 'failed', error: error as DeepwaterError });
      return;
    }
    this.#restarts++;
    this.host.event({ level: 'warn', message: `${this.name}: strategy restarted`, values: { strategy: this.name, restarts: this.#restarts } });
    const count = this.#restarts;
    this.#tell(() => { this.emit('restart', count); });
    this.#hearLastWord();
  }

  #report(error: DeepwaterError): void {
    this.#errors++;
    const { cause } = error;
    this.host.event({ level: 'error', message: error.message, values: { ...error.values, stack: cause instanceof Error ? cause.stack : error.stack } });
    // An 'error' event that nobody listens to would end the process, and the other strategies with it.
    this.#tell(() => { if (this.listenerCount('error') > 0) this.emit('error', error); });
  }

  #tell(event: () => void): void {
    if (this.#untold === undefined) event();
    else this.#untold.push(event);
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
    await Promise.all([...this.#readers.values()].map((reader) => reader.close()));
    if (this.#state === 'stopped' || this.#state === 'failed') return;
    this.#state = end.reason;
    this.host.event({
      level: end.reason === 'failed' ? 'error' : 'info', message: `${this.name}: strategy ${end.reason}`, values: { strategy: this.name },
    });
    this.#settleEnded(end);
    this.#tell(() => { this.emit('stop', end); });
  }

  /** Sequence number of the record that is published next; undefined where nobody can tell. */
  #headOf(feed: string): number | undefined {
    if (this.#state === 'stopped' || this.#state === 'failed') return undefined;
    let reader = this.#readers.get(feed);
    if (reader === undefined) this.#readers.set(feed, (reader = this.host.reader(feed)));
    return reader.activity().next;
  }
}
