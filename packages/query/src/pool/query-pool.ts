/** The threads that queries and other long work run in: one pool a platform, started when first used. */
import { availableParallelism } from 'node:os';
import type { Transferable } from 'node:worker_threads';
import { Lane, type LaneOptions, type Ticket } from './lane.js';
import { inOrder, type MapOptions, type Part } from './in-order.js';
import { poolClosed, timedOut } from './pool-errors.js';
import type { Progress } from './task-control.js';

/**
 * `query` tasks take milliseconds and somebody waits for them. `job` tasks (backtests) may take minutes: they have threads of their own, as
 * many, so that queries go on beside them; the kernel shares the cores out.
 */
export type TaskPriority = 'query' | 'job';

export interface PoolTask {
  /** The module that has the task: `new URL('./my-tasks.js', import.meta.url)`. It is loaded once a thread. */
  readonly filename: URL;
  /** The function that it exports: `(payload, helper: TaskHelper) => result`. */
  readonly name: string;
  /** Plain data, as the structured clone takes it; memory that is shared stays shared. */
  readonly payload: unknown;
  /** What of the payload is handed over. The task is not run again then, should its thread end. */
  readonly transfer?: readonly Transferable[];
  /** What errors call it: `range of feed trades`. Default: `task <name>`. */
  readonly what?: string;
}

/** What ends a long call before it is done, and what it tells meanwhile. */
export interface CallLimits {
  /** The call is rejected with the signal's reason, at once. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds, above 0; then the call is rejected with DW_QUERY_TIMEOUT. */
  readonly timeoutMs?: number | undefined;
  /** Told a few times a second how far it is, and at the end. What it throws ends the call. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

export interface RunOptions extends CallLimits {
  /** Default `query`. */
  readonly priority?: TaskPriority;
  /** Tasks that `end` ends together. */
  readonly group?: object | undefined;
}

export interface PoolOptions extends Partial<LaneOptions> {
  /** Threads for queries, and as many for jobs. Default: cores. */
  readonly threads?: number;
  /** Bytes of a part of a long scan. Default: some parts for each thread, of 4 to 32 MiB. */
  readonly morselBytes?: number | undefined;
  /** Rows that a read may look at in the thread that asks, where they are in memory, instead of in the pool. Default: 16,384. */
  readonly nearRows?: number;
}

/** Tasks that may wait for a thread. */
const POOL_QUEUE_MAX = 1024;
const PROGRESS_MS = 50;
/** What takes less time to search than to ask another thread for. */
const NEAR_ROWS = 16_384;
/** From the first read to the start of the threads. */
const SOON_MS = 50;

export class QueryPool {
  /** Tasks of a kind that run at the same time. */
  readonly threads: number;
  readonly morselBytes: number | undefined;
  readonly nearRows: number;
  readonly #lanes: Readonly<Record<TaskPriority, Lane>>;
  readonly #tickets = new Set<Ticket>();
  #closing: Promise<void> | undefined;
  #soon: NodeJS.Timeout | undefined;

  constructor({ threads = availableParallelism(), queueMax = POOL_QUEUE_MAX, morselBytes, nearRows = NEAR_ROWS, ...rest }: PoolOptions = {}) {
    this.threads = threads;
    this.morselBytes = morselBytes;
    this.nearRows = nearRows;
    const options = { threads, queueMax, ...rest };
    this.#lanes = { query: new Lane(options), job: new Lane(options) };
  }

  /** The threads for queries are there and have loaded their code: a task costs microseconds. */
  get warm(): boolean {
    return this.#lanes.query.warm;
  }

