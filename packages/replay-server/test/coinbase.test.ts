import { afterEach, describe, expect, test } from 'vitest';
import { startReplayServer, type ReplayOptions, type ReplayServer } from '../dist/index.js';
import { asNumbers, PlainBook } from './support/plain-book.js';
import { hasSharedData, jsonlFrames, NO_DATA, shared } from '../../../test/support/recordings.js';
import { WsClient } from './support/ws-client.js';

const FILE = 'exchanges-raw-ws/COINBASE.jsonl.zst';
const PRODUCTS = ['BTC-USD', 'ETH-USD'];

interface Update { side: string; price_level: string; new_quantity: string }
interface Trade { product_id: string; trade_id: string }
interface Event { type?: string; product_id?: string; updates?: Update[]; trades?: Trade[]; tickers?: Trade[]; subscriptions?: Record<string, string[]> }
interface Frame { channel: string; sequence_num: number; events: Event[] }

let server: ReplayServer;
afterEach(async () => server?.close());
const start = async (more: Partial<ReplayOptions> = {}): Promise<ReplayServer> => (server = await startReplayServer({ venue: 'coinbase', captures: [shared(FILE)], start: 'manual', ...more }));

const ALL = hasSharedData ? jsonlFrames(FILE) : [];
const unnumbered = (text: string): string => text.replace(/"sequence_num":\d+/, '"sequence_num":0');
const ofSide = (updates: readonly Update[], side: string): [string, string][] => updates.filter((update) => update.side === side).map((update) => [update.price_level, update.new_quantity]);

function apply(book: PlainBook, { type, updates = [] }: Event): void {
  if (type === 'snapshot') book.replace(ofSide(updates, 'bid'), ofSide(updates, 'offer'));
  else {
    book.set('bids', ofSide(updates, 'bid'));
    book.set('asks', ofSide(updates, 'offer'));
  }
}

async function subscribed(channels: readonly string[], products: readonly string[] = PRODUCTS): Promise<WsClient> {
  const client = await WsClient.open(server.url.ws);
  for (const channel of channels) client.send({ type: 'subscribe', channel, ...(channel === 'heartbeats' ? {} : { product_ids: products }) });
  await client.until(() => client.messages.filter((text) => text.startsWith('{"channel":"subscriptions"')).length === channels.length);
  return client;
}

