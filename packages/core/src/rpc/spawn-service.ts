import { Worker, type WorkerOptions } from 'node:worker_threads';
import { type Remote, wrap } from 'comlink';
import { DeepwaterError, ERROR_CODES, type ErrorCode } from '../errors/index.js';
import { installErrorTransfer } from './error-transfer.js';
import { ServiceEndpoint } from './service-endpoint.js';

export interface ServiceOptions extends WorkerOptions {
  /** Code of the error that calls are rejected with once the thread is gone. */
  readonly deadCode: ErrorCode;
  /** Let the process end while no call is pending, though the thread runs. Default true. */
  readonly unref?: boolean;
}

/** How a thread ended. */
export interface ThreadDeath {
  readonly exitCode: number;
  /** `terminate` was called. */
  readonly expected: boolean;
  /** What the thread did not catch. */
  readonly error?: Error;
}

/** A service in a worker thread. */
export interface Service<T> {
  /** Each method of `T`, asynchronous. Errors arrive with class, code and values. */
  readonly api: Remote<T>;
  readonly worker: Worker;
  /** Settles when the thread has ended, in whatever way; never rejects. */
  readonly threadDied: Promise<ThreadDeath>;
  /** Ends the thread now. Pending calls are rejected with the service's `deadCode`. */
  terminate(): Promise<void>;
}

/**
 * Starts a worker thread that calls {@link exposeService}, and gives its methods. When the thread ends, by an exception,
 * `process.exit`, `terminate` or a module that cannot be loaded, every pending call is rejected with `deadCode`, and
 * every later call at once.
 *
 * @param module the worker's file
 * @throws nothing: what fails in the thread rejects the calls
 */
export function spawnService<T>(module: URL, { deadCode, unref = true, ...workerOptions }: ServiceOptions): Service<T> {
  installErrorTransfer();
  const worker = new Worker(module, workerOptions);
  const endpoint = new ServiceEndpoint(worker, unref);
  let expected = false;
  let error: Error | undefined;
  worker.on('error', (uncaught: unknown) => {
    error = uncaught instanceof Error ? uncaught : new Error(String(uncaught));
  });
  const threadDied = new Promise<ThreadDeath>((resolve) => {
    // 'exit' comes after the last message, so answers that were sent are not lost.
    worker.on('exit', (exitCode) => {
      endpoint.died(deathError(deadCode, exitCode, expected, error));
      resolve({ exitCode, expected, ...(error === undefined ? {} : { error }) });
    });
  });
  return {
    api: wrap<T>(endpoint.asComlink()),
    worker,
    threadDied,
    async terminate() {
      expected = true;
      await worker.terminate();
      await threadDied;
    },
  };
}

function deathError(code: ErrorCode, exitCode: number, expected: boolean, cause: Error | undefined): DeepwaterError {
  const { summary, remedy } = ERROR_CODES[code];
  const how = expected ? 'It was stopped' : cause === undefined ? `It ended with exit code ${exitCode}` : `It ended with ${cause.name}: ${cause.message}`;
  return new DeepwaterError(code, `${summary} ${how}. ${remedy}`, { values: { exitCode, expected }, cause });
}
