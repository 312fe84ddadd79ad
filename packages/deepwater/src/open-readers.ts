import type { EventSink } from '@deepwater/core';
import { FeedReader, type QueryPool, type ReaderSource } from '@deepwater/query';

/** A reader that was given out: it has to be known when its user closes it. */
class SharedReader extends FeedReader {
  closed = false;

  override async close(): Promise<void> {
    this.closed = true;
    await super.close();
  }
}

interface Entry {
  /** Of the feed: another one may have been made under the same name. */
  readonly uid: string;
  readonly reader: SharedReader;
}

/** The readers of a platform, one a feed: given out again until they are closed. */
export class OpenReaders {
  readonly #entries = new Map<string, Entry>();

  constructor(private readonly event: EventSink, private readonly pool: QueryPool) {}

  async get(source: ReaderSource): Promise<FeedReader> {
    const { feedUid, spec: { name } } = source;
    const known = this.#entries.get(name);
    if (known?.uid === feedUid && !known.reader.closed) return known.reader;
    await known?.reader.close();
    const reader = new SharedReader(source, { onWarning: ({ message, values }) => { this.event({ level: 'warn', message, values }); }, pool: this.pool });
    this.#entries.set(name, { uid: feedUid, reader });
    return reader;
  }

  async close(feedName: string): Promise<void> {
    const entry = this.#entries.get(feedName);
    this.#entries.delete(feedName);
    await entry?.reader.close();
  }

  async closeAll(): Promise<void> {
    await Promise.all([...this.#entries.keys()].map((feedName) => this.close(feedName)));
  }
}
