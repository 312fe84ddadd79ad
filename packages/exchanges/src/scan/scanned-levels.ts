import { DecimalDigits } from '@deepwater/core';
import type { BookSide, SymbolSink } from '../record-sink.js';

const FIRST_ROOM = 1024;
/** Room that is kept for the next frame; of a larger book it is let go. */
const KEPT_ROOM = 65_536;
const BID = 0x42;

/** The cells of so many levels. */
class Room {
  readonly sides: Uint8Array;
  readonly prices: Float64Array;
  readonly priceDecimals: Uint8Array;
  readonly sizes: Float64Array;
  readonly sizeDecimals: Uint8Array;

  constructor(readonly length: number) {
    this.sides = new Uint8Array(length);
    this.prices = new Float64Array(length);
    this.priceDecimals = new Uint8Array(length);
    this.sizes = new Float64Array(length);
    this.sizeDecimals = new Uint8Array(length);
  }

  copyOf(other: Room): this {
    this.sides.set(other.sides);
    this.prices.set(other.prices);
    this.priceDecimals.set(other.priceDecimals);
    this.sizes.set(other.sizes);
    this.sizeDecimals.set(other.sizeDecimals);
    return this;
  }
}

/**
 * Levels of a book that were scanned, in columns: no object and no text is made for a level, and its amounts are read once. All of them are amounts (prices
 * above 0). Good until the next frame is scanned.
 */
export class ScannedLevels {
  length = 0;
  /** When each level changed, as the exchange writes it; levels in a row mostly share one text. */
  readonly times: string[] = [];
  #room = new Room(FIRST_ROOM);

  /** Forgets what there was. */
  clear(): void {
    this.length = 0;
    this.times.length = 0;
    if (this.#room.length > KEPT_ROOM) this.#room = new Room(FIRST_ROOM);
  }

  /** An amount is its digits as a whole number, and how many of them stand behind the point. */
  add(side: BookSide, time: string, price: number, priceDecimals: number, size: number, sizeDecimals: number): void {
    const at = this.length++;
    if (at === this.#room.length) this.#room = new Room(at * 2).copyOf(this.#room);
    const room = this.#room;
    room.sides[at] = side === 'B' ? BID : 0;
    room.prices[at] = price;
    room.priceDecimals[at] = priceDecimals;
    room.sizes[at] = size;
    room.sizeDecimals[at] = sizeDecimals;
    this.times.push(time);
  }

  side(at: number): BookSide {
    return this.#room.sides[at] === BID ? 'B' : 'A';
  }

  /** Puts a price where it is to be, and makes nothing. */
  price(at: number, into: DecimalDigits): DecimalDigits {
    into.digits = this.#room.prices[at] as number;
    into.decimals = this.#room.priceDecimals[at] as number;
    return into;
  }

  size(at: number, into: DecimalDigits): DecimalDigits {
    into.digits = this.#room.sizes[at] as number;
    into.decimals = this.#room.sizeDecimals[at] as number;
    return into;
  }
}

/** Into any sink. @throws BadFrame for the first that no record can hold; those before it have been written */
export function writeScanned(sink: SymbolSink, levels: ScannedLevels, from: number, to: number): void {
  if (sink.levels !== undefined) return sink.levels(levels, from, to);
  const amount = new DecimalDigits();
  for (let at = from; at < to; at++) sink.level(levels.side(at), String(levels.price(at, amount)), String(levels.size(at, amount)));
}
