import { DeepwaterError, type Schema, describeValue, didYouMean } from '@deepwater/core/engine';
import type { Broker } from './broker.js';
import type { CheckedBroker } from './broker-options.js';
import { InstrumentBook } from './instrument-book.js';
import type { MarketClock } from './market-clock.js';
import { type Fill, type OpenOrder, type OrderOptions, type Side, checkOrder, orderInvalid } from './order.js';
import type { Position } from './position.js';
import type { Row } from './row-numbers.js';

/** Orders that may be open at once. */
const OPEN_MAX = 10_000;

/** A simulated broker: fills by the records that come, in their order and by their times alone, so that the same records give the same fills. */
export class PaperBroker implements Broker {
  /** Not told of yet, in the order in which they came about. */
  readonly fills: Fill[] = [];
  #cash: number;
  #orders = 0;
  readonly #books = new Map<string, InstrumentBook>();
  /** By position of the feed that prices them. */
  readonly #pricedBy: readonly (readonly InstrumentBook[])[];
  readonly #filled = (fill: Fill): void => {
    this.#cash -= (fill.side === 'buy' ? fill.price : -fill.price) * fill.size + fill.fee;
    this.fills.push(fill);
    this.told?.(fill);
  };

  /** @param told of each fill at once */
  constructor({ cash, terms }: CheckedBroker, feeds: readonly Schema[], private readonly clock: MarketClock, private readonly told?: (fill: Fill) => void) {
    this.#cash = cash;
    for (const each of terms) this.#books.set(each.feed, new InstrumentBook(each));
    const books = [...this.#books.values()];
    this.#pricedBy = feeds.map((_, index) => books.filter((book) => book.terms.pricedBy === index));
  }

  /** A record comes, where the clock stands. `fills` has what it filled. @param feed position of its feed */
  see(feed: number, row: Row, sequence: number): void {
    const books = this.#pricedBy[feed] as readonly InstrumentBook[];
    for (let i = 0; i < books.length; i++) (books[i] as InstrumentBook).see(row, sequence, this.clock, this.#filled);
  }

  submit(request: unknown): number {
    const { feed, side, size, type, price, tag } = checkOrder(request);
    const book = this.#book(feed);
    const { orders, terms } = book;
    if (orders.length >= OPEN_MAX) {
      throw orderInvalid(`There are ${orders.length} open orders of ${feed}, and no more are taken. Cancel those that are not wanted any more.`, { feed, open: orders.length });
    }
    const id = ++this.#orders;
    const submittedAt = this.clock.now();
    orders.push({
      id, feed, side, size, type, submittedAt, arrivesAt: submittedAt + terms.latencyUs, resting: false, cancelsAt: Infinity,
      ...(price === undefined ? {} : { price }), ...(tag === undefined ? {} : { tag }),
    });
    return id;
  }

  buy(feed: string, size: number, options?: OrderOptions): number {
    return this.#send('buy', feed, size, options);
  }

  sell(feed: string, size: number, options?: OrderOptions): number {
    return this.#send('sell', feed, size, options);
  }

  cancel(id: number): boolean {
    for (const { orders, terms } of this.#books.values()) {
      const index = orders.findIndex((order) => order.id === id);
      const order = orders[index];
      if (order === undefined) continue;
      if (terms.latencyUs === 0) orders.splice(index, 1);
      else order.cancelsAt = Math.min(order.cancelsAt, this.clock.now() + terms.latencyUs);
      return true;
    }
    return false;
  }

  position(feed: string): Position {
    return this.#book(feed).holding;
  }

  get cash(): number {
    return this.#cash;
  }

  get equity(): number {
    let equity = this.#cash;
    for (const { holding } of this.#books.values()) equity += holding.value;
    return equity;
  }

  get openOrders(): OpenOrder[] {
    return [...this.#books.values()].flatMap(({ orders }) => orders.map(({ resting: _resting, cancelsAt: _cancelsAt, ...order }) => order)).sort((a, b) => a.id - b.id);
  }

  #send(side: Side, feed: string, size: number, options: OrderOptions | undefined): number {
    return this.submit({ ...options, feed, side, size });
  }

  /** @throws DeepwaterError DW_ORDER_INVALID */
  #book(feed: unknown): InstrumentBook {
    const book = this.#books.get(feed as string);
    if (book !== undefined) return book;
    const known = [...this.#books.keys()];
    throw orderInvalid(`The broker does not trade ${describeValue(feed)}${typeof feed === 'string' ? didYouMean(feed, known) : ''}; it trades ${known.join(', ')}: the strategy's feeds that have prices, or are told which feed prices them with { broker: { feeds: { name: { pricedBy } } } }.`, {
      feed: describeValue(feed), known,
    });
  }
}

/** What a strategy has that was given no broker. @throws DeepwaterError DW_BROKER_MISSING */
export function noBroker(strategy: string): never {
  throw new DeepwaterError('DW_BROKER_MISSING', `Strategy ${strategy} asks for context.broker, and none was asked for: give { broker: {} } to spawnStrategy or backtest, or say in it how orders are to be filled. Deepwater has no broker but one on paper.`, {
    values: { strategy },
  });
}
