/** Good frames of every exchange, in parts that a test can replace by anything: one symbol's trades, quotes and book. */
import { type Exchange, binance, binanceCoinm, binanceUsdm, bybit, bybitInverse, bybitLinear, coinbase, coinbaseExchange, kraken, krakenV1 } from '../../dist/index.js';
import { PlainBook } from './plain-book.js';

export const NOW_US = Date.UTC(2026, 9, 1) * 1000;

/** What is not given is as it should be; `undefined` leaves it out. */
export interface Parts {
  readonly symbol?: unknown;
  readonly time?: unknown;
  readonly id?: unknown;
  readonly side?: unknown;
  readonly price?: unknown;
  readonly size?: unknown;
}

export interface Dialect {
  readonly exchange: Exchange;
  readonly symbol: string;
  /** A time as the exchange writes it, from microseconds. */
  time(us: number): unknown;
  /** An amount as the exchange writes it: a text, or a number. */
  amount(value: number): unknown;
  trade(parts: Parts): unknown;
  quote(parts: Parts): unknown;
  /** A change of one bid; frames before the book, such as Kraken's instruments, are in `first`. */
  change(parts: Parts): unknown;
  /** The book as the exchange sends it; Binance's comes from REST. */
  snapshot(): unknown;
  readonly first?: unknown;
  readonly rest?: boolean;
  /** Where quotes, or changes of the book, have no time that is read. */
  readonly untimed?: readonly ('quote' | 'change')[];
  /** Trades have no ids. */
  readonly noIds?: boolean;
  /** Ids of trades are texts, and any text will do. */
  readonly textIds?: boolean;
}

const text = (value: number): string => String(value);
const pick = (parts: Parts, key: keyof Parts, otherwise: unknown): unknown => (key in parts ? parts[key] : otherwise);

function binanceDialect(exchange: Exchange, futures: boolean): Dialect {
  const time = (us: number): number => us / 1000;
  const symbol = 'BTCUSDT';
  let id = 100;
  let u = 100;
  return {
    exchange, symbol, time, amount: text, rest: true, ...(futures ? {} : { untimed: ['quote'] as const }),
    trade: (p) => ({ e: 'trade', E: time(NOW_US), T: pick(p, 'time', time(NOW_US)), s: pick(p, 'symbol', symbol), t: pick(p, 'id', ++id), p: pick(p, 'price', '10'), q: pick(p, 'size', '2'), m: pick(p, 'side', true) }),
    quote: (p) => ({ ...(futures ? { e: 'bookTicker', T: pick(p, 'time', time(NOW_US)) } : {}), u: 5, s: pick(p, 'symbol', symbol), b: pick(p, 'price', '10'), B: pick(p, 'size', '2'), a: '11', A: '1' }),
    change: (p) => {
      u += 1;
      const when = pick(p, 'time', time(NOW_US));
      return { e: 'depthUpdate', E: when, ...(futures ? { T: when, pu: u - 1 } : {}), s: pick(p, 'symbol', symbol), U: u, u, b: [[pick(p, 'price', '9'), pick(p, 'size', '2')]], a: [] };
    },
    snapshot: () => ({ lastUpdateId: u, bids: [['9', '1']], asks: [['11', '1']] }),
  };
}

