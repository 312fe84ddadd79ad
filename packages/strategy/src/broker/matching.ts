/**
 * When an order is filled, and at which price. An order is looked at when a record of the feed that prices it comes, after the
 * one at which it was submitted, with a time at or after its arrival; it is filled whole, whatever the size of that record.
 *
 * - A market order takes the price of the first such record: of the trade, or the opposite side of the quote.
 * - A limit order that finds the market at its price or better, as the record before its first one left it, takes the price of
 *   that first record, if that still is no worse than its limit. Otherwise it rests.
 * - A resting order is filled at its own price: by a trade strictly beyond it (at its very price others may have stood before it),
 *   or by a quote whose opposite side reaches it (nobody could have asked that price without meeting it).
 *
 * Who takes pays the taker's fee and the slippage, which never moves the price beyond a limit; who rests pays the maker's fee.
 */
import type { OrderType, Side } from './order.js';

/** What matters of an order here. */
export interface Matchable {
  readonly side: Side;
  readonly type: OrderType;
  readonly price?: number;
}

/** A side that nobody quotes: feeds say so with 0 or NaN. */
export const isPrice = (price: number): boolean => price > 0 && price < Infinity;

/**
 * The price at which an order takes, or NaN.
 * @param before what the market asked of it before this record; NaN where that is not known
 * @param now what it asks by this record
 */
export function takes({ side, type, price = 0 }: Matchable, before: number, now: number, slippage: number): number {
  if (!isPrice(now)) return NaN;
  const buys = side === 'buy';
  const slipped = buys ? now * (1 + slippage) : now * (1 - slippage);
  if (type === 'market') return slipped;
  if (buys) return before <= price && now <= price ? Math.min(slipped, price) : NaN;
  return before >= price && now >= price ? Math.max(slipped, price) : NaN;
}

/** Whether a resting limit order is filled. @param reaching a price equal to its own is enough */
export function isTaken({ side, type, price = 0 }: Matchable, now: number, reaching: boolean): boolean {
  if (type === 'market' || !isPrice(now)) return false;
  if (reaching && now === price) return true;
  return side === 'buy' ? now < price : now > price;
}
