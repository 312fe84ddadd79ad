/**
 * Work in steps. Every read is one generator that yields between pieces of work of well under a millisecond: the sync
 * forms run it through, the async forms run it in slices and let the event loop turn in between. A read that has a pool
 * yields promises as well, of what goes on in another thread, and is gone on with once they are settled.
 */
export type Steps<T> = Generator<void | Promise<void>, T, void>;

/** What one slice may take before the event loop gets its turn. */
const SLICE_MS = 2;

export function runNow<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** What a promise gives, as a step of a read that is run in slices. */
export function* awaited<T>(promise: Promise<T>): Steps<T> {
  let value: T | undefined;
  yield promise.then((given) => { value = given; });
  return value as T;
}

/**
 * What a generator gives, gone through in slices; `undefined` is a place to pause.
 * @param check as for `runSliced`
 */
export async function* inSlices<T>(values: Iterable<T | undefined>, check: () => void): AsyncGenerator<T, void, void> {
  let end = performance.now() + SLICE_MS;
  for (const value of values) {
    if (value !== undefined) yield value;
    if (performance.now() < end) continue;
    await new Promise<void>((resume) => { setImmediate(resume); });
    check();
    end = performance.now() + SLICE_MS;
  }
}

/** @param check runs before every slice but the first, and ends the work by throwing. */
export async function runSliced<T>(steps: Steps<T>, check: () => void): Promise<T> {
  try {
    for (;;) {
      const end = performance.now() + SLICE_MS;
      let waits: Promise<void> | undefined;
      do {
        const step = steps.next();
        if (step.done === true) return step.value;
        if (step.value !== undefined) waits = step.value;
      } while (waits === undefined && performance.now() < end);
      await (waits ?? new Promise<void>((resume) => { setImmediate(resume); }));
      check();
    }
  } finally {
    // Where `check` threw, or what was waited for failed: lets the generator unpin what it holds.
    steps.return(undefined as never);
  }
}
