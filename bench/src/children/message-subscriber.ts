/** The receiving worker of the peers that post messages: says when it listens and, at the end, what it saw. */
import { BroadcastChannel, type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { Arrivals } from '../lib/bus/arrivals.js';
import type { PeerOrder, Tuple } from '../lib/bus/contestants.js';

const { order, port } = workerData as { order: PeerOrder; port: MessagePort };
const arrivals = new Arrivals(order.records);

function take([price, dueNs, timeUs]: Tuple, close: () => void): void {
  arrivals.take(price, dueNs, timeUs);
  if (!arrivals.complete) return;
  parentPort?.postMessage(arrivals.result());
  close();
}

if (order.kind === 'port') port.on('message', (tuple: Tuple) => { take(tuple, () => { port.close(); }); });
else {
  port.close();
  const channel = new BroadcastChannel(order.name);
  channel.onmessage = (event) => { take((event as { data: Tuple }).data, () => { channel.close(); }); };
}
parentPort?.postMessage('ready');
