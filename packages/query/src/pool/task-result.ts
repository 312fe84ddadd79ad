import type { Transferable } from 'node:worker_threads';

/** A task's result together with what of it is handed over rather than copied. */
export class TransferredResult {
  constructor(
    readonly result: unknown,
    readonly transfer: readonly Transferable[],
  ) {}
}

/** Has a task hand over memory with its result: `return handOver(columns, [columns.price.buffer])`. */
export function handOver<T>(result: T, transfer: readonly Transferable[]): T {
  return new TransferredResult(result, transfer) as T;
}
