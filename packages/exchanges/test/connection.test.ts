/** Adapters as users run them, over sockets, against a server that plays real captures in the exchanges' own protocols. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Platform } from 'deepwater';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { type ReplayOptions, type ReplayServer, startReplayServer } from '@deepwater/replay-server';
import { type BookSide, type ConnectionEvent, type Exchange, ExchangeConnection, FeedSink, type RecordSink, type Wanted, binance, binanceUsdm, bybitLinear, coinbase, coinbaseExchange, kraken, krakenV1, recordFeedName, recordFeedSpec } from '../dist/index.js';
import { captureFile as capture, noCaptures, withCaptures as named } from './support/captures.js';

const withCaptures = (name: string, run: () => Promise<void>, ms: number): void => { test.skipIf(noCaptures !== undefined)(named(name), run, ms); };

/** Counts what comes, and keeps each book. */
class Counts implements RecordSink {
  trades = 0;
  quotes = 0;
  snapshots = 0;
  updates = 0;
  readonly books = new Map<string, Record<BookSide, Map<number, number>>>();

  of(symbol: string) {
    const book = { B: new Map<number, number>(), A: new Map<number, number>() };
    if (!this.books.has(symbol)) this.books.set(symbol, book);
    const kept = this.books.get(symbol) as typeof book;
    return {
      trade: () => { this.trades += 1; },
      quote: () => { this.quotes += 1; },
      beginBook: (_ts: number, _received: number, snapshot: boolean) => {
        this.snapshots += snapshot ? 1 : 0;
        this.updates += snapshot ? 0 : 1;
        if (snapshot) for (const side of [kept.A, kept.B]) side.clear();
      },
      level: (side: BookSide, price: string | number, size: string | number) => {
        if (Number(size) === 0) kept[side].delete(Number(price));
        else kept[side].set(Number(price), Number(size));
      },
      endBook: () => {},
      heartbeat: () => {},
    };
  }

  /** Books whose best bid is not below their best ask. */
  get crossed(): string[] {
    return [...this.books].filter(([, { A, B }]) => A.size > 0 && B.size > 0 && Math.max(...B.keys()) >= Math.min(...A.keys())).map(([symbol]) => symbol);
  }
}

const ends: (() => Promise<void>)[] = [];
afterEach(async () => { for (const end of ends.splice(0)) await end(); });

async function connect(exchange: Exchange, wanted: Wanted, options: ReplayOptions, below = '') {
  const server = await startReplayServer(options);
  const records = new Counts();
  const events: ConnectionEvent[] = [];
  const bad: string[] = [];
  const connection = new ExchangeConnection(exchange, wanted, {
    records, urls: { ws: `${server.url.ws}${below}`, rest: server.url.rest }, backoff: { minMs: 20, maxMs: 50 },
    onEvent: (event) => { events.push(event); }, onBad: ({ message }) => { bad.push(message); },
  });
  ends.push(() => connection.close(), () => server.close());
  connection.open();
  return { server, records, events, bad, connection };
}

/** Until all has been played, and has come. */
async function played(server: ReplayServer, records: Counts): Promise<void> {
  await server.done;
  for (let before = -1; ;) {
    const now = records.trades + records.quotes + records.updates + records.snapshots;
    if (now === before) return;
    before = now;
    await new Promise((resolve) => { setTimeout(resolve, 300); });
  }
}

const USDM = ['binance-raw-ws/usdm-btcusdt_20240718.gz'];
const ALL = ['trades', 'book', 'quotes'] as const;

