import { DeepwaterError } from '@deepwater/core';
import type { Writer } from '@deepwater/ingest';

interface Entry {
  readonly opening: Promise<Writer>;
  writer?: Writer;
  /** While the writer's user closes it; the feed's lock is held until that is done. */
  closing?: Promise<void>;
}

/** The writers of a platform, at most one a feed: given out again until they are closed. */
export class OpenWriters {
  readonly #entries = new Map<string, Entry>();

  /** The writer of a feed that is open or being opened, else a new one. */
  async get(feedName: string, open: () => Promise<Writer>): Promise<Writer> {
    for (;;) {
      const entry = this.#entries.get(feedName);
      if (entry === undefined) return this.#open(feedName, open);
      if (entry.closing === undefined) return entry.opening;
      await entry.closing.catch(() => {}); // whoever closes it is told
    }
  }

  /** The writer of a feed, if one is open now. */
  current(feedName: string): Writer | undefined {
    const entry = this.#entries.get(feedName);
    return entry?.closing === undefined ? entry?.writer : undefined;
  }

  /** Whether a writer of the feed is open, being opened or being closed. */
  has(feedName: string): boolean {
    return this.#entries.has(feedName);
  }

  /** Waits until none is being opened any more. */
  async settled(): Promise<void> {
    await Promise.allSettled([...this.#entries.values()].map(({ opening }) => opening));
  }

  #open(feedName: string, open: () => Promise<Writer>): Promise<Writer> {
    const entry: Entry = {
      opening: open().then(
        (writer) => {
          entry.writer = writer;
          this.#watch(feedName, entry, writer);
          return writer;
        },
        (error: unknown) => {
          this.#entries.delete(feedName);
          throw error;
        },
      ),
    };
    this.#entries.set(feedName, entry);
    return entry.opening;
  }

  /**
   * Notices that a writer is closed, by whoever closes it. `closed` does not tell: it is also true of a writer whose right
   * to write was given to another thread, and which still holds its feed.
   */
  #watch(feedName: string, entry: Entry, writer: Writer): void {
    const close = writer.close.bind(writer);
    Object.defineProperty(writer, 'close', {
      value: (): Promise<void> => {
        const closing = close();
        entry.closing = closing;
        closing.then(
          () => this.#entries.delete(feedName),
          (error: unknown) => {
            // Refused because of that other thread: it is as open as before. After any other failure it is closed.
            if (DeepwaterError.isDeepwaterError(error) && error.code === 'DW_HANDLE_IN_USE') delete entry.closing;
            else this.#entries.delete(feedName);
          },
        );
        return closing;
      },
    });
  }
}
