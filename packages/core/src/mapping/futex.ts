import { libc } from './system.js';
import { errnoName } from './system-error.js';

/**
 * Native waits are cut into slices: an untimed one would hang `worker.terminate()` and `process.exit()`. Each costs some 100 µs,
 * because nothing of what the thread needs is in a cache any more.
 */
export const FUTEX_SLICE_NS = 1_000_000_000;

/**
 * Sleeps while `word[0]` holds `expected`, until another process wakes it or the slice ends. `word` must lie in a
 * *shared* mapping (in a private one the page is copied and the wake never arrives).
 * @returns whether the thread was woken (or the value had already changed) before the slice ended.
 */
export function futexWait(word: Int32Array, expected: number, timeoutNs: number): boolean {
  return libc().futexWait(word, expected, Math.min(timeoutNs, FUTEX_SLICE_NS)) === 0 || Atomics.load(word, 0) !== expected;
}

/**
 * The same for any time, slice after slice, with as little as can be done between two: a thread that wakes once a second runs
 * everything from a cold start, and uncompiled.
 * @param changed asked between slices: what the sleeper waits for may come without a wake-up
 */
export function futexWaitSlices(word: Int32Array, expected: number, timeoutNs: number, changed: () => boolean): boolean {
  for (let left = timeoutNs; left > 0; left -= FUTEX_SLICE_NS) {
    if (futexWait(word, expected, left) || changed()) return true;
  }
  return false;
}

/**
 * Sleeps while every `words[i][0]` holds `expected[i]`, until one of them is woken or the slice ends. At most 128 words.
 * @returns false where the kernel cannot do that (before Linux 5.16, or forbidden)
 */
export function futexWaitAny(words: readonly Int32Array[], expected: readonly number[], timeoutNs: number): boolean {
  const deadline = process.hrtime.bigint() + BigInt(Math.round(Math.min(timeoutNs, FUTEX_SLICE_NS)));
  if (libc().futexWaitAny(words, expected, deadline) >= 0) return true;
  const error = errnoName(libc().errno());
  return error !== 'ENOSYS' && error !== 'EPERM' && error !== 'EINVAL';
}

/** Wakes the processes that sleep on `word[0]`; how many there were. */
export function futexWakeAll(word: Int32Array): number {
  return libc().futexWake(word, 0x7fffffff);
}
