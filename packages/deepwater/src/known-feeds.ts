import { type EventSink, type FeedFile, checkFeedName, feedDirectories, feedPaths, fileStat, readFeedFile, unknownFeed } from '@deepwater/core';

interface Known {
  readonly feed: FeedFile;
  readonly version: string;
}

/**
 * The feeds of a store, from their files. A file that has not changed is not read again: feed files are only ever
 * replaced as a whole, so inode, size and time tell.
 */
export class KnownFeeds {
  readonly #known = new Map<string, Known>();

  constructor(
    private readonly basePath: string,
    private readonly onEvent: EventSink,
  ) {}

  /** @throws DeepwaterError DW_FEED_NAME_INVALID, DW_FILE_CORRUPT, DW_FORMAT_VERSION */
  find(feedName: string): FeedFile | undefined {
    const version = this.#versionOf(checkFeedName(feedName));
    const known = this.#known.get(feedName);
    if (known !== undefined && known.version === version) return known.feed;
    this.#known.delete(feedName);
    const feed = readFeedFile(this.basePath, feedName);
    if (feed !== undefined && version !== undefined) this.#known.set(feedName, { feed, version });
    return feed;
  }

  /** @throws DeepwaterError DW_FEED_UNKNOWN, with names that may have been meant, and as {@link find} */
  get(feedName: string): FeedFile {
    const feed = this.find(feedName);
    if (feed === undefined) throw unknownFeed(this.basePath, feedName);
    return feed;
  }

  /** Every feed that can be read, by name. A damaged one is reported as an event and left out. */
  list(): FeedFile[] {
    return feedDirectories(this.basePath).flatMap((name) => {
      try {
        return this.find(name) ?? [];
      } catch (error) {
        this.onEvent({ level: 'error', message: (error as Error).message, values: { feed: name } });
        return [];
      }
    });
  }

  #versionOf(feedName: string): string | undefined {
    const stat = fileStat(feedPaths(this.basePath, feedName).spec);
    return stat === undefined ? undefined : `${stat.device}:${stat.inode}:${stat.size}:${stat.modifiedNs}:${stat.changedNs}`;
  }
}