describe('a whole capture through server, socket and adapter', () => {
  const cases: [Exchange, ReplayOptions['venue'], string[], string[], string, { trades: number; quotes: number }][] = [
    [binanceUsdm, 'binance', USDM, ['BTCUSDT'], '', { trades: 974, quotes: 7113 }],
    [binance, 'binance', ['binance-raw-ws/spot-btcusdt_20240808.gz'], ['BTCUSDT'], '', { trades: 9757, quotes: 28_040 }],
    [coinbase, 'coinbase', ['exchanges-raw-ws/COINBASE.jsonl.zst'], ['BTC-USD', 'ETH-USD'], '', { trades: 79, quotes: 160 }],
    [coinbaseExchange, 'coinbase-exchange', ['exchanges-raw-ws/COINBASE.ws.28.0.products-A.gz'], ['SKL-USD', 'SKL-BTC', 'BAND-BTC', 'NU-GBP', 'CRV-EUR'], '', { trades: 69, quotes: 74 }],
    [krakenV1, 'kraken-v1', ['c197c0', '82ac16', '4b7396'].map((id) => `exchanges-raw-ws/KRAKEN-${id}.0.gz`), ['ALGO/XBT', 'LSK/USD', 'XBT/USD', 'ICX/USD', 'AUD/USD', 'KAVA/USD', 'DASH/EUR', 'FIL/XBT', 'WAVES/ETH', 'USDC/GBP'], '', { trades: 28, quotes: 22 }],
    [kraken, 'kraken', ['c197c0', '82ac16', '4b7396'].map((id) => `exchanges-raw-ws/KRAKEN-${id}.0.gz`), ['ALGO/BTC', 'LSK/USD', 'BTC/USD', 'ICX/USD'], '/v2', { trades: -1, quotes: -1 }],
    [bybitLinear, 'bybit', ['exchanges-raw-ws/BYBIT.jsonl.zst'], ['BTCUSDT', 'ETHUSDT', 'SOLUSDT', 'DOGEUSDT'], '/v5/public/linear', { trades: -1, quotes: -1 }],
  ];
  for (const [exchange, venue, files, symbols, below, expected] of cases) {
    withCaptures(`${exchange.title}: every trade and quote, books that are not crossed, nothing bad and no gap`, async () => {
      const { server, records, events, bad } = await connect(exchange, { symbols, channels: ALL }, { venue, captures: files.map(capture) }, below);
      await played(server, records);
      expect(bad).toEqual([]);
      expect(events.filter(({ kind }) => ['gap', 'checksum', 'refused', 'disconnected', 'unknown'].includes(kind))).toEqual([]);
      if (expected.trades >= 0) expect({ trades: records.trades, quotes: records.quotes }).toEqual(expected);
      else expect(Math.min(records.trades, records.quotes)).toBeGreaterThan(0);
      expect(records.snapshots).toBe(symbols.length);
      expect(records.updates).toBeGreaterThan(0);
      expect(records.crossed).toEqual([]);
    }, 120_000);
  }
});

withCaptures('what is read back from a store is what an independent look at the capture says, trade for trade', async () => {
  const lines = gunzipSync(readFileSync(capture(USDM[0] as string))).toString('utf8').split('\n').filter((line) => line.includes('"btcusdt@trade"'));
  const said = lines.map((line) => (JSON.parse(line.slice(line.indexOf(' ') + 1)) as { data: { T: number; t: number; m: boolean; p: string; q: string } }).data);
  const root = mkdtempSync(path.join(tmpdir(), 'deepwater-recorded-'));
  const platform = await Platform.open(path.join(root, 'data'), { logLevel: 'silent' });
  ends.push(async () => {
    await platform.close();
    rmSync(root, { recursive: true, force: true });
  });
  const name = recordFeedName(binanceUsdm, 'BTCUSDT', 'trades');
  await platform.createFeed(recordFeedSpec(binanceUsdm, 'BTCUSDT', 'trades'));
  const trades = await platform.createWriter(name);
  const server = await startReplayServer({ venue: 'binance', captures: USDM.map(capture) });
  const connection = new ExchangeConnection(binanceUsdm, { symbols: ['BTCUSDT'], channels: ['trades'] }, { records: new FeedSink(() => ({ trades })), urls: server.url });
  ends.unshift(() => connection.close(), () => server.close());
  connection.open();
  await server.done;
  await expect.poll(() => trades.position, { timeout: 30_000 }).toBe(said.length);
  await trades.flush();
  const records = (await platform.createReader(name)).rangeSync(0, 2 ** 52) as unknown[][];
  const scaled = (text: string): string => Number(text).toFixed(8);
  expect(records.map(([ts, , ...rest]) => [ts, ...rest])).toEqual(said.map(({ T, t, m, p, q }) => [T * 1000, t, m ? 'S' : 'B', scaled(p), scaled(q)]));
}, 60_000);

