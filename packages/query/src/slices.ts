/**
 * Work in steps. Every read is one generator that yields between pieces of work of well under a millisecond: the sync
 * forms run it through, the async forms run it in slices and let the event loop turn in between.
 */
export type Steps<T> = Generator<void, T, void>;

/** What one slice may take before the event loop gets its turn. */
const SLICE_MS = 2;

export function runNow<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** @param check runs before every slice but the first, and ends the work by throwing. */
export async function runSliced<T>(steps: Steps<T>, check: () => void): Promise<T> {
  try {
    for (;;) {
      const end = performance.now() + SLICE_MS;
      do {
        const step = steps.next();
        if (step.done === true) return step.value;
      } while (performance.now() < end);
      await new Promise<void>((resume) => { setImmediate(resume); });
      check();
    }
  } finally {
    // Where `check` threw: lets the generator unpin what it holds.
    steps.return(undefined as never);
  }
}
