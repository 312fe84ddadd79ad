/**
 * What a task and whoever waits for it tell each other while it runs, in shared memory: that it shall stop, and how far it is.
 * Each task that runs at the same time in a lane has a block of its own; a block is used again once its task has ended.
 */
export const CONTROL = {
  /** Bytes of a block: a cache line, so that tasks do not slow each other down. */
  BYTES: 64,
  /** Int32: 1 once the task shall stop. */
  CANCEL: 0,
  /** Float64: rows done. */
  DONE: 8,
  /** Float64: rows there are to do; 0 while that is not known. */
  OF: 16,
} as const;

/** How far a task is. */
export interface Progress {
  /** Rows gone through so far. */
  readonly rows: number;
  /** Rows there are to go through; 0 while that is not known. */
  readonly of: number;
}

/** What a task is given beside its payload. Ask and tell once a block of work, every few milliseconds. */
export interface TaskHelper {
  /** Nobody waits for the task any more: it shall end soon, in whatever way. */
  cancelled(): boolean;
  /** Rows done of rows there are. */
  progress(done: number, of: number): void;
}

/** One block, from either side. */
export class TaskControl implements TaskHelper {
  readonly #flags: Int32Array;
  readonly #rows: Float64Array;

  constructor(blocks: SharedArrayBuffer, slot: number) {
    this.#flags = new Int32Array(blocks, slot * CONTROL.BYTES + CONTROL.CANCEL, 1);
    this.#rows = new Float64Array(blocks, slot * CONTROL.BYTES + CONTROL.DONE, (CONTROL.OF - CONTROL.DONE) / 8 + 1);
  }

  /** For the next task; the last has ended. */
  clear(): void {
    this.#rows.fill(0);
    // Sequentially consistent, as the load in `cancelled` is; the message that starts the task comes after it anyway.
    Atomics.store(this.#flags, 0, 0);
  }

  cancel(): void {
    Atomics.store(this.#flags, 0, 1);
  }

  cancelled(): boolean {
    return Atomics.load(this.#flags, 0) === 1;
  }

  progress(done: number, of: number): void {
    // Plain stores of aligned words: whoever looks takes a moment's delay, and a pair of two moments.
    this.#rows[1] = of;
    this.#rows[0] = done;
  }

  get rows(): Progress {
    const rows = this.#rows[0] as number;
    return { rows, of: Math.max(rows, this.#rows[1] as number) };
  }
}
