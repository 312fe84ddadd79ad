/** What raw frames say, read in the plainest way, with nothing of the adapters: lines of records as they must stand in the feeds. */
import type { Capture } from '@deepwater/captures';
import { PlainBook } from './plain-book.js';

export interface Said {
  readonly trades: string[];
  readonly quotes: string[];
  readonly book: string[];
}

type Raw = Readonly<Record<string, never>>;
type Pairs = readonly (readonly [price: string, size: string, ...rest: unknown[]])[];

/** To eight digits behind the point, as the feeds keep it. */
export function exact(amount: unknown): string {
  const text = String(amount);
  const [, whole = '', fraction = '', exponent = '0'] = /^(\d+)(?:\.(\d+))?(?:[eE]([-+]?\d+))?$/.exec(text) ?? [];
  if (whole === '') throw new Error(`no amount: ${text}`);
  const digits = BigInt(whole + fraction);
  const scale = 8 - fraction.length + Number(exponent);
  const scaled = scale >= 0 ? digits * 10n ** BigInt(scale) : digits / 10n ** BigInt(-scale);
  const padded = scaled.toString().padStart(9, '0');
  return `${padded.slice(0, -8)}.${padded.slice(-8)}`;
}

class Sayer {
  readonly all = new Map<string, Said>();

  constructor(symbols: readonly string[]) {
    for (const symbol of symbols) this.all.set(symbol, { trades: [], quotes: [], book: [] });
  }

  of(symbol: unknown): Said | undefined {
    return this.all.get(symbol as string);
  }

  trade(symbol: unknown, ts: number, recv: number, id: unknown, side: string, price: unknown, size: unknown): void {
    this.of(symbol)?.trades.push([ts, recv, id, side, exact(price), exact(size)].join(' '));
  }

  quote(symbol: unknown, ts: number, recv: number, update: unknown, bid: unknown, bidSize: unknown, ask: unknown, askSize: unknown): void {
    this.of(symbol)?.quotes.push([ts, recv, update, exact(bid), exact(bidSize), exact(ask), exact(askSize)].join(' '));
  }

  /** A message of the book: nothing where it has no level. */
  message(symbol: unknown, ts: number, recv: number, first: unknown, last: unknown, snapshot: boolean, levels: readonly (readonly [side: string, price: unknown, size: unknown])[]): void {
    levels.forEach(([side, price, size], at) => {
      const flags = (snapshot ? 1 : 0) + (at === levels.length - 1 ? 2 : 0);
      this.of(symbol)?.book.push([ts, recv, first, last, side, flags, exact(price), exact(size)].join(' '));
    });
  }
}

const sides = (bids: unknown, asks: unknown): (readonly [string, unknown, unknown])[] =>
  [...((bids ?? []) as Pairs).map(([price, size]) => ['B', price, size] as const), ...((asks ?? []) as Pairs).map(([price, size]) => ['A', price, size] as const)];
const ms = (time: unknown): number => Number(time) * 1000;
/** Microseconds of an RFC 3339 time; more digits are cut off. */
const rfc = (time: unknown): number => {
  const [, seconds = '', fraction = ''] = /^(.*?)(?:\.(\d+))?Z$/.exec(String(time)) ?? [];
  return Date.parse(`${seconds}Z`) * 1000 + Number(fraction.padEnd(6, '0').slice(0, 6));
};

export function saidByBinance(capture: Capture, symbols: readonly string[]): Map<string, Said> {
  const say = new Sayer(symbols);
  const snapshots = new Map(capture.replies.map(({ url, body, us }) => [new URL(url).searchParams.get('symbol'), { raw: JSON.parse(body) as Raw, us }]));
  for (const [symbol, { raw, us }] of snapshots) {
    const recv = capture.received.findLast((frame) => frame.us <= us)?.us ?? 0;
    say.message(symbol, raw['T'] === undefined ? recv : ms(raw['T']), recv, raw['lastUpdateId'], raw['lastUpdateId'], true, sides(raw['bids'], raw['asks']));
  }
  for (const { us, text } of capture.received) {
    const { data = {} as Raw, stream } = JSON.parse(text) as { stream?: string; data?: Raw };
    if (data['e'] === 'trade' || data['e'] === 'aggTrade') say.trade(data['s'], ms(data['T']), us, data['t'] ?? data['a'], data['m'] ? 'S' : 'B', data['p'], data['q']);
    else if (data['e'] === 'bookTicker' || /@bookTicker$/.test(stream ?? '')) say.quote(data['s'], data['T'] === undefined ? us : ms(data['T']), us, data['u'], data['b'], data['B'], data['a'], data['A']);
    else if (data['e'] === 'depthUpdate') {
      const id = Number((snapshots.get(data['s']) as { raw: Raw }).raw['lastUpdateId']);
      if (data['pu'] === undefined ? Number(data['u']) <= id : Number(data['u']) < id) continue;
      say.message(data['s'], ms(data['T'] ?? data['E']), us, data['U'], data['u'], false, sides(data['b'], data['a']));
    }
  }
  return say.all;
}

