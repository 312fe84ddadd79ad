import { DeepwaterError, type EventSink } from '@deepwater/core';
import type { WriterHandle } from '@deepwater/ingest';
import { FeedReader, type ReaderSource, type SubscriptionHandle } from '@deepwater/query';
import { type Strategy, type StrategyHost, spawnStrategy } from '@deepwater/strategy';

/** What strategies need that only the platform has. */
export interface StrategyMeans {
  readonly event: EventSink;
  readonly source: (feedName: string) => ReaderSource;
  readonly subscription: (feedName: string) => SubscriptionHandle;
  readonly createWriter: (feedName: string) => Promise<{ close(): Promise<void> }>;
  readonly hasWriter: (feedName: string) => boolean;
  readonly writerHandle: (feedName: string) => WriterHandle;
}

/** The strategies of a platform, and the writers that were opened for them. */
export class RunningStrategies implements StrategyHost {
  readonly #strategies = new Set<Strategy>();
  readonly #spawning = new Set<Promise<Strategy>>();
  readonly #writers = new Map<string, { close(): Promise<void> }>();
  #ended = false;

  constructor(private readonly means: StrategyMeans) {}

  async spawn(module: unknown, options: unknown): Promise<Strategy> {
    const spawning = this.#spawn(module, options);
    this.#spawning.add(spawning);
    try {
      return await spawning;
    } finally {
      this.#spawning.delete(spawning);
    }
  }

  async #spawn(module: unknown, options: unknown): Promise<Strategy> {
    const strategy = await spawnStrategy(this, module, options);
    this.#strategies.add(strategy);
    void strategy.ended.then(() => this.#strategies.delete(strategy));
    if (this.#ended) await strategy.stop();
    return strategy;
  }

  list(): Strategy[] {
    return [...this.#strategies];
  }

  /** Stops all of them, each in the time it has. */
  async end(): Promise<void> {
    this.#ended = true;
    await Promise.allSettled([...this.#spawning]);
    await Promise.allSettled([...this.#strategies].map((strategy) => strategy.stop()));
  }

  get event(): EventSink {
    return this.means.event;
  }

  subscription(feedName: string): SubscriptionHandle {
    return this.means.subscription(feedName);
  }

  source(feedName: string): ReaderSource {
    return this.means.source(feedName);
  }

  reader(feedName: string): FeedReader {
    return new FeedReader(this.means.source(feedName));
  }

  async claimWriter(feedName: string): Promise<WriterHandle> {
    if (this.means.hasWriter(feedName)) {
      throw new DeepwaterError('DW_WRITER_EXISTS', `A writer of feed ${feedName} is open in this platform, and a strategy shall write the feed. Close it, or give it to the strategy's thread yourself with writerHandle.`, {
        values: { feed: feedName },
      });
    }
    const writer = await this.means.createWriter(feedName);
    this.#writers.set(feedName, writer);
    return this.means.writerHandle(feedName);
  }

  async release(feedNames: readonly string[]): Promise<Error[]> {
    const writers = feedNames.flatMap((feedName) => this.#writers.get(feedName) ?? []);
    for (const feedName of feedNames) this.#writers.delete(feedName);
    const closings = await Promise.allSettled(writers.map((writer) => writer.close()));
    return closings.flatMap((closing) => (closing.status === 'rejected' ? [closing.reason as Error] : []));
  }
}
