import { isMainThread } from 'node:worker_threads';
import { DeepwaterError } from '@deepwater/core/engine';

/** @throws DeepwaterError DW_MAIN_THREAD_BLOCK in the main thread, unless it was allowed to */
export function checkMayBlock(call: string, feed: string, allowed: boolean): void {
  if (!isMainThread || allowed) return;
  throw new DeepwaterError(
    'DW_MAIN_THREAD_BLOCK',
    `${call} of feed ${feed} would block the main thread: timers, sockets and writers' errors would wait for the next record. Use reader.stream(), call it in a worker thread, or say { allowMainThread: true }.`,
    { values: { call, feed } },
  );
}
