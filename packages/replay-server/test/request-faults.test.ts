import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { startReplayServer, type Fault, type FaultRecord, type ReplayOptions, type ReplayServer, type ReplayStatus } from '../dist/index.js';
import { fileWith, smallCapture } from './support/small-capture.js';
import { WsClient } from './support/ws-client.js';

const capture = smallCapture(200);
const file = fileWith(capture.lines);
afterAll(() => file.remove());

let server: ReplayServer;
afterEach(async () => server?.close());
const start = async (faults: readonly Fault[] = [], more: Partial<ReplayOptions> = {}): Promise<ReplayServer> => (server = await startReplayServer({ venue: 'binance', captures: [file.path], start: 'manual', faults, ...more }));
const DEPTH = '/api/v3/depth?symbol=BTCUSDT';
const depth = async (): Promise<{ lastUpdateId: number; bids: unknown }> => (await fetch(server.url.rest + DEPTH)).json() as Promise<{ lastUpdateId: number; bids: unknown }>;

describe('faults of requests', () => {
  test('subscriptions are refused as the exchange does, so often as was asked', async () => {
    await start([{ kind: 'refuse-subscriptions', times: 2 }]);
    const client = await WsClient.open(`${server.url.ws}/ws`);
    for (const id of [1, 2, 3]) client.send({ method: 'SUBSCRIBE', params: ['btcusdt@trade'], id });
    await client.has(3);
    expect(client.parsed().map(({ id, error }) => [id, error !== undefined])).toEqual([[1, true], [2, true], [3, false]]);
    expect(server.faults.map(({ kind, connection, topic }) => [kind, connection, topic])).toEqual([['refuse-subscriptions', 1, 'btcusdt@trade'], ['refuse-subscriptions', 1, 'btcusdt@trade']]);
  });

  test('connections are refused: so many, or for so long', async () => {
    await start([{ kind: 'refuse-connections', times: 2, status: 429 }]);
    const url = `${server.url.ws}/ws`;
    expect([await WsClient.refusal(url), await WsClient.refusal(url)]).toEqual([429, 429]);
    (await WsClient.open(url)).close();
    server.control.inject({ kind: 'refuse-connections', ms: 200 });
    const begun = performance.now();
    let refused = 0;
    while (performance.now() - begun < 150) {
      expect(await WsClient.refusal(url)).toBe(503);
      refused++;
    }
    await new Promise((resolve) => setTimeout(resolve, 210 - (performance.now() - begun)));
    (await WsClient.open(url)).close();
    expect(server.faults.length).toBe(2 + refused);
  });

  test('REST fails, is late, or gives the book from the beginning', async () => {
    await start([{ kind: 'rest-status', status: 429, retryAfterS: 7 }, { kind: 'rest-slow', ms: 150 }]);
    server.control.step(capture.frames.length);
    const failed = await fetch(server.url.rest + DEPTH);
    expect([failed.status, failed.headers.get('retry-after')]).toEqual([429, '7']);
    const begun = performance.now();
    expect((await depth()).lastUpdateId).toBe(1020);
    expect(performance.now() - begun).toBeGreaterThan(140);
    server.control.inject({ kind: 'rest-stale' });
    expect(await depth()).toEqual({ lastUpdateId: 1000, bids: [['100.00', '1.0'], ['99.00', '2.0']], asks: [['101.00', '3.0'], ['102.00', '4.0']] });
    expect((await depth()).lastUpdateId).toBe(1020);
    expect(server.faults.map(({ kind, topic }) => [kind, topic])).toEqual([['rest-status', DEPTH], ['rest-slow', DEPTH], ['rest-stale', DEPTH]]);
  });
});

describe('POST /control', () => {
  const post = async (body: unknown, type = 'application/json'): Promise<[number, unknown]> => {
    const response = await fetch(`${server.url.rest}/control`, { method: 'POST', headers: { 'content-type': type }, body: typeof body === 'string' ? body : JSON.stringify(body) });
    return [response.status, await response.json()];
  };

  test('steps, injects, tells what struck, and closes connections', async () => {
    await start();
    const client = await WsClient.open(`${server.url.ws}/ws/btcusdt@trade`);
    const [status, told] = await post({ do: 'inject', fault: { kind: 'drop', at: 2 } });
    expect([status, (told as ReplayStatus).faults]).toEqual([200, [{ kind: 'drop', at: 2 }]]);
    await post({ do: 'step', frames: 3 });
    await client.has(2);
    const [, faults] = await post({ do: 'faults' });
    expect((faults as FaultRecord[]).map(({ kind, frame }) => [kind, frame])).toEqual([['drop', 2]]);
    const [, now] = await post({ do: 'status' });
    expect(now).toMatchObject({ venue: 'binance', playing: false, frames: capture.frames.length, played: 3, clients: 1, connections: 1, faults: [] });
    await post({ do: 'close-all', code: 1001 });
    await client.until(() => client.closed !== undefined);
    expect(client.closed).toBe(1001);
  });

  test('refuses what it does not understand, and pages of other origins', async () => {
    await start();
    for (const wrong of ['{', '[]', '1', { do: 'dance' }, { do: 'step', frames: -1 }, { do: 'close-all', code: 5 }, { do: 'inject' }, { do: 'inject', fault: { kind: 'drop', at: 0 } }, { do: 'inject', fault: { kind: 'stall' } }]) {
      const [status, body] = await post(wrong);
      expect([wrong, status, (body as { code: string }).code]).toEqual([wrong, 400, 'DW_OPTION_INVALID']);
    }
    expect((await post({ do: 'play' }, 'text/plain'))[0]).toBe(415);
    expect((await fetch(`${server.url.rest}/else`, { method: 'PUT' })).status).toBe(405);
  });
});