export function saidByCoinbase(capture: Capture, symbols: readonly string[]): Map<string, Said> {
  const say = new Sayer(symbols);
  for (const { us, text } of capture.received) {
    const { channel, events = [], timestamp } = JSON.parse(text) as { channel: string; timestamp: string; events?: Raw[] };
    for (const event of events) {
      if (channel === 'market_trades' && event['type'] !== 'snapshot') {
        for (const trade of (event['trades'] as Raw[]).toReversed()) say.trade(trade['product_id'], rfc(trade['time']), us, trade['trade_id'], trade['side'] === 'BUY' ? 'S' : 'B', trade['price'], trade['size']);
      } else if (channel === 'ticker') {
        for (const ticker of event['tickers'] as Raw[]) say.quote(ticker['product_id'], rfc(timestamp), us, 0, ticker['best_bid'], ticker['best_bid_quantity'], ticker['best_ask'], ticker['best_ask_quantity']);
      } else if (channel === 'l2_data') {
        const updates = event['updates'] as Raw[];
        const snapshot = event['type'] === 'snapshot';
        // Levels of one time are one change.
        for (let from = 0; from < updates.length;) {
          const time = (updates[from] as Raw)['event_time'];
          let to = from + 1;
          while (to < updates.length && (snapshot || (updates[to] as Raw)['event_time'] === time)) to += 1;
          const ts = snapshot && String(time).startsWith('1970') ? rfc(timestamp) : rfc(time);
          say.message(event['product_id'], ts, us, 0, 0, snapshot, updates.slice(from, to).map((level) => [level['side'] === 'bid' ? 'B' : 'A', level['price_level'], level['new_quantity']]));
          from = to;
        }
      }
    }
  }
  return say.all;
}

export function saidByCoinbaseExchange(capture: Capture, symbols: readonly string[]): Map<string, Said> {
  const say = new Sayer(symbols);
  for (const { us, text } of capture.received) {
    const frame = JSON.parse(text) as Raw;
    const id = frame['product_id'];
    const ts = frame['time'] === undefined ? us : rfc(frame['time']);
    if (frame['type'] === 'match') say.trade(id, ts, us, frame['trade_id'], frame['side'] === 'sell' ? 'B' : 'S', frame['price'], frame['size']);
    else if (frame['type'] === 'ticker') say.quote(id, ts, us, frame['sequence'] ?? 0, frame['best_bid'], frame['best_bid_size'] ?? 0, frame['best_ask'], frame['best_ask_size'] ?? 0);
    else if (frame['type'] === 'snapshot') say.message(id, ts, us, 0, 0, true, sides(frame['bids'], frame['asks']));
    else if (frame['type'] === 'l2update') say.message(id, ts, us, 0, 0, false, (frame['changes'] as [string, string, string][]).map(([side, price, size]) => [side === 'buy' ? 'B' : 'A', price, size]));
  }
  return say.all;
}

