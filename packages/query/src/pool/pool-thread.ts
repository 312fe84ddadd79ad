/**
 * One thread of a lane. Piscina keeps it: starts it, wakes it (it waits in `Atomics.wait`, which is what makes a task cheap), notices when it ends
 * and starts another. Each has a Piscina of its own, since one for many looks at all of its threads for every task.
 */
import { type Transferable, type Worker } from 'node:worker_threads';
import type { Piscina } from 'piscina';
import type { LoadGate } from './load-gate.js';
import type { PoolThreadData, TaskAnswer, TaskMessage } from './protocol.js';
import { TaskControl } from './task-control.js';

export interface ThreadOptions {
  readonly gate: LoadGate;
  readonly data: Omit<PoolThreadData, 'gate' | 'slot'>;
  /** For tests: memory limits of the thread. */
  readonly resourceLimits?: { readonly maxOldGenerationSizeMb?: number } | undefined;
}

export class PoolThread {
  readonly control: TaskControl;
  #piscina: Piscina;
  #closed = false;

  constructor(private readonly PiscinaClass: typeof Piscina, private readonly slot: number, private readonly options: ThreadOptions) {
    this.control = new TaskControl(options.data.controls, slot);
    this.#piscina = this.#newPiscina();
  }

  get worker(): Worker | undefined {
    return this.#piscina.threads[0];
  }

  /** Runs one task; there must be no other. Rejects when the thread ends before the task does, or the payload cannot be cloned. */
  run(module: string, name: string, payload: unknown, transfer: readonly Transferable[]): Promise<TaskAnswer> {
    this.control.clear();
    const message: TaskMessage = [module, name, payload];
    return (transfer.length === 0 ? this.#piscina.run(message) : this.#piscina.run(message, { transferList: transfer as never })) as Promise<TaskAnswer>;
  }

  /** Terminates it, whatever it does. Not while it loads native code: see LoadGate. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#piscina.destroy();
  }

  #newPiscina(): Piscina {
    const { slot, options: { gate, data, resourceLimits } } = this;
    const piscina = new this.PiscinaClass({
      filename: new URL('./pool-worker.js', import.meta.url).href, name: 'run', workerData: { ...data, gate: gate.shared, slot } satisfies PoolThreadData,
      minThreads: 1, maxThreads: 1, idleTimeout: Infinity, atomics: 'sync', recordTiming: false,
      ...(resourceLimits === undefined ? {} : { resourceLimits }),
    });
    // A thread that ended with nothing to do has been replaced.
    piscina.on('error', () => {});
    piscina.on('workerDestroy', () => {
      gate.left(slot);
      queueMicrotask(() => { this.#replace(piscina); });
    });
    return piscina;
  }

  /** Piscina starts no thread any more once one has ended while it was loading, and its task would wait for ever. */
  #replace(piscina: Piscina): void {
    if (this.#closed || piscina !== this.#piscina || piscina.threads.length > 0) return;
    this.#piscina = this.#newPiscina();
    // Rejects the task that it has in its hands, which is then run again.
    void piscina.destroy();
  }
}
