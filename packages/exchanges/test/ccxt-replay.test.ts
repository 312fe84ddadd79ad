/** The real ccxt over sockets, at a server that plays real captures, held against our own adapter of the same exchange at the same server. */
import { describe, expect, test } from 'vitest';
import { type ReplayOptions, startReplayServer } from '@deepwater/replay-server';
import { type BookSide, type CcxtExchange, type ConnectionEvent, type Exchange, type Link, type RecordSink, type Source, binance, binanceUsdm, bybitLinear, ccxtSource, kraken, newLink } from '../dist/index.js';
import { captureFile as capture, noCaptures, withCaptures as named } from './support/captures.js';

/** The trades, as texts, and the books, by what prices and sizes are worth. */
class Kept implements RecordSink {
  readonly trades = new Map<string, string[]>();
  readonly books = new Map<string, Record<BookSide, Map<number, number>>>();
  snapshots = 0;
  changes = 0;
  quotes = 0;
  count = 0;

  of(symbol: string) {
    // Some ask for it once, some for every message.
    const trades = this.trades.get(symbol) ?? [];
    const book = this.books.get(symbol) ?? { B: new Map<number, number>(), A: new Map<number, number>() };
    this.trades.set(symbol, trades);
    this.books.set(symbol, book);
    return {
      trade: (ts: number, _received: number, id: number | string, side: string, price: number | string, size: number | string) => {
        this.count++;
        // ccxt's times are milliseconds.
        trades.push(`${Math.floor(ts / 1000)} ${id} ${side} ${Number(price)} ${Number(size)}`);
      },
      quote: () => { this.quotes++; this.count++; },
      beginBook: (_ts: number, _received: number, snapshot: boolean) => {
        this.count++;
        if (snapshot) this.snapshots++; else this.changes++;
        if (snapshot) for (const side of [book.A, book.B]) side.clear();
      },
      level: (side: BookSide, price: number | string, size: number | string) => {
        if (Number(size) === 0) {
          // What is taken out was there, and nothing is said that was so before: the changes are exact.
          if (this.exact) expect(book[side].has(Number(price)), `${symbol} ${side} ${price}`).toBe(true);
          book[side].delete(Number(price));
        } else {
          if (this.exact) expect(book[side].get(Number(price))).not.toBe(Number(size));
          book[side].set(Number(price), Number(size));
        }
      },
      endBook: () => {},
      heartbeat: () => {},
    };
  }

  constructor(private readonly exact: boolean) {}

  /** The best levels of a side. */
  top(symbol: string, side: BookSide, levels: number): [number, number][] {
    return [...this.books.get(symbol)![side]].sort(([a], [b]) => (side === 'B' ? b - a : a - b)).slice(0, levels);
  }
}

/** What a source makes of a whole replay. */
async function replayed(source: Source, symbols: readonly string[], options: ReplayOptions, below: string, exact: boolean): Promise<{ kept: Kept; events: ConnectionEvent[]; bad: string[] }> {
  const server = await startReplayServer(options);
  const kept = new Kept(exact);
  const events: ConnectionEvent[] = [];
  const bad: string[] = [];
  const link: Link = newLink(source, { symbols, channels: ['trades', 'book', 'quotes'] }, {
    records: kept, urls: { ws: `${server.url.ws}${below}`, rest: server.url.rest }, onEvent: (event) => { events.push(event); }, onBad: ({ message }) => { bad.push(message); },
  });
  try {
    link.open();
    await server.done;
    for (let before = -1; before !== kept.count;) {
      before = kept.count;
      await new Promise((resolve) => { setTimeout(resolve, 500); });
    }
    return { kept, events, bad };
  } finally {
    await link.close();
    await server.close();
  }
}

/** A market as ccxt has it, as far as its streams ask: no list of markets comes from the captures. */
const market = (id: string, base: string, quote: string, settle?: string, info: object = {}) => ({
  id, lowercaseId: id.toLowerCase(), base, quote, settle, baseId: base, quoteId: quote, settleId: settle, symbol: `${base}/${quote}${settle === undefined ? '' : `:${settle}`}`, type: settle === undefined ? 'spot' : 'swap',
  spot: settle === undefined, swap: settle !== undefined, contract: settle !== undefined, linear: settle !== undefined ? true : undefined, active: true, precision: { amount: 1e-8, price: 1e-8 }, limits: {}, info,
});