export function saidByBybit(capture: Capture, symbols: readonly string[]): Map<string, Said> {
  const say = new Sayer(symbols);
  const tickers = new Map<unknown, Raw>();
  for (const { us, text } of capture.received) {
    const frame = JSON.parse(text) as Raw;
    const topic = String(frame['topic']);
    const data = frame['data'] as Raw;
    if (topic.startsWith('publicTrade.')) {
      for (const trade of data as unknown as Raw[]) say.trade(trade['s'], ms(trade['T']), us, trade['i'], trade['S'] === 'Buy' ? 'B' : 'S', trade['p'], trade['v']);
    } else if (topic.startsWith('tickers.')) {
      const now: Raw = { ...(frame['type'] === 'snapshot' ? {} : tickers.get(data['symbol'])), ...data };
      tickers.set(data['symbol'], now);
      if (!['bid1Price', 'bid1Size', 'ask1Price', 'ask1Size'].some((field) => field in data)) continue;
      say.quote(data['symbol'], ms(frame['ts']), us, frame['cs'], now['bid1Price'], now['bid1Size'], now['ask1Price'], now['ask1Size']);
    } else if (topic.startsWith('orderbook.')) {
      say.message(data['s'], ms(frame['cts'] ?? frame['ts']), us, data['u'], data['u'], frame['type'] === 'snapshot', sides(data['b'], data['a']));
    }
  }
  return say.all;
}

/** Levels of Kraken with those that fall out of the depth behind them. */
function withFallen(books: Map<string, PlainBook>, symbol: string, snapshot: boolean, levels: readonly (readonly [side: string, price: unknown, size: unknown])[]): (readonly [string, unknown, unknown])[] {
  if (snapshot || !books.has(symbol)) books.set(symbol, new PlainBook());
  const book = books.get(symbol) as PlainBook;
  for (const [side, price, size] of levels) book.set(side as 'A' | 'B', String(price), String(size));
  return [...levels, ...(['B', 'A'] as const).flatMap((side) => book.cut(side, 1000).map((price) => [side, price, '0'] as const))];
}

export function saidByKrakenV1(capture: Capture, symbols: readonly string[]): Map<string, Said> {
  const say = new Sayer(symbols);
  const books = new Map<string, PlainBook>();
  for (const { us, text } of capture.received) {
    const frame = JSON.parse(text) as unknown[];
    if (!Array.isArray(frame)) continue;
    const name = String(frame.at(-2));
    const symbol = String(frame.at(-1));
    if (name === 'trade') {
      for (const [price, size, time, side] of frame[1] as [string, string, string, string][]) say.trade(symbol, Number(time.replace('.', '')), us, 0, side === 'b' ? 'B' : 'S', price, size);
    } else if (name === 'ticker') {
      const { a, b } = frame[1] as { a: string[]; b: string[] };
      say.quote(symbol, us, us, 0, b[0], b[2], a[0], a[2]);
    } else if (name.startsWith('book-')) {
      const parts = frame.slice(1, -2) as Record<string, Pairs>[];
      const snapshot = 'bs' in (parts[0] as object) || 'as' in (parts[0] as object);
      const all = parts.flatMap((part) => (['bs', 'as', 'b', 'a'] as const).flatMap((key) => (part[key] ?? []).map((level) => [key.startsWith('b') ? 'B' : 'A', ...level] as const)));
      const times = all.map((level) => Number(String(level[3]).replace('.', '')));
      say.message(symbol, Math.max(...times), us, 0, 0, snapshot, withFallen(books, symbol, snapshot, all.map(([side, price, size]) => [side, price, size] as const)));
    }
  }
  return say.all;
}

export function saidByKraken(capture: Capture, symbols: readonly string[]): Map<string, Said> {
  const say = new Sayer(symbols);
  const books = new Map<string, PlainBook>();
  for (const { us, text } of capture.received) {
    const { channel, type, data = [] } = JSON.parse(text) as { channel?: string; type?: string; data?: Raw[] };
    if (channel === 'trade' && type === 'update') for (const trade of data) say.trade(trade['symbol'], rfc(trade['timestamp']), us, trade['trade_id'], trade['side'] === 'buy' ? 'B' : 'S', trade['price'], trade['qty']);
    if (channel === 'ticker') for (const ticker of data) say.quote(ticker['symbol'], ticker['timestamp'] === undefined ? us : rfc(ticker['timestamp']), us, 0, ticker['bid'], ticker['bid_qty'], ticker['ask'], ticker['ask_qty']);
    if (channel === 'book') for (const book of data) {
      const levels = (['bids', 'asks'] as const).flatMap((side) => ((book[side] ?? []) as Raw[]).map(({ price, qty }) => [side === 'bids' ? 'B' : 'A', price, qty] as const));
      say.message(book['symbol'], book['timestamp'] === undefined ? us : rfc(book['timestamp']), us, 0, 0, type === 'snapshot', withFallen(books, book['symbol'], type === 'snapshot', levels));
    }
  }
  return say.all;
}
