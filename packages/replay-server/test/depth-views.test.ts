import { afterEach, describe, expect, test } from 'vitest';
import { startReplayServer, type ReplayServer } from '../dist/index.js';
import { fileWith } from './support/small-capture.js';
import { WsClient } from './support/ws-client.js';

type Level = [price: string, size: string, time: string, again?: 'r'];
const level = (price: number, size = '1.00000000'): Level => [price.toFixed(1), size, `1617666423.${price.toFixed(1).replace('.', '').padEnd(6, '0')}`];

let server: ReplayServer;
let file: ReturnType<typeof fileWith> | undefined;
afterEach(async () => {
  await server?.close();
  file?.remove();
});

/** A made-up capture of one pair: a snapshot of asks, then changes of them. */
async function start(depth: number, prices: readonly number[], changes: readonly (readonly Level[])[]): Promise<WsClient> {
  const frames = [{ as: prices.map((price) => level(price)), bs: [] }, ...changes.map((a) => ({ a, c: '0' }))];
  file = fileWith(frames.map((part, at) => `${1_617_666_424 + at}.5: ${JSON.stringify([320, part, `book-${depth}`, 'XBT/USD'])}`));
  server = await startReplayServer({ venue: 'kraken-v1', captures: [file.path], start: 'manual' });
  return WsClient.open(server.url.ws);
}

async function subscribe(client: WsClient, depth: number): Promise<void> {
  client.send({ event: 'subscribe', pair: ['XBT/USD'], subscription: { name: 'book', depth } });
  await client.until(() => client.messages.some((text) => text.includes('"subscribed"')));
}

const asksTold = (client: WsClient): (readonly [string, string, string?])[][] => client.messages.filter((text) => text.startsWith('['))
  .map((text) => (JSON.parse(text) as [number, { a?: Level[]; as?: Level[] }])[1]).map(({ a, as }) => (as ?? a)!.map(([price, size, , again]) => (again === undefined ? [price, size] : [price, size, again])));

const twelve = Array.from({ length: 12 }, (_, at) => 100 + at);

describe('a book of fewer levels than the capture', () => {
  test('is not told of a level that is pushed out, and is told again of one that comes back', async () => {
    const client = await start(25, twelve, [[level(99)], [level(99, '0.00000000')], [level(111, '7.00000000')], [level(105, '2.00000000')]]);
    await subscribe(client, 10);
    server.control.step(5);
    await client.settled();
    const [snapshot, ...told] = asksTold(client);
    expect(snapshot.map(([price]) => price)).toEqual(twelve.slice(0, 10).map((price) => price.toFixed(1)));
    expect(told).toEqual([
      [['99.0', '1.00000000']],
      [['99.0', '0.00000000'], ['109.0', '1.00000000', 'r']],
      // Of what changes deeper down nothing is said.
      [['105.0', '2.00000000']],
    ]);
  });
});

describe('a book of as many levels as the capture', () => {
  test('forgets what falls out of it: the exchange would say no more of it', async () => {
    const client = await start(10, twelve.slice(0, 10), [[level(99)], [level(99, '0.00000000')]]);
    server.control.step(3);
    await subscribe(client, 10);
    await client.settled();
    // 109 was pushed out by 99, and has not been told again.
    expect(asksTold(client)).toEqual([twelve.slice(0, 9).map((price) => [price.toFixed(1), '1.00000000'])]);
  });
});
