import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { HopOrder, HopResult } from './hop.js';

/** A subscriber that hears: what it saw comes when it has everything. */
export interface Listener {
  readonly ready: Promise<undefined>;
  readonly result: Promise<HopResult>;
}

const SCRIPT = new URL('../../children/hop-subscriber.js', import.meta.url);
/** A subscriber that takes longer has lost a record. */
const LIMIT_MS = 60_000;

interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

/** As `Promise.withResolvers`, which Node 20 has not. */
function deferred<T>(): Deferred<T> {
  let parts: Pick<Deferred<T>, 'resolve' | 'reject'> | undefined;
  const promise = new Promise<T>((resolve, reject) => { parts = { resolve, reject }; });
  return { promise, ...parts! };
}

/** Starts a subscriber in a worker thread of this process, or in a process of its own. */
export function listen(order: HopOrder, where: 'thread' | 'process'): Listener {
  const ready = deferred<undefined>();
  const result = deferred<HopResult>();
  let seen: HopResult | undefined;
  const hear = (message: unknown): void => {
    if (message === 'ready') ready.resolve(undefined);
    else seen = message as HopResult;
  };
  // Told when it is gone: its end must not disturb the next run.
  const gone = (): void => {
    if (seen === undefined) fail(new Error('the subscriber ended early'));
    else result.resolve(seen);
  };
  const fail = (error: Error): void => {
    ready.reject(error);
    result.reject(error);
  };
  result.promise.catch(() => {}); // told again by `ready`
  let end: () => void;
  if (where === 'thread') {
    const worker = new Worker(SCRIPT, { workerData: order });
    worker.on('message', hear).once('error', fail).once('exit', gone);
    end = () => void worker.terminate();
  } else {
    const child = fork(fileURLToPath(SCRIPT), [], { serialization: 'advanced' });
    child.on('message', hear).once('error', fail).once('close', gone);
    child.send(order);
    end = () => { child.kill('SIGKILL'); };
  }
  const limit = setTimeout(() => {
    end();
    fail(new Error(`the subscriber has not seen every record after ${LIMIT_MS / 1000} s`));
  }, LIMIT_MS);
  const settled = (): void => { clearTimeout(limit); };
  result.promise.then(settled, settled);
  return { ready: ready.promise, result: result.promise };
}
