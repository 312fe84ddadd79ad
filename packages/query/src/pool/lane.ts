/**
 * Threads for one kind of task, and the tasks that wait for one. Whatever has to do with a single task is done here, since Piscina can end a
 * task only together with its thread.
 */
import type { Transferable, Worker } from 'node:worker_threads';
import { deserializeError } from '@deepwater/core/engine';
import { LoadGate } from './load-gate.js';
import { poolFull, workerDied } from './pool-errors.js';
import { PoolThread, type ThreadOptions } from './pool-thread.js';
import { CONTROL, type TaskControl } from './task-control.js';

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

export interface LaneOptions extends Pick<ThreadOptions, 'resourceLimits'> {
  readonly threads: number;
  /** Tasks that may wait. */
  readonly queueMax: number;
}

export class Lane {
  readonly #waiting = new Set<Ticket>();
  readonly #gate: LoadGate;
  #threads: readonly PoolThread[] = [];
  /** Those without a task; the one that had the last is the next to get one, as its caches are warm. */
  #free: PoolThread[] = [];
  #starting: Promise<void> | undefined;
  #closed = false;

  constructor(private readonly options: LaneOptions) {
    this.#gate = LoadGate.forThreads(options.threads);
  }

  /** Every thread has loaded its code. */
  get warm(): boolean {
    return this.#threads.length > 0 && this.#gate.loaded >= this.#threads.length;
  }

  /** The threads there are, for tests that kill them. */
  get threads(): readonly Worker[] {
    return this.#threads.flatMap(({ worker }) => (worker === undefined ? [] : [worker]));
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
    const data = {
      controls: new SharedArrayBuffer(threads * CONTROL.BYTES), mappingsMax: Math.max(MAPPINGS_LEAST, Math.floor(MAPPINGS_MAX / 2 / threads)),
    };
    this.#threads = Array.from({ length: threads }, (_, slot) => new PoolThread(Piscina, slot, { gate: this.#gate, data, resourceLimits }));
    this.#free = [...this.#threads];
    this.#next();
  }

  /** Starts the threads, and settles when all have loaded their code, or the lane is closed. @throws DeepwaterError DW_POOL_WORKER_DIED where that takes a minute */
  async warmUp(): Promise<void> {
    await this.start();
    for (const end = performance.now() + WARM_UP_MS; !this.warm && !this.#closed;) {
      if (performance.now() > end) throw workerDied('starting the pool', 1, new Error(`its threads have not loaded their code within ${WARM_UP_MS} ms`));
      await new Promise<void>((resume) => { setTimeout(resume, 1); });
    }
  }

  /** Takes a task. @throws DeepwaterError DW_POOL_FULL */
  submit(ticket: Ticket): void {
    const { threads, queueMax } = this.options;
    const free = this.#threads.length === 0 ? threads : this.#free.length;
    if (this.#waiting.size >= queueMax + free) throw poolFull(ticket.what, queueMax);
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
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }

  /** For the end of the process, which terminates all threads: not while they load native code. */
  closeSync(): void {
    this.#closed = true;
    if (this.#threads.length > 0) this.#gate.closeSync();
  }

  #next(): void {
    if (this.#closed || this.#waiting.size === 0) return;
    if (this.#threads.length === 0) {
      this.start().catch((error: unknown) => { this.#failAll(error); });
      return;
    }
    for (const ticket of this.#waiting) {
      const thread = this.#free.pop();
      if (thread === undefined) return;
      this.#waiting.delete(ticket);
      this.#run(thread, ticket);
    }
  }

  #run(thread: PoolThread, ticket: Ticket): void {
    ticket.control = thread.control;
    ticket.attempts += 1;
    thread.run(ticket.module, ticket.name, ticket.payload, ticket.transfer).then(
      (answer) => {
        // First, so that whoever waits for the task sees how far it came.
        if (answer[1] === undefined) ticket.resolve(answer[0]);
        else ticket.reject(deserializeError(answer[1]));
        ticket.control = undefined;
        this.#free.push(thread);
        this.#next();
      },
      (death: unknown) => {
        ticket.control = undefined;
        // The last to get a task: it has to load its code.
        this.#free.unshift(thread);
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

  #failAll(cause: unknown): void {
    this.#starting = undefined;
    for (const ticket of [...this.#waiting]) {
      this.#waiting.delete(ticket);
      ticket.reject(workerDied(ticket.what, Math.max(1, ticket.attempts), cause));
    }
  }
}
