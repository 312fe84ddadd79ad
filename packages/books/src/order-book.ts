import { DeepwaterError, describeValue } from '@deepwater/core/engine';
import { type BookAmount, AmountCells } from './amount-cells.js';
import { BOOK_FLAGS, type BookSideName, SIDE_CODES } from './book-fields.js';
import { BookSide } from './book-side.js';
import { type BookFill, fillOf, totalSize } from './book-sums.js';
import type { StaleBook } from './stale.js';

/** One level: price and size as the nearest numbers. */
export interface BookLevel {
  readonly price: number;
  readonly size: number;
}

/** A level with every digit: texts where the book keeps decimals. */
export interface ExactLevel {
  readonly price: number | string;
  readonly size: number | string;
}

/** Levels as columns, such as a batch of a book feed has them. Decimals are BigInt64Arrays of the stored integers. */
export interface LevelColumns {
  /** 66 (`B`) bids, 65 (`A`) asks. */
  readonly side: Uint8Array;
  readonly price: BigInt64Array | Float64Array;
  readonly size: BigInt64Array | Float64Array;
  /** `BOOK_FLAGS`: the first level of a snapshot empties the book. */
  readonly flags?: Uint8Array | undefined;
}

export interface OrderBookOptions {
  /** Digits behind the point of prices and sizes that are kept as decimals, exactly. Left out: numbers. */
  readonly priceScale?: number | undefined;
  readonly sizeScale?: number | undefined;
}

/**
 * An order book by price level, kept from levels: `apply('B', '61800.30', '1.5')`. Decimals are exact, to the last digit; what is told as a
 * number is the nearest one. Applying columns makes no garbage; of a single level given as a text at most a number is made. To find a price costs O(log n), to add or take a level away also a move of the levels
 * that are better (or worse, where those are fewer); a change of a size moves nothing.
 *
 * Books of feeds (`bookAt`, `books`, `followBook`) also say what they are made of: `ts`, `sequence`, `whole` and `stale`.
 */
export class OrderBook {
  /** Time of the last message that is in it, in the unit of the feed's timestamp; 0 before the first. */
  ts: number | bigint = 0;
  /** Sequence number of the last record that is in it; -1 before the first. */
  sequence = -1;
  /** False where a message had begun, and not ended, at the time that the book is of: nothing of it is in the book. */
  whole = true;
  /** Why the book may not be what the exchange had: records between its snapshot and its time were not received. undefined where nothing is missing. */
  stale: StaleBook | undefined;
  readonly #prices: AmountCells;
  readonly #sizes: AmountCells;
  readonly #bids: BookSide;
  readonly #asks: BookSide;
  /** Within the levels of a snapshot. */
  #inSnapshot = false;
  #torn = false;
  #words: Words | undefined;

  constructor(options: OrderBookOptions = {}) {
    this.#prices = new AmountCells(scaleOf('priceScale', options.priceScale));
    this.#sizes = new AmountCells(scaleOf('sizeScale', options.sizeScale));
    this.#bids = new BookSide(false, this.#prices.scale === undefined);
    this.#asks = new BookSide(true, this.#prices.scale === undefined);
  }

  /** The size that there is at a price from now on; 0 takes the level away. @throws DeepwaterError DW_VALUE_TYPE, DW_VALUE_RANGE */
  apply(side: BookSideName, price: BookAmount, size: BookAmount): void {
    this.#prices.set(price);
    this.#sizes.set(size);
    this.#set(side === 'B' ? SIDE_CODES.BIDS : side === 'A' ? SIDE_CODES.ASKS : -1, this.#prices.high, this.#prices.low, this.#sizes.high, this.#sizes.low);
  }

  /** Applies rows [from, to) of columns in their order. @throws DeepwaterError DW_VALUE_RANGE for what is no level; those before it are applied */
  applyColumns(columns: LevelColumns, from = 0, to: number = columns.side.length): void {
    const { side, flags, price, size } = this.#wordsOf(columns);
    for (let i = from; i < to; i++) {
      if (flags !== undefined) this.#flagged(flags[i] as number);
      this.#set(side[i] as number, price[2 * i + 1] as number, price[2 * i] as number, size[2 * i + 1] as number, size[2 * i] as number);
    }
  }

  /** As `apply`, with the flags of its record: the first level of a snapshot empties the book. */
  applyFlagged(flags: number, side: BookSideName, price: BookAmount, size: BookAmount): void {
    this.#flagged(flags);
    this.apply(side, price, size);
  }

  /** Whether the book began with a snapshot whose end never came: levels of a change followed those that had come. */
  get torn(): boolean {
    return this.#torn;
  }

  /** Takes all levels away. */
  clear(): void {
    this.#inSnapshot = this.#torn = false;
    this.#bids.clear();
    this.#asks.clear();
  }

  get bestBid(): BookLevel | undefined {
    return this.#level(this.#bids, 0);
  }

