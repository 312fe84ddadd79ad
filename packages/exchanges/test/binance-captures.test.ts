import { describe, expect, test } from 'vitest';
import { binance, binanceCoinm, binanceUsdm } from '../dist/index.js';
import type { Exchange } from '../dist/index.js';
import { captureLines, noCaptures, withCaptures } from './support/captures.js';
import { FakeHost, firstDifference } from './support/fake-host.js';

/** What the test makes of a frame, on its own: any field, as it stands. */
type Raw = Record<string, unknown>;
type Pairs = [string, string][];

interface Step {
  readonly received: number;
  readonly text: string;
  readonly raw: Raw;
  /** The data of a frame, undefined for a reply to a request. */
  readonly data: Raw | undefined;
  /** Of replies, where the line says it. */
  readonly symbol: string;
}

/** `<nanoseconds or microseconds> <JSON>`. */
function collectorSteps(file: string, symbol: string): Step[] {
  return captureLines(`binance-raw-ws/${file}`).map((line) => {
    const [time] = line.split(' ', 1);
    const text = line.slice(time.length + 1);
    const raw = JSON.parse(text) as Raw;
    return { received: Number(time.slice(0, 16)), text, raw, data: raw['data'] as Raw | undefined, symbol };
  });
}

/** `<seconds>: <JSON>`, and `https://…symbol=X… -> <seconds>: <JSON>` for replies. */
function recorderSteps(file: string): Step[] {
  return captureLines(`exchanges-raw-ws/${file}`).flatMap((line) => {
    const found = /^(?:https:\S*symbol=(\w+)\S* -> )?(\d+\.?\d*): (\{.*\})$/.exec(line);
    if (found === null) return [];
    const [, symbol = '', seconds, text] = found;
    const raw = JSON.parse(text) as Raw;
    return [{ received: Math.round(Number(seconds) * 1e6), text, raw, data: raw['data'] as Raw | undefined, symbol }];
  });
}

/** Drives a session through a recording; whatever it asks of the REST endpoint is answered where the recording has the answer. */
async function play(exchange: Exchange, symbols: string[], steps: Step[]) {
  const host = new FakeHost();
  const session = exchange.newSession({ symbols, channels: ['trades', 'book', 'quotes'] }, host);
  /** Best prices of the book that the records make, after each update that a quote speaks of, too. */
  const bests: { last: number; bid: number; ask: number }[] = [];
  const quoted = new Set(dataOf(steps, 'bookTicker').map(({ data }) => data['u']));
  host.onBook = (symbol, last) => {
    if (!quoted.has(last)) return;
    const { A, B } = host.levels.get(symbol)!;
    bests.push({ last, bid: extreme(B, Math.max), ask: extreme(A, Math.min) });
  };
  session.open();
  const snapshots = new Map<string, { raw: Raw; received: number; at: number }>();
  const replies = new Map(steps.flatMap((step, at) => (step.data === undefined ? [[step.symbol, { ...step, at }] as const] : [])));
  let received = 0;
  for (const [at, step] of steps.entries()) {
    if (step.data !== undefined) {
      session.frame(step.text, step.received);
      received = step.received;
    }
    // One request after another, with pauses: an answer waits until its question has come.
    const asked = host.gets[0] && new URLSearchParams(host.gets[0].path.split('?')[1]).get('symbol')!;
    const reply = asked === undefined ? undefined : replies.get(asked);
    if (reply !== undefined && reply.at <= at) {
      snapshots.set(asked!, { raw: reply.raw, received, at });
      await host.answer(reply.text);
      host.advance(1000);
    }
  }
  return { host, session, bests, snapshots };
}

function extreme(side: Map<string, string>, pick: (...prices: number[]) => number): number {
  let best = pick();
  for (const price of side.keys()) best = pick(best, Number(price));
  return best;
}

const dataOf = (steps: Step[], ...kinds: string[]): (Step & { data: Raw })[] =>
  steps.filter((step): step is Step & { data: Raw } => step.data !== undefined && kinds.includes(String(step.data['e'] ?? 'bookTicker')));

