import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { type Service, type ThreadDeath, spawnService } from '@deepwater/core/engine';
import type { StrategyInit, StrategyMessage, StrategyService } from './protocol.js';
import { within } from './within.js';

/** Time that a thread has to come up: many may be waiting for a processor. */
export const READY_MS = 60_000;

/** One thread of a strategy: calls go through Comlink, what it has to say comes as messages, in order. */
export class StrategyThread {
  readonly #service: Service<StrategyService>;
  /** Its own code is loaded. */
  readonly ready: Promise<void>;
  /** Settles when it has ended and everything that it said has been heard. */
  readonly died: Promise<ThreadDeath>;

  constructor(init: Omit<StrategyInit, 'events'>, heard: (message: StrategyMessage) => void) {
    const { port1, port2 } = new MessageChannel();
    this.#service = spawnService<StrategyService>(new URL('./strategy-worker.js', import.meta.url), {
      deadCode: 'DW_STRATEGY_FAILED', unref: false, name: `deepwater-strategy-${init.name}`.slice(0, 60),
      workerData: { ...init, events: port2 }, transferList: [port2],
    });
    this.ready = this.#service.api.ready();
    this.ready.catch(() => {}); // whoever waits for it is told
    let ended = false;
    const hear = (message: StrategyMessage): void => {
      // Timers of the strategy go on until its thread is ended; they have nothing to say any more.
      if (ended) return;
      ended = message.kind === 'end';
      heard(message);
    };
    port1.on('message', hear);
    this.died = this.#service.threadDied.then((death) => {
      // The port is another one than that by which the end was told, and may be behind it.
      for (let last = receiveMessageOnPort(port1); last !== undefined; last = receiveMessageOnPort(port1)) hear((last as { message: StrategyMessage }).message);
      port1.close();
      return death;
    });
  }

  get api(): Service<StrategyService>['api'] {
    return this.#service.api;
  }

  /** Ends it at once; but not while it loads native code, which would take the whole process along. */
  async terminate(): Promise<void> {
    await within(READY_MS, Promise.race([this.ready.catch(() => {}), this.died]));
    await this.#service.terminate();
    await this.died;
  }
}
