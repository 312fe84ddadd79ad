import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { startReplayServer, type ReplayOptions, type ReplayServer } from '../dist/index.js';
import { fileWith, smallCapture } from './support/small-capture.js';
import { WsClient } from './support/ws-client.js';

/** Ten seconds of capture. */
const capture = smallCapture(1001);
const trades = capture.frames.filter((text) => text.includes('@trade'));
const file = fileWith(capture.lines);
afterAll(() => file.remove());

let server: ReplayServer;
afterEach(async () => server?.close());
const start = async (more: Partial<ReplayOptions>): Promise<ReplayServer> => (server = await startReplayServer({ venue: 'binance', captures: [file.path], ...more }));
const connect = (): Promise<WsClient> => WsClient.open(`${server.url.ws}/ws/btcusdt@trade`);

describe('pace', () => {
  test('50 times the capture’s pace: ten seconds take a fifth of one, and frames come at their times', async () => {
    await start({ pace: 50, start: 'manual' });
    const client = await connect();
    const times: number[] = [];
    client.socket.on('message', () => times.push(performance.now()));
    const begun = performance.now();
    server.control.play();
    await server.done;
    await client.has(1001);
    const took = performance.now() - begun;
    // Never early; how late depends on what else the machine does.
    expect(took).toBeGreaterThan(195);
    expect(took).toBeLessThan(2000);
    for (const at of [250, 500, 750, 1000]) expect(times[at] - begun).toBeGreaterThan(at * 0.2 - 5);
    // Times inside frames are those of the capture.
    expect(client.messages.map((text) => (JSON.parse(text) as { T: number }).T)).toEqual(trades.map((_, at) => capture.firstUs / 1000 + at * 10));
  });

  test('the real pace, and a pause in it', async () => {
    await start({ pace: 'real', start: 'manual' });
    const client = await connect();
    const begun = performance.now();
    server.control.play();
    await client.has(20);
    expect(performance.now() - begun).toBeGreaterThan(185);
    server.control.pause();
    await client.settled();
    const before = client.messages.length;
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(client.messages.length).toBe(before);
    server.control.play();
    // What was due in the pause is not made up for.
    await client.has(before + 5);
    await client.settled();
    expect(client.messages.length).toBeLessThan(before + 20);
    expect(client.messages).toEqual(trades.slice(0, client.messages.length).map((text) => JSON.stringify((JSON.parse(text) as { data: unknown }).data)));
  });

  test('as fast as a client takes it: one that does not read is waited for', async () => {
    const many = smallCapture(60_000);
    const large = fileWith(many.lines);
    try {
      server = await startReplayServer({ venue: 'binance', captures: [large.path], start: 'manual' });
      const client = await connect();
      client.socket.pause();
      server.control.play();
      // The sockets' own buffers take some megabytes, the server one more, and then playback stands.
      let played = -1;
      while (server.control.status().played !== played) {
        played = server.control.status().played;
        await new Promise((resolve) => setTimeout(resolve, 250));
      }
      expect(played).toBeLessThan(many.frames.length);
      client.socket.resume();
      await server.done;
      await client.has(60_000);
      expect(client.messages.length).toBe(60_000);
    } finally {
      large.remove();
    }
  });
});

describe('beginning and end', () => {
  test('playback begins with the first subscription, once the others of its client are there', async () => {
    await start({ end: 'close' });
    const client = await WsClient.open(`${server.url.ws}/ws`);
    await client.settled();
    expect(server.control.status().playing).toBe(false);
    client.send({ method: 'SUBSCRIBE', params: ['btcusdt@trade'], id: 1 });
    client.send({ method: 'SUBSCRIBE', params: ['btcusdt@depth'], id: 2 });
    await client.until(() => client.closed !== undefined);
    expect(client.messages.length).toBe(2 + capture.frames.length);
    expect(client.closed).toBe(1000);
    await server.done;
  });

  test('at once: whoever comes later has missed what was before', async () => {
    await start({ start: 'now' });
    await server.done;
    expect(server.control.status()).toMatchObject({ played: capture.frames.length, rounds: 1, playing: false });
    const client = await connect();
    await client.settled();
    expect(client.messages).toEqual([]);
  });

  test('silent: connections stay open, and REST answers on', async () => {
    await start({});
    const client = await connect();
    await server.done;
    await client.settled();
    expect([client.messages.length, client.closed]).toEqual([1001, undefined]);
    expect(await (await fetch(`${server.url.rest}/api/v3/depth?symbol=BTCUSDT`)).json()).toMatchObject({ lastUpdateId: 1100 });
  });

  test('loop: everything begins again, books too', async () => {
    await start({ end: 'loop', start: 'manual' });
    const client = await connect();
    server.control.step(capture.frames.length + 1);
    await client.until(() => client.closed !== undefined);
    expect([client.closed, client.messages.length]).toEqual([1012, 1001]);
    const again = await connect();
    server.control.step(14);
    await again.settled();
    expect(server.control.status()).toMatchObject({ played: 15, rounds: 1 });
    expect(again.messages.length).toBeGreaterThan(12);
    expect(again.messages).toEqual(client.messages.slice(14 - again.messages.length, 14));
    expect(await (await fetch(`${server.url.rest}/api/v3/depth?symbol=BTCUSDT`)).json()).toMatchObject({ lastUpdateId: 1001 });
  });

  test('played fast, the capture waits for a client that has lost its connection', async () => {
    await start({ faults: [{ kind: 'close', at: 100 }] });
    const client = await connect();
    await client.until(() => client.closed !== undefined);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(server.control.status().played).toBeLessThan(capture.frames.length);
    const again = await connect();
    await server.done;
    await again.settled();
    expect(again.messages.at(-1)).toBe(JSON.stringify((JSON.parse(trades.at(-1)!) as { data: unknown }).data));
  });

  test('closing ends connections, a running playback and done', async () => {
    await start({ pace: 'real', start: 'now' });
    const client = await connect();
    await server.close();
    await server.close();
    await server.done;
    await client.until(() => client.closed !== undefined);
    expect(client.closed).toBe(1006);
  });
});