function bybitDialect(exchange: Exchange, tickers: boolean): Dialect {
  const time = (us: number): number => us / 1000;
  const symbol = 'BTCUSDT';
  let id = 0;
  let u = 100;
  let top = 100;
  const book = (topic: string, type: string, its: unknown, when: unknown, b: unknown, number: number) => ({ topic: `${topic}.${symbol}`, type, ts: time(NOW_US), cts: when, data: { s: its, b, a: [['11', '1']], u: number } });
  return {
    exchange, symbol, time, amount: text, textIds: true,
    trade: (p) => ({ topic: `publicTrade.${symbol}`, type: 'snapshot', ts: 1, data: [{ T: pick(p, 'time', time(NOW_US)), s: pick(p, 'symbol', symbol), S: pick(p, 'side', 'Buy'), v: pick(p, 'size', '2'), p: pick(p, 'price', '10'), i: pick(p, 'id', `id-${++id}`) }] }),
    quote: (p) => (tickers
      ? { topic: `tickers.${symbol}`, type: 'snapshot', cs: 1, ts: pick(p, 'time', time(NOW_US)), data: { symbol: pick(p, 'symbol', symbol), bid1Price: pick(p, 'price', '10'), bid1Size: pick(p, 'size', '2'), ask1Price: '11', ask1Size: '1' } }
      : { ...book('orderbook.1', 'snapshot', pick(p, 'symbol', symbol), pick(p, 'time', time(NOW_US)), [[pick(p, 'price', '10'), pick(p, 'size', '2')]], ++top), ts: undefined }),
    change: (p) => {
      u += 1;
      return { ...book('orderbook.200', 'delta', pick(p, 'symbol', symbol), pick(p, 'time', time(NOW_US)), [[pick(p, 'price', '9'), pick(p, 'size', '2')]], u), ts: undefined };
    },
    snapshot: () => book('orderbook.200', 'snapshot', symbol, time(NOW_US), [['9', '1']], u),
  };
}

const iso = (us: number): string => new Date(us / 1000).toISOString();

function coinbaseDialect(): Dialect {
  const symbol = 'BTC-USD';
  let id = 100;
  let sequence = 0;
  const frame = (channel: string, event: object, when: unknown = iso(NOW_US)) => ({ channel, timestamp: when, sequence_num: sequence++, events: [event] });
  const level = (p: Parts) => ({ side: 'bid', event_time: pick(p, 'time', iso(NOW_US)), price_level: pick(p, 'price', '9'), new_quantity: pick(p, 'size', '2') });
  return {
    exchange: coinbase, symbol, time: iso, amount: text,
    trade: (p) => frame('market_trades', { type: 'update', trades: [{ product_id: pick(p, 'symbol', symbol), trade_id: pick(p, 'id', String(++id)), price: pick(p, 'price', '10'), size: pick(p, 'size', '2'), time: pick(p, 'time', iso(NOW_US)), side: pick(p, 'side', 'BUY') }] }),
    quote: (p) => frame('ticker', { tickers: [{ product_id: pick(p, 'symbol', symbol), best_bid: pick(p, 'price', '10'), best_bid_quantity: pick(p, 'size', '2'), best_ask: '11', best_ask_quantity: '1' }] }, pick(p, 'time', iso(NOW_US))),
    change: (p) => frame('l2_data', { type: 'update', product_id: pick(p, 'symbol', symbol), updates: [level(p)] }),
    snapshot: () => frame('l2_data', { type: 'snapshot', product_id: symbol, updates: [level({})] }),
  };
}

function coinbaseExchangeDialect(): Dialect {
  const symbol = 'BTC-USD';
  let id = 100;
  return {
    exchange: coinbaseExchange, symbol, time: iso, amount: text,
    trade: (p) => ({ type: 'match', product_id: pick(p, 'symbol', symbol), trade_id: pick(p, 'id', ++id), price: pick(p, 'price', '10'), size: pick(p, 'size', '2'), time: pick(p, 'time', iso(NOW_US)), side: pick(p, 'side', 'buy') }),
    // A ticker without a time has the one when it came.
    quote: (p) => ({ type: 'ticker', product_id: pick(p, 'symbol', symbol), sequence: 1, best_bid: pick(p, 'price', '10'), best_bid_size: pick(p, 'size', '2') ?? null, best_ask: '11', best_ask_size: '1', time: pick(p, 'time', iso(NOW_US)) ?? null }),
    change: (p) => ({ type: 'l2update', product_id: pick(p, 'symbol', symbol), time: pick(p, 'time', iso(NOW_US)), changes: [['buy', pick(p, 'price', '9'), pick(p, 'size', '2')]] }),
    snapshot: () => ({ type: 'snapshot', product_id: symbol, bids: [['9', '1']], asks: [['11', '1']] }),
  };
}