  get bestAsk(): BookLevel | undefined {
    return this.#level(this.#asks, 0);
  }

  /** How many levels a side has. */
  depth(side: BookSideName): number {
    return this.#side(side).count;
  }

  /** Levels of a side, the best first, at most `depth`. */
  levels(side: BookSideName, depth = Infinity): BookLevel[] {
    const levels = this.#side(side);
    return Array.from({ length: Math.min(depth, levels.count) }, (_, i) => this.#level(levels, i) as BookLevel);
  }

  /** As `levels`, with every digit. */
  exactLevels(side: BookSideName, depth = Infinity): ExactLevel[] {
    const levels = this.#side(side);
    return Array.from({ length: Math.min(depth, levels.count) }, (_, i) => ({
      price: this.#prices.exact(levels.priceHigh(i), levels.priceLow(i)), size: this.#sizes.exact(levels.sizeHigh(i), levels.sizeLow(i)),
    }));
  }

  /** Puts the best levels into arrays, as numbers, without making anything. @returns how many there are, at most as many as the arrays hold */
  levelsInto(side: BookSideName, prices: Float64Array, sizes: Float64Array): number {
    const levels = this.#side(side);
    const count = Math.min(levels.count, prices.length, sizes.length);
    for (let i = 0; i < count; i++) {
      prices[i] = this.#prices.number(levels.priceHigh(i), levels.priceLow(i));
      sizes[i] = this.#sizes.number(levels.sizeHigh(i), levels.sizeLow(i));
    }
    return count;
  }

  /** Best ask less best bid; 0 or below where the book is locked or crossed, undefined where a side is empty. Of decimals it is rounded once. */
  get spread(): number | undefined {
    if (this.#bids.count === 0 || this.#asks.count === 0) return undefined;
    const { scale } = this.#prices;
    const ask = this.#prices.cell(this.#asks.priceHigh(0), this.#asks.priceLow(0));
    if (scale === undefined) return this.#price(this.#asks) - this.#price(this.#bids);
    return Number(ask - this.#prices.cell(this.#bids.priceHigh(0), this.#bids.priceLow(0))) / 10 ** scale;
  }

  /** Half way between the best prices. */
  get mid(): number | undefined {
    return this.#bids.count === 0 || this.#asks.count === 0 ? undefined : (this.#price(this.#bids) + this.#price(this.#asks)) / 2;
  }

  /**
   * The mid, weighted by the sizes at the best prices: (bid × ask size + ask × bid size) / (bid size + ask size). It lies nearer to the ask the
   * more is bid. (J. Gatheral and R. C. A. Oomen, Zero-intelligence realized variance estimation, Finance and Stochastics 14, 2010, who call it the microprice.)
   */
  get microprice(): number | undefined {
    if (this.#bids.count === 0 || this.#asks.count === 0) return undefined;
    const bidSize = this.#sizes.number(this.#bids.sizeHigh(0), this.#bids.sizeLow(0));
    const askSize = this.#sizes.number(this.#asks.sizeHigh(0), this.#asks.sizeLow(0));
    return (this.#price(this.#bids) * askSize + this.#price(this.#asks) * bidSize) / (bidSize + askSize);
  }

  /** (B − A) / (B + A), of the sizes on the best `levels` of bids and asks: 1 where there are only bids, −1 where there are only asks; undefined where there is nothing. */
  imbalance(levels = 1): number | undefined {
    const bids = totalSize(this.#bids, this.#sizes, levels);
    const asks = totalSize(this.#asks, this.#sizes, levels);
    return bids + asks > 0 ? (bids - asks) / (bids + asks) : undefined;
  }

  /** How much there is at a price and at better ones. */
  sizeTo(side: BookSideName, price: BookAmount): number {
    const levels = this.#side(side);
    this.#prices.set(price);
    return totalSize(levels, this.#sizes, levels.countTo(this.#prices.high, this.#prices.low));
  }

  /** What taking a size from a side would cost: `fill('A', 2)` buys two from the asks. The sizes are those that are shown; nothing is taken. */
  fill(side: BookSideName, size: number): BookFill {
    if (!(size > 0)) throw new DeepwaterError('DW_RANGE_INVALID', `A size to fill is a number above 0, not ${describeValue(size)}.`, { values: { size } });
    return fillOf(this.#side(side), this.#prices, this.#sizes, size);
  }

  /** Best bid above best ask. */
  get crossed(): boolean {
    return this.#overlap() > 0;
  }

  /** Best bid equal to best ask. */
  get locked(): boolean {
    return this.#bids.count > 0 && this.#asks.count > 0 && this.#overlap() === 0;
  }

  #overlap(): number {
    if (this.#bids.count === 0 || this.#asks.count === 0) return -1;
    // How many asks are as good as the best bid, or better: equal prices count.
    const through = this.#asks.countTo(this.#bids.priceHigh(0), this.#bids.priceLow(0));
    if (through === 0) return -1;
    const equal = this.#asks.priceHigh(0) === this.#bids.priceHigh(0) && this.#asks.priceLow(0) === this.#bids.priceLow(0);
    return equal ? 0 : 1;
  }

  #side(side: BookSideName): BookSide {
    if (side === 'B') return this.#bids;
    if (side === 'A') return this.#asks;
    throw notASide(side);
  }

  #level(levels: BookSide, i: number): BookLevel | undefined {
    if (i >= levels.count) return undefined;
    return { price: this.#prices.number(levels.priceHigh(i), levels.priceLow(i)), size: this.#sizes.number(levels.sizeHigh(i), levels.sizeLow(i)) };
  }

  #price(levels: BookSide): number {
    return this.#prices.number(levels.priceHigh(0), levels.priceLow(0));
  }

  #flagged(flags: number): void {
    const snapshot = (flags & BOOK_FLAGS.SNAPSHOT) !== 0;
    if (snapshot && !this.#inSnapshot) this.clear();
    else if (!snapshot && this.#inSnapshot) this.#torn = true;
    this.#inSnapshot = snapshot && (flags & BOOK_FLAGS.LAST) === 0;
  }

  #set(side: number, priceHigh: number, priceLow: number, sizeHigh: number, sizeLow: number): void {
    // What is no number, and numbers below 0, are no sizes; of floats -0 is 0.
    if (sizeHigh < 0 || (sizeHigh >= NOT_FINITE && this.#sizes.scale === undefined)) {
      if (sizeHigh !== MINUS_ZERO || sizeLow !== 0 || this.#sizes.scale !== undefined) throw notALevel('size', this.#sizes.exact(sizeHigh, sizeLow));
      sizeHigh = 0;
    }
    if (this.#prices.scale === undefined) {
      if ((priceHigh & NOT_FINITE) === NOT_FINITE) throw notALevel('price', this.#prices.exact(priceHigh, priceLow));
      if (priceHigh === MINUS_ZERO && priceLow === 0) priceHigh = 0;
    }
    if (side === SIDE_CODES.BIDS) this.#bids.set(priceHigh, priceLow, sizeHigh, sizeLow);
    else if (side === SIDE_CODES.ASKS) this.#asks.set(priceHigh, priceLow, sizeHigh, sizeLow);
    else throw notASide(side);
  }

  /** Columns with their cells as words; the last ones are kept, as rows mostly come a few at a time of the same columns. */
  #wordsOf(columns: LevelColumns): Words {
    const { side, flags, price, size } = columns;
    let words = this.#words;
    if (words === undefined || words.prices !== price || words.sizes !== size || words.side !== side || words.flags !== flags) {
      this.#words = words = { side, flags, prices: price, sizes: size, price: wordsOver(price, this.#prices), size: wordsOver(size, this.#sizes) };
    }
    return words;
  }
}

interface Words {
  readonly side: Uint8Array;
  readonly flags: Uint8Array | undefined;
  readonly prices: unknown;
  readonly sizes: unknown;
  readonly price: Int32Array;
  readonly size: Int32Array;
}

const MINUS_ZERO = 0x80000000 | 0;
/** The exponent of a float64 that is no finite number, in its high word. */
const NOT_FINITE = 0x7ff00000;
const SCALE_MAX = 18;

function wordsOver(cells: BigInt64Array | Float64Array, { scale }: AmountCells): Int32Array {
  if (cells instanceof Float64Array ? scale === undefined : cells instanceof BigInt64Array && scale !== undefined) {
    return new Int32Array(cells.buffer, cells.byteOffset, cells.length * 2);
  }
  throw new DeepwaterError('DW_VALUE_TYPE', scale === undefined
    ? 'The book keeps numbers, and was given a column that is no Float64Array. Make it with priceScale and sizeScale for decimals.'
    : `The book keeps decimals with ${scale} digits behind the point, and was given a column that is no BigInt64Array.`, { values: { scale } });
}

function scaleOf(name: string, scale: unknown): number | undefined {
  if (scale === undefined || (typeof scale === 'number' && Number.isInteger(scale) && scale >= 0 && scale <= SCALE_MAX)) return scale;
  throw new DeepwaterError('DW_OPTION_INVALID', `${name} is ${describeValue(scale)}; give a whole number from 0 to ${SCALE_MAX}, or leave it out for numbers.`, { values: { [name]: scale } });
}

function notASide(side: unknown): DeepwaterError {
  return new DeepwaterError('DW_VALUE_RANGE', `${describeValue(side)} is no side of a book; B is bids, A is asks.`, { values: { side } });
}

function notALevel(what: string, value: number | string): DeepwaterError {
  return new DeepwaterError('DW_VALUE_RANGE', `A level has the ${what} ${value}, which is none.`, { values: { [what]: value } });
}
