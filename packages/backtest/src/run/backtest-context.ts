import { type CollectingWriter, type FeedReader, PastReader, type ReaderSource, type WrittenRecords, collectingWriter } from '@deepwater/query';
import type { Broker, StrategyContext } from '@deepwater/strategy';
import { type MarketClock, copied, noBroker, notCopyable, randomNumbers, unknownFeed } from '@deepwater/strategy/engine';
import type { LogLine } from '../result.js';
import type { RunParams, RunPlan } from './payload.js';

type Writer = ReturnType<StrategyContext['writer']>;

/** What readers of a feed may see: numbers below this one, asked at each read. */
export interface Visible {
  readonly source: ReaderSource;
  readonly below: () => number;
}

/** The context of a strategy in a backtest: what it sends, writes and logs becomes part of the result. */
export class BacktestContext implements StrategyContext {
  readonly name: string;
  readonly feeds: readonly string[];
  readonly metrics: Record<string, number | bigint | string | boolean> = {};
  readonly log: StrategyContext['log'];
  readonly params: unknown;
  readonly random: () => number;
  feed = '';
  readonly emitted: unknown[] = [];
  readonly logs: LogLine[] = [];
  emittedCount = 0;
  logCount = 0;
  readonly #ending = new AbortController();
  readonly #writers: ReadonlyMap<string, CollectingWriter>;
  readonly #readers = new Map<string, FeedReader>();

  constructor(
    private readonly plan: RunPlan, { params, index }: RunParams, private readonly clock: MarketClock, private readonly paperBroker: Broker | undefined,
    private readonly visible: readonly Visible[], private readonly onStop: () => void,
  ) {
    this.name = plan.name;
    this.feeds = plan.feeds.map(({ replay }) => replay.source.spec.name);
    this.params = params;
    this.random = randomNumbers(plan.seed, index);
    this.#writers = new Map(plan.writes.map(({ source: { spec } }) => [spec.name, collectingWriter(spec, plan.keep.written)]));
    const logger = (level: LogLine['level']) => (message: string, values?: LogLine['values']): void => {
      this.logCount++;
      if (this.logs.length >= plan.keep.logs) return;
      this.logs.push({ level, message: String(message), ...(values === undefined ? {} : { values: this.#copy('log', values) as Record<string, unknown> }), time: clock.now() });
    };
    this.log = { debug: logger('debug'), info: logger('info'), warn: logger('warn'), error: logger('error') };
  }

  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  get broker(): Broker {
    return this.paperBroker ?? noBroker(this.name);
  }

  now(): number {
    return this.clock.now();
  }

  reader(feed: string): FeedReader {
    let reader = this.#readers.get(feed);
    if (reader === undefined) {
      const found = this.visible.find(({ source }) => source.spec.name === feed);
      if (found === undefined) throw unknownFeed(this.name, 'reader', feed, this.visible.map(({ source }) => source.spec.name), 'backtest');
      this.#readers.set(feed, (reader = new PastReader(found.source, found.below)));
    }
    return reader;
  }

  writer(feed: string): Writer {
    const writer = this.#writers.get(feed);
    // Live it is a writer of the same forms, whose class has more to do.
    if (writer !== undefined) return writer as unknown as Writer;
    throw unknownFeed(this.name, 'writer', feed, [...this.#writers.keys()], 'backtest');
  }

  emit(value: unknown): void {
    const copy = this.#copy('emit', value);
    this.emittedCount++;
    if (this.emitted.length < this.plan.keep.emitted) this.emitted.push(copy);
  }

  stop(): void {
    this.onStop();
  }

  abort(): void {
    this.#ending.abort();
  }

  get written(): Record<string, WrittenRecords> {
    return Object.fromEntries([...this.#writers].map(([feed, writer]) => [feed, writer.written]));
  }

  async close(): Promise<void> {
    await Promise.all([...this.#readers.values()].map((reader) => reader.close()));
  }

  /** As it would arrive in another thread. */
  #copy(call: string, value: unknown): unknown {
    try {
      return structuredClone(copied(value));
    } catch (error) {
      throw notCopyable(this.name, call, error);
    }
  }
}
