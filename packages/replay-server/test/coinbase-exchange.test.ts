import { afterEach, describe, expect, test } from 'vitest';
import { startReplayServer, type ReplayOptions, type ReplayServer } from '../dist/index.js';
import { asNumbers, PlainBook } from './support/plain-book.js';
import { hasSharedData, NO_DATA, shared, textFrames } from '../../../test/support/recordings.js';
import { WsClient } from './support/ws-client.js';

const FILE = 'exchanges-raw-ws/COINBASE.ws.28.0.products-A.gz';
const PRODUCTS = ['SKL-USD', 'SKL-BTC', 'BAND-BTC', 'NU-GBP', 'CRV-EUR'];

interface Frame { type: string; product_id: string; trade_id: number; sequence: number; last_trade_id: number; bids: [string, string][]; asks: [string, string][]; changes: [string, string, string][] }

let server: ReplayServer;
afterEach(async () => server?.close());
const start = async (more: Partial<ReplayOptions> = {}): Promise<ReplayServer> => (server = await startReplayServer({ venue: 'coinbase-exchange', captures: [shared(FILE)], start: 'manual', ...more }));

const ALL = hasSharedData ? textFrames(FILE) : [];
const bookAt = (product: string, frames: number): PlainBook => {
  const book = new PlainBook();
  for (const text of ALL.slice(0, frames)) {
    const frame = JSON.parse(text) as Frame;
    if (frame.product_id !== product) continue;
    if (frame.type === 'snapshot') book.replace(frame.bids, frame.asks);
    for (const [side, price, size] of frame.changes ?? []) book.set(side === 'buy' ? 'bids' : 'asks', [[price, size]]);
  }
  return book;
};

describe.skipIf(!hasSharedData)(`Coinbase Exchange${NO_DATA}`, () => {
  test('all channels are played as they were captured, in order', async () => {
    await start({ end: 'close' });
    const client = await WsClient.open(server.url.ws);
    client.send({ type: 'subscribe', product_ids: PRODUCTS, channels: ['level2', 'matches', { name: 'ticker', product_ids: PRODUCTS }] });
    await client.has(1);
    expect(client.parsed()[0]).toEqual({ type: 'subscriptions', channels: ['level2', 'matches', 'ticker'].map((name) => ({ name, product_ids: PRODUCTS })) });
    server.control.play();
    await server.done;
    await client.until(() => client.closed !== undefined);
    expect(client.messages.slice(1)).toEqual(ALL.filter((text) => !text.startsWith('{"type":"subscriptions"')));
  });

  test('who subscribes late is given books, last trades and tickers of that moment, each product its own', async () => {
    await start();
    server.control.step(3000);
    const client = await WsClient.open(server.url.ws);
    client.send({ type: 'subscribe', product_ids: ['SKL-USD', 'CRV-EUR'], channels: ['level2_batch', 'matches'] });
    await client.has(5);
    const [, ...given] = client.parsed<Frame>();
    expect(given.map(({ type, product_id }) => [type, product_id])).toEqual([['snapshot', 'SKL-USD'], ['snapshot', 'CRV-EUR'], ['last_match', 'SKL-USD'], ['last_match', 'CRV-EUR']]);
    for (const { product_id, bids, asks } of given.slice(0, 2)) expect({ bids: asNumbers(bids), asks: asNumbers(asks) }).toEqual(bookAt(product_id, 3000).top());
    const last = ALL.slice(0, 3000).map((text) => JSON.parse(text) as Frame).filter(({ type, product_id }) => /match/.test(type) && product_id === 'SKL-USD').at(-1)!;
    expect(given[2].trade_id).toBe(last.trade_id);
    server.control.step(500);
    await client.settled();
    const expected = ALL.slice(3000, 3500).filter((text) => /"type":"(l2update|match)"/.test(text) && /"product_id":"(SKL-USD|CRV-EUR)"/.test(text));
    expect(client.messages.slice(5)).toEqual(expected);
    expect(expected.length).toBeGreaterThan(50);
  });

  test('heartbeats, which the capture does not have, come once a second of its time with the numbers seen last', async () => {
    await start();
    const client = await WsClient.open(server.url.ws);
    client.send({ type: 'subscribe', product_ids: ['SKL-USD'], channels: ['heartbeat', 'matches'] });
    await client.has(1);
    server.control.step(ALL.length);
    await client.settled();
    const frames = client.parsed<Frame>(1);
    const beats = frames.filter(({ type }) => type === 'heartbeat');
    expect(beats.length).toBe(30);
    let trade = 0;
    for (const frame of frames) {
      if (frame.type === 'heartbeat') expect(frame.last_trade_id).toBe(trade);
      else trade = frame.trade_id;
    }
  });

  test('what cannot be subscribed is refused, and unsubscribing ends it', async () => {
    await start();
    const client = await WsClient.open(server.url.ws);
    for (const wrong of ['{', { type: 'subscribe' }, { type: 'subscribe', product_ids: ['A-B'], channels: ['level2'] }, { type: 'subscribe', product_ids: PRODUCTS, channels: ['nothing'] }]) client.send(wrong);
    client.send({ type: 'subscribe', product_ids: ['NU-GBP'], channels: ['level2', 'matches'] });
    client.send({ type: 'unsubscribe', channels: ['level2'] });
    await client.has(6);
    expect(client.parsed().slice(0, 4).map(({ type }) => type)).toEqual(['error', 'error', 'error', 'error']);
    expect(client.parsed()[5]).toEqual({ type: 'subscriptions', channels: [{ name: 'matches', product_ids: ['NU-GBP'] }] });
  });
});
