/** Levels that the checksum of a book is of, on each side. */
export const TOP_LEVELS = 10;

/**
 * One side of a book in order: the worst price first and the best last, since nearly all changes are near the best and move little there. Prices and
 * sizes are texts with all the decimals of the pair, which the checksum is of.
 */
export class BookLevels {
  readonly prices: string[] = [];
  readonly sizes: string[] = [];
  /** One of the best ten has changed since this was last set to false. */
  topChanged = true;
  /** What prices are worth, rising: bids by their price, asks by its negative. */
  #worths = new Float64Array(256);
  readonly #sign: 1 | -1;

  constructor(side: 'B' | 'A') {
    this.#sign = side === 'B' ? 1 : -1;
  }

  get length(): number {
    return this.prices.length;
  }

  clear(): void {
    this.prices.length = 0;
    this.sizes.length = 0;
    this.topChanged = true;
  }

  set(worth: number, price: string, size: string): void {
    const key = worth * this.#sign;
    const { length } = this.prices;
    const at = this.#find(key);
    if (at < length && this.#worths[at] === key) {
      this.prices[at] = price;
      this.sizes[at] = size;
    } else {
      if (length === this.#worths.length) {
        const larger = new Float64Array(2 * length);
        larger.set(this.#worths);
        this.#worths = larger;
      }
      this.#worths.copyWithin(at + 1, at, length);
      this.#worths[at] = key;
      this.prices.splice(at, 0, price);
      this.sizes.splice(at, 0, size);
    }
    if (at >= this.prices.length - TOP_LEVELS) this.topChanged = true;
  }

  remove(worth: number): void {
    const key = worth * this.#sign;
    const at = this.#find(key);
    if (at === this.prices.length || this.#worths[at] !== key) return;
    if (at >= this.prices.length - TOP_LEVELS) this.topChanged = true;
    this.#removeAt(at);
  }

  /** Of more levels than the checksum is of, so that it stays as it was. @returns the price of the level that is gone */
  removeWorst(): string {
    const price = this.prices[0];
    this.#removeAt(0);
    return price;
  }

  #removeAt(at: number): void {
    this.#worths.copyWithin(at, at + 1, this.prices.length);
    this.prices.splice(at, 1);
    this.sizes.splice(at, 1);
  }

  /** The first level that is worth as much, or more. */
  #find(key: number): number {
    const worths = this.#worths;
    let from = 0;
    let to = this.prices.length;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (worths[middle] < key) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}
