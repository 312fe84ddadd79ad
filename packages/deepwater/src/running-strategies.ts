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

/** A strategy's right to write a feed, and the writer that it was taken from. */
interface Claim {
  readonly strategy: string;
  writer?: { close(): Promise<void> };
}

/** The strategies of a platform, and the writers that were opened for them. */
export class RunningStrategies implements StrategyHost {
  readonly #strategies = new Set<Strategy>();
  readonly #spawning = new Set<Promise<Strategy>>();
  readonly #writers = new Map<string, Claim>();
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

  readonly event: EventSink = (event) => {
    try {
      this.means.event(event);
    } catch (error) {
      // A listener of the program's must not get between the steps of a strategy.
      process.nextTick(() => { throw error; });
    }
  };

  subscription(feedName: string): SubscriptionHandle {
    return this.means.subscription(feedName);
  }

  source(feedName: string): ReaderSource {
    return this.means.source(feedName);
  }

  reader(feedName: string): FeedReader {
    return new FeedReader(this.means.source(feedName));
  }

  async claimWriter(feedName: string, strategy: string): Promise<WriterHandle> {
    this.checkNotWriting(feedName);
    if (this.means.hasWriter(feedName)) {
      throw new DeepwaterError('DW_WRITER_EXISTS', `A writer of feed ${feedName} is open in this platform, and strategy ${strategy} shall write the feed. Close it, or give it to the strategy's thread yourself with writerHandle.`, {
        values: { feed: feedName, strategy },
      });
    }
    const claim: Claim = { strategy };
    this.#writers.set(feedName, claim);
    try {
      claim.writer = await this.means.createWriter(feedName);
      return this.means.writerHandle(feedName);
    } catch (error) {
      this.#writers.delete(feedName);
      await claim.writer?.close();
      throw error;
    }
  }

  /** @throws DeepwaterError DW_WRITER_EXISTS where a strategy has the right to write a feed */
  checkNotWriting(feedName: string): void {
    const claim = this.#writers.get(feedName);
    if (claim === undefined) return;
    throw new DeepwaterError('DW_WRITER_EXISTS', `Strategy ${claim.strategy} writes feed ${feedName}. Stop it first, or write another feed.`, {
      values: { feed: feedName, strategy: claim.strategy, pid: process.pid },
    });
  }

  async release(feedNames: readonly string[]): Promise<Error[]> {
    const closings = await Promise.allSettled(feedNames.map(async (feedName) => { await this.#writers.get(feedName)?.writer?.close(); }));
    for (const feedName of feedNames) this.#writers.delete(feedName);
    return closings.flatMap((closing) => (closing.status === 'rejected' ? [closing.reason as Error] : []));
  }
}
