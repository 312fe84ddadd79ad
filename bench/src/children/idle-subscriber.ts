/** A subscriber that gets nothing until it is stopped: a Deepwater subscription, a bare Atomics.wait, or a MessagePort. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import type { SubscribeOptions, SubscriptionHandle } from 'deepwater';

export type IdleOrder =
  | { readonly kind: 'subscription'; readonly handle: SubscriptionHandle; readonly wait: NonNullable<SubscribeOptions['wait']> }
  | { readonly kind: 'atomics'; readonly word: Int32Array }
  | { readonly kind: 'port'; readonly port: MessagePort };

const order = workerData as IdleOrder;
if (order.kind === 'subscription') {
  // Loaded here alone: threads that need none of it start in a tenth of the time.
  const { subscribe } = await import('@deepwater/query');
  const subscription = subscribe(order.handle, { wait: order.wait });
  parentPort?.postMessage('ready');
  subscription.run(() => {});
  subscription.close();
} else if (order.kind === 'atomics') {
  parentPort?.postMessage('ready');
  Atomics.wait(order.word, 0, 0);
} else {
  order.port.once('message', () => { order.port.close(); });
  parentPort?.postMessage('ready');
}
