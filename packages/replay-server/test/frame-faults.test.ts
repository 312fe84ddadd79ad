import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { startReplayServer, type Fault, type ReplayOptions, type ReplayServer } from '../dist/index.js';
import { fileWith, smallCapture } from './support/small-capture.js';
import { WsClient } from './support/ws-client.js';

const capture = smallCapture(1000);
const trades = capture.frames.filter((text) => text.includes('@trade'));
const file = fileWith(capture.lines);
afterAll(() => file.remove());

let server: ReplayServer;
afterEach(async () => server?.close());

/** Starts with faults, and connects one who wants trades. */
async function withFaults(faults: readonly Fault[], more: Partial<ReplayOptions> = {}): Promise<WsClient> {
  server = await startReplayServer({ venue: 'binance', captures: [file.path], start: 'manual', faults, ...more });
  return connect();
}
const connect = (streams = 'btcusdt@trade'): Promise<WsClient> => WsClient.open(`${server.url.ws}/stream?streams=${streams}`);

async function all(client: WsClient): Promise<string[]> {
  server.control.step(capture.frames.length);
  await client.settled();
  return client.messages;
}
const without = (...numbers: number[]): string[] => trades.filter((_, at) => !numbers.includes(at + 1));

describe('faults of frames', () => {
  test('drop: frames are lost, and the log has each of them', async () => {
    const client = await withFaults([{ kind: 'drop', at: 100, frames: 3 }, { kind: 'drop', at: 500 }]);
    expect(await all(client)).toEqual(without(100, 101, 102, 500));
    expect(server.faults.map(({ number, kind, connection, frame, lost }) => [number, kind, connection, frame, lost])).toEqual([
      [1, 'drop', 1, 100, true], [2, 'drop', 1, 101, true], [3, 'drop', 1, 102, true], [4, 'drop', 1, 500, true],
    ]);
    expect(server.faults[0]).toMatchObject({ topic: 'btcusdt@trade', text: trades[99], us: capture.firstUs + 99 * 10_000 });
  });

  test('what is lost to a client is not lost to the venue: REST has the book with it', async () => {
    const client = await withFaults([{ kind: 'drop', at: 1, frames: 5 }]);
    client.close();
    const books = await connect('btcusdt@depth@100ms');
    server.control.inject({ kind: 'drop', frames: 200 });
    expect(await all(books)).toEqual([]);
    const rest = await (await fetch(`${server.url.rest}/api/v3/depth?symbol=BTCUSDT`)).json();
    expect(rest).toEqual({ lastUpdateId: 1100, bids: [['100.00', '1100.0'], ['99.00', '2.0']], asks: [['101.00', '3.0'], ['102.00', '4.0']] });
  });

  test('duplicate: the frame comes twice', async () => {
    const client = await withFaults([{ kind: 'duplicate', at: 7 }]);
    expect(await all(client)).toEqual([...trades.slice(0, 7), ...trades.slice(6)]);
    expect(server.faults.map(({ kind, frame, lost }) => [kind, frame, lost])).toEqual([['duplicate', 7, false]]);
  });

  test('reorder: neighbours change places; the last frame has none, and comes at the end', async () => {
    const client = await withFaults([{ kind: 'reorder', at: 10 }, { kind: 'reorder', at: 1000 }]);
    const messages = await all(client);
    expect(messages.slice(8, 12)).toEqual([trades[8], trades[10], trades[9], trades[11]]);
    expect(messages.length).toBe(1000);
    expect(messages.at(-1)).toBe(trades[999]);
  });

  test('stall: nothing comes for a while, then everything, in order', async () => {
    const client = await withFaults([{ kind: 'stall', at: 50, ms: 300 }]);
    server.control.step(capture.frames.length);
    await client.settled();
    expect(client.messages).toEqual(trades.slice(0, 49));
    const begun = performance.now();
    await client.has(1000);
    expect(performance.now() - begun).toBeGreaterThan(100);
    expect(client.messages).toEqual(trades);
  });

  test('half-open: the socket stays open, nothing comes, and pings are not answered', async () => {
    const client = await withFaults([{ kind: 'half-open', at: 20 }]);
    const other = await connect();
    server.control.step(capture.frames.length);
    await other.settled();
    client.socket.ping();
    client.send({ method: 'LIST_SUBSCRIPTIONS', id: 1 });
    // The other connection's answers come though they were asked for later.
    await other.settled();
    await other.settled();
    expect(client.messages).toEqual(trades.slice(0, 19));
    expect([client.pongs, client.socket.readyState]).toEqual([0, client.socket.OPEN]);
    expect(other.messages).toEqual(trades);
    // A close is not answered either.
    client.socket.close();
    await other.settled();
    await other.settled();
    expect([client.socket.readyState, server.control.status().clients]).toEqual([client.socket.CLOSING, 2]);
  });

  test('garbage: broken JSON and binary come before a frame, a truncated frame comes instead of it', async () => {
    const client = await withFaults([{ kind: 'garbage', form: 'json', at: 5 }, { kind: 'garbage', form: 'binary', at: 6 }, { kind: 'garbage', form: 'truncated', at: 7 }]);
    const messages = await all(client);
    expect(() => JSON.parse(messages[4])).toThrow();
    expect(messages[5]).toBe(trades[4]);
    expect(messages[6]).toMatch(/^binary:/);
    expect(messages[7]).toBe(trades[5]);
    expect(trades[6].startsWith(messages[8])).toBe(true);
    expect(messages[8].length).toBe(trades[6].length >> 1);
    expect(messages.slice(9)).toEqual(trades.slice(7));
    expect(server.faults.map(({ lost }) => lost)).toEqual([false, false, true]);
  });

  test('close: with a code, or without a word; what came before has come', async () => {
    const client = await withFaults([{ kind: 'close', code: 1012, reason: 'restart', at: 30 }, { kind: 'close', at: 40, connection: 2 }]);
    const second = await connect();
    server.control.step(100);
    await client.until(() => client.closed !== undefined);
    await second.until(() => second.closed !== undefined);
    expect([client.closed, client.messages]).toEqual([1012, trades.slice(0, 29)]);
    expect([second.closed, second.messages.length]).toEqual([1006, 39]);
  });

  test('a fault strikes once; with times more often, on one connection or topic alone where that is asked', async () => {
    const client = await withFaults([{ kind: 'drop', times: 2, connection: 2, topic: 'depth' }]);
    const both = await connect('btcusdt@trade/btcusdt@depth');
    await all(client);
    await both.settled();
    expect(client.messages).toEqual(trades);
    expect(server.faults.map(({ connection, topic }) => [connection, topic])).toEqual([[2, 'btcusdt@depth@100ms'], [2, 'btcusdt@depth@100ms']]);
    expect(both.messages.length).toBe(capture.frames.length - 2);
  });

  test('at random: the same seed strikes the same frames, another one others, about as often as the chance says', async () => {
    const hits: number[][] = [];
    for (const seed of [11, 11, 12]) {
      const client = await withFaults([{ kind: 'drop', chance: 0.05 }, { kind: 'duplicate', chance: 0.02 }], { seed });
      await all(client);
      hits.push(server.faults.map(({ frame }) => frame));
      const lost = server.faults.filter(({ lost: is }) => is).map(({ frame }) => frame);
      const twice = server.faults.filter(({ kind }) => kind === 'duplicate').map(({ frame }) => frame);
      expect(client.messages).toEqual(trades.flatMap((text, at) => (lost.includes(at + 1) ? [] : twice.includes(at + 1) ? [text, text] : [text])));
      await server.close();
    }
    expect(hits[0]).toEqual(hits[1]);
    expect(hits[0]).not.toEqual(hits[2]);
    for (const frames of hits) expect(frames.length).toBeGreaterThan(35);
    for (const frames of hits) expect(frames.length).toBeLessThan(115);
  });
});
