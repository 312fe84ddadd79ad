import { POSITION } from './ring-layout.js';
import { highWord, joinWords, lowWord } from './words.js';

/**
 * Loads a 64-bit position. Sequentially consistent loads: everything the writer stored before publishing it is seen
 * afterwards.
 */
export function loadPosition(words: Int32Array, offset: number): number {
  const at = offset >> 2;
  for (;;) {
    const high = Atomics.load(words, at + (POSITION.HIGH_A >> 2));
    const low = Atomics.load(words, at);
    if (Atomics.load(words, at + (POSITION.HIGH_B >> 2)) === high) return joinWords(low, high);
  }
}

/** Stores a 64-bit position. One writer only; `previousHigh` is the high word stored last. @returns the high word now. */
export function storePosition(words: Int32Array, offset: number, value: number, previousHigh: number): number {
  const at = offset >> 2;
  const high = highWord(value);
  if (high === previousHigh) {
    Atomics.store(words, at, lowWord(value));
    return high;
  }
  Atomics.store(words, at + (POSITION.HIGH_B >> 2), high);
  Atomics.store(words, at, lowWord(value));
  Atomics.store(words, at + (POSITION.HIGH_A >> 2), high);
  return high;
}
