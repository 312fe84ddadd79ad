/** Work that asks a reader now and then, written once: run at once in this thread, or with the reader's asynchronous calls. */

/** A question to a reader, in both of its forms. */
export interface Ask<T> {
  now(): T;
  later(): Promise<T>;
}

export type Asking<T, Y = never> = Generator<Ask<unknown> | Y, T, unknown>;

export function* ask<T>(now: () => T, later: () => Promise<T>): Asking<T> {
  return (yield { now, later }) as T;
}

export function runNow<T>(steps: Asking<T>): T {
  for (let step = steps.next(); ; step = steps.next(step.value.now())) {
    if (step.done === true) return step.value;
  }
}

/** @param signal ends it between two steps, with the signal's reason */
export async function runLater<T>(steps: Asking<T>, signal?: AbortSignal): Promise<T> {
  signal?.throwIfAborted();
  for (let step = steps.next(); ;) {
    if (step.done === true) return step.value;
    const answer = await step.value.later();
    signal?.throwIfAborted();
    step = steps.next(answer);
  }
}
