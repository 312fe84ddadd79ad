/**
 * Threads for one kind of task, and the tasks that wait for one. Piscina keeps the threads: starts them, wakes them (through
 * `Atomics.wait`, which is what makes a task cheap), notices when one ends and starts another. Whatever has to do with a single task is
 * done here, since Piscina can end a task only together with its thread.
 */
import type { Transferable } from 'node:worker_threads';
import { deserializeError } from '@deepwater/core/engine';
import type { Piscina } from 'piscina';
import { LoadGate } from './load-gate.js';
import { poolFull, workerDied } from './pool-errors.js';
import type { PoolThreadData, TaskAnswer, TaskMessage } from './protocol.js';
import { CONTROL, TaskControl } from './task-control.js';

/** Chunks that all threads of all lanes together keep mapped; a process can map about 13,000, and readers need some, too. */
const MAPPINGS_MAX = 4000;
const MAPPINGS_LEAST = 16;
/** A task whose thread ended is run once more. */
const ATTEMPTS_MAX = 2;
const WARM_UP_MS = 60_000;

/** A task on its way. Whoever made it may be gone (`settled`) while its thread still runs it. */
export interface Ticket {
  readonly module: string;
  readonly name: string;
  readonly payload: unknown;
  readonly what: string;
  readonly group: object | undefined;
  readonly transfer: readonly Transferable[];
  settled: boolean;
  attempts: number;
  control: TaskControl | undefined;
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

export interface LaneOptions {
  readonly threads: number;
  /** Tasks that may wait. */
  readonly queueMax: number;
  /** For tests: memory limits of a thread. */
  readonly resourceLimits?: { readonly maxOldGenerationSizeMb?: number };
}

export class Lane {
  readonly #waiting = new Set<Ticket>();
  readonly #gate = new LoadGate();
  readonly #controls: SharedArrayBuffer;
  readonly #free: { readonly slot: number; readonly control: TaskControl }[];
  #piscina: Piscina | undefined;
  #starting: Promise<void> | undefined;
  #closed = false;

  constructor(private readonly options: LaneOptions) {
    const { threads } = options;
    this.#controls = new SharedArrayBuffer(threads * CONTROL.BYTES);
    this.#free = Array.from({ length: threads }, (_, slot) => ({ slot, control: new TaskControl(this.#controls, slot) }));
  }

  /** Every thread has loaded its code. */
  get warm(): boolean {
    return this.#piscina !== undefined && this.#gate.loaded >= this.options.threads;
  }

  /** Starts the threads, and settles when all of them have loaded their code, or the lane is closed. @throws DeepwaterError DW_POOL_WORKER_DIED where they take a minute */
  async warmUp(): Promise<void> {
    await this.start();
    for (const end = performance.now() + WARM_UP_MS; !this.warm && !this.#closed;) {
      if (performance.now() > end) throw workerDied('starting the pool', 1, new Error(`its threads have not loaded their code within ${WARM_UP_MS} ms`));
      await new Promise<void>((resume) => { setTimeout(resume, 1); });
    }
  }

  /** The threads there are, for tests that kill them. */
  get threads(): readonly { terminate(): Promise<number> }[] {
    return this.#piscina?.threads ?? [];
  }

  /** Starts the threads, once. */
  start(): Promise<void> {
    this.#starting ??= this.#start();
    return this.#starting;
  }

  async #start(): Promise<void> {
    // Programs that never ask for a thread do not pay for loading it.
    const { Piscina } = await import('piscina');
    if (this.#closed) return;
    const { threads, resourceLimits } = this.options;
    const data: PoolThreadData = {
      gate: this.#gate.shared, controls: this.#controls, mappingsMax: Math.max(MAPPINGS_LEAST, Math.floor(MAPPINGS_MAX / 2 / threads)),
    };
    const piscina = new Piscina({
      filename: new URL('./pool-worker.js', import.meta.url).href, name: 'run', workerData: data,
      minThreads: threads, maxThreads: threads, idleTimeout: Infinity, atomics: 'sync', recordTiming: false,
      ...(resourceLimits === undefined ? {} : { resourceLimits }),
    });
    // A thread that ended with nothing to do has been replaced.
    piscina.on('error', () => {});
    piscina.on('workerDestroy', () => { queueMicrotask(() => { this.#lookForThreads(); }); });
    this.#piscina = piscina;
    this.#next();
  }

  /** Takes a task. @throws DeepwaterError DW_POOL_FULL */
  submit(ticket: Ticket): void {
    if (this.#free.length === 0 && this.#waiting.size >= this.options.queueMax) throw poolFull(ticket.what, this.options.queueMax);
    this.#waiting.add(ticket);
    this.#next();
  }

  /** The task's maker is gone. One that waits goes, too; one that runs is told, and its thread is free when it ends. */
  leave(ticket: Ticket): void {
    this.#waiting.delete(ticket);
    ticket.control?.cancel();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#starting?.catch(() => {});
    await this.#gate.close();
    await this.#piscina?.destroy();
  }

  /** For the end of the process, which terminates all threads: not while they load native code. */
  closeSync(): void {
    this.#closed = true;
    if (this.#piscina !== undefined) this.#gate.closeSync();
  }

  #next(): void {
    if (this.#closed || this.#waiting.size === 0) return;
    const piscina = this.#piscina;
    if (piscina === undefined) {
      this.start().catch((error: unknown) => { this.#failAll(error); });
      return;
    }
    while (this.#free.length > 0) {
      const [ticket] = this.#waiting;
      if (ticket === undefined) return;
      this.#waiting.delete(ticket);
      this.#run(piscina, ticket);
    }
  }

  #run(piscina: Piscina, ticket: Ticket): void {
    const place = this.#free.pop() as { slot: number; control: TaskControl };
    place.control.clear();
    ticket.control = place.control;
    ticket.attempts += 1;
    const ended = (): void => {
      ticket.control = undefined;
      this.#free.push(place);
    };
    const message: TaskMessage = [ticket.module, ticket.name, ticket.payload, place.slot];
    piscina.run(message, { transferList: ticket.transfer as never }).then(
      (answer: TaskAnswer) => {
        // First, so that whoever waits for the task sees how far it came.
        if (answer[1] === undefined) ticket.resolve(answer[0]);
        else ticket.reject(deserializeError(answer[1]));
        ended();
        this.#next();
      },
      (death: unknown) => {
        ended();
        this.#died(ticket, death);
        this.#next();
      },
    );
  }

  #died(ticket: Ticket, death: unknown): void {
    if (ticket.settled || this.#closed) return;
    // What cannot be cloned never will be.
    if (death instanceof Error && death.name === 'DataCloneError') ticket.reject(death);
    else if (ticket.attempts < ATTEMPTS_MAX && ticket.transfer.length === 0) this.#waiting.add(ticket);
    else ticket.reject(workerDied(ticket.what, ticket.attempts, death));
  }

  /**
   * Piscina starts no threads any more once one has ended while it was loading, and tasks would wait for ever. Another one is asked, as
   * often as the tasks may be run.
   */
  #lookForThreads(): void {
    const piscina = this.#piscina;
    if (piscina === undefined || this.#closed || piscina.threads.length > 0) return;
    this.#piscina = undefined;
    this.#starting = undefined;
    // Rejects what it has in its hands, and that is taken up again.
    void piscina.destroy();
  }

  #failAll(cause: unknown): void {
    this.#starting = undefined;
    for (const ticket of [...this.#waiting]) {
      this.#waiting.delete(ticket);
      ticket.reject(workerDied(ticket.what, Math.max(1, ticket.attempts), cause));
    }
  }
}
