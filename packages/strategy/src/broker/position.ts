import type { Side } from './order.js';

/** What is held of an instrument. Seen through the context it is the thing itself, and changes with the next fill. */
export interface Position {
  readonly feed: string;
  /** Negative where it is short. */
  readonly size: number;
  /** Average price of what is held; 0 where nothing is. */
  readonly averagePrice: number;
  /** The price that it is valued at: of the last trade, or the middle of the last quote. NaN before the first. */
  readonly mark: number;
  /** Profit of what was closed, against the average price, before fees. */
  readonly realized: number;
  /** Profit of what is held if it were closed at the mark. */
  readonly unrealized: number;
  readonly fees: number;
}

/** As a share of the size of a fill. */
const DUST = 1e-12;

/** Position and profit by average cost: adding to a position moves its average price, reducing it realises profit against that. */
export class Holding implements Position {
  size = 0;
  averagePrice = 0;
  mark = NaN;
  realized = 0;
  fees = 0;

  constructor(readonly feed: string) {}

  get unrealized(): number {
    return this.size === 0 ? 0 : (this.mark - this.averagePrice) * this.size;
  }

  /** Worth of what is held; with nothing held no mark is needed. */
  get value(): number {
    return this.size === 0 ? 0 : this.mark * this.size;
  }

  /** @returns the profit that it realised, before the fee */
  apply(side: Side, price: number, size: number, fee: number): number {
    this.fees += fee;
    const change = side === 'buy' ? size : -size;
    const before = this.size;
    const sum = before + change;
    // What the rounding of sums leaves of a position that was closed is none.
    const after = Math.abs(sum) < DUST * size ? 0 : sum;
    this.size = after;
    if (before === 0 || before > 0 === change > 0) {
      this.averagePrice = (this.averagePrice * Math.abs(before) + price * size) / Math.abs(after);
      return 0;
    }
    const closed = Math.min(size, Math.abs(before));
    const profit = (price - this.averagePrice) * (before > 0 ? closed : -closed);
    this.realized += profit;
    if (after === 0) this.averagePrice = 0;
    // It went through nothing to the other side: what is held now was opened at this price.
    else if (after > 0 !== before > 0) this.averagePrice = price;
    return profit;
  }
}
