import { afterEach, describe, expect, test } from 'vitest';
import { startReplayServer, type ReplayOptions, type ReplayServer } from '../dist/index.js';
import { asNumbers, PlainBook } from './support/plain-book.js';
import { hasSharedData, jsonlFrames, NO_DATA, shared } from '../../../test/support/recordings.js';
import { WsClient } from './support/ws-client.js';

const FILE = 'exchanges-raw-ws/BYBIT.jsonl.zst';
const LINEAR = 'BYBIT.ws.2';

interface Frame { topic: string; type: string; ts: number; data: { s: string; b: [string, string][]; a: [string, string][]; u: number } & Record<string, unknown> }
interface Answer { op: string; success: boolean; ret_msg: string; req_id: string }

let server: ReplayServer;
afterEach(async () => server?.close());
const start = async (more: Partial<ReplayOptions> = {}): Promise<ReplayServer> => (server = await startReplayServer({ venue: 'bybit', captures: [shared(FILE)], start: 'manual', ...more }));

const framesOf = (connection: string): string[] => jsonlFrames(FILE, connection).filter((text) => text.includes('"topic":'));
const topicOf = (text: string): string => (JSON.parse(text) as Frame).topic;
const ALL = hasSharedData ? jsonlFrames(FILE) : [];

function apply(book: PlainBook, { type, data }: Frame): void {
  if (type === 'snapshot') book.replace(data.b, data.a);
  else {
    book.set('bids', data.b);
    book.set('asks', data.a);
  }
}

