/** What passes between the pool and its threads. */
import type { SerializedError } from '@deepwater/core/engine';

/** Given to a thread of a lane. */
export interface PoolThreadData {
  readonly gate: SharedArrayBuffer;
  /** Its place in the lane. */
  readonly slot: number;
  readonly controls: SharedArrayBuffer;
  /** Chunks that a thread keeps mapped: the limit is one of the process. */
  readonly mappingsMax: number;
}

/**
 * What a thread is sent for a task: lists, because members of objects travel with their names. URL of the module, the function that it exports, its
 * payload.
 */
export type TaskMessage = readonly [module: string, name: string, payload: unknown];

/** Errors travel inside of an answer: what comes as a rejection is the end of a thread. */
export type TaskAnswer = readonly [result: unknown] | readonly [result: undefined, thrown: SerializedError];
