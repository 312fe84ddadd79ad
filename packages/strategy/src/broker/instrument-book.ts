import { BPS, type InstrumentTerms } from './broker-options.js';
import { isPrice, isTaken, takes } from './matching.js';
import type { Fill, OpenOrder } from './order.js';
import type { MarketClock } from './market-clock.js';
import { Holding } from './position.js';
import { type Row, type RowNumber, numberOf } from './row-numbers.js';

/** An order on its way, or in the market. */
export interface BookOrder extends OpenOrder {
  /** It has seen a record, and was not filled by it. */
  resting: boolean;
  /** When its cancellation reaches the market; Infinity where nobody wants that. */
  cancelsAt: number;
}

/** The orders of an instrument, what the market says of it, and what is held of it. */
export class InstrumentBook {
  readonly holding: Holding;
  /** In order of submission. */
  readonly orders: BookOrder[] = [];
  readonly #quoted: boolean;
  /** Of a trade, or of the bid. */
  readonly #first: RowNumber;
  readonly #ask: RowNumber;
  /** What the last record asks for buying, and gives for selling; NaN before it. */
  #buyAt = NaN;
  #sellAt = NaN;

  constructor(readonly terms: InstrumentTerms) {
    this.holding = new Holding(terms.feed);
    const [first, second] = terms.priceFields.map(numberOf);
    this.#quoted = terms.fills === 'quote-cross';
    this.#first = first as RowNumber;
    this.#ask = second ?? (first as RowNumber);
  }

  /** Takes in a record. @param clock stands at it @param filled told of each order that it fills, in the order of their submission */
  see(row: Row, sequence: number, clock: MarketClock, filled: (fill: Fill) => void): void {
    const first = this.#first(row);
    const ask = this.#quoted ? this.#ask(row) : first;
    if (this.orders.length > 0) this.#match(first, ask, clock.now(), sequence, filled);
    if (this.#quoted) {
      this.#sellAt = first;
      this.#buyAt = ask;
      // With one side missing the mark stays what it was.
      if (isPrice(first) && isPrice(ask)) this.holding.mark = (first + ask) / 2;
    } else if (isPrice(first)) {
      this.#sellAt = this.#buyAt = this.holding.mark = first;
    }
  }

  #match(bid: number, ask: number, time: number, sequence: number, filled: (fill: Fill) => void): void {
    const { orders } = this;
    let left = 0;
    for (const order of orders) {
      if (order.cancelsAt <= time) continue;
      if (time < order.arrivesAt || !this.#fill(order, bid, ask, time, sequence, filled)) orders[left++] = order;
    }
    orders.length = left;
  }

  #fill(order: BookOrder, bid: number, ask: number, time: number, sequence: number, filled: (fill: Fill) => void): boolean {
    const { terms, holding } = this;
    const { id, feed, side, type, size, submittedAt, tag } = order;
    const buys = side === 'buy';
    const now = buys ? ask : bid;
    let price = order.resting ? NaN : takes(order, buys ? this.#buyAt : this.#sellAt, now, terms.slippage);
    const taken = !Number.isNaN(price);
    if (!taken) {
      if (isPrice(now)) order.resting = type === 'limit';
      if (!isTaken(order, now, this.#quoted)) return false;
      price = order.price as number;
    }
    const fee = (price * size * (taken ? terms.takerFeeBps : terms.makerFeeBps)) / BPS;
    const realized = holding.apply(side, price, size, fee);
    filled({
      id, feed, side, type, price, size, fee, liquidity: taken ? 'taker' : 'maker', time, sequence,
      submittedAt, position: holding.size, realized, ...(tag === undefined ? {} : { tag }),
    });
    return true;
  }
}
