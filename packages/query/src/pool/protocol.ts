/** What passes between the pool and its threads. */
import type { SerializedError } from '@deepwater/core/engine';

/** Given to every thread of a lane. */
export interface PoolThreadData {
  readonly gate: SharedArrayBuffer;
  readonly controls: SharedArrayBuffer;
  /** Chunks that a thread keeps mapped: the limit is one of the process. */
  readonly mappingsMax: number;
}

export interface TaskMessage {
  /** URL of the module. */
  readonly module: string;
  /** The function that it exports. */
  readonly name: string;
  readonly payload: unknown;
  /** The task's control block. */
  readonly slot: number;
}

/** Errors travel inside of an answer: what comes as a rejection is the end of a thread. */
export type TaskAnswer = { readonly result: unknown } | { readonly thrown: SerializedError };
