import { MessageChannel, type MessagePort } from 'node:worker_threads';

/** Holds the event loop while somebody waits: `Atomics.waitAsync` does not. A port costs no timer. */
let port: MessagePort | undefined;
let holders = 0;

export function holdEventLoop(): void {
  holders += 1;
  if (holders > 1) return;
  if (port === undefined) {
    port = new MessageChannel().port1;
    port.on('message', () => {});
  }
  port.ref();
}

export function releaseEventLoop(): void {
  holders -= 1;
  if (holders === 0) port?.unref();
}