const micros = (time: unknown): number => Number(time) * 1000;

function expectedTrades(steps: Step[]): string[] {
  return dataOf(steps, 'trade', 'aggTrade').map(({ data, received }) =>
    [data['s'], micros(data['T']), received, data['t'] ?? data['a'], data['m'] === true ? 'S' : 'B', data['p'], data['q']].join(' '));
}

function expectedQuotes(steps: Step[]): string[] {
  return dataOf(steps, 'bookTicker').map(({ data, received }) =>
    [data['s'], data['T'] === undefined ? received : micros(data['T']), received, data['u'], data['b'], data['B'], data['a'], data['A']].join(' '));
}

/** The snapshot, then every update that has something newer, all of the capture: by the pages' rule, over whole lists. */
function expectedBook(steps: Step[], symbol: string, snapshot: { raw: Raw; received: number }): string[] {
  const { raw, received } = snapshot;
  const id = Number(raw['lastUpdateId']);
  const levels = (side: string, pairs: unknown): string[] => (pairs as Pairs).map(([price, size]) => `${symbol} ${side} ${price} ${size}`);
  const lines = [`${symbol} snapshot ${raw['T'] === undefined ? received : micros(raw['T'])} ${received} ${id} ${id}`,
    ...levels('B', raw['bids']), ...levels('A', raw['asks'])];
  for (const { data, received: at } of dataOf(steps, 'depthUpdate')) {
    if (data['s'] !== symbol) continue;
    const last = Number(data['u']);
    if (data['pu'] === undefined ? last <= id : last < id) continue;
    lines.push(`${symbol} change ${micros(data['T'] ?? data['E'])} ${at} ${data['U']} ${last}`, ...levels('B', data['b']), ...levels('A', data['a']));
  }
  return lines;
}

/** A book by itself: prices and sizes as numbers. */
function independentBook(steps: Step[], symbol: string, snapshot: Raw): { B: Map<number, number>; A: Map<number, number> } {
  const book = { B: new Map<number, number>(), A: new Map<number, number>() };
  const put = (side: 'B' | 'A', pairs: unknown): void => (pairs as Pairs).forEach(([price, size]) =>
    void (Number(size) === 0 ? book[side].delete(Number(price)) : book[side].set(Number(price), Number(size))));
  put('B', snapshot['bids']);
  put('A', snapshot['asks']);
  for (const { data } of dataOf(steps, 'depthUpdate')) {
    if (data['s'] !== symbol || Number(data['u']) <= Number(snapshot['lastUpdateId'])) continue;
    put('B', data['b']);
    put('A', data['a']);
  }
  return book;
}

const asNumbers = (side: Map<string, string>): [number, number][] => [...side].map(([price, size]): [number, number] => [Number(price), Number(size)]).sort((a, b) => a[0] - b[0]);
const sorted = (side: Map<number, number>): [number, number][] => [...side].sort((a, b) => a[0] - b[0]);

/** Files that are one unbroken recording, with how much is in them; `CAPTURES=all` (npm run soak -- captures) takes those of `also`. */
const RECORDINGS: { files: string[]; exchange: Exchange; symbol: string; trades: number; quotes: number; updates: number; also?: true }[] = [
  { files: ['cm-btcusd_perp_20240808.gz', 'cm-btcusd_perp_20240809.gz'], exchange: binanceCoinm, symbol: 'BTCUSD_PERP', trades: 5235, quotes: 48355, updates: 44795 },
  { files: ['spot-btcusdt_20240808.gz', 'spot-btcusdt_20240809.gz'], exchange: binance, symbol: 'BTCUSDT', trades: 19904, quotes: 73174, updates: 6495 },
  { files: ['usdm-btcusdt_20230404.dat.gz', 'usdm-btcusdt_20230405.dat.gz'], exchange: binanceUsdm, symbol: 'BTCUSDT', trades: 12935, quotes: 44205, updates: 16110, also: true },
  { files: ['usdm-btcusdt_20240718.gz', 'usdm-btcusdt_20240719.gz'], exchange: binanceUsdm, symbol: 'BTCUSDT', trades: 10701, quotes: 52260, updates: 9022, also: true },
  { files: ['usdm-btcusdt_20240808.gz'], exchange: binanceUsdm, symbol: 'BTCUSDT', trades: 21313, quotes: 66089, updates: 6551 },
];

