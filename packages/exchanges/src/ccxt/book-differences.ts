/**
 * ccxt keeps a book for each symbol and gives the whole of it each time. Records have a snapshot, and then what has changed: what differs from the book as
 * it was given before.
 *
 * Its books hold float64s, whatever exchanges send (kept as texts they go wrong: zeros do not delete, asks are found no more). These are written as they
 * are: a decimal of up to 15 digits comes out as the exchange wrote it.
 */
import { BadFrame } from '../exchange.js';
import type { BookSide, SymbolSink } from '../record-sink.js';
import type { CcxtBook, CcxtLevel } from './ccxt-module.js';

/** As adapters of our own ask for a book that could not be read (see spoiled-books.ts). */
const WAIT_FIRST_US = 1_000_000;
const WAIT_MAX_US = 60_000_000;
const CALM_US = 120_000_000;

/** One side, the best first. */
interface Levels {
  readonly prices: number[];
  readonly sizes: number[];
}

export class BookDifferences {
  #book: CcxtBook | undefined;
  /** When it may begin again after a level that no record can hold, µs. */
  againUs = 0;
  /** When that was last, and how often. */
  #spoiledUs = 0;
  #times = 0;
  #bids: Levels = { prices: [], sizes: [] };
  #asks: Levels = { prices: [], sizes: [] };

  /**
   * Writes what is new of a book: all of it, as a snapshot, where it is the first, or another object than before, which ccxt makes when it begins a book
   * again. A book that is as it was before is not written. One of which a level cannot be written is not the exchange's any more: it begins again, at once and
   * then ever later.
   * @returns whether it has begun again
   * @throws BadFrame for a book that cannot be one; what was before stays what is compared with
   */
  write(book: CcxtBook, sink: SymbolSink, receivedUs: number): boolean {
    const bids = levelsOf(book.bids, 'B');
    const asks = levelsOf(book.asks, 'A');
    if (receivedUs < this.againUs) return false;
    const snapshot = book !== this.#book;
    const again = snapshot && this.#book !== undefined;
    const changes = snapshot ? [...allOf(bids, 'B'), ...allOf(asks, 'A')] : [...differences(this.#bids, bids, 'B'), ...differences(this.#asks, asks, 'A')];
    [this.#bids, this.#asks] = [bids, asks];
    // One that begins empty begins with its first level.
    if (changes.length > 0) this.#book = book;
    if (changes.length === 0) return again;
    sink.beginBook(book.timestamp === undefined ? receivedUs : book.timestamp * 1000, receivedUs, snapshot, 0, 0);
    for (const [side, price, size] of changes) sink.level(side, price, size);
    try {
      sink.endBook();
    } catch (error) {
      this.#spoil(receivedUs);
      throw error;
    }
    return again;
  }

  #spoil(nowUs: number): void {
    if (nowUs - this.#spoiledUs > CALM_US) this.#times = 0;
    this.#spoiledUs = nowUs;
    this.againUs = nowUs + (this.#times === 0 ? 0 : Math.min(WAIT_FIRST_US * 2 ** (this.#times - 1), WAIT_MAX_US));
    this.#times += 1;
    this.#book = undefined;
  }
}

type Change = readonly [side: BookSide, price: number, size: number];

/** @throws BadFrame where the levels are none, or in no order */
function levelsOf(side: readonly CcxtLevel[], of: BookSide): Levels {
  const prices: number[] = [];
  const sizes: number[] = [];
  for (const [givenPrice, givenSize] of side) {
    const price = Number(givenPrice);
    const size = Number(givenSize);
    if (!(price > 0 && price < Infinity && size >= 0 && size < Infinity)) throw new BadFrame('a level that is none', `${String(givenPrice)} ${String(givenSize)}`);
    const last = prices.length - 1;
    if (last >= 0 && prices[last] === price) {
      // Books by order have a price as often as it has orders. The sum of two decimals is one of as many digits.
      sizes[last] = Number((sizes[last]! + size).toPrecision(15));
      continue;
    }
    if (last >= 0 && (of === 'B' ? price > prices[last]! : price < prices[last]!)) throw new BadFrame('a book that is not in order');
    if (size === 0) continue;
    prices.push(price);
    sizes.push(size);
  }
  return { prices, sizes };
}

function* allOf({ prices, sizes }: Levels, side: BookSide): Generator<Change> {
  for (let at = 0; at < prices.length; at++) yield [side, prices[at]!, sizes[at]!];
}

/** Both are in order: one walk along them. */
function* differences(before: Levels, after: Levels, side: BookSide): Generator<Change> {
  const better = side === 'B' ? (a: number, b: number) => a > b : (a: number, b: number) => a < b;
  let old = 0;
  let at = 0;
  while (old < before.prices.length || at < after.prices.length) {
    const oldPrice = before.prices[old];
    const price = after.prices[at];
    if (price === undefined || (oldPrice !== undefined && better(oldPrice, price))) {
      yield [side, oldPrice!, 0];
      old++;
    } else if (oldPrice === undefined || better(price, oldPrice)) {
      yield [side, price, after.sizes[at]!];
      at++;
    } else {
      if (before.sizes[old] !== after.sizes[at]) yield [side, price, after.sizes[at]!];
      old++;
      at++;
    }
  }
}
