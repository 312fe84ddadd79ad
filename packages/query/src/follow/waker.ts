/**
 * The waker: one helper thread of a process that sleeps on the bells of feeds that other processes write, for streams of a
 * thread that must not sleep itself. It is told of a bell each time a stream is about to wait, and wakes the word that the
 * stream waits on. It starts with the first such wait, and does not keep the process alive.
 */
import { Worker } from 'node:worker_threads';
import { futexWakeAll } from '@deepwater/core/engine';
import { type Bell, wakeLocal } from '@deepwater/ring';

/** Words shared with the waker. Each bell has two from `FIRST` on: the value that it sleeps on, and whether it shall. */
export const WAKER = { SIGNAL: 0, END: 1, FIRST: 2, EXPECTED: 0, ARMED: 1, WORDS_PER_BELL: 2, BELLS_MAX: 4096 } as const;

/** A bell as the waker gets it. */
export interface WatchedBell {
  readonly place: number;
  readonly word: Int32Array;
  readonly local: Int32Array;
}

interface Waker {
  readonly worker: Worker;
  readonly words: Int32Array;
  readonly places: WeakMap<Bell, number>;
  /** What it wakes. */
  readonly locals: Set<Int32Array>;
  count: number;
}

let waker: Waker | undefined;

function start(): Waker {
  const words = new Int32Array(new SharedArrayBuffer(4 * (WAKER.FIRST + WAKER.WORDS_PER_BELL * WAKER.BELLS_MAX)));
  const worker = new Worker(new URL('./waker-worker.js', import.meta.url), { name: 'deepwater-waker', workerData: { words } });
  worker.unref();
  const started: Waker = { worker, words, places: new WeakMap(), locals: new Set(), count: 0 };
  const atExit = (): void => {
    // A native wait holds up the end of the process until its slice is over.
    Atomics.store(words, WAKER.END, 1);
    Atomics.add(words, WAKER.SIGNAL, 1);
    futexWakeAll(words.subarray(WAKER.SIGNAL));
  };
  process.once('exit', atExit);
  const gone = (): void => {
    process.off('exit', atExit);
    if (waker === started) waker = undefined;
    // Each looks, and waits again: with another one.
    for (const local of started.locals) wakeLocal(local);
  };
  worker.once('error', gone);
  worker.once('exit', gone);
  return started;
}

/** Has the word of `bell.local` woken as soon as the bell's count of wake-ups is no longer `wakes`. */
export function armWaker(bell: Bell, wakes: number): void {
  waker ??= start();
  const { words, worker, places } = waker;
  let place = places.get(bell);
  if (place === undefined) {
    if (waker.count === WAKER.BELLS_MAX) {
      // Rings are opened anew with each writer: begin again with those in use.
      void worker.terminate();
      waker = undefined;
      armWaker(bell, wakes);
      return;
    }
    place = waker.count++;
    places.set(bell, place);
    waker.locals.add(bell.local);
    worker.postMessage({ place, word: bell.wakes, local: bell.local } satisfies WatchedBell);
  }
  const at = WAKER.FIRST + place * WAKER.WORDS_PER_BELL;
  Atomics.store(words, at + WAKER.EXPECTED, wakes);
  Atomics.store(words, at + WAKER.ARMED, 1);
  // The waker looks at the places after it has seen the signal; it sleeps on the signal as well.
  Atomics.add(words, WAKER.SIGNAL, 1);
  futexWakeAll(words.subarray(WAKER.SIGNAL));
}