describe.skipIf(noCaptures !== undefined)(withCaptures('recordings of Binance'), () => {
  for (const { files, exchange, symbol, trades, quotes, updates } of RECORDINGS.filter(({ also }) => also === undefined || process.env['CAPTURES'] === 'all')) {
    test(`${files.join(', ')}: every trade, quote and level, in order, and a book that is right`, async () => {
      const steps = files.flatMap((file) => collectorSteps(file, symbol));
      const { host, bests, snapshots } = await play(exchange, [symbol], steps);

      expect(firstDifference(host.trades, expectedTrades(steps))).toBeUndefined();
      expect(firstDifference(host.quotes, expectedQuotes(steps))).toBeUndefined();
      expect([host.trades.length, host.quotes.length, dataOf(steps, 'depthUpdate').length]).toEqual([trades, quotes, updates]);

      const snapshot = snapshots.get(symbol)!;
      expect(firstDifference(host.books, expectedBook(steps, symbol, snapshot))).toBeUndefined();
      const book = independentBook(steps, symbol, snapshot.raw);
      expect(asNumbers(host.levels.get(symbol)!.B)).toEqual(sorted(book.B));
      expect(asNumbers(host.levels.get(symbol)!.A)).toEqual(sorted(book.A));

      // Quotes come by another stream. Where both speak of the same change of the book, they say the same.
      const quoted = new Map(dataOf(steps, 'bookTicker').map(({ data }) => [Number(data['u']), data]));
      expect(bests.filter(({ last, bid, ask }) => bid !== Number(quoted.get(last)!['b']) || ask !== Number(quoted.get(last)!['a']))).toEqual([]);
      expect(bests.length).toBeGreaterThan(50);

      // Nothing is missing in these recordings; what else they have, the session does not know.
      expect(new Set(host.takeEvents().map(({ kind, detail }) => `${kind} ${kind === 'unknown' ? detail! : ''}`.trim())))
        .toEqual(new Set(files[0].includes('2023') ? ['subscribed', 'unknown btcusdt@markPrice@1s'] : ['subscribed']));
      expect(host.restarts).toEqual([]);
    });
  }

  test('spot-btcusdt_20230405.dat.gz: without a snapshot there are trades and quotes, and no book', async () => {
    const steps = collectorSteps('spot-btcusdt_20230405.dat.gz', 'BTCUSDT');
    const { host } = await play(binance, ['btcusdt'], steps);
    expect(firstDifference(host.trades, expectedTrades(steps))).toBeUndefined();
    expect(firstDifference(host.quotes, expectedQuotes(steps))).toBeUndefined();
    expect([host.trades.length, host.quotes.length]).toEqual([3144, 8015]);
    expect(host.gets.map(({ path }) => path)).toEqual(['/api/v3/depth?symbol=BTCUSDT&limit=1000']);
    expect(host.books).toEqual([]);
    expect(host.takeEvents().filter(({ kind }) => kind !== 'subscribed')).toEqual([]);
  });

  test('BINANCE-ee25be.0.gz: three symbols on a connection, aggregated trades, candles that nobody asked for', async () => {
    const steps = recorderSteps('BINANCE-ee25be.0.gz');
    const symbols = ['BTCUSDT', 'ETHUSDT', 'DOTUSDT'];
    const { host, snapshots } = await play(binance, symbols, steps);
    expect(firstDifference(host.trades, expectedTrades(steps))).toBeUndefined();
    expect(host.trades.length).toBe(1910);
    for (const symbol of symbols) {
      const snapshot = snapshots.get(symbol)!;
      expect(firstDifference(host.books.filter((line) => line.startsWith(`${symbol} `)), expectedBook(steps, symbol, snapshot))).toBeUndefined();
      const book = independentBook(steps, symbol, snapshot.raw);
      expect(asNumbers(host.levels.get(symbol)!.B)).toEqual(sorted(book.B));
      expect(asNumbers(host.levels.get(symbol)!.A)).toEqual(sorted(book.A));
    }
    const events = host.takeEvents().filter(({ kind }) => kind !== 'subscribed');
    expect(events.filter(({ kind }) => kind === 'unknown').length).toBe(118);
    expect(events.filter(({ kind, detail }) => kind !== 'unknown' || !/@kline_1m$/.test(detail!))).toEqual([]);
  });

  test('a recording with updates and trades taken out, sent twice and swapped: what is missing is told, the book is right again', async () => {
    const symbol = 'BTCUSDT';
    const steps = collectorSteps('usdm-btcusdt_20240718.gz', symbol);
    const host = new FakeHost();
    const session = binanceUsdm.newSession({ symbols: [symbol], channels: ['trades', 'book'] }, host);
    const bad: string[] = [];
    const frame = ({ text, received }: Step): void => {
      try {
        session.frame(text, received);
      } catch (error) {
        bad.push((error as Error).message.split(':')[0]);
      }
    };
    const kind = (name: string): Step[] => dataOf(steps, name);
    const depth = kind('depthUpdate');
    const snapshot = steps.find(({ data }) => data === undefined)!;
    const after = depth.findIndex(({ data }) => Number(data!['u']) >= Number(snapshot.raw['lastUpdateId']));
    for (const step of depth.slice(0, after + 100)) frame(step);
    await host.answer(snapshot.text);
    host.advance(1000);
    // Twice the same, then three that never come.
    frame(depth[after + 99]);
    frame(depth[after + 103]);
    expect(host.gets.length).toBe(1);
    expect(bad).toEqual(['book update not new']);
    expect(host.takeEvents().filter((event) => event.kind !== 'subscribed'))
      .toEqual([{ kind: 'gap', symbol, channel: 'book', expected: depth[after + 99].data!['u'], found: depth[after + 103].data!['pu'] }]);
    for (const step of depth.slice(after + 104, after + 200)) frame(step);
    // The snapshot that the exchange would give: the book as it was after an update in between, built by the test.
    const made = independentBook(steps.slice(0, steps.indexOf(depth[after + 150]) + 1), symbol, snapshot.raw);
    const last = Number(depth[after + 150].data!['u']);
    const pairs = (side: Map<number, number>): Pairs => [...side].map(([price, size]) => [price.toFixed(2), size.toFixed(3)]);
    await host.answer(JSON.stringify({ lastUpdateId: last, bids: pairs(made.B), asks: pairs(made.A) }));
    expect(host.takeEvents()).toEqual([{ kind: 'resynced', symbol, channel: 'book', found: last }]);
    for (const step of depth.slice(after + 200)) frame(step);
    const whole = independentBook(steps, symbol, snapshot.raw);
    const ours = host.levels.get(symbol)!;
    expect(new Map(asNumbers(ours.B))).toEqual(new Map(sorted(whole.B)));
    expect(new Map(asNumbers(ours.A))).toEqual(new Map(sorted(whole.A)));

    const trades = kind('trade');
    for (const at of [0, 1, 1, 4, 2, 5]) frame(trades[at]);
    const id = (at: number): number => Number(trades[at].data!['t']);
    expect(host.takeEvents()).toEqual([{ kind: 'gap', symbol, channel: 'trades', expected: id(2), found: id(4) }]);
    expect(bad.slice(1)).toEqual(['trade id not new', 'trade id not new']);
    expect(host.trades.map((line) => Number(line.split(' ')[3]))).toEqual([id(0), id(1), id(4), id(5)]);
  });
});
