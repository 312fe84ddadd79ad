/**
 * The feeds that records of exchanges are kept in: one for each symbol and channel, and one of events for each exchange. What each field means is in
 * docs/DATA.md.
 */
import { BOOK_FLAGS, DeepwaterError, type FeedSpecInput } from 'deepwater';
import type { Channel } from '../exchange.js';
import type { Source } from '../source.js';

export interface RecordFeedOptions {
  /** `decimal` (the default) keeps prices and sizes to the last digit; `float64` as near as a number comes. */
  readonly amounts?: 'decimal' | 'float64' | undefined;
  /** Digits behind the point that prices and sizes have at most, 8 by default. A price with more is refused, never rounded. */
  readonly priceScale?: number | undefined;
  readonly sizeScale?: number | undefined;
  /** 0, for ever, by default: what an exchange has said once it says no more. */
  readonly retentionHours?: number | undefined;
}

export { BOOK_FLAGS };

/** Bytes of an id where an exchange tells trades apart by a text. */
const ID_BYTES = 40;

/** `binance-usdm.BTCUSDT.trades`, `kraken.BTC-USD.book`, `ccxt-bybit-linear.BTC-USDT-USDT.quotes`. @throws DeepwaterError DW_SYMBOL_UNKNOWN for a symbol that no feed can be named after */
export function recordFeedName(exchange: Source, symbol: string, channel: Channel): string {
  const name = `${exchange.name}.${symbol.replace(/[/:]/g, '-')}.${channel}`;
  if (/^[A-Za-z0-9._-]{1,64}$/.test(name) && !name.includes('..')) return name;
  throw new DeepwaterError('DW_SYMBOL_UNKNOWN', `No feed can be named ${name}: write the symbol as ${exchange.title} does.`, { values: { symbol, exchange: exchange.name } });
}

export function recordFeedSpec(exchange: Source, symbol: string, channel: Channel, options: RecordFeedOptions = {}): FeedSpecInput {
  const { amounts = 'decimal', priceScale = 8, sizeScale = 8, retentionHours = 0 } = options;
  const amount = (name: string, scale: number, desc: string) => (amounts === 'decimal' ? { name, type: 'decimal', scale, desc } as const : { name, type: 'float64', desc } as const);
  const price = (name: string, desc: string) => amount(name, priceScale, desc);
  const size = (name: string, desc: string) => amount(name, sizeScale, desc);
  const number = (name: string, desc: string) => ({ name, type: 'uint64', as: 'number', desc } as const);
  const times = [
    { name: 'ts', type: 'uint64', desc: 'when it was, by the exchange; by us where it does not tell' },
    { name: 'recv', type: 'uint64', desc: 'when its frame came, by this machine' },
  ] as const;
  const fields = {
    trades: [
      ...times,
      exchange.tradeIds === 'text' ? { name: 'id', type: 'string', bytes: ID_BYTES, desc: 'as the exchange tells trades apart' } as const : number('id', 'as the exchange tells trades apart; 0 where it does not'),
      { name: 'side', type: 'char', desc: 'B: the taker bought, S: he sold, space: not told' } as const, price('price', 'of one unit'), size('size', 'traded'),
    ],
    book: [
      ...times, number('first', 'the first of the exchange’s updates that the message covers; 0 where it has no numbers'), number('last', 'the last of them'),
      { name: 'side', type: 'char', desc: 'B: bids, A: asks' } as const, { name: 'flags', type: 'uint8', desc: '1: of a snapshot, 2: the last of its message' } as const,
      price('price', 'of the level'), size('size', 'that there is from now on; 0: the level is gone'),
    ],
    quotes: [
      ...times, number('update', 'the exchange’s number of it; 0 where it has none'), price('bid', 'best bid'), size('bidSize', 'there'), price('ask', 'best ask'), size('askSize', 'there'),
    ],
    heartbeats: [...times, number('counter', 'the exchange’s; 0 where it has none')],
  }[channel];
  return {
    name: recordFeedName(exchange, symbol, channel), fields, timestamp: 'ts', clocks: ['recv'], mode: channel === 'book' ? 'IF' : 'UF', retentionHours,
    instrument: { exchange: exchange.name, market: exchange.market, symbol, tickType: { trades: 'trade', book: 'depth', quotes: 'quote', heartbeats: 'heartbeat' }[channel] },
  };
}
