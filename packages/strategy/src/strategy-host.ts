import type { StoreEvent } from '@deepwater/core';
import type { WriterHandle } from '@deepwater/ingest';
import type { FeedReader, ReaderSource, SubscriptionHandle } from '@deepwater/query';

/** What strategies need of the platform that they belong to. */
export interface StrategyHost {
  event(event: StoreEvent): void;
  /** @throws DeepwaterError DW_FEED_UNKNOWN */
  subscription(feed: string): SubscriptionHandle;
  /** @throws DeepwaterError DW_FEED_UNKNOWN */
  source(feed: string): ReaderSource;
  reader(feed: string): FeedReader;
  /** A writer that no other part of the program has. @throws DeepwaterError DW_FEED_UNKNOWN, DW_WRITER_EXISTS */
  claimWriter(feed: string): Promise<WriterHandle>;
  /** Closes writers that were claimed. @returns what failed; never rejects */
  release(feeds: readonly string[]): Promise<Error[]>;
}