describe.skipIf(!hasSharedData)(`Coinbase Advanced Trade${NO_DATA}`, () => {
  test('all channels are played as they were captured, in order, numbered without a hole', async () => {
    await start({ end: 'close' });
    const client = await subscribed(['level2', 'market_trades', 'ticker', 'candles', 'heartbeats']);
    expect(client.parsed<Frame>().at(-1)!.events[0].subscriptions).toEqual({ level2: PRODUCTS, market_trades: PRODUCTS, ticker: PRODUCTS, candles: PRODUCTS, heartbeats: ['heartbeats'] });
    server.control.play();
    await server.done;
    await client.until(() => client.closed !== undefined);
    expect(client.messages.slice(5).map(unnumbered)).toEqual(ALL.filter((text) => !text.startsWith('{"channel":"subscriptions"')).map(unnumbered));
    expect(client.parsed<Frame>().map(({ sequence_num }) => sequence_num)).toEqual(client.messages.map((_, at) => at));
  });

  test('one product and one channel of all: frames of others are left out, and not in the numbers', async () => {
    await start();
    const client = await subscribed(['market_trades'], ['ETH-USD']);
    server.control.step(ALL.length);
    await client.settled();
    const expected = ALL.filter((text) => text.startsWith('{"channel":"market_trades"') && text.includes('ETH-USD'));
    expect(client.messages.slice(1).map(unnumbered)).toEqual(expected.map(unnumbered));
    expect(client.parsed<Frame>().map(({ sequence_num }) => sequence_num)).toEqual(client.messages.map((_, at) => at));
    expect(expected.length).toBe(19);
  });

  test('who subscribes late is given the book, the last trades and the ticker of that moment', async () => {
    await start();
    const until = 600;
    server.control.step(until);
    const events = ALL.slice(0, until).map((text) => JSON.parse(text) as Frame).flatMap(({ channel, events: told }) => told.map((event) => ({ channel, event })));
    const client = await subscribed(['level2', 'market_trades', 'ticker']);
    const snapshots = client.parsed<Frame>().filter(({ channel }) => channel !== 'subscriptions');
    expect(snapshots.map(({ events: [event] }) => event.type)).toEqual(Array.from({ length: 6 }, () => 'snapshot'));
    for (const product of PRODUCTS) {
      const book = new PlainBook();
      for (const { event } of events) if (event.product_id === product) apply(book, event);
      const snapshot = snapshots.find(({ channel, events: [event] }) => channel === 'l2_data' && event.product_id === product)!.events[0].updates!;
      expect({ bids: asNumbers(ofSide(snapshot, 'bid')), asks: asNumbers(ofSide(snapshot, 'offer')) }).toEqual(book.top());
      const trades = events.flatMap(({ event }) => event.trades ?? []).filter(({ product_id }) => product_id === product).map(({ trade_id }) => Number(trade_id)).sort((a, b) => b - a);
      const told = snapshots.find(({ channel, events: [event] }) => channel === 'market_trades' && event.trades![0].product_id === product)!.events[0].trades!;
      expect(told.map(({ trade_id }) => Number(trade_id))).toEqual(trades.slice(0, 100));
      const ticker = events.flatMap(({ event }) => event.tickers ?? []).filter(({ product_id }) => product_id === product).at(-1);
      expect(snapshots.find(({ channel, events: [event] }) => channel === 'ticker' && event.tickers![0].product_id === product)!.events[0].tickers).toEqual([ticker]);
    }
    const before = client.messages.length;
    server.control.step(100);
    await client.settled();
    const expected = ALL.slice(until, until + 100).filter((text) => /^\{"channel":"(l2_data|market_trades|ticker)"/.test(text));
    expect(client.messages.slice(before).map(unnumbered)).toEqual(expected.map(unnumbered));
  });

  test('a book that is given up and asked for again begins with a snapshot; numbers go on', async () => {
    await start();
    const client = await subscribed(['level2']);
    server.control.step(200);
    client.send({ type: 'unsubscribe', channel: 'level2', product_ids: ['BTC-USD'] });
    client.send({ type: 'subscribe', channel: 'level2', product_ids: ['BTC-USD'] });
    await client.until(() => client.messages.filter((text) => text.startsWith('{"channel":"subscriptions"')).length === 3);
    const frames = client.parsed<Frame>();
    expect(frames.map(({ sequence_num }) => sequence_num)).toEqual(frames.map((_, at) => at));
    expect(frames.at(-3)!.events[0].subscriptions).toEqual({ level2: ['ETH-USD'] });
    expect([frames.at(-2)!.events[0].type, frames.at(-2)!.events[0].product_id]).toEqual(['snapshot', 'BTC-USD']);
    const before = client.messages.length;
    client.send({ type: 'unsubscribe', channel: 'level2', product_ids: PRODUCTS });
    await client.has(before + 1);
    server.control.step(50);
    await client.settled();
    expect(client.messages.length).toBe(before + 1);
    expect(client.parsed<Frame>().at(-1)!.events[0].subscriptions).toEqual({});
  });

  test('what cannot be subscribed is refused', async () => {
    await start();
    const client = await WsClient.open(server.url.ws);
    for (const wrong of ['x', { type: 'subscribe', channel: 'nothing' }, { type: 'subscribe', channel: 'level2', product_ids: ['A-B'] }, { type: 'subscribe', channel: 'level2' }]) client.send(wrong);
    await client.has(4);
    expect(client.parsed().map(({ type }) => type)).toEqual(['error', 'error', 'error', 'error']);
    server.control.step(100);
    await client.settled();
    expect(client.messages.length).toBe(4);
  });
});
