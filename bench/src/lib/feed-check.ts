import { priceOf, sizeOf, timeOf } from './records.js';

/** What those who followed feeds saw. */
export interface FollowedFeeds {
  readonly records: number;
  readonly problems: readonly string[];
}

/** Holds the records of one feed, as a subscriber gets them, against what was written: each once, in order, whole. */
export class FeedCheck {
  taken = 0;
  #problem: string | undefined;

  /** @param records that there will be */
  constructor(readonly feed: string, private readonly records: number) {}

  /** Whether nothing more is wanted of the feed. */
  get complete(): boolean {
    return this.taken >= this.records || this.#problem !== undefined;
  }

  take(price: number, size: number, timeUs: number): void {
    const n = this.taken++;
    if (price !== priceOf(n) || size !== sizeOf(n) || timeUs !== timeOf(n)) {
      this.#problem ??= `${this.feed}: instead of record ${n} came (${price}, ${size}, ${timeUs})`;
    }
  }

  problems(): string[] {
    if (this.#problem !== undefined) return [this.#problem];
    return this.taken === this.records ? [] : [`${this.feed}: ${this.taken} records, not ${this.records}`];
  }
}
