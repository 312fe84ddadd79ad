import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Transferable, Worker } from 'node:worker_threads';
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
  return where === 'thread' ? listenInThread(SCRIPT, order) : listenInProcess(order);
}

/** The same for a script in `children/` that says 'ready' and then its result: one that dies, or never says it, is an error. */
export function listenInThread(script: URL, workerData: unknown, transferList: Transferable[] = []): Listener {
  const { listener, hear, gone, fail, limit } = bounded();
  const worker = new Worker(script, { workerData, transferList });
  worker.on('message', hear).once('error', fail).once('exit', gone);
  limit(() => void worker.terminate());
  return listener;
}

function listenInProcess(order: HopOrder): Listener {
  const { listener, hear, gone, fail, limit } = bounded();
  const child = fork(fileURLToPath(SCRIPT), [], { serialization: 'advanced' });
  child.on('message', hear).once('error', fail).once('close', gone);
  child.send(order);
  limit(() => { child.kill('SIGKILL'); });
  return listener;
}

interface Bounded {
  readonly listener: Listener;
  readonly hear: (message: unknown) => void;
  readonly gone: () => void;
  readonly fail: (error: Error) => void;
  /** @param end of one that takes too long */
  readonly limit: (end: () => void) => void;
}

function bounded(): Bounded {
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
  const limit = (end: () => void): void => {
    const timer = setTimeout(() => {
      end();
      fail(new Error(`the subscriber has not seen every record after ${LIMIT_MS / 1000} s`));
    }, LIMIT_MS);
    const settled = (): void => { clearTimeout(timer); };
    result.promise.then(settled, settled);
  };
  return { listener: { ready: ready.promise, result: result.promise }, hear, gone, fail, limit };
}