describe('a connection', () => {
  withCaptures('that is closed is made again, and the books come back', async () => {
    const { server, records, events } = await connect(binanceUsdm, { symbols: ['BTCUSDT'], channels: ALL }, { venue: 'binance', captures: USDM.map(capture), faults: [{ kind: 'close', at: 3000, code: 1012 }] });
    await played(server, records);
    expect(events.filter(({ kind }) => kind === 'connected' || kind === 'disconnected').map(({ kind }) => kind)).toEqual(['connected', 'disconnected', 'connected']);
    expect(events.find(({ kind }) => kind === 'disconnected')).toMatchObject({ detail: expect.stringContaining('1012') as string });
    expect(records.snapshots).toBe(2);
    expect(records.crossed).toEqual([]);
  }, 60_000);

  withCaptures('that says nothing any more is given up', async () => {
    const quick: Exchange = { ...binanceUsdm, limits: { ...binanceUsdm.limits, silenceMs: 400 } };
    const { server, records, events } = await connect(quick, { symbols: ['BTCUSDT'], channels: ALL }, { venue: 'binance', captures: USDM.map(capture), faults: [{ kind: 'half-open', at: 2000 }] });
    await expect.poll(() => events.some(({ kind, detail }) => kind === 'disconnected' && /silent for/.test(detail ?? '')), { timeout: 20_000 }).toBe(true);
    await played(server, records);
    expect(events.filter(({ kind }) => kind === 'connected').length).toBeGreaterThan(1);
    expect(records.crossed).toEqual([]);
  }, 60_000);

  test('that nobody answers is tried again, ever more slowly, until it is closed', async () => {
    const events: ConnectionEvent[] = [];
    const connection = new ExchangeConnection(binance, { symbols: ['BTCUSDT'], channels: ['trades'] }, {
      records: new Counts(), urls: { ws: 'ws://127.0.0.1:9' }, backoff: { minMs: 10, maxMs: 80 }, onEvent: (event) => { events.push(event); },
    });
    connection.open();
    await expect.poll(() => events.length, { timeout: 20_000 }).toBeGreaterThan(5);
    await connection.close();
    const waits = events.map((event) => (event.kind === 'disconnected' ? event.afterMs : 0));
    expect(Math.max(...waits)).toBeLessThanOrEqual(80);
    waits.slice(0, 4).forEach((ms, i) => { expect(ms).toBeGreaterThanOrEqual(5 * 2 ** i); expect(ms).toBeLessThanOrEqual(10 * 2 ** i); });
    expect(connection.state).toBe('closed');
    const { length } = events;
    await new Promise((resolve) => { setTimeout(resolve, 200); });
    expect(events.length).toBe(length);
  }, 30_000);
});

test('compression is not offered, even to who would take it', async () => {
  const server = new WebSocketServer({ port: 0, perMessageDeflate: true });
  ends.push(() => new Promise((resolve) => { server.close(() => { resolve(); }); }));
  const offered = new Promise<string | undefined>((resolve) => {
    server.once('connection', (_socket, request) => { resolve(request.headers['sec-websocket-extensions']); });
  });
  const connection = new ExchangeConnection(binance, { symbols: ['BTCUSDT'], channels: ['trades'] }, { records: new Counts(), urls: { ws: `ws://127.0.0.1:${(server.address() as AddressInfo).port}` } });
  ends.unshift(() => connection.close());
  connection.open();
  expect(await offered).toBeUndefined();
});
