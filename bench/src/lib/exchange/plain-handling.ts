/**
 * What anybody would write in ten minutes: the frame through JSON.parse, an object for each record into an array. Nothing is checked and nothing kept
 * for longer; gaps, books out of step and repetitions are nobody's business. What our feeds hold is compared with it.
 */

export interface PlainRecord {
  readonly channel: 'trades' | 'book' | 'quotes';
  readonly symbol: string;
  readonly ts: number;
  readonly side: string;
  readonly price: number;
  readonly size: number;
}

export type PlainHandling = (frame: unknown, records: PlainRecord[]) => void;

type Pair = readonly [string, string];

interface Binance {
  readonly data: {
    readonly e: string; readonly s: string; readonly T: number; readonly m: boolean; readonly p: string; readonly q: string;
    readonly b: string | readonly Pair[]; readonly B: string; readonly a: string | readonly Pair[]; readonly A: string;
  };
}

export const plainBinance: PlainHandling = (frame, records) => {
  const { data } = frame as Binance;
  const { s: symbol, T: ts } = data;
  if (data.e === 'trade') records.push({ channel: 'trades', symbol, ts, side: data.m ? 'S' : 'B', price: Number(data.p), size: Number(data.q) });
  else if (data.e === 'bookTicker') records.push({ channel: 'quotes', symbol, ts, side: 'B', price: Number(data.b), size: Number(data.B) });
  else if (data.e === 'depthUpdate') {
    for (const [price, size] of data.b as readonly Pair[]) records.push({ channel: 'book', symbol, ts, side: 'B', price: Number(price), size: Number(size) });
    for (const [price, size] of data.a as readonly Pair[]) records.push({ channel: 'book', symbol, ts, side: 'A', price: Number(price), size: Number(size) });
  }
};

interface Coinbase {
  readonly channel: string;
  readonly timestamp: string;
  readonly events: readonly {
    readonly type: string;
    readonly product_id: string;
    readonly updates?: readonly { readonly side: string; readonly event_time: string; readonly price_level: string; readonly new_quantity: string }[];
    readonly trades?: readonly { readonly product_id: string; readonly time: string; readonly side: string; readonly price: string; readonly size: string }[];
    readonly tickers?: readonly { readonly product_id: string; readonly best_bid: string; readonly best_bid_quantity: string }[];
  }[];
}

export const plainCoinbase: PlainHandling = (frame, records) => {
  const { channel, timestamp, events } = frame as Coinbase;
  for (const { type, product_id: symbol, updates = [], trades = [], tickers = [] } of events) {
    if (channel === 'l2_data') for (const level of updates) records.push({ channel: 'book', symbol, ts: Date.parse(level.event_time), side: level.side === 'bid' ? 'B' : 'A', price: Number(level.price_level), size: Number(level.new_quantity) });
    // What a subscription begins with was before it; the newest comes first.
    if (channel === 'market_trades' && type === 'update') for (const trade of [...trades].reverse()) records.push({ channel: 'trades', symbol: trade.product_id, ts: Date.parse(trade.time), side: trade.side, price: Number(trade.price), size: Number(trade.size) });
    if (channel === 'ticker') for (const ticker of tickers) records.push({ channel: 'quotes', symbol: ticker.product_id, ts: Date.parse(timestamp), side: 'B', price: Number(ticker.best_bid), size: Number(ticker.best_bid_quantity) });
  }
};

interface Bybit {
  readonly topic?: string;
  readonly ts: number;
  readonly data: { readonly s: string; readonly b: readonly Pair[]; readonly a: readonly Pair[] } | readonly { readonly T: number; readonly s: string; readonly S: string; readonly p: string; readonly v: string }[];
}

export const plainBybit: PlainHandling = (frame, records) => {
  const { topic = '', ts, data } = frame as Bybit;
  if (topic.startsWith('publicTrade') && Array.isArray(data)) for (const { T, s, S, p, v } of data as Extract<Bybit['data'], readonly unknown[]>) records.push({ channel: 'trades', symbol: s, ts: T, side: S, price: Number(p), size: Number(v) });
  if (!topic.startsWith('orderbook')) return;
  const { s: symbol, b, a } = data as Exclude<Bybit['data'], readonly unknown[]>;
  for (const [price, size] of b) records.push({ channel: 'book', symbol, ts, side: 'B', price: Number(price), size: Number(size) });
  for (const [price, size] of a) records.push({ channel: 'book', symbol, ts, side: 'A', price: Number(price), size: Number(size) });
};

type KrakenLevels = Readonly<Partial<Record<'as' | 'bs' | 'a' | 'b', readonly (readonly [price: string, size: string, time: string])[]>>>;

/** Of the first API: `[channel, levels, name, pair]`, with two lists of levels where both sides change. */
export const plainKrakenV1: PlainHandling = (frame, records) => {
  if (!Array.isArray(frame)) return;
  const symbol = String(frame.at(-1));
  for (const levels of frame.slice(1, -2) as KrakenLevels[]) {
    for (const [price, size, time] of levels.bs ?? levels.b ?? []) records.push({ channel: 'book', symbol, ts: Number(time), side: 'B', price: Number(price), size: Number(size) });
    for (const [price, size, time] of levels.as ?? levels.a ?? []) records.push({ channel: 'book', symbol, ts: Number(time), side: 'A', price: Number(price), size: Number(size) });
  }
};
