/**
 * koffi ends the whole process where a thread is terminated while it loads koffi. Threads therefore pass this gate before they load
 * it, and nobody terminates them while one is inside. Each side stores first and looks afterwards, in one order for all
 * (sequentially consistent): either the thread sees that the gate is closed, or whoever closes it sees the thread.
 */
const CLOSED = 0;
const LOADED = 1;
/** Then a word for each thread: 1 while it is inside. */
const INSIDE = 2;
/** Loading takes milliseconds; what takes longer is not waited for. */
const WAIT_MS = 10_000;
const LOOK_MS = 1;

export class LoadGate {
  readonly #words: Int32Array;

  constructor(readonly shared: SharedArrayBuffer) {
    this.#words = new Int32Array(shared);
  }

  static forThreads(threads: number): LoadGate {
    return new LoadGate(new SharedArrayBuffer((INSIDE + threads) * 4));
  }

  /** Runs `load` inside the gate; false, with nothing done, where it is closed. */
  async pass(slot: number, load: () => Promise<void>): Promise<boolean> {
    Atomics.store(this.#words, INSIDE + slot, 1);
    try {
      if (Atomics.load(this.#words, CLOSED) === 1) return false;
      await load();
      Atomics.add(this.#words, LOADED, 1);
      return true;
    } finally {
      this.left(slot);
    }
  }

  /** The thread of a slot has ended, inside perhaps: nobody is to wait for it. */
  left(slot: number): void {
    Atomics.store(this.#words, INSIDE + slot, 0);
    Atomics.notify(this.#words, INSIDE + slot);
  }

  /** Threads that have loaded, those included that have ended since. */
  get loaded(): number {
    return Atomics.load(this.#words, LOADED);
  }

  /** Closes the gate; settles when no thread is inside. */
  async close(): Promise<void> {
    Atomics.store(this.#words, CLOSED, 1);
    for (const end = performance.now() + WAIT_MS; this.#inside >= 0 && performance.now() < end;) {
      await new Promise<void>((resume) => { setTimeout(resume, LOOK_MS); });
    }
  }

  /** As `close`, blocking, for the end of the process. */
  closeSync(): void {
    Atomics.store(this.#words, CLOSED, 1);
    for (const end = performance.now() + WAIT_MS; performance.now() < end;) {
      const word = this.#inside;
      if (word < 0) return;
      Atomics.wait(this.#words, word, 1, LOOK_MS);
    }
  }

  /** The word of a thread that is inside; -1 where none is. */
  get #inside(): number {
    for (let word = INSIDE; word < this.#words.length; word++) if (Atomics.load(this.#words, word) === 1) return word;
    return -1;
  }
}
