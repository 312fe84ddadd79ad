import { crc32 } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { startReplayServer, type ReplayOptions, type ReplayServer } from '../dist/index.js';
import { asNumbers, PlainBook } from './support/plain-book.js';
import { hasSharedData, NO_DATA, shared, textFrames, textFramesWithTimes } from '../../../test/support/recordings.js';
import { WsClient } from './support/ws-client.js';

const BOOKS = 'exchanges-raw-ws/KRAKEN-c197c0.0.gz';
const TRADES = 'exchanges-raw-ws/KRAKEN-82ac16.0.gz';
const TICKERS = 'exchanges-raw-ws/KRAKEN-4b7396.0.gz';
const FILES = [BOOKS, TRADES, TICKERS];
const PAIRS = ['ALGO/XBT', 'LSK/USD', 'USDC/GBP', 'FIL/XBT', 'WAVES/ETH', 'ICX/USD', 'AUD/USD', 'KAVA/USD', 'DASH/EUR', 'XBT/USD'];
const SYMBOLS = PAIRS.map((pair) => pair.replace('XBT', 'BTC'));

type Level = [price: string, size: string, time: string, again?: string];
interface BookPart { a?: Level[]; b?: Level[]; as?: Level[]; bs?: Level[]; c?: string }

let server: ReplayServer;
afterEach(async () => server?.close());
const start = async (venue: 'kraken' | 'kraken-v1', more: Partial<ReplayOptions> = {}): Promise<ReplayServer> => (server = await startReplayServer({ venue, captures: FILES.map(shared), start: 'manual', ...more }));

const arrays = (file: string): string[] => textFrames(file).filter((text) => text.startsWith('['));
const digits = (text: string): string => text.replace('.', '').replace(/^0+/, '');

/** A book of texts, for checksums: they are of what was written, not of numbers. */
class TextBook {
  readonly sides = { bids: new Map<number, [string, string]>(), asks: new Map<number, [string, string]>() };

  set(side: 'bids' | 'asks', levels: readonly (readonly [string, string, ...unknown[]])[], depth: number): void {
    const sign = side === 'asks' ? 1 : -1;
    const map = this.sides[side];
    for (const [price, size] of levels) {
      if (Number(size) === 0) map.delete(Number(price));
      else map.set(Number(price), [price, size]);
    }
    if (map.size <= depth) return;
    for (const key of [...map.keys()].sort((a, b) => sign * (a - b)).slice(depth)) map.delete(key);
  }

  clear(): void {
    this.sides.bids.clear();
    this.sides.asks.clear();
  }

  top(side: 'bids' | 'asks', depth: number): [string, string][] {
    const sign = side === 'asks' ? 1 : -1;
    return [...this.sides[side]].sort(([a], [b]) => sign * (a - b)).slice(0, depth).map(([, level]) => level);
  }

