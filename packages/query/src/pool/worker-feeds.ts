/** Feeds that a thread of the pool has open: found by everything a reader knows of them, as text. */
import { type Schema, compileSchema } from '@deepwater/core/engine';
import { DecodeHelpers } from '../decode-values.js';
import { FeedFiles } from '../feed-files.js';
import type { ReaderSource } from '../reader-source.js';

export interface WorkerFeed {
  readonly files: FeedFiles;
  readonly schema: Schema;
  readonly helpers: DecodeHelpers;
}

/** The least recently used goes first. */
const FEEDS_MAX = 64;

const feeds = new Map<string, WorkerFeed>();

/** @param source a ReaderSource as JSON: text crosses between threads at the price of its bytes, a tree of objects does not */
export function feedOf(source: string): WorkerFeed {
  let feed = feeds.get(source);
  if (feed !== undefined) {
    feeds.delete(source);
  } else {
    const parsed = JSON.parse(source) as ReaderSource;
    const schema = compileSchema(parsed.spec);
    const files = new FeedFiles(parsed, schema);
    feed = { files, schema, helpers: DecodeHelpers.ofFeed(files) };
    for (const [oldest] of feeds) {
      if (feeds.size < FEEDS_MAX) break;
      forgetFeed(oldest);
    }
  }
  feeds.set(source, feed);
  return feed;
}

/** Lets go of a feed's mappings, which would keep the disk space of deleted files. */
export function forgetFeed(source: string): void {
  feeds.get(source)?.files.close();
  feeds.delete(source);
}
