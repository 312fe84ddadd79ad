import { type ReaderSource, type SubscriptionHandle, endSubscriptions, newStopWord, subscriptionHandle, wakeSubscribers } from '@deepwater/query';

/** The subscription handles that a platform gave out. They share one word that ends them all. */
export class GivenSubscriptions {
  readonly #owner = newStopWord();
  /** The feeds that there are handles of, by uid: their sleepers have to be woken. */
  readonly #sources = new Map<string, ReaderSource>();

  give(source: ReaderSource): SubscriptionHandle {
    this.#sources.set(source.feedUid, source);
    return subscriptionHandle(source, this.#owner);
  }

  /** Wakes those that wait for a feed: it is gone, and they find that out by themselves. */
  feedDeleted(feedUid: string): void {
    const source = this.#sources.get(feedUid);
    this.#sources.delete(feedUid);
    if (source !== undefined) wakeSubscribers(source);
  }

  /** Ends every subscription, in whatever thread. */
  end(): void {
    endSubscriptions(this.#owner, [...this.#sources.values()]);
    this.#sources.clear();
  }
}
