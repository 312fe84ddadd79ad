import { afterEach, describe, expect, test } from 'vitest';
import { startReplayServer, type ReplayOptions, type ReplayServer } from '../dist/index.js';
import { asNumbers, PlainBook } from './support/plain-book.js';
import { hasSharedData, linesOf, NO_DATA, shared, textFrames } from '../../../test/support/recordings.js';
import { WsClient } from './support/ws-client.js';

interface Depth { e: string; s: string; U: number; u: number; pu?: number; b: [string, string][]; a: [string, string][] }
interface Combined { stream: string; data: Depth }
interface Rest { lastUpdateId: number; symbol?: string; bids: [string, string][]; asks: [string, string][] }

const USDM = ['binance-raw-ws/usdm-btcusdt_20240718.gz', 'binance-raw-ws/usdm-btcusdt_20240719.gz'];
const COINM = ['binance-raw-ws/cm-btcusd_perp_20240808.gz', 'binance-raw-ws/cm-btcusd_perp_20240809.gz'];
const SPOT = ['binance-raw-ws/spot-btcusdt_20240808.gz'];

let server: ReplayServer;
afterEach(async () => server?.close());
const start = async (files: readonly string[], more: Partial<ReplayOptions> = {}): Promise<ReplayServer> => (server = await startReplayServer({ venue: 'binance', captures: files.map(shared), start: 'manual', ...more }));

/** Frames of the line files: what stands behind the time, without the REST snapshot. */
const lineFrames = (files: readonly string[]): string[] => files.flatMap(linesOf).map((line) => line.slice(line.indexOf(' ') + 1)).filter((text) => text.startsWith('{"stream"'));
const snapshotOf = (file: string): Rest => JSON.parse(linesOf(file).find((line) => !line.includes('{"stream"'))!.replace(/^\d+ /, '')) as Rest;
const get = async <T>(path: string): Promise<T> => (await fetch(server.url.rest + path)).json() as Promise<T>;