  /** The ten best, found by looking at each level once. */
  #best(side: 'bids' | 'asks'): [string, string][] {
    const sign = side === 'asks' ? 1 : -1;
    const best: number[] = [];
    for (const key of this.sides[side].keys()) {
      if (best.length === 10 && sign * (key - best[9]) > 0) continue;
      let at = best.length;
      while (at > 0 && sign * (key - best[at - 1]) < 0) at--;
      best.splice(at, 0, key);
      best.length = Math.min(best.length, 10);
    }
    return best.map((key) => this.sides[side].get(key)!);
  }

  checksum(): number {
    return crc32([...this.#best('asks'), ...this.#best('bids')].map(([price, size]) => digits(price) + digits(size)).join(''));
  }
}

function applyV1(books: Map<string, TextBook>, text: string): boolean {
  const frame = JSON.parse(text) as unknown[];
  const pair = frame.at(-1) as string;
  const depth = Number((frame.at(-2) as string).slice('book-'.length));
  const book = books.get(pair) ?? new TextBook();
  books.set(pair, book);
  let checked = false;
  const parts = frame.slice(1, -2) as BookPart[];
  if (parts[0].as !== undefined) book.clear();
  for (const part of parts) {
    book.set('asks', part.as ?? part.a ?? [], depth);
    book.set('bids', part.bs ?? part.b ?? [], depth);
  }
  for (const { c } of parts) {
    if (c === undefined) continue;
    if (book.checksum() !== Number(c)) throw new Error(`the checksum does not hold: ${text.slice(0, 200)}`);
    checked = true;
  }
  return checked;
}

let whole: Map<string, TextBook> | undefined;
/** The books behind the last frame. */
function wholeBooks(): Map<string, TextBook> {
  if (whole !== undefined) return whole;
  whole = new Map();
  for (const text of arrays(BOOKS)) applyV1(whole, text);
  return whole;
}

describe.skipIf(!hasSharedData)(`Kraken, first API${NO_DATA}`, () => {
  test('three connections as one session: books, trades and tickers as they were captured, every checksum holds', async () => {
    await start('kraken-v1', { end: 'close' });
    const client = await WsClient.open(server.url.ws);
    for (const subscription of [{ name: 'book', depth: 1000 }, { name: 'trade' }, { name: 'ticker' }]) client.send({ event: 'subscribe', pair: PAIRS, subscription, reqid: 7 });
    await client.has(31);
    const [status, ...acknowledged] = client.parsed();
    expect(status).toMatchObject({ event: 'systemStatus', status: 'online' });
    expect(acknowledged.every((answer) => answer['status'] === 'subscribed' && answer['reqid'] === 7)).toBe(true);
    server.control.play();
    await server.done;
    await client.until(() => client.closed !== undefined);
    const told = client.messages.slice(31);
    for (const [file, name] of [[BOOKS, 'book-1000'], [TRADES, 'trade'], [TICKERS, 'ticker']] as const) {
      expect(told.filter((text) => text.includes(`"${name}","`))).toEqual(arrays(file));
    }
    // All three connections had heartbeats; a client has those of one.
    expect(told.filter((text) => text === '{"event":"heartbeat"}').length).toBe(119);
    expect(told.length).toBe(119 + FILES.flatMap(arrays).length);
    const books = new Map<string, TextBook>();
    const checked = told.filter((text) => text.includes('"book-1000"') && applyV1(books, text)).length;
    expect(checked).toBe(arrays(BOOKS).length - PAIRS.length);
  });

  test('who subscribes late is given the book of that moment, and the checksums that follow hold', async () => {
    await start('kraken-v1');
    const until = 8000;
    server.control.step(until);
    const status = server.control.status();
    const client = await WsClient.open(server.url.ws);
    client.send({ event: 'subscribe', pair: ['XBT/USD', 'DASH/EUR'], subscription: { name: 'book', depth: 1000 } });
    await client.has(5);
    const snapshots = client.messages.slice(1).filter((text) => text.startsWith('['));
    expect(snapshots.length).toBe(2);
    const books = new Map<string, TextBook>();
    for (const text of snapshots) applyV1(books, text);
    // The session's order is that of time; the server's clock says how far it has come.
    const expected = new Map<string, TextBook>();
    const lines = arraysUntil(BOOKS, status.us);
    for (const text of lines) applyV1(expected, text);
    for (const pair of ['XBT/USD', 'DASH/EUR']) for (const side of ['bids', 'asks'] as const) expect(books.get(pair)!.top(side, 1000)).toEqual(expected.get(pair)!.top(side, 1000));
    server.control.step(4000);
    await client.settled();
    const checked = client.messages.slice(5).filter((text) => text.startsWith('[') && applyV1(books, text)).length;
    expect(checked).toBeGreaterThan(1000);
  });

  for (const depth of [10, 25]) {
    test(`a book of ${depth} levels follows the best levels, and every checksum holds`, async () => {
      await start('kraken-v1');
      const client = await WsClient.open(server.url.ws);
      client.send({ event: 'subscribe', pair: PAIRS, subscription: depth === 10 ? { name: 'book' } : { name: 'book', depth } });
      await client.has(11);
      server.control.step(server.control.status().frames);
      await client.settled();
      const books = new Map<string, TextBook>();
      const checked = client.messages.filter((text) => text.startsWith('[') && applyV1(books, text)).length;
      expect(checked).toBeGreaterThan(1000);
      for (const pair of PAIRS) for (const side of ['bids', 'asks'] as const) expect(books.get(pair)!.top(side, depth)).toEqual(wholeBooks().get(pair)!.top(side, depth));
    });
  }

  test('pings and refusals are answered as Kraken does', async () => {
    await start('kraken-v1');
    const client = await WsClient.open(server.url.ws);
    client.send({ event: 'ping', reqid: 42 });
    client.send({ event: 'subscribe', pair: ['NO/PE'], subscription: { name: 'trade' } });
    client.send({ event: 'subscribe', pair: ['XBT/USD'], subscription: { name: 'book', depth: 11 } });
    client.send({ event: 'subscribe', pair: ['XBT/USD'], subscription: { name: 'nothing' } });
    client.send({ event: 'unsubscribe', pair: ['XBT/USD'], subscription: { name: 'trade' } });
    client.send({ event: 'subscribe', pair: ['XBT/USD'], subscription: { name: 'trade' } });
    client.send({ event: 'subscribe', pair: ['XBT/USD'], subscription: { name: 'trade' } });
    client.send('?');
    await client.has(9);
    const answers = client.parsed(1);
    expect(answers[0]).toEqual({ event: 'pong', reqid: 42 });
    expect(answers.slice(1).map(({ status, errorMessage }) => errorMessage ?? status)).toEqual([
      'Currency pair not supported NO/PE', 'Subscription depth not supported', 'Subscription name invalid', 'Subscription Not Found', 'subscribed', 'Already subscribed', 'Malformed request',
    ]);
  });
});

/** Array frames of a file that were received by a time. */
function arraysUntil(file: string, us: number): string[] {
  return textFramesWithTimes(file).filter(([time, text]) => time <= us && text.startsWith('[')).map(([, text]) => text);
}

interface V2Level { price: number; qty: number }
interface V2Book { symbol: string; bids: V2Level[]; asks: V2Level[]; checksum: number; timestamp?: string }
interface V2Frame { channel: string; type: string; data: V2Book[] }

/** Numbers with the decimals that the instrument channel tells. */
const written = (levels: readonly V2Level[], decimals: number): [string, string][] => levels.map(({ price, qty }) => [price.toFixed(decimals), qty.toFixed(8)]);

describe.skipIf(!hasSharedData)(`Kraken, second API${NO_DATA}`, () => {
  const precisions = async (): Promise<Map<string, number>> => {
    const client = await WsClient.open(`${server.url.ws}/v2`);
    client.send({ method: 'subscribe', params: { channel: 'instrument' } });
    await client.has(3);
    const { data } = client.parsed<{ data: { pairs: { symbol: string; price_precision: number; qty_precision: number }[] } }>()[2];
    client.close();
    expect(data.pairs.map(({ qty_precision }) => qty_precision)).toEqual(SYMBOLS.map(() => 8));
    return new Map(data.pairs.map(({ symbol, price_precision }) => [symbol, price_precision]));
  };

  function applyV2(books: Map<string, TextBook>, { type, data: [{ symbol, bids, asks, checksum }] }: V2Frame, decimals: Map<string, number>, depth: number): void {
    const book = books.get(symbol) ?? new TextBook();
    books.set(symbol, book);
    if (type === 'snapshot') book.clear();
    book.set('bids', written(bids, decimals.get(symbol)!), depth);
    book.set('asks', written(asks, decimals.get(symbol)!), depth);
    if (book.checksum() !== checksum) throw new Error(`the checksum of ${symbol} does not hold`);
  }

  for (const depth of [1000, 10]) {
    test(`books of ${depth} levels: the first API’s, in the words of the second; every checksum holds by the instruments’ decimals`, async () => {
      await start('kraken');
      const decimals = await precisions();
      expect([...decimals.keys()].sort()).toEqual([...SYMBOLS].sort());
      expect(decimals.get('BTC/USD')).toBe(1);
      const client = await WsClient.open(`${server.url.ws}/v2`);
      client.send({ method: 'subscribe', params: { channel: 'book', symbol: SYMBOLS, depth }, req_id: 3 });
      await client.has(11);
      expect(client.parsed(1).every(({ success, req_id }) => success === true && req_id === 3)).toBe(true);
      server.control.step(server.control.status().frames);
      await client.settled();
      const frames = client.parsed<V2Frame>(11).filter(({ channel }) => channel === 'book');
      const books = new Map<string, TextBook>();
      for (const frame of frames) applyV2(books, frame, decimals, depth);
      if (depth === 1000) expect(frames.length).toBe(arrays(BOOKS).length);
      for (const [at, pair] of PAIRS.entries()) {
        for (const side of ['bids', 'asks'] as const) expect(asNumbers(books.get(SYMBOLS[at])!.top(side, depth))).toEqual(asNumbers(wholeBooks().get(pair)!.top(side, depth)));
      }
    });
  }

  test('who subscribes late begins with a snapshot; trades and tickers come in the words of the second API', async () => {
    await start('kraken');
    const decimals = await precisions();
    server.control.step(8000);
    const client = await WsClient.open(`${server.url.ws}/v2`);
    for (const params of [{ channel: 'book', symbol: ['BTC/USD'], depth: 100 }, { channel: 'trade', symbol: ['BTC/USD'] }, { channel: 'ticker', symbol: ['BTC/USD'] }, { channel: 'trade', symbol: ['DASH/EUR'], snapshot: false }]) client.send({ method: 'subscribe', params });
    await client.has(8);
    const given = client.parsed<V2Frame>().filter(({ data, channel }) => data !== undefined && channel !== 'status');
    expect(given.map(({ channel, type }) => [channel, type])).toEqual([['book', 'snapshot'], ['trade', 'snapshot'], ['ticker', 'snapshot']]);
    const plain = new PlainBook();
    plain.replace(given[0].data[0].bids.map(({ price, qty }) => [price, qty]), given[0].data[0].asks.map(({ price, qty }) => [price, qty]));
    const us = server.control.status().us;
    const expected = new Map<string, TextBook>();
    for (const text of arraysUntil(BOOKS, us)) applyV1(expected, text);
    expect(plain.top()).toEqual({ bids: asNumbers(expected.get('XBT/USD')!.top('bids', 100)), asks: asNumbers(expected.get('XBT/USD')!.top('asks', 100)) });
    server.control.step(server.control.status().frames);
    await client.settled();
    const later = client.parsed<V2Frame>(8);
    const books = new Map<string, TextBook>();
    for (const frame of [given[0], ...later.filter(({ channel }) => channel === 'book')]) applyV2(books, frame, decimals, 100);
    type Trade = { symbol: string; trade_id: number; price: number; qty: number; side: string; timestamp: string };
    const trades = [given[1], ...later.filter(({ channel }) => channel === 'trade')].flatMap(({ data }) => data as unknown as Trade[]).filter(({ symbol }) => symbol === 'BTC/USD');
    const captured = arrays(TRADES).map((text) => JSON.parse(text) as [number, [string, string, string, string][], string, string]).filter(([, , , pair]) => pair === 'XBT/USD').flatMap(([, told]) => told);
    expect(trades.map(({ price, qty, side }) => [price, qty, side[0]])).toEqual(captured.map(([price, qty, , side]) => [Number(price), Number(qty), side]));
    expect(trades.map(({ trade_id }) => trade_id)).toEqual(captured.map((_, at) => at + 1));
    expect(trades[0].timestamp).toBe('2021-04-05T23:47:41.465618Z');
  });

  test('pings and refusals are answered as Kraken does', async () => {
    await start('kraken');
    const client = await WsClient.open(`${server.url.ws}/v2`);
    client.send({ method: 'ping', req_id: 5 });
    client.send({ method: 'subscribe', params: { channel: 'book', symbol: ['XBT/USD'] } });
    client.send({ method: 'subscribe', params: { channel: 'book', symbol: ['BTC/USD'], depth: 3 } });
    client.send({ method: 'subscribe', params: { channel: 'trade', symbol: ['BTC/USD'] } });
    client.send({ method: 'subscribe', params: { channel: 'trade', symbol: ['BTC/USD'] } });
    client.send({ method: 'unsubscribe', params: { channel: 'trade', symbol: ['BTC/USD'] } });
    await client.has(7);
    const answers = client.parsed();
    expect(answers[0]).toMatchObject({ channel: 'status' });
    expect(answers[1]).toMatchObject({ method: 'pong', req_id: 5 });
    expect(answers.slice(2).map(({ error, success }) => error ?? success)).toEqual(['Currency pair not supported XBT/USD', 'Subscription depth not supported', true, 'Already subscribed', true]);
  });
});
