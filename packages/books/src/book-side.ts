/**
 * One side of a book: prices in order, the best at the end, in two typed arrays with room at both ends.
 *
 *      room │ worst … … … … best │ room        prices, as keys that compare as signed words
 *           │ size  … … … … size │             sizes, as they are stored
 *
 * A price is found by halving. A new level moves whatever is shorter, what is better or what is worse than it: most changes are near the best
 * price, and snapshots, which come best or worst first, move nothing at all.
 */
const LEVELS_MIN = 64;
const SIGN = 0x80000000 | 0;

export class BookSide {
  /** Two words a level: the low one with its sign turned, then the high one. Those of asks are complements, so that the best is the greatest. */
  #keys = new Int32Array(2 * LEVELS_MIN);
  #sizes = new Int32Array(2 * LEVELS_MIN);
  // The same memory, for moving whole levels.
  #keyCells = new Float64Array(this.#keys.buffer);
  #sizeCells = new Float64Array(this.#sizes.buffer);
  #begin = LEVELS_MIN / 2;
  #end = LEVELS_MIN / 2;
  readonly #flip: number;

  /** @param floats of float64 prices, whose bits are not in the order of the numbers where these are below 0 */
  constructor(asks: boolean, private readonly floats: boolean) {
    this.#flip = asks ? -1 : 0;
  }

  get count(): number {
    return this.#end - this.#begin;
  }

  clear(): void {
    this.#begin = this.#end = this.#keyCells.length >> 1;
  }

  /** The size at a price from now on; 0 takes the level away. All four are the words that are stored. */
  set(priceHigh: number, priceLow: number, sizeHigh: number, sizeLow: number): void {
    let key = priceHigh;
    let rest = priceLow;
    if (this.floats) {
      const turn = priceHigh >> 31;
      key ^= turn & 0x7fffffff;
      rest ^= turn;
    }
    key ^= this.#flip;
    rest ^= this.#flip ^ SIGN;
    const at = this.#find(key, rest);
    const keys = this.#keys;
    const there = at < this.#end && keys[2 * at + 1] === key && keys[2 * at] === rest;
    if ((sizeHigh | sizeLow) === 0) {
      if (there) this.#remove(at);
      return;
    }
    const row = there ? at : this.#insert(at);
    if (!there) {
      this.#keys[2 * row] = rest;
      this.#keys[2 * row + 1] = key;
    }
    this.#sizes[2 * row] = sizeLow;
    this.#sizes[2 * row + 1] = sizeHigh;
  }

  /** How many levels are as good as a price or better. */
  countTo(priceHigh: number, priceLow: number): number {
    const turn = this.floats ? priceHigh >> 31 : 0;
    return this.#end - this.#find(priceHigh ^ (turn & 0x7fffffff) ^ this.#flip, priceLow ^ turn ^ this.#flip ^ SIGN);
  }

  // Of level i, 0 the best; i < count.

  priceHigh(i: number): number {
    const key = (this.#keys[2 * (this.#end - i) - 1] as number) ^ this.#flip;
    return this.floats ? key ^ ((key >> 31) & 0x7fffffff) : key;
  }

  priceLow(i: number): number {
    const rest = (this.#keys[2 * (this.#end - i) - 2] as number) ^ this.#flip ^ SIGN;
    return this.floats ? rest ^ (((this.#keys[2 * (this.#end - i) - 1] as number) ^ this.#flip) >> 31) : rest;
  }

  sizeHigh(i: number): number {
    return this.#sizes[2 * (this.#end - i) - 1] as number;
  }

  sizeLow(i: number): number {
    return this.#sizes[2 * (this.#end - i) - 2] as number;
  }

  /** The place of the first key that is not below a key. */
  #find(key: number, rest: number): number {
    const keys = this.#keys;
    let from = this.#begin;
    let to = this.#end;
    while (from < to) {
      const middle = (from + to) >>> 1;
      const found = keys[2 * middle + 1] as number;
      if (found < key || (found === key && (keys[2 * middle] as number) < rest)) from = middle + 1;
      else to = middle;
    }
    return from;
  }

  #remove(at: number): void {
    const begin = this.#begin;
    const end = this.#end;
    if (at - begin < end - 1 - at) {
      if (at > begin) this.#move(begin + 1, begin, at);
      this.#begin = begin + 1;
    } else {
      if (at < end - 1) this.#move(at, at + 1, end);
      this.#end = end - 1;
    }
  }

  /** Makes room for a level before the one at a place. @returns where it goes */
  #insert(at: number): number {
    const before = at - this.#begin;
    const atFront = before < this.#end - at;
    if (atFront ? this.#begin === 0 : this.#end === this.#keyCells.length) this.#grow();
    const place = this.#begin + before;
    if (atFront) {
      if (before > 0) this.#move(this.#begin - 1, this.#begin, place);
      this.#begin -= 1;
      return place - 1;
    }
    if (place < this.#end) this.#move(place + 1, place, this.#end);
    this.#end += 1;
    return place;
  }

  #move(target: number, from: number, to: number): void {
    this.#keyCells.copyWithin(target, from, to);
    this.#sizeCells.copyWithin(target, from, to);
  }

  /** Puts the levels into the middle of arrays with as much room again at either end. */
  #grow(): void {
    const { count } = this;
    const room = Math.max(LEVELS_MIN, count);
    const from = this.#begin;
    const begin = room;
    const [keys, sizes] = [new Int32Array(2 * (count + 2 * room)), new Int32Array(2 * (count + 2 * room))];
    keys.set(this.#keys.subarray(2 * from, 2 * this.#end), 2 * begin);
    sizes.set(this.#sizes.subarray(2 * from, 2 * this.#end), 2 * begin);
    this.#keys = keys;
    this.#sizes = sizes;
    this.#keyCells = new Float64Array(keys.buffer);
    this.#sizeCells = new Float64Array(sizes.buffer);
    this.#begin = begin;
    this.#end = begin + count;
  }
}
