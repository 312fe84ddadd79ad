import { type FeedFile, type RecordFormat, compileSchema } from '@deepwater/core';
import type { ReaderSource } from '@deepwater/query';
import { type FeedInfo, feedInfo } from './feed-info.js';
import { type Lifecycle, lifecycleOf } from './lifecycle.js';

/** What a platform tells of one feed. */
export abstract class FeedFacts {
  /** @throws DeepwaterError DW_FEED_UNKNOWN, DW_PLATFORM_CLOSED */
  protected abstract readonly feed: (feedName: string) => FeedFile;
  protected abstract readonly sourceOf: (feed: FeedFile) => ReaderSource;

  /** @throws DeepwaterError DW_FEED_UNKNOWN, with names that may have been meant */
  feedInfo(feedName: string): FeedInfo {
    return this.infoOf(this.feed(feedName));
  }

  /** How long records of a feed are kept, and how they are cut into chunks. @throws DeepwaterError DW_FEED_UNKNOWN */
  lifecycle(feedName: string): Lifecycle {
    return lifecycleOf(this.feed(feedName).spec);
  }

  /** The packed record: what `writeRaw` takes and the format `raw` gives. @throws DeepwaterError DW_FEED_UNKNOWN */
  recordFormat(feedName: string): RecordFormat {
    return compileSchema(this.feed(feedName).spec).record;
  }

  protected infoOf(feed: FeedFile): FeedInfo {
    return feedInfo(feed, this.sourceOf(feed));
  }
}
