import type { Transferable, Worker } from 'node:worker_threads';
import type { Endpoint } from 'comlink';
import { rejectionOf } from './error-transfer.js';

type Listener = (event: { data: unknown }) => void;

/**
 * The caller's end of a service. Comlink alone waits for ever on a worker that has died; this end remembers which calls
 * have no answer yet, and answers them itself when the worker is gone.
 */
export class ServiceEndpoint {
  readonly #listeners = new Set<Listener>();
  readonly #pending = new Set<string>();
  #death: Error | undefined;

  constructor(
    private readonly worker: Worker,
    /** Let the process end while no call is pending. */
    private readonly unref: boolean,
  ) {
    worker.on('message', (data: unknown) => this.#deliver(data));
    // An answer that cannot be read names no call, so it may be the answer to any of them.
    worker.on('messageerror', (error: Error) => this.#rejectAll(error));
    if (unref) worker.unref();
  }

  /** Rejects every pending call, and every call from now on, with `error`. */
  died(error: Error): void {
    this.#death ??= error;
    this.#rejectAll(this.#death);
  }

  /** This end, in the shape that Comlink wants. */
  asComlink(): Endpoint {
    return {
      postMessage: (message: { id: string }, transfer: Transferable[] = []) => this.#send(message, transfer),
      addEventListener: (_type: string, listener: Listener) => this.#listeners.add(listener),
      removeEventListener: (_type: string, listener: Listener) => this.#listeners.delete(listener),
    } as unknown as Endpoint;
  }

  #send(message: { id: string }, transfer: Transferable[]): void {
    const death = this.#death;
    if (death !== undefined) {
      // Later, as a real answer would come: Comlink is still noting the call down.
      queueMicrotask(() => this.#dispatch(rejectionOf(message.id, death)));
      return;
    }
    // First, because it throws for what cannot be cloned.
    this.worker.postMessage(message, transfer);
    this.#pending.add(message.id);
    // Whoever awaits an answer wants to live to see it.
    if (this.unref && this.#pending.size === 1) this.worker.ref();
  }

  #deliver(data: unknown): void {
    const id = (data as { id?: unknown } | null)?.id;
    if (typeof id === 'string') this.#settled(id);
    this.#dispatch(data);
  }

  #rejectAll(error: Error): void {
    for (const id of [...this.#pending]) {
      this.#settled(id);
      this.#dispatch(rejectionOf(id, error));
    }
  }

  #settled(id: string): void {
    if (this.#pending.delete(id) && this.unref && this.#pending.size === 0) this.worker.unref();
  }

  #dispatch(data: unknown): void {
    for (const listener of [...this.#listeners]) listener({ data });
  }
}
