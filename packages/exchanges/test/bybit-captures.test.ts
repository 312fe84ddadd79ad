import { describe, expect, test } from 'vitest';
import { bybit, bybitLinear } from '../dist/index.js';
import type { Exchange } from '../dist/index.js';
import { captureLines, noCaptures, withCaptures } from './support/captures.js';
import { FakeHost, firstDifference } from './support/fake-host.js';

type Raw = Record<string, unknown>;
type Pairs = [string, string][];

interface Line {
  readonly t: string;
  readonly conn: string;
  readonly ts: number;
  readonly data: string;
}

interface Step {
  readonly received: number;
  readonly text: string;
  readonly raw: Raw;
  readonly data: Raw;
}

/** What one connection of the recording received. */
function received(conn: string): Step[] {
  return captureLines('exchanges-raw-ws/BYBIT.jsonl.zst').map((line) => JSON.parse(line) as Line).filter((line) => line.t === 'recv' && line.conn === conn)
    .map(({ ts, data }) => {
      const raw = JSON.parse(data) as Raw;
      return { received: Math.round(ts * 1e6), text: data, raw, data: raw['data'] as Raw };
    });
}

const topicOf = ({ raw }: Step): string => String(raw['topic'] ?? '');
const micros = (ms: unknown): number => Number(ms) * 1000;

function expectedTrades(steps: Step[]): string[] {
  return steps.filter((step) => topicOf(step).startsWith('publicTrade.')).flatMap((step) => (step.data as unknown as Raw[]).map((trade) =>
    [trade['s'], micros(trade['T']), step.received, trade['i'], { Buy: 'B', Sell: 'S' }[String(trade['S'])], trade['p'], trade['v']].join(' ')));
}

/** One line for each ticker with anything of bid and ask in it: what was said last of all four. */
function expectedTickerQuotes(steps: Step[]): string[] {
  const state = new Map<unknown, Raw>();
  return steps.filter((step) => topicOf(step).startsWith('tickers.')).flatMap(({ raw, data, received: at }) => {
    const { symbol } = data;
    const now: Raw = { ...(raw['type'] === 'snapshot' ? {} : state.get(symbol)), ...data };
    state.set(symbol, now);
    if (!['bid1Price', 'bid1Size', 'ask1Price', 'ask1Size'].some((field) => field in data)) return [];
    return [[symbol, micros(raw['ts']), at, raw['cs'], now['bid1Price'], now['bid1Size'], now['ask1Price'], now['ask1Size']].join(' ')];
  });
}

function expectedBooks(steps: Step[]): string[] {
  const levels = (symbol: unknown, side: string, pairs: unknown): string[] => (pairs as Pairs).map(([price, size]) => `${String(symbol)} ${side} ${price} ${size}`);
  return steps.filter((step) => topicOf(step).startsWith('orderbook.')).flatMap(({ raw, data, received: at }) => [
    [data['s'], raw['type'] === 'snapshot' ? 'snapshot' : 'change', micros(raw['cts']), at, data['u'], data['u']].join(' '),
    ...levels(data['s'], 'B', data['b']), ...levels(data['s'], 'A', data['a']),
  ]);
}

/** A book by itself: prices and sizes as numbers. */
class Book {
  readonly B = new Map<number, number>();
  readonly A = new Map<number, number>();

  take({ raw, data }: Step): this {
    for (const [side, pairs] of [[this.B, data['b']], [this.A, data['a']]] as [Map<number, number>, Pairs][]) {
      if (raw['type'] === 'snapshot') side.clear();
      for (const [price, size] of pairs) void (Number(size) === 0 ? side.delete(Number(price)) : side.set(Number(price), Number(size)));
    }
    return this;
  }
}

const asNumbers = (side: Map<string, string>): [number, number][] => [...side].map(([price, size]): [number, number] => [Number(price), Number(size)]).sort((a, b) => a[0] - b[0]);
const sorted = (side: Map<number, number>): [number, number][] => [...side].sort((a, b) => a[0] - b[0]);

