import { DeepwaterError } from '@deepwater/core/engine';

export const poolFull = (what: string, limit: number): DeepwaterError => new DeepwaterError(
  'DW_POOL_FULL', `${what}: ${limit} tasks wait for a thread of the pool already. Ask for less at once (await results before you ask for more), or raise poolThreads.`, { values: { task: what, limit } },
);

export const poolClosed = (what: string): DeepwaterError => new DeepwaterError(
  'DW_PLATFORM_CLOSED', `${what}: the platform was closed. Open it again with Platform.open.`, { values: { task: what } },
);

export const timedOut = (what: string, timeoutMs: number): DeepwaterError => new DeepwaterError(
  'DW_QUERY_TIMEOUT', `${what} was not done within its timeoutMs of ${timeoutMs} ms and was stopped. Raise timeoutMs, or ask for less.`, { values: { task: what, timeoutMs } },
);

/** What cannot be cloned cannot tell of itself either: the thread's last error arrives as an empty object then. */
const UNTOLD = 'no error that could be told; a result that the structured clone does not take ends a thread so';

export function workerDied(what: string, attempts: number, cause: unknown): DeepwaterError {
  const twice = attempts > 1 ? ', and so did the one that it was run in again' : '';
  return new DeepwaterError(
    'DW_POOL_WORKER_DIED', `${what}: the thread that it ran in ended${twice} (${cause instanceof Error ? cause.message : UNTOLD}). Look for process.exit, or for more memory than a thread may have, in what it runs.`,
    { values: { task: what, attempts }, cause },
  );
}
