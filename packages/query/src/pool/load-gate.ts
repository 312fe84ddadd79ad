/**
 * koffi ends the whole process where a thread is terminated while it loads koffi. Threads therefore pass this gate before they load
 * it, and nobody terminates them while one is inside. Each side stores first and looks afterwards, in one order for all
 * (sequentially consistent): either the thread sees that the gate is closed, or whoever closes it sees the thread.
 */
const CLOSED = 0;
const INSIDE = 1;
const LOADED = 2;
const WORDS = 3;
/** Loading takes milliseconds; a thread that was killed inside by somebody else would be waited for for ever. */
const WAIT_MS = 10_000;
const LOOK_MS = 1;

export class LoadGate {
  readonly #words: Int32Array;

  constructor(readonly shared = new SharedArrayBuffer(WORDS * 4)) {
    this.#words = new Int32Array(shared);
  }

  /** Runs `load` inside the gate; false, with nothing done, where it is closed. */
  async pass(load: () => Promise<void>): Promise<boolean> {
    Atomics.add(this.#words, INSIDE, 1);
    try {
      if (Atomics.load(this.#words, CLOSED) === 1) return false;
      await load();
      Atomics.add(this.#words, LOADED, 1);
      return true;
    } finally {
      Atomics.sub(this.#words, INSIDE, 1);
      Atomics.notify(this.#words, INSIDE);
    }
  }

  /** Threads that have loaded, those included that have ended since. */
  get loaded(): number {
    return Atomics.load(this.#words, LOADED);
  }

  /** Closes the gate; settles when no thread is inside. */
  async close(): Promise<void> {
    Atomics.store(this.#words, CLOSED, 1);
    for (const end = performance.now() + WAIT_MS; this.#inside > 0 && performance.now() < end;) {
      await new Promise<void>((resume) => { setTimeout(resume, LOOK_MS); });
    }
  }

  /** As `close`, blocking, for the end of the process. */
  closeSync(): void {
    Atomics.store(this.#words, CLOSED, 1);
    for (const end = performance.now() + WAIT_MS; performance.now() < end;) {
      const inside = this.#inside;
      if (inside === 0) return;
      Atomics.wait(this.#words, INSIDE, inside, LOOK_MS);
    }
  }

  get #inside(): number {
    return Atomics.load(this.#words, INSIDE);
  }
}
