/**
 * Where adapters put what they read: plain calls with the values as the exchange wrote them, so that nothing is made for a record on its way to the
 * ring. Prices and sizes are texts, which are decimals to the last digit; or numbers where the exchange sends numbers.
 */

import type { ScannedLevels } from './scan/scanned-levels.js';

/** The taker's side of a trade: bought, sold, or not told. */
export type TakerSide = 'B' | 'S' | ' ';
/** Bids or asks. */
export type BookSide = 'B' | 'A';
/** A price or a size as it stands in the frame. */
export type Amount = string | number;

export interface RecordSink {
  /** Where the records of a symbol go; to be kept by whoever has many. The symbol is one that was subscribed. */
  of(symbol: string): SymbolSink;
}

/**
 * Times are microseconds since 1970: `ts` the exchange's, `received` ours. An exchange that gives no time gives none: `ts` is `received` then.
 * @throws BadFrame, of every method, for a value that the record cannot hold; it is not written then
 */
export interface SymbolSink {
  /** @param id as the exchange tells trades apart; 0 where it does not */
  trade(ts: number, received: number, id: number | string, side: TakerSide, price: Amount, size: Amount): void;
  /** Best bid and ask. @param update the exchange's number of it, 0 where it has none */
  quote(ts: number, received: number, update: number, bid: Amount, bidSize: Amount, ask: Amount, askSize: Amount): void;
  /**
   * Begins a change of the book, or all of it (`snapshot`): levels follow, then `endBook`.
   * Where a level cannot be read, or not be held, no `endBook` comes: what was written stays without its last record, and the next message may begin.
   * @param first @param last numbers of the exchange's updates that it covers; 0 where it has none
   */
  beginBook(ts: number, received: number, snapshot: boolean, first: number, last: number): void;
  /** One level: the size there is at a price from now on, 0 where it is gone. */
  level(side: BookSide, price: Amount, size: Amount): void;
  /** As `level` for each of these; where it is left out, `level` is called. */
  levels?(levels: ScannedLevels, from: number, to: number): void;
  endBook(): void;
  /** @param counter the exchange's, 0 where it has none */
  heartbeat(ts: number, received: number, counter: number): void;
}
