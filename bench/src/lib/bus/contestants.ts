import { EventEmitter } from 'node:events';
import { BroadcastChannel, MessageChannel } from 'node:worker_threads';
import { nowNs } from '../clock.js';
import { priceOf, timeOf } from '../records.js';
import { Arrivals } from './arrivals.js';
import type { HopResult } from './hop.js';
import { listenInThread } from './listen.js';

/** A message of the peers: the record as an array, one each. */
export type Tuple = readonly [price: number, dueNs: number, timeUs: number];

/** What a peer did with the records: its rate with everything at once, or latencies of a paced publisher. */
export interface PeerRun extends HopResult {
  readonly seconds: number;
}

export interface PeerOrder {
  readonly kind: 'port' | 'broadcast';
  readonly name: string;
  readonly records: number;
}

const SCRIPT = new URL('../../children/message-subscriber.js', import.meta.url);

/** Sends records by turns of the event loop where they are paced, in one go where `intervalNs` is 0. */
export async function send(records: number, intervalNs: number, publish: (tuple: Tuple) => void): Promise<void> {
  let due = nowNs() + 100_000;
  for (let n = 0; n < records; n++, due += intervalNs) {
    if (intervalNs > 0 && nowNs() < due) {
      // Lets what was sent go out, then waits for the moment without leaving the processor.
      await new Promise((resolve) => { setImmediate(resolve); });
      while (nowNs() < due);
    }
    publish([priceOf(n), due, timeOf(n)]);
  }
}

/** postMessage of one record each to a worker, over a MessagePort or a BroadcastChannel. */
export async function throughMessages(kind: PeerOrder['kind'], records: number, intervalNs: number): Promise<PeerRun> {
  const name = `deepwater-bench-${process.pid}-${nowNs()}`;
  const { port1, port2 } = new MessageChannel();
  const order: PeerOrder = { kind, name, records };
  const listener = listenInThread(SCRIPT, { order, port: port2 }, [port2]);
  const channel = kind === 'port' ? port1 : new BroadcastChannel(name);
  try {
    await listener.ready;
    const started = nowNs();
    await send(records, intervalNs, (tuple) => { channel.postMessage(tuple); });
    const result = await listener.result;
    return { ...result, seconds: (result.lastNs - started) / 1e9 };
  } finally {
    channel.close();
    port1.close();
  }
}

/** EventEmitter, in the same thread: a call. */
export async function throughEmitter(records: number, intervalNs: number): Promise<PeerRun> {
  const emitter = new EventEmitter();
  const arrivals = new Arrivals(records);
  emitter.on('record', ([price, dueNs, timeUs]: Tuple) => { arrivals.take(price, dueNs, timeUs); });
  const started = nowNs();
  await send(records, intervalNs, (tuple) => { emitter.emit('record', tuple); });
  const result = arrivals.result();
  return { ...result, seconds: (result.lastNs - started) / 1e9 };
}
