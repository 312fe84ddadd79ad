import { DeepwaterError } from '@deepwater/core';
import type { Writer, WriterHandle } from '@deepwater/ingest';

interface Entry {
  readonly opening: Promise<Writer>;
  writer?: Writer;
}

/** The writers of a platform, at most one a feed: given out again until they are closed, by whoever closes them. */
export class OpenWriters {
  readonly #entries = new Map<string, Entry>();

  /** The writer of a feed that is open or being opened, else a new one. */
  async get(feedName: string, open: () => Promise<Writer>): Promise<Writer> {
    for (;;) {
      const entry = this.#entries.get(feedName);
      if (entry === undefined) return this.#open(feedName, open);
      const closing = entry.writer?.closing;
      if (closing === undefined) return entry.opening;
      await closing.catch(() => {}); // whoever closes it is told
      if (this.#entries.get(feedName) === entry) this.#entries.delete(feedName);
    }
  }

  /** The writer of a feed, if one is open now. `closed` does not tell: it is also true where the right to write was given away. */
  current(feedName: string): Writer | undefined {
    const writer = this.#entries.get(feedName)?.writer;
    return writer?.closing === undefined ? writer : undefined;
  }

  /** The right to write a feed. @throws DeepwaterError DW_HANDLE_INVALID where no writer of it is open */
  handle(feedName: string): WriterHandle {
    const writer = this.current(feedName);
    if (writer !== undefined) return writer.handle();
    throw new DeepwaterError('DW_HANDLE_INVALID', `No writer of feed ${feedName} is open here. Await platform.createWriter('${feedName}') first.`, {
      values: { feed: feedName },
    });
  }

  /** Whether a writer of the feed is open, being opened or being closed. */
  has(feedName: string): boolean {
    const entry = this.#entries.get(feedName);
    return entry !== undefined && entry.writer?.released !== true;
  }

  /** Waits until none is being opened any more. */
  async settled(): Promise<void> {
    await Promise.allSettled([...this.#entries.values()].map(({ opening }) => opening));
  }

  #open(feedName: string, open: () => Promise<Writer>): Promise<Writer> {
    const entry: Entry = {
      opening: open().then(
        (writer) => (entry.writer = writer),
        (error: unknown) => {
          this.#entries.delete(feedName);
          throw error;
        },
      ),
    };
    this.#entries.set(feedName, entry);
    return entry.opening;
  }
}
