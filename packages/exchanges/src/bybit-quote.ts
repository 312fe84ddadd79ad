/**
 * Best bid and ask of a Bybit symbol, put together from what its messages change.
 *
 * - `tickers` of contracts: a snapshot, then deltas that leave out what has not changed: https://bybit-exchange.github.io/docs/v5/websocket/public/ticker
 * - `orderbook.1` of spot, whose tickers have no bid and ask: snapshots, sent again after three seconds without a change:
 *   https://bybit-exchange.github.io/docs/v5/websocket/public/orderbook
 */
import { priceOf, scanDecimal, sizeOf, wholeOf } from './amounts.js';
import type { BybitDepth } from './bybit-book.js';
import { BadFrame } from './exchange.js';
import { listOf, shown } from './frame-checks.js';
import { pairOf } from './level-pairs.js';
import type { SymbolSink } from './record-sink.js';

/** `data` of a `tickers` message. */
export interface BybitTicker {
  readonly symbol?: unknown;
  readonly bid1Price?: unknown;
  readonly bid1Size?: unknown;
  readonly ask1Price?: unknown;
  readonly ask1Size?: unknown;
}

export class BybitQuote {
  // Empty texts stand for a side that is not known, or has no orders.
  #bid = '';
  #bidSize = '';
  #ask = '';
  #askSize = '';
  #last = 0;

  constructor(private readonly sink: SymbolSink) {}

  /** A message could not be read: what it may have changed is not known any more, until it is told again. */
  forget(): void {
    this.#bid = this.#bidSize = this.#ask = this.#askSize = '';
  }

  /** @param update `cs`, a number that grows over all messages of a symbol, not by one */
  takeTicker(type: unknown, data: BybitTicker, update: unknown, ts: number, received: number): void {
    if (type !== 'snapshot' && type !== 'delta') throw new BadFrame('type unknown', shown(type));
    const whole = type === 'snapshot';
    const { bid1Price, bid1Size, ask1Price, ask1Size } = data;
    if (!whole && bid1Price === undefined && bid1Size === undefined && ask1Price === undefined && ask1Size === undefined) return;
    const number = update === undefined ? 0 : wholeOf(update, 'update number');
    const bid = changed(bid1Price, whole, this.#bid, priceOf);
    const bidSize = changed(bid1Size, whole, this.#bidSize, sizeOf);
    const ask = changed(ask1Price, whole, this.#ask, priceOf);
    this.#askSize = changed(ask1Size, whole, this.#askSize, sizeOf);
    this.#bid = bid;
    this.#bidSize = bidSize;
    this.#ask = ask;
    this.#write(ts, received, number);
  }

  takeLevel(type: unknown, data: BybitDepth, ts: number, received: number): void {
    const u = wholeOf(data.u, 'update number');
    const bids = listOf(data.b, 'bids');
    const asks = listOf(data.a, 'asks');
    if (type !== 'snapshot' && type !== 'delta') throw new BadFrame('type unknown', shown(type));
    // Sent again, so that we know it still holds.
    if (u === this.#last) return;
    const whole = type === 'snapshot' || u === 1;
    const [bid, bidSize] = best(bids, whole, this.#bid, this.#bidSize);
    const [ask, askSize] = best(asks, whole, this.#ask, this.#askSize);
    this.#last = u;
    this.#bid = bid;
    this.#bidSize = bidSize;
    this.#ask = ask;
    this.#askSize = askSize;
    this.#write(ts, received, u);
  }

  #write(ts: number, received: number, update: number): void {
    if (this.#bid === '' || this.#ask === '' || this.#bidSize === '' || this.#askSize === '') return;
    this.sink.quote(ts, received, update, this.#bid, this.#bidSize, this.#ask, this.#askSize);
  }
}

function changed(value: unknown, whole: boolean, before: string, checked: (value: unknown) => string): string {
  if (value === undefined) return whole ? '' : before;
  return value === '' ? '' : checked(value);
}

/** The one level of a side after a message: a size of 0 takes it away, any other puts itself there. */
function best(levels: readonly unknown[], whole: boolean, price: string, size: string): [string, string] {
  let now: [string, string] = whole ? ['', ''] : [price, size];
  for (const given of levels) {
    const level = pairOf(given);
    const levelPrice = priceOf(level[0]);
    const levelSize = sizeOf(level[1]);
    if (scanDecimal(levelSize) !== 0) now = [levelPrice, levelSize];
    else if (levelPrice === now[0]) now = ['', ''];
  }
  return now;
}
