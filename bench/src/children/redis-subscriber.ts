/** The receiving worker of Redis streams, on a connection of its own: says when it listens and, at the end, what it saw. */
import { parentPort, workerData } from 'node:worker_threads';
import { Arrivals } from '../lib/bus/arrivals.js';
import { connectRedis } from '../lib/bus/redis-client.js';
import type { RedisOrder } from '../lib/bus/redis-streams.js';

/** Records taken at once. */
const BATCH = 1000;
const BLOCK_MS = 1000;

type Streams = readonly (readonly [stream: string, entries: readonly (readonly [id: string, values: readonly string[]])[]])[] | null;

const { socket, stream, records } = workerData as RedisOrder;
const client = await connectRedis(socket);
const arrivals = new Arrivals(records);
parentPort?.postMessage('ready');
for (let last = '0'; !arrivals.complete;) {
  const streams = await client.sendCommand(['XREAD', 'COUNT', String(BATCH), 'BLOCK', String(BLOCK_MS), 'STREAMS', stream, last]) as unknown as Streams;
  for (const [id, values] of streams?.[0]?.[1] ?? []) {
    arrivals.take(Number(values[1]), Number(values[3]), Number(values[5]));
    last = id;
  }
}
parentPort?.postMessage(arrivals.result());
client.destroy();
