import type { FeedActivity, Platform, Reader, SubscriberActivity } from 'deepwater';

/** One feed at one look. */
export interface FeedLook {
  readonly feed: string;
  /** Records a second since the look before. */
  readonly recordsPerSecond: number;
  /** Records that are published: sequence number of the next. */
  readonly next: number;
  /** Part of the ring that waits for the ingest worker, 0 to 1; of a memory feed, how much of it is in use. */
  readonly ringFill: number;
  readonly ringRecords: number;
  /** Records in the ring and in no chunk. */
  readonly waiting: number;
  /** What the subscriber furthest behind has not taken; 0 without subscribers. */
  readonly lag: number;
  /** Records that living subscribers have lost. */
  readonly lost: number;
  readonly subscribers: readonly SubscriberActivity[];
  /** The process that writes; undefined where none does. */
  readonly writerPid?: number;
  /** Why the feed cannot be read. */
  readonly problem?: string;
}

/** Looks at every feed of a store again and again. */
export class FeedRates {
  #last = new Map<string, { readonly next: number; readonly at: number }>();

  constructor(readonly platform: Platform) {}

  async look(): Promise<FeedLook[]> {
    const looks: FeedLook[] = [];
    const seen = new Map<string, { next: number; at: number }>();
    for (const { name, writer, problem } of this.platform.listFeeds()) {
      const at = performance.now();
      const read = problem ?? await activityOf(this.platform, name);
      if (typeof read === 'string') {
        looks.push({ feed: name, recordsPerSecond: 0, next: 0, ringFill: 0, ringRecords: 0, waiting: 0, lag: 0, lost: 0, subscribers: [], problem: read });
        continue;
      }
      const { next, waiting, ringFill, ringRecords, subscribers } = read;
      const before = this.#last.get(name);
      seen.set(name, { next, at });
      looks.push({
        feed: name,
        // A feed that was made anew under its name counts from the beginning.
        recordsPerSecond: before === undefined || next < before.next ? 0 : ((next - before.next) / (at - before.at)) * 1000,
        next, waiting, ringFill, ringRecords, subscribers,
        lag: Math.max(0, ...subscribers.map((subscriber) => subscriber.lag)),
        lost: subscribers.reduce((sum, subscriber) => sum + subscriber.lost, 0),
        ...(writer.open && writer.pid !== undefined ? { writerPid: writer.pid } : {}),
      });
    }
    this.#last = seen;
    return looks;
  }
}

/** What goes on at a feed, or why that cannot be told: it may be deleted or damaged at any moment. */
async function activityOf(platform: Platform, name: string): Promise<FeedActivity | string> {
  try {
    const reader: Reader = await platform.createReader(name);
    return reader.activity();
  } catch (error) {
    return (error as Error).message;
  }
}
