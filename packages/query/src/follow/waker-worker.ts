/** The thread of waker.ts. */
import { receiveMessageOnPort, workerData, parentPort, type MessagePort } from 'node:worker_threads';
import { FUTEX_SLICE_NS, FUTEX_WORDS_MAX, futexWaitAny } from '@deepwater/core/engine';
import { wakeLocal } from '@deepwater/ring';
import { WAKER, type WatchedBell } from './waker.js';

/** How often bells are looked at where the kernel cannot wait on several words, or there are too many. */
const POLL_MS = 1;

const { words } = workerData as { words: Int32Array };
const port = parentPort as MessagePort;
const bells: WatchedBell[] = [];
let canWait = true;

while (Atomics.load(words, WAKER.END) === 0) {
  const signal = Atomics.load(words, WAKER.SIGNAL);
  for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) bells.push((next as { message: WatchedBell }).message);
  const sleeping = [words.subarray(WAKER.SIGNAL, WAKER.SIGNAL + 1)];
  const expected = [signal];
  for (const { place, word, local } of bells) {
    const at = WAKER.FIRST + place * WAKER.WORDS_PER_BELL;
    if (Atomics.load(words, at + WAKER.ARMED) === 0) continue;
    const wakes = Atomics.load(words, at + WAKER.EXPECTED);
    if (Atomics.load(word, 0) === wakes) {
      sleeping.push(word);
      expected.push(wakes);
      continue;
    }
    // Disarmed first: a stream that waits again from here on arms it anew.
    Atomics.store(words, at + WAKER.ARMED, 0);
    wakeLocal(local);
  }
  if (canWait && sleeping.length <= FUTEX_WORDS_MAX) canWait = futexWaitAny(sleeping, expected, FUTEX_SLICE_NS);
  else Atomics.wait(words, WAKER.SIGNAL, signal, sleeping.length > 1 ? POLL_MS : FUTEX_SLICE_NS / 1e6);
}
