/** What differs between the markets. */
export interface BinanceMarket {
  /** In front of `/stream`. */
  readonly route: string;
  /** The stream of trades, behind the symbol: each fill, or those of one taker order at one price as one. */
  readonly tradeStream: 'trade' | 'aggTrade';
  /** The stream of the book, behind the symbol. */
  readonly depthStream: string;
  /** The REST path of the book. */
  readonly depthPath: string;
  readonly streamsMax: number;
  symbolOf(typed: string): string;
}