function play(exchange: Exchange, symbols: string[], steps: Step[], onBook: (host: FakeHost, symbol: string, u: number) => void = () => undefined): FakeHost {
  const host = new FakeHost();
  const session = exchange.newSession({ symbols, channels: ['trades', 'book', 'quotes'] }, host);
  host.onBook = (symbol, u) => onBook(host, symbol, u);
  session.open();
  for (const step of steps) session.frame(step.text, step.received);
  return host;
}

describe.skipIf(noCaptures !== undefined)(withCaptures('recordings of Bybit'), () => {
  test('linear contracts: every trade, quote and level, in order; books are right, and agree with the tickers', () => {
    const steps = received('BYBIT.ws.2');
    const symbols = ['BTCUSDT', 'ETHUSDT', 'SOLUSDT', 'DOGEUSDT'];
    // Books have `seq` and tickers `cs`, which count the same.
    const seqs = new Map(steps.filter((step) => topicOf(step).startsWith('orderbook.')).map(({ data }) => [`${String(data['s'])} ${String(data['u'])}`, Number(data['seq'])]));
    const bests = new Map<string, { seq: number; best: string }[]>(symbols.map((symbol) => [symbol, []]));
    const host = play(bybitLinear, symbols, steps, ({ levels }, symbol, u) => {
      const { A, B } = levels.get(symbol)!;
      const best = `${Math.max(...[...B.keys()].map(Number))} ${Math.min(...[...A.keys()].map(Number))}`;
      bests.get(symbol)!.push({ seq: seqs.get(`${symbol} ${u}`)!, best });
    });
    expect(firstDifference(host.trades, expectedTrades(steps))).toBeUndefined();
    expect(firstDifference(host.quotes, expectedTickerQuotes(steps))).toBeUndefined();
    expect(firstDifference(host.books, expectedBooks(steps))).toBeUndefined();
    expect([host.trades.length, host.quotes.length, host.books.filter((line) => / (change|snapshot) /.test(line)).length]).toEqual([327, 638, 1598]);
    for (const symbol of symbols) {
      const book = steps.filter((step) => topicOf(step) === `orderbook.200.${symbol}`).reduce((so, step) => so.take(step), new Book());
      expect(asNumbers(host.levels.get(symbol)!.B)).toEqual(sorted(book.B));
      expect(asNumbers(host.levels.get(symbol)!.A)).toEqual(sorted(book.A));
    }
    // Tickers fall between two states of the book. Where both have the same best bid and ask, so has the ticker.
    let agreed = 0;
    let others = 0;
    for (const quote of host.quotes) {
      const [symbol, , , update, bid, , ask] = quote.split(' ');
      const states = bests.get(symbol)!;
      const after = states.findIndex(({ seq }) => seq > Number(update));
      if (after < 1 || states[after - 1].best !== states[after].best) continue;
      if (states[after].best === `${Number(bid)} ${Number(ask)}`) agreed++;
      else others++;
    }
    expect([agreed, others]).toEqual([629, 0]);
  });

  test('spot: every trade and level, in order; its tickers have no bid and ask', () => {
    const steps = received('BYBIT.ws.3');
    const host = play(bybit, ['BTCUSDT', 'ETHUSDT'], steps.filter((step) => !topicOf(step).startsWith('tickers.')));
    expect(firstDifference(host.trades, expectedTrades(steps))).toBeUndefined();
    expect(firstDifference(host.books, expectedBooks(steps))).toBeUndefined();
    expect([host.trades.length, host.quotes.length, host.books.filter((line) => / (change|snapshot) /.test(line)).length]).toEqual([20, 0, 550]);
    for (const symbol of ['BTCUSDT', 'ETHUSDT']) {
      const book = steps.filter((step) => topicOf(step) === `orderbook.200.${symbol}`).reduce((so, step) => so.take(step), new Book());
      expect(asNumbers(host.levels.get(symbol)!.B)).toEqual(sorted(book.B));
      expect(asNumbers(host.levels.get(symbol)!.A)).toEqual(sorted(book.A));
    }
    expect(steps.some((step) => topicOf(step).startsWith('tickers.') && 'bid1Price' in step.data)).toBe(false);
  });

  test('both connections: what the recorder asked for besides is told as unknown, its acknowledgements are understood', () => {
    for (const [exchange, conn, symbols, replies] of [[bybitLinear, 'BYBIT.ws.2', ['BTCUSDT', 'ETHUSDT', 'SOLUSDT', 'DOGEUSDT'], 17], [bybit, 'BYBIT.ws.3', ['BTCUSDT', 'ETHUSDT'], 7]] as const) {
      const steps = received(conn).filter((step) => exchange !== bybit || !topicOf(step).startsWith('tickers.'));
      const events = play(exchange, [...symbols], steps).takeEvents();
      const candles = steps.filter((step) => topicOf(step).startsWith('kline.'));
      // This session sent one request; the recorder sent more, whose replies have no number either.
      expect(events.filter(({ kind }) => kind === 'subscribed').length).toBe(symbols.length * 3);
      expect(events.filter(({ kind, detail }) => kind === 'unknown' && detail === topicOf(candles[0])).length).toBeGreaterThan(0);
      expect(events.filter(({ kind }) => kind === 'unknown').length).toBe(candles.length + replies - 1);
      expect(new Set(events.map(({ kind }) => kind))).toEqual(new Set(['subscribed', 'unknown']));
    }
  });

  test('a public daily file, 500 levels deep', () => {
    // As one subscribes to 200 levels: only the name of the topic differs.
    const steps = captureLines('order-book/bybit-xrpusdt-ob500-20241201.data.zip').map((line) => {
      const raw = JSON.parse(line) as Raw;
      return { received: micros(raw['ts']), text: line.replace('orderbook.500.', 'orderbook.200.'), raw, data: raw['data'] as Raw };
    });
    const host = play(bybitLinear, ['XRPUSDT'], steps);
    expect(steps.length).toBe(50);
    expect(firstDifference(host.books, expectedBooks(steps))).toBeUndefined();
    const book = steps.reduce((so, step) => so.take(step), new Book());
    expect(asNumbers(host.levels.get('XRPUSDT')!.B)).toEqual(sorted(book.B));
    expect(asNumbers(host.levels.get('XRPUSDT')!.A)).toEqual(sorted(book.A));
    expect([book.A.size > 400, book.B.size > 400]).toEqual([true, true]);
  });

  test('deltas taken out and sent twice: told, and right again with the snapshot of a new subscription', () => {
    const steps = received('BYBIT.ws.2').filter((step) => topicOf(step) === 'orderbook.200.BTCUSDT');
    const host = new FakeHost();
    const session = bybitLinear.newSession({ symbols: ['BTCUSDT'], channels: ['book'] }, host);
    session.open();
    host.sent.length = 0;
    const frame = ({ text, received: at }: Step): void => session.frame(text, at);
    steps.slice(0, 100).forEach(frame);
    expect(() => frame(steps[99])).toThrow('book update not new');
    steps.slice(103, 200).forEach(frame);
    const u = (at: number): unknown => steps[at].data['u'];
    expect(host.takeEvents()).toEqual([{ kind: 'gap', symbol: 'BTCUSDT', channel: 'book', expected: u(100), found: u(103) }]);
    expect(host.sent.map((text) => (JSON.parse(text) as { op: string; args: string[] })).map(({ op, args }) => `${op} ${args.join()}`))
      .toEqual(['unsubscribe orderbook.200.BTCUSDT', 'subscribe orderbook.200.BTCUSDT']);
    // The snapshot that the exchange would send, built by the test.
    const made = steps.slice(0, 201).reduce((so, step) => so.take(step), new Book());
    const pairs = (side: Map<number, number>): Pairs => sorted(side).map(([price, size]) => [price.toFixed(2), size.toFixed(3)]);
    const text = JSON.stringify({ ...steps[200].raw, type: 'snapshot', data: { ...steps[200].data, b: pairs(made.B), a: pairs(made.A) } });
    frame({ ...steps[200], text });
    expect(host.takeEvents()).toEqual([{ kind: 'resynced', symbol: 'BTCUSDT', channel: 'book', found: u(200) }]);
    steps.slice(201).forEach(frame);
    const whole = steps.reduce((so, step) => so.take(step), new Book());
    expect(asNumbers(host.levels.get('BTCUSDT')!.B)).toEqual(sorted(whole.B));
    expect(asNumbers(host.levels.get('BTCUSDT')!.A)).toEqual(sorted(whole.A));
    expect(host.takeEvents()).toEqual([]);
  });
});