  /** Starts the threads for queries, where nobody has yet, and settles when they have loaded their code. They do not keep the process alive. */
  async warmUp(): Promise<void> {
    if (this.#closing === undefined) await this.#lanes.query.warmUp();
  }

  /**
   * Whether the threads for queries have started; if not, they are about to, a moment after they were first asked for: a program that makes one read
   * and ends never pays for them.
   */
  warmOrSoon(): boolean {
    if (this.warm) return true;
    if (this.#closing === undefined) this.#soon ??= setTimeout(() => { this.#lanes.query.start().catch(() => {}); }, SOON_MS).unref(); // whoever asks for a task is told
    return false;
  }

  /** The threads of a kind, for tests that kill them. */
  workers(priority: TaskPriority = 'query'): Lane['threads'] {
    return this.#lanes[priority].threads;
  }

  /**
   * Runs a task in a thread. Where the thread ends meanwhile (`process.exit`, out of memory) it is run once more in another.
   * @throws what the task throws, with class, code and values; the signal's reason; DeepwaterError DW_QUERY_TIMEOUT, DW_POOL_FULL,
   * DW_POOL_WORKER_DIED, DW_PLATFORM_CLOSED
   */
  run<R>(task: PoolTask, options: RunOptions = {}): Promise<R> {
    return new Promise<R>((resolve, reject) => { this.#submit(task, options, resolve as (result: unknown) => void, reject); });
  }

  /** Runs many parts of one piece of work, as many at a time as there are threads, and gives each result to `each` in the order of the parts. */
  map<R>(parts: Iterable<Part>, options: MapOptions, each: (result: R, index: number) => unknown): Promise<void> {
    return inOrder(this, parts, options, each);
  }

  /** Ends the tasks of a group with an error. */
  end(group: object, error: Error): void {
    for (const ticket of [...this.#tickets]) if (ticket.group === group) ticket.reject(error);
  }

  /** Ends every task with DW_PLATFORM_CLOSED, then the threads. */
  close(): Promise<void> {
    if (this.#closing === undefined) {
      clearTimeout(this.#soon);
      for (const ticket of [...this.#tickets]) ticket.reject(poolClosed(ticket.what));
      this.#closing = Promise.all(Object.values(this.#lanes).map((lane) => lane.close())).then(() => {});
    }
    return this.#closing;
  }

  /** For the end of the process. */
  closeSync(): void {
    for (const lane of Object.values(this.#lanes)) lane.closeSync();
  }

  #submit(task: PoolTask, { signal, timeoutMs, onProgress, priority = 'query', group }: RunOptions, resolve: (result: unknown) => void, reject: (error: unknown) => void): void {
    const { filename, name, payload, transfer = [], what = `task ${name}` } = task;
    if (this.#closing !== undefined) throw poolClosed(what);
    signal?.throwIfAborted();
    const lane = this.#lanes[priority];
    let timeout: NodeJS.Timeout | undefined;
    let looking: NodeJS.Timeout | undefined;
    const settled = (): boolean => {
      if (ticket.settled) return false;
      ticket.settled = true;
      this.#tickets.delete(ticket);
      signal?.removeEventListener('abort', onAbort);
      clearTimeout(timeout);
      clearInterval(looking);
      return true;
    };
    const ticket: Ticket = {
      module: filename.href, name, payload, what, group, transfer, settled: false, attempts: 0, control: undefined,
      resolve: (result) => {
        if (onProgress !== undefined && !ticket.settled && !tell()) return;
        if (settled()) resolve(result);
      },
      reject: (error) => {
        if (!settled()) return;
        lane.leave(ticket);
        reject(error);
      },
    };
    const onAbort = (): void => { ticket.reject(signal?.reason); };
    const tell = (): boolean => {
      try {
        const rows = ticket.control?.rows;
        if (rows !== undefined && rows.of > 0) onProgress?.(rows);
        return true;
      } catch (error) {
        ticket.reject(error);
        return false;
      }
    };
    lane.submit(ticket);
    this.#tickets.add(ticket);
    signal?.addEventListener('abort', onAbort);
    if (timeoutMs !== undefined) timeout = setTimeout(() => { ticket.reject(timedOut(what, timeoutMs)); }, timeoutMs);
    if (onProgress !== undefined) looking = setInterval(tell, PROGRESS_MS);
  }
}
