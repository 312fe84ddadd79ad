import type { Book, BookSide, Level } from './book.js';

/** A level that has changed for those who see the best `depth` levels only. Size 0: gone. */
export interface ViewChange {
  readonly price: string;
  readonly size: string;
  readonly time: string;
  /** The level itself has not changed: it has come into sight because a better one is gone. */
  readonly again: boolean;
}

export interface ViewChanges {
  readonly bids: readonly ViewChange[];
  readonly asks: readonly ViewChange[];
}

/**
 * What a subscriber of fewer levels than the capture has is to be told: the same book, cut at a depth. Updates are found by comparing
 * the best levels before and after a change.
 */
export class DepthView {
  readonly #book: Book;
  readonly #tellsFallen: boolean;
  #bids: readonly Level[];
  #asks: readonly Level[];

  /** @param tellsFallen whether a level that better ones push out of sight is told with size 0; if not, subscribers cut it themselves */
  constructor(book: Book, readonly depth: number, tellsFallen: boolean) {
    this.#book = book;
    this.#tellsFallen = tellsFallen;
    this.#bids = book.bids.top(depth);
    this.#asks = book.asks.top(depth);
  }

  get bids(): readonly Level[] {
    return this.#bids;
  }

  get asks(): readonly Level[] {
    return this.#asks;
  }

  /** What has changed since the last call; undefined where nothing has. */
  changes(): ViewChanges | undefined {
    const bids = this.#side(this.#book.bids, this.#bids);
    const asks = this.#side(this.#book.asks, this.#asks);
    this.#bids = this.#book.bids.top(this.depth);
    this.#asks = this.#book.asks.top(this.depth);
    return bids.length + asks.length === 0 ? undefined : { bids, asks };
  }

  #side(side: BookSide, before: readonly Level[]): ViewChange[] {
    const now = side.top(this.depth);
    const old = new Set(before);
    const prices = new Set(now.map(({ price }) => Number(price)));
    const gone = before.filter(({ price }) => !prices.has(Number(price)) && (this.#tellsFallen || !side.has(price)))
      .map(({ price, size, time }): ViewChange => ({ price, size: zeroLike(size), time, again: false }));
    const set = now.filter((level) => !old.has(level))
      .map(({ price, size, time, change }): ViewChange => ({ price, size, time, again: change !== this.#book.changes }));
    return [...gone, ...set];
  }
}

/** Zero with as many decimals as a size has. */
const zeroLike = (size: string): string => size.replace(/[1-9]/g, '0').replace(/^0+(?=0)/, '');
