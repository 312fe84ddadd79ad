import type { FeedReader } from '@deepwater/query';

/** Where feeds stand now, for `metrics`. */
export class FeedHeads {
  readonly #readers = new Map<string, FeedReader>();
  #closed = false;

  constructor(private readonly open: (feed: string) => FeedReader) {}

  /** Sequence number of the record that is published next; undefined where nobody can tell. */
  of(feed: string): number | undefined {
    if (this.#closed) return undefined;
    try {
      let reader = this.#readers.get(feed);
      if (reader === undefined) this.#readers.set(feed, (reader = this.open(feed)));
      return reader.activity().next;
    } catch {
      // The feed has been deleted, or its platform is about to close: the strategy will hear of it.
      return undefined;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#readers.values()].map((reader) => reader.close()));
  }
}
