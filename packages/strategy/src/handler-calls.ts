/** Calls of a strategy's handlers, and what becomes of those that fail. */
import { serializeError } from '@deepwater/core/engine';
import type { StrategyContext } from './context.js';
import type { Failure, Phase } from './protocol.js';
import { STAT } from './shared-stats.js';
import type { HandlerName, Handlers, StrategyEnding } from './strategy-module.js';

type AnyHandler = (...args: unknown[]) => unknown;

/** Thrown where the failure has been noted already. */
export class HandlerError extends Error {}

export class HandlerCalls {
  readonly failures: Failure[] = [];
  /** Nothing more is to be given. */
  stopping = false;
  /** Ends whatever the strategy sleeps for. */
  wake: (() => void) | undefined;
  #ending: StrategyEnding = { reason: 'stopped' };
  #interrupt: ((error: HandlerError) => void) | undefined;

  constructor(private readonly handlers: Handlers, private readonly context: StrategyContext, private readonly stats: Float64Array) {}

  /** What `onStop` is told. */
  get ending(): StrategyEnding {
    return this.#ending;
  }

  /** @returns its promise, where it gives one. @throws HandlerError */
  handle(phase: 'onRecord' | 'onBatch' | 'onBar' | 'onFill', given: unknown, feed: string, sequence: number): PromiseLike<unknown> | undefined {
    if (phase === 'onBar') (this.stats[STAT.BARS] as number)++;
    try {
      const result = (this.handlers[phase] as AnyHandler)(given, this.context);
      if (result === undefined || !isThenable(result)) return undefined;
      return result.then(undefined, (error: unknown) => { throw this.failed(phase, error, feed, sequence); });
    } catch (error) {
      throw this.failed(phase, error, feed, sequence);
    }
  }

  /** Calls a handler that is called seldom, where there is one. @throws what it throws */
  async call(name: HandlerName, ...args: unknown[]): Promise<void> {
    await (this.handlers[name] as AnyHandler | undefined)?.(...args);
  }

  /** Waits for a handler; no longer, where something else of the strategy fails meanwhile: it may wait for just that. */
  async settle(waiting: PromiseLike<unknown>): Promise<void> {
    try {
      await new Promise((resolve, reject) => {
        this.#interrupt = reject;
        waiting.then(resolve, reject);
      });
    } finally {
      this.#interrupt = undefined;
    }
  }

  stop(): void {
    this.stopping = true;
    this.wake?.();
  }

  /** Ends the strategy because of an error. */
  fail(phase: Phase, error: unknown, feed?: string, sequence?: number): void {
    if (this.#ending.reason === 'stopped') this.#ending = { reason: 'failed', error };
    this.failures.push({ phase, error: serializeError(error), ...(feed === undefined ? {} : { feed }), ...(sequence === undefined ? {} : { sequence }) });
    this.stop();
    this.#interrupt?.(new HandlerError());
  }

  failed(phase: Phase, error: unknown, feed?: string, sequence?: number): HandlerError {
    this.fail(phase, error, feed, sequence);
    return new HandlerError();
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}