describe.skipIf(!hasSharedData)(`Binance${NO_DATA}`, () => {
  for (const [market, files, symbol] of [['spot', SPOT, 'btcusdt'], ['usdm', USDM, 'btcusdt'], ['coinm', COINM, 'btcusd_perp']] as const) {
    test(`${market}: streams in the URL are played as they were captured, in order, over the midnight of its files`, async () => {
      await start(files, { end: 'close' });
      const speed = market === 'spot' ? '100ms' : '0ms';
      const client = await WsClient.open(`${server.url.ws}/stream?streams=${symbol}@trade/${symbol}@bookTicker/${symbol}@depth@${speed}`);
      server.control.play();
      await server.done;
      await client.until(() => client.closed !== undefined);
      const expected = lineFrames(files).filter((text) => !text.includes('@markPrice'));
      expect(client.messages.length).toBe(expected.length);
      expect(client.messages).toEqual(expected);
      expect(client.closed).toBe(1000);
    });
  }

  test('SUBSCRIBE at /ws gives data alone, and of the streams alone that were asked for; UNSUBSCRIBE ends them', async () => {
    await start(SPOT);
    const client = await WsClient.open(`${server.url.ws}/ws`);
    client.send({ method: 'SUBSCRIBE', params: ['btcusdt@trade', 'btcusdt@depth'], id: 1 });
    client.send({ method: 'LIST_SUBSCRIPTIONS', id: 2 });
    await client.has(2);
    expect(client.parsed()).toEqual([{ result: null, id: 1 }, { result: ['btcusdt@trade', 'btcusdt@depth'], id: 2 }]);
    server.control.step(2000);
    await client.settled();
    const wanted = lineFrames(SPOT).slice(0, 2000).filter((text) => /@trade|@depth/.test(text)).map((text) => (JSON.parse(text) as Combined).data);
    expect(client.parsed(2)).toEqual(wanted);
    client.send({ method: 'UNSUBSCRIBE', params: ['btcusdt@depth'], id: 'three' });
    await client.until(() => client.messages.at(-1) === '{"result":null,"id":"three"}');
    const before = client.messages.length;
    server.control.step(1000);
    await client.settled();
    const trades = lineFrames(SPOT).slice(2000, 3000).filter((text) => text.includes('@trade')).map((text) => (JSON.parse(text) as Combined).data);
    expect(client.parsed(before)).toEqual(trades);
    expect(trades.length).toBeGreaterThan(10);
  });

  test('a book stream of another speed is the capture’s, by the name that was asked for', async () => {
    await start(USDM);
    const client = await WsClient.open(`${server.url.ws}/stream?streams=btcusdt@depth@100ms`);
    server.control.step(300);
    await client.settled();
    const expected = lineFrames(USDM).slice(0, 300).filter((text) => text.includes('@depth@0ms')).map((text) => text.replace('@depth@0ms', '@depth@100ms'));
    expect(client.messages).toEqual(expected);
  });

  test('what is no request is answered as Binance does', async () => {
    await start(SPOT);
    const client = await WsClient.open(`${server.url.ws}/stream`);
    for (const wrong of ['{', { method: 'SUBSCRIBE', params: ['a@trade'] }, { method: 'JUMP', id: 1 }, { method: 'SUBSCRIBE', params: [], id: 2 }]) client.send(wrong);
    await client.has(4);
    expect(client.parsed<{ error: { code: number }; id: unknown }>().map(({ error, id }) => [error.code, id])).toEqual([[3, null], [2, null], [2, 1], [2, 2]]);
    expect(await WsClient.refusal(`${server.url.ws}/elsewhere`)).toBe(404);
  });

  for (const [market, files, symbol, path] of [['spot', SPOT, 'BTCUSDT', '/api/v3/depth'], ['usdm', USDM, 'BTCUSDT', '/fapi/v1/depth'], ['coinm', COINM, 'BTCUSD_PERP', '/dapi/v1/depth']] as const) {
    test(`${market}: REST depth is the book at that point of the capture, and the next updates continue it`, async () => {
      await start(files);
      const snapshot = snapshotOf(files[0]);
      const book = new PlainBook();
      book.replace(snapshot.bids, snapshot.asks);
      let last = snapshot.lastUpdateId;
      const frames = lineFrames(files);
      let at = 0;
      for (const until of [1, 3000, 9000]) {
        server.control.step(until - at);
        for (; at < until; at++) {
          const { stream, data } = JSON.parse(frames[at]) as Combined;
          if (!stream.includes('@depth') || data.u <= snapshot.lastUpdateId) continue;
          expect(market === 'spot' ? data.U <= last + 1 : data.pu === last || data.U <= last).toBe(true);
          book.set('bids', data.b);
          book.set('asks', data.a);
          last = data.u;
        }
        const rest = await get<Rest>(`${path}?symbol=${symbol}&limit=1000`);
        expect(rest.lastUpdateId).toBe(last);
        expect({ bids: asNumbers(rest.bids), asks: asNumbers(rest.asks) }).toEqual(book.top(1000));
        if (market === 'coinm') expect(rest.symbol).toBe('BTCUSD_PERP');
      }
      expect(last).toBeGreaterThan(snapshot.lastUpdateId);
    });
  }

  test('REST answers what cannot be answered as Binance does', async () => {
    await start(SPOT);
    const codes: unknown[] = [];
    for (const path of ['/api/v3/depth', '/api/v3/depth?symbol=NONE', '/api/v3/depth?symbol=BTCUSDT&limit=x', '/fapi/v1/depth?symbol=BTCUSDT']) {
      const response = await fetch(server.url.rest + path);
      codes.push([response.status, ((await response.json()) as { code?: number }).code]);
    }
    expect(codes).toEqual([[400, -1102], [400, -1121], [400, -1130], [404, undefined]]);
  });

  test('cryptofeed’s capture: three symbols, each with its own REST snapshot', async () => {
    const file = 'exchanges-raw-ws/BINANCE-ee25be.0.gz';
    await start([file]);
    const client = await WsClient.open(`${server.url.ws}/stream?streams=ethusdt@aggTrade/dotusdt@depth@100ms`);
    const frames = textFrames(file);
    server.control.step(frames.length);
    await client.settled();
    expect(client.messages).toEqual(frames.filter((text) => /^\{"stream":"(ethusdt@aggTrade|dotusdt@depth)/.test(text)));
    for (const symbol of ['BTCUSDT', 'ETHUSDT', 'DOTUSDT']) {
      const line = linesOf(file).find((text) => text.includes(`depth?symbol=${symbol}&`))!;
      const snapshot = JSON.parse(line.slice(line.indexOf(': {') + 2)) as Rest;
      const book = new PlainBook();
      book.replace(snapshot.bids, snapshot.asks);
      for (const text of frames) {
        const { data } = JSON.parse(text) as Combined;
        if (data.e !== 'depthUpdate' || data.s !== symbol || data.u <= snapshot.lastUpdateId) continue;
        book.set('bids', data.b);
        book.set('asks', data.a);
      }
      const rest = await get<Rest>(`/api/v3/depth?symbol=${symbol}&limit=5000`);
      expect({ bids: asNumbers(rest.bids), asks: asNumbers(rest.asks) }).toEqual(book.top());
    }
  });
});