/** The checksum of a book with one bid and one ask, as it is after a good change or a snapshot. */
function checksum(bid: readonly [string, string], ask: readonly [string, string]): number {
  const book = new PlainBook();
  book.set('B', ...bid);
  book.set('A', ...ask);
  return book.checksum();
}

function krakenDialect(): Dialect {
  const symbol = 'BTC/USD';
  let id = 100;
  const frame = (channel: string, type: string, entry: object) => ({ channel, type, data: [entry] });
  const book = (type: string, p: Parts, bids: unknown, asks: unknown, sum: number) => frame('book', type, { symbol: pick(p, 'symbol', symbol), bids, asks, checksum: sum, timestamp: pick(p, 'time', iso(NOW_US)) ?? null });
  return {
    exchange: kraken, symbol, time: iso, amount: (value) => value,
    first: { channel: 'instrument', type: 'snapshot', data: { pairs: [{ symbol, price_precision: 1, qty_precision: 8 }] } },
    trade: (p) => frame('trade', 'update', { symbol: pick(p, 'symbol', symbol), trade_id: pick(p, 'id', ++id), price: pick(p, 'price', 10), qty: pick(p, 'size', 2), timestamp: pick(p, 'time', iso(NOW_US)), side: pick(p, 'side', 'buy') }),
    quote: (p) => frame('ticker', 'update', { symbol: pick(p, 'symbol', symbol), bid: pick(p, 'price', 10), bid_qty: pick(p, 'size', 2), ask: 11, ask_qty: 1, timestamp: pick(p, 'time', iso(NOW_US)) ?? null }),
    change: (p) => book('update', p, [{ price: pick(p, 'price', 9), qty: pick(p, 'size', 2) }], [], checksum(['9.0', '2.00000000'], ['11.0', '1.00000000'])),
    snapshot: () => book('snapshot', {}, [{ price: 9, qty: 1 }], [{ price: 11, qty: 1 }], checksum(['9.0', '1.00000000'], ['11.0', '1.00000000'])),
  };
}

function krakenV1Dialect(): Dialect {
  const symbol = 'XBT/USD';
  const time = (us: number): string => (us / 1e6).toFixed(6);
  return {
    exchange: krakenV1, symbol, time, amount: text, noIds: true, untimed: ['quote', 'change'],
    trade: (p) => [1, [[pick(p, 'price', '10'), pick(p, 'size', '2'), pick(p, 'time', time(NOW_US)), pick(p, 'side', 'b'), 'm', '']], 'trade', pick(p, 'symbol', symbol)],
    quote: (p) => [1, { b: [pick(p, 'price', '10'), 1, pick(p, 'size', '2')], a: ['11', 1, '1'] }, 'ticker', pick(p, 'symbol', symbol)],
    change: (p) => [1, { b: [[pick(p, 'price', '9'), pick(p, 'size', '2'), time(NOW_US)]], c: String(checksum(['9', '2'], ['11', '1'])) }, 'book-1000', pick(p, 'symbol', symbol)],
    snapshot: () => [1, { as: [['11', '1', time(NOW_US)]], bs: [['9', '1', time(NOW_US)]] }, 'book-1000', symbol],
  };
}

/** New ones, whose numbers begin anew. */
export const dialects = (): Dialect[] => [
  binanceDialect(binance, false), binanceDialect(binanceUsdm, true), binanceDialect(binanceCoinm, true), bybitDialect(bybit, false), bybitDialect(bybitLinear, true), bybitDialect(bybitInverse, true),
  coinbaseDialect(), coinbaseExchangeDialect(), krakenDialect(), krakenV1Dialect(),
];