// Most of their time they wait.
describe('the real ccxt', { concurrent: true }, () => {
  /** @param below what its addresses have behind the server's; of ccxt's what has to be there so that it takes frames of Binance for those of its spot market */
  const cases: [Exchange, string, 'spot' | 'linear', ReplayOptions, below: { ours: string; theirs: string }, object[], [ours: string, theirs: string][], depth: number, compared: number][] = [
    [kraken, 'kraken', 'spot', { venue: 'kraken', captures: ['c197c0', '82ac16', '4b7396'].map((id) => `exchanges-raw-ws/KRAKEN-${id}.0.gz`) }, { ours: '/v2', theirs: '' },
      [market('XXBTZUSD', 'BTC', 'USD', undefined, { wsname: 'XBT/USD' }), market('LSKUSD', 'LSK', 'USD', undefined, { wsname: 'LSK/USD' })], [['BTC/USD', 'BTC/USD'], ['LSK/USD', 'LSK/USD']], 1000, 100],
    [bybitLinear, 'bybit', 'linear', { venue: 'bybit', captures: ['exchanges-raw-ws/BYBIT.jsonl.zst'], pace: 20 }, { ours: '/v5/public/linear', theirs: '' },
      [market('BTCUSDT', 'BTC', 'USDT', 'USDT'), market('ETHUSDT', 'ETH', 'USDT', 'USDT')], [['BTCUSDT', 'BTC/USDT:USDT'], ['ETHUSDT', 'ETH/USDT:USDT']], 50, 10],
    [binanceUsdm, 'binance', 'linear', { venue: 'binance', captures: ['binance-raw-ws/usdm-btcusdt_20240718.gz'], pace: 60 }, { ours: '', theirs: '' },
      [market('BTCUSDT', 'BTC', 'USDT', 'USDT')], [['BTCUSDT', 'BTC/USDT:USDT']], 1000, 50],
    [binance, 'binance', 'spot', { venue: 'binance', captures: ['binance-raw-ws/spot-btcusdt_20240808.gz'], pace: 200 }, { ours: '', theirs: '/streams' },
      [market('BTCUSDT', 'BTC', 'USDT')], [['BTCUSDT', 'BTC/USDT']], 1000, 50],
  ];
  for (const [exchange, id, kind, options, below, markets, symbols, depth, compared] of cases) {
    test.skipIf(noCaptures !== undefined)(named(`at ${exchange.title}: the trades and the books are those of our adapter`), async () => {
      const served: ReplayOptions = { ...options, captures: options.captures.map(capture), startQuietMs: 500 };
      const source = await ccxtSource(id, { market: kind, depth, tradesSince: 0, config: { enableRateLimit: false }, configure: (made: CcxtExchange) => { made.setMarkets(markets); } });
      const theirs = await replayed(source, symbols.map(([, symbol]) => symbol), served, below.theirs, true);
      const ours = await replayed(exchange, symbols.map(([symbol]) => symbol), served, below.ours, false);
      expect([theirs.bad, theirs.events]).toEqual([[], [{ kind: 'connected', detail: `${source.title}` }]]);
      for (const [our, their] of symbols) {
        expect(theirs.kept.trades.get(their)).toEqual(ours.kept.trades.get(our));
        for (const side of ['B', 'A'] as const) {
          const best = ours.kept.top(our, side, compared);
          expect(best.length).toBe(compared);
          expect(theirs.kept.top(their, side, compared)).toEqual(best);
        }
      }
      expect([theirs.kept.snapshots, theirs.kept.changes > 3, theirs.kept.quotes > 0]).toEqual([symbols.length, true, true]);
      expect([...theirs.kept.trades.values()].flat().length).toBeGreaterThan(5);
    }, 120_000);
  }

  test.skipIf(noCaptures !== undefined)(named('that is ended while requests of it wait to be sent does nothing behind our back'), async () => {
    const unhandled: unknown[] = [];
    const listen = (error: unknown): void => { unhandled.push(error); };
    process.on('unhandledRejection', listen);
    const server = await startReplayServer({ venue: 'kraken', captures: [capture('exchanges-raw-ws/KRAKEN-c197c0.0.gz')], startQuietMs: 60_000 });
    const symbols = ['BTC', 'ETH', 'LSK', 'ALGO'].map((base) => market(`X${base}ZUSD`, base, 'USD', undefined, { wsname: `${base}/USD` }));
    const source = await ccxtSource('kraken', { configure: (made: CcxtExchange) => { made.setMarkets(symbols); } });
    const link = newLink(source, { symbols: symbols.map(({ symbol }) => symbol), channels: ['trades', 'book'] }, { records: new Kept(false), urls: { ws: server.url.ws, rest: server.url.rest } });
    try {
      link.open();
      // ccxt sends one request a second to Kraken, and there are eight of them.
      await expect.poll(() => server.control.status().clients, { interval: 5 }).toBeGreaterThan(0);
      await link.close();
      await new Promise((resolve) => { setTimeout(resolve, 3000); });
      expect(unhandled).toEqual([]);
    } finally {
      process.off('unhandledRejection', listen);
      await server.close();
    }
  });
});
