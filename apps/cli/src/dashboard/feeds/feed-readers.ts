import type { Platform, Reader } from 'deepwater';

/** What is needed of a platform. Its readers are shared by all of it, so they are not closed here. */
export type ReaderMaker = Pick<Platform, 'createReader'>;

/** A record by the names of its fields. */
export type FeedRecord = Readonly<Record<string, unknown>>;

/** What has come to a feed since a number. */
export interface News {
  readonly records: readonly FeedRecord[];
  /** To go on with. */
  readonly next: number;
}

/** A feed that cannot be read is tried again after so long, ms. */
const AGAIN_MS = 5000;
/** Feeds that are opened within one look: of hundreds, all at once would hold the thread up. */
const OPENING_MAX = 32;

/** Readers of feeds, opened when they are first looked at; a look never waits. */
export class FeedReaders {
  readonly #readers = new Map<string, Reader | 'opening'>();
  #opening = 0;
  readonly #brokenMs = new Map<string, number>();

  /** @param onProblem told once of each time that a feed cannot be read */
  constructor(private readonly platform: ReaderMaker, private readonly onProblem: (text: string) => void, private readonly now: () => number) {}

  /**
   * The newest records from a number on, at most `max` of them, those that come before are left out; undefined while the feed is being opened, or
   * cannot be read.
   */
  newest(feed: string, from: number, max: number): News | undefined {
    const reader = this.#readers.get(feed);
    if (reader === 'opening') return undefined;
    if (reader === undefined) {
      this.#open(feed);
      return undefined;
    }
    try {
      const { first, next } = reader.bounds();
      // Made anew under its name it counts from the beginning.
      const begin = Math.max(first, from > next ? 0 : from, next - max);
      if (begin >= next || max <= 0) return { records: [], next };
      return { records: reader.readFromSync(begin, next - begin, 'object').records as readonly FeedRecord[], next };
    } catch (error) {
      this.#readers.delete(feed);
      this.#broken(feed, error);
      return undefined;
    }
  }

  #open(feed: string): void {
    const brokenMs = this.#brokenMs.get(feed);
    if (brokenMs !== undefined && Math.abs(this.now() - brokenMs) < AGAIN_MS) return;
    if (this.#opening >= OPENING_MAX) return;
    this.#opening += 1;
    this.#readers.set(feed, 'opening');
    this.platform.createReader(feed).then(
      (reader) => {
        this.#opening -= 1;
        this.#readers.set(feed, reader);
        this.#brokenMs.delete(feed);
      },
      (error: unknown) => {
        this.#opening -= 1;
        this.#readers.delete(feed);
        this.#broken(feed, error);
      },
    );
  }

  #broken(feed: string, error: unknown): void {
    const known = this.#brokenMs.has(feed);
    this.#brokenMs.set(feed, this.now());
    if (!known) this.onProblem(`${feed} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}
