/** The server's own book of a symbol, made from the capture alone. */

/** A level as the exchange wrote it. Never changed: another size is another level. */
export interface Level {
  readonly price: string;
  readonly size: string;
  /** When it changed last, in the exchange's words; empty where it does not say. */
  readonly time: string;
  /** The book's `changes` when it was set. */
  readonly change: number;
}

/** Bids or asks, best first. Prices are compared as numbers, so that `65065` and `65065.0` are one level. */
export class BookSide {
  readonly #keys: number[] = [];
  readonly #levels: Level[] = [];
  readonly #sign: 1 | -1;

  constructor(side: 'bids' | 'asks') {
    this.#sign = side === 'asks' ? 1 : -1;
  }

  get length(): number {
    return this.#levels.length;
  }

  /** The best levels. Not to be changed. */
  top(depth: number): readonly Level[] {
    return this.#levels.length <= depth ? this.#levels.slice() : this.#levels.slice(0, depth);
  }

  /** A size of zero takes the level away. */
  set(level: Level): void {
    const key = Number(level.price) * this.#sign;
    const at = this.#find(key);
    const there = this.#keys[at] === key;
    if (Number(level.size) === 0) {
      if (!there) return;
      this.#keys.splice(at, 1);
      this.#levels.splice(at, 1);
    } else if (there) {
      this.#levels[at] = level;
    } else {
      this.#keys.splice(at, 0, key);
      this.#levels.splice(at, 0, level);
    }
  }

  has(price: string): boolean {
    const key = Number(price) * this.#sign;
    return this.#keys[this.#find(key)] === key;
  }

  /** What lies deeper is not known any more. */
  truncate(depth: number): void {
    if (this.#levels.length <= depth) return;
    this.#keys.length = depth;
    this.#levels.length = depth;
  }

  clear(): void {
    this.truncate(0);
  }

  /** The first place whose key is not smaller. */
  #find(key: number): number {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#keys[middle] < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** A change of a level: price, size, and when, as far as it is told. */
export type LevelChange = readonly [price: string, size: string, time?: string];

export class Book {
  readonly bids = new BookSide('bids');
  readonly asks = new BookSide('asks');
  /** The exchange's number of the last update in it; 0 where it has none, or none has come. */
  update = 0;
  /** Whether it began with a snapshot; without one it holds what updates have told so far. */
  whole = false;
  /** How often it has changed. */
  changes = 0;

  apply(bids: readonly LevelChange[], asks: readonly LevelChange[]): void {
    this.changes++;
    for (const [price, size, time = ''] of bids) this.bids.set({ price, size, time, change: this.changes });
    for (const [price, size, time = ''] of asks) this.asks.set({ price, size, time, change: this.changes });
  }

  replace(bids: readonly LevelChange[], asks: readonly LevelChange[]): void {
    this.bids.clear();
    this.asks.clear();
    this.whole = true;
    this.apply(bids, asks);
  }

  truncate(depth: number): void {
    this.bids.truncate(depth);
    this.asks.truncate(depth);
  }
}

/** Levels as most exchanges write them: `[price, size]`. */
export const pairs = (levels: readonly Level[]): [string, string][] => levels.map(({ price, size }) => [price, size]);
