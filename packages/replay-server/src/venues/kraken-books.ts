import { crc32 } from 'node:zlib';
import { Book, type Level } from '../book/book.js';
import { DepthView, type ViewChange } from '../book/depth-view.js';
import { changesOf, type KrakenData } from './kraken-frames.js';

/** Depths of books that there are. */
export const DEPTHS: readonly number[] = [10, 25, 100, 500, 1000];
/** Levels of each side that a checksum is of. */
const CHECKED = 10;

type BookData = Extract<KrakenData, { kind: 'book' }>;

/** What subscribers of another depth than the capture's are to be told. */
export interface ViewTold {
  readonly depth: number;
  readonly snapshot: boolean;
  readonly bids: readonly ViewChange[];
  readonly asks: readonly ViewChange[];
}

/** The book of a pair, as its subscribers of every depth see it. */
export class KrakenBook {
  #book = new Book();
  #depth = 0;
  readonly #views = new Map<number, DepthView | undefined>();

  get whole(): boolean {
    return this.#book.whole;
  }

  get bids(): readonly Level[] {
    return this.#book.bids.top(Infinity);
  }

  get asks(): readonly Level[] {
    return this.#book.asks.top(Infinity);
  }

  reset(): void {
    this.#book = new Book();
    for (const depth of this.#views.keys()) this.#views.set(depth, undefined);
  }

  want(depth: number): void {
    if (!this.#views.has(depth)) this.#views.set(depth, this.#book.whole ? new DepthView(this.#book, depth, false) : undefined);
  }

  /** Takes what the capture says, and tells it for all depths but the capture's own. */
  take(data: BookData): ViewTold[] {
    this.#depth = Number(data.name.slice('book-'.length));
    if (data.snapshot) this.#book.replace(changesOf(data.bids), changesOf(data.asks));
    else this.#book.apply(changesOf(data.bids), changesOf(data.asks));
    this.#book.truncate(this.#depth);
    const told: ViewTold[] = [];
    for (const [depth, view] of this.#views) {
      if (depth === this.#depth || !this.#book.whole) continue;
      if (view === undefined || data.snapshot) {
        this.#views.set(depth, new DepthView(this.#book, depth, false));
        told.push({ depth, snapshot: true, bids: this.top('bids', depth), asks: this.top('asks', depth) });
      } else {
        const changes = view.changes();
        if (changes !== undefined) told.push({ depth, snapshot: false, ...changes });
      }
    }
    return told;
  }

  top(side: 'bids' | 'asks', depth: number): readonly ViewChange[] {
    return this.#book[side].top(depth).map(({ price, size, time }) => ({ price, size, time, again: false }));
  }

  /**
   * CRC32 of the best levels: asks, then bids, each price and volume without its point and leading zeros
   * (docs.kraken.com, book checksum). @param write what the API writes a price and a size as
   */
  checksum(write: { price(text: string): string; size(text: string): string } = { price: same, size: same }): number {
    const digits = (text: string): string => text.replace('.', '').replace(/^0+/, '');
    const levels = [...this.#book.asks.top(CHECKED), ...this.#book.bids.top(CHECKED)];
    return crc32(levels.map(({ price, size }) => digits(write.price(price)) + digits(write.size(size))).join(''));
  }
}

const same = (text: string): string => text;
