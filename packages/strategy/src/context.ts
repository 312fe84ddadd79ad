import type { MessagePort } from 'node:worker_threads';
import { type AttachedWriter, attachWriter } from '@deepwater/ingest';
import { FeedReader } from '@deepwater/query';
import type { StrategyInit, StrategyMessage } from './protocol.js';
import type { Broker } from './broker/broker.js';
import { noBroker } from './broker/paper-broker.js';
import { copied } from './copied.js';
import { randomNumbers } from './random.js';
import { STAT } from './shared-stats.js';
import { notCopyable, unknownFeed } from './strategy-error.js';

export type LogValues = Readonly<Record<string, unknown>>;

/** What a strategy can do besides being called. */
export interface StrategyContext<P = unknown> {
  /** Name of the strategy. */
  readonly name: string;
  /** As given to `spawnStrategy`, or to the last `setParams`. */
  readonly params: P;
  /** Names of the feeds that it follows. */
  readonly feeds: readonly string[];
  /** The feed that the record, run or bar of the present call comes from; empty in `onStart`, `onParams` and `onStop`. */
  readonly feed: string;
  /** Numbers and texts of the strategy's own that `strategy.metrics()` shows. */
  readonly metrics: Record<string, number | bigint | string | boolean>;
  /** Goes to the log of the store and to the platform's `onEvent`. */
  readonly log: Readonly<Record<'debug' | 'info' | 'warn' | 'error', (message: string, values?: LogValues) => void>>;
  /** Aborted when the strategy comes to its end: for what it awaits. */
  readonly signal: AbortSignal;
  /** Microseconds since 1970: the time of the wall clock. (In a backtest it is the time of the records.) */
  now(): number;
  /** A number in [0, 1) that depends on the `seed` alone: the same strategy on the same records draws the same ones. */
  random(): number;
  /**
   * A broker on paper, where one was asked for with `broker`. Its time is that of the records, live as well.
   * @throws DeepwaterError DW_BROKER_MISSING where none was
   */
  readonly broker: Broker;
  /** A reader of a feed that it follows or writes: history to begin with. @throws DeepwaterError DW_FEED_UNKNOWN */
  reader(feed: string): FeedReader;
  /** The writer of a feed named in `writes`. @throws DeepwaterError DW_FEED_UNKNOWN */
  writer(feed: string): AttachedWriter;
  /**
   * Sends a value to whoever listens to the strategy's `emit` event. It is copied (structured clone); records, runs, and objects
   * and lists of them become plain objects. Where the owner does not keep up, records wait. @throws DeepwaterError DW_VALUE_TYPE
   */
  emit(value: unknown): void;
  /** Ends the strategy after the present call. */
  stop(): void;
}

/** The context of a strategy in its thread, and what has to be closed with it. */
export class RunningContext implements StrategyContext {
  readonly name: string;
  readonly feeds: readonly string[];
  readonly metrics: Record<string, number | bigint | string | boolean> = {};
  readonly log: StrategyContext['log'];
  params: unknown;
  feed = '';
  readonly random: () => number;
  readonly #ending = new AbortController();
  readonly #events: MessagePort;
  readonly #writers = new Map<string, AttachedWriter>();
  readonly #readers = new Map<string, FeedReader>();

  constructor(private readonly init: StrategyInit, private readonly onStop: () => void, private readonly paperBroker?: Broker) {
    this.name = init.name;
    this.feeds = init.feeds.map(({ feed }) => feed);
    this.params = init.params;
    this.random = randomNumbers(init.seed, 0);
    this.#events = init.events;
    const logger = (level: 'debug' | 'info' | 'warn' | 'error') => (message: string, values?: LogValues): void => {
      this.#send({ kind: 'log', level, message: String(message), ...(values === undefined ? {} : { values: copied(values) as LogValues }) }, 'log');
    };
    this.log = { debug: logger('debug'), info: logger('info'), warn: logger('warn'), error: logger('error') };
  }

  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  now(): number {
    return Date.now() * 1000;
  }

  get broker(): Broker {
    return this.paperBroker ?? noBroker(this.name);
  }

  reader(feed: string): FeedReader {
    let reader = this.#readers.get(feed);
    if (reader === undefined) {
      const source = [...this.init.feeds.map((handle) => handle.source), ...this.init.written].find(({ spec }) => spec.name === feed);
      if (source === undefined) throw unknownFeed(this.name, 'reader', feed, [...this.feeds, ...this.init.written.map(({ spec }) => spec.name)], 'spawnStrategy');
      this.#readers.set(feed, (reader = new FeedReader(source)));
    }
    return reader;
  }

  writer(feed: string): AttachedWriter {
    const writer = this.#writers.get(feed);
    if (writer !== undefined) return writer;
    throw unknownFeed(this.name, 'writer', feed, [...this.#writers.keys()], 'spawnStrategy');
  }

  emit(value: unknown): void {
    this.#send({ kind: 'emit', value: copied(value) }, 'emit');
    (this.init.stats[STAT.EMITTED] as number)++;
  }

  stop(): void {
    this.onStop();
  }

  /** Takes the right to write from whoever spawned the strategy. */
  attachWriters(): void {
    for (const handle of this.init.writers) this.#writers.set(handle.feed, attachWriter(handle));
  }

  /** For what the strategy awaits. */
  abort(): void {
    this.#ending.abort();
  }

  /** Gives the writers back and closes the readers. @returns what failed */
  async close(): Promise<unknown[]> {
    const closing = [...this.#writers.values(), ...this.#readers.values()].map((opened) => opened.close());
    return (await Promise.allSettled(closing)).flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
  }

  #send(message: StrategyMessage, call: string): void {
    try {
      this.#events.postMessage(message);
      (this.init.stats[STAT.SENT] as number)++;
    } catch (error) {
      throw notCopyable(this.name, call, error);
    }
  }
}