describe.skipIf(!hasSharedData)(`Bybit${NO_DATA}`, () => {
  for (const [path, connection] of [['linear', LINEAR], ['spot', 'BYBIT.ws.3']] as const) {
    test(`${path}: every topic of its connection is played as it was captured, in order`, async () => {
      await start({ end: 'close' });
      const frames = framesOf(connection);
      const topics = [...new Set(frames.map(topicOf))];
      const client = await WsClient.open(`${server.url.ws}/v5/public/${path}`);
      // The spot market takes ten topics in a request.
      for (let at = 0; at < topics.length; at += 10) client.send({ op: 'subscribe', args: topics.slice(at, at + 10), req_id: String(at) });
      await client.has(Math.ceil(topics.length / 10));
      expect(client.parsed<Answer>().every(({ success }) => success)).toBe(true);
      const before = client.messages.length;
      server.control.play();
      await server.done;
      await client.until(() => client.closed !== undefined);
      expect(client.messages.slice(before)).toEqual(frames);
      expect(frames.length).toBeGreaterThan(600);
    });
  }

  test('who subscribes late is given the book and the ticker of that moment, and what follows continues them', async () => {
    await start();
    const until = 1500;
    server.control.step(until);
    const book = new PlainBook();
    let u = 0;
    let ticker: Record<string, unknown> = {};
    // The spot market has topics of the same names, on a connection of its own.
    const linear = new Set(framesOf(LINEAR));
    for (const frame of ALL.slice(0, until).filter((text) => linear.has(text)).map((text) => JSON.parse(text) as Frame)) {
      if (frame.topic === 'orderbook.200.ETHUSDT') {
        apply(book, frame);
        u = frame.data.u;
      } else if (frame.topic === 'tickers.ETHUSDT') ticker = { ...ticker, ...frame.data };
    }
    const client = await WsClient.open(`${server.url.ws}/v5/public/linear`);
    client.send({ op: 'subscribe', args: ['orderbook.200.ETHUSDT', 'tickers.ETHUSDT'] });
    await client.has(3);
    const [answer, snapshot, tickerNow] = client.parsed<Frame>();
    expect((answer as unknown as Answer).success).toBe(true);
    expect([snapshot.topic, snapshot.type, snapshot.data.u]).toEqual(['orderbook.200.ETHUSDT', 'snapshot', u]);
    expect({ bids: asNumbers(snapshot.data.b), asks: asNumbers(snapshot.data.a) }).toEqual(book.top());
    expect(tickerNow.data).toEqual(ticker);
    server.control.step(300);
    await client.settled();
    const deltas = client.parsed<Frame>(3).filter(({ topic }) => topic.startsWith('orderbook'));
    expect(deltas.map(({ data }) => data.u)).toEqual(deltas.map((_, at) => u + 1 + at));
    expect(deltas.length).toBeGreaterThan(10);
  });

  test('a book of fewer levels than the capture has follows its best levels', async () => {
    await start();
    const client = await WsClient.open(`${server.url.ws}/v5/public/linear`);
    client.send({ op: 'subscribe', args: ['orderbook.50.SOLUSDT', 'orderbook.200.SOLUSDT', 'orderbook.1.SOLUSDT'] });
    await client.has(1);
    server.control.step(ALL.length);
    await client.settled();
    const frames = client.parsed<Frame>(1);
    const full = new PlainBook();
    const cut = new PlainBook();
    const best = new PlainBook();
    let u = 0;
    let compared = 0;
    for (const [at, frame] of frames.entries()) {
      if (frame.topic === 'orderbook.200.SOLUSDT') apply(full, frame);
      else if (frame.topic === 'orderbook.1.SOLUSDT') {
        expect(frame.type).toBe('snapshot');
        apply(best, frame);
      } else {
        if (frame.type === 'delta') expect(frame.data.u).toBe(u + 1);
        u = frame.data.u;
        apply(cut, frame);
      }
      // All depths of a book are told of a change one after the other.
      if (frames[at + 1] !== undefined && frames[at + 1].topic !== 'orderbook.200.SOLUSDT') continue;
      expect(cut.top()).toEqual(full.top(50));
      expect(best.top()).toEqual(full.top(1));
      compared++;
    }
    expect(compared).toBeGreaterThan(350);
  });

  test('refusals, pings and repeated subscriptions are answered as Bybit does', async () => {
    await start();
    const client = await WsClient.open(`${server.url.ws}/v5/public/spot`);
    client.send({ op: 'ping', req_id: 'p' });
    client.send({ op: 'subscribe', args: ['publicTrade.NOPEUSDT'] });
    client.send({ op: 'subscribe', args: ['candles.BTCUSDT'] });
    client.send({ op: 'subscribe', args: ['publicTrade.BTCUSDT'] });
    client.send({ op: 'subscribe', args: ['publicTrade.BTCUSDT'] });
    client.send({ op: 'subscribe', args: Array.from({ length: 11 }, (_, at) => `kline.${at}.BTCUSDT`) });
    client.send({ op: 'unsubscribe', args: ['publicTrade.BTCUSDT'] });
    client.send('not json');
    await client.has(8);
    const answers = client.parsed<Answer>();
    expect(answers.map(({ success }) => success)).toEqual([true, false, false, true, false, false, true, false]);
    expect(answers[0]).toMatchObject({ op: 'ping', ret_msg: 'pong', req_id: 'p' });
    expect(answers[1].ret_msg).toContain('Invalid symbol');
    expect(answers[4].ret_msg).toContain('already subscribed');
    server.control.step(ALL.length);
    await client.settled();
    expect(client.messages.length).toBe(8);
  });

  test('REST requests of the recorder are answered with what it was answered', async () => {
    await start();
    const body = await (await fetch(`${server.url.rest}/v5/market/instruments-info?category=spot&limit=1000&status=Trading`)).json() as { retMsg: string; result: { category: string } };
    expect([body.retMsg, body.result.category]).toEqual(['OK', 'spot']);
    expect((await fetch(`${server.url.rest}/v5/market/tickers`)).status).toBe(404);
  });

  test('Bybit’s daily file of a 500 level book, in its zip', async () => {
    const file = 'order-book/bybit-xrpusdt-ob500-20241201.data.zip';
    server = await startReplayServer({ venue: 'bybit', captures: [shared(file)], start: 'manual' });
    expect(server.control.status().frames).toBe(50);
    const client = await WsClient.open(`${server.url.ws}/v5/public/linear`);
    client.send({ op: 'subscribe', args: ['orderbook.500.XRPUSDT'] });
    await client.has(1);
    server.control.step(50);
    await client.settled();
    const book = new PlainBook();
    for (const frame of client.parsed<Frame>(1)) apply(book, frame);
    const late = await WsClient.open(`${server.url.ws}/v5/public/linear`);
    late.send({ op: 'subscribe', args: ['orderbook.500.XRPUSDT'] });
    await late.has(2);
    const [snapshot] = late.parsed<Frame>(1);
    expect(client.messages.length).toBe(51);
    expect({ bids: asNumbers(snapshot.data.b), asks: asNumbers(snapshot.data.a) }).toEqual(book.top());
  });
});
