/** Connections as users have them, over sockets, against a server that plays real captures; whole-captures.test.ts holds what comes message for message. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { type ReplayOptions, type ReplayServer, startReplayServer } from '@deepwater/replay-server';
import { type BookSide, type ConnectionEvent, type Exchange, ExchangeConnection, type RecordSink, type SessionHost, type Wanted, binance, binanceUsdm } from '../dist/index.js';
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

  test('has nothing to do with a session of before: what that asks for is not sent, called back or ended', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await once(server, 'listening');
    ends.push(async () => { await new Promise((resolve) => { server.close(resolve); }); });
    const said: string[] = [];
    server.on('connection', (client) => { client.on('message', (data) => { said.push(String(data as Buffer)); }); });
    const hosts: SessionHost[] = [];
    const scripted: Exchange = {
      ...binance,
      newSession: (_wanted, host) => {
        hosts.push(host);
        const number = hosts.length;
        return { path: '', open: () => { host.send(`open ${number}`); }, frame: () => undefined, subscribe: () => undefined, unsubscribe: () => undefined, close: () => undefined };
      },
    };
    const events: ConnectionEvent[] = [];
    const connection = new ExchangeConnection(scripted, { symbols: ['BTCUSDT'], channels: ['trades'] }, {
      records: new Counts(), urls: { ws: `ws://127.0.0.1:${(server.address() as AddressInfo).port}` }, backoff: { minMs: 1, maxMs: 5 }, onEvent: (event) => { events.push(event); },
    });
    ends.push(() => connection.close());
    connection.open();
    await expect.poll(() => said).toEqual(['open 1']);
    hosts[0]!.restart('as a session does');
    await expect.poll(() => said).toEqual(['open 1', 'open 2']);
    const called: string[] = [];
    for (const [number, host] of hosts.entries()) {
      host.send(`late ${number + 1}`);
      host.after(0, () => { called.push(`after ${number + 1}`); });
    }
    hosts[0]!.restart('again');
    await expect.poll(() => [said, called]).toEqual([['open 1', 'open 2', 'late 2'], ['after 2']]);
    expect([hosts.length, events.map(({ kind }) => kind)]).toEqual([2, ['connected', 'disconnected', 'connected']]);
    await connection.close();
    hosts[1]!.after(0, () => { called.push('after the end'); });
    await new Promise((resolve) => { setTimeout(resolve, 20); });
    expect(called).toEqual(['after 2']);
  });

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
