import { POSITION } from './ring-layout.js';
import { highWord, joinWords, lowWord } from './words.js';

/**
 * Loads a 64-bit position. Sequentially consistent loads: everything the writer stored before publishing it is seen
 * afterwards. Goes on only while the writer does: one that was stopped or killed in the middle of a wrap holds up nobody,
 * and words that were damaged give some number.
 */
export function loadPosition(words: Int32Array, offset: number): number {
  const at = offset >> 2;
  for (;;) {
    const high = Atomics.load(words, at + (POSITION.HIGH_A >> 2));
    const low = Atomics.load(words, at);
    const next = Atomics.load(words, at + (POSITION.HIGH_B >> 2));
    if (next === high) return joinWords(low, high);
    // A wrap has begun. Where it has not ended after another look at LOW, that is either the old one, which lies in the
    // upper half because steps are short, or the new one, which lies in the lower half.
    const lowNow = Atomics.load(words, at);
    if (Atomics.load(words, at + (POSITION.HIGH_A >> 2)) === high) return joinWords(lowNow, lowNow < 0 ? high : next);
  }
}

/**
 * Stores a 64-bit position. One writer only; `previousHigh` is the high word stored last. Where the high part changes, the
 * step is less than 2^31, or nobody reads yet.
 * @returns the high word now.
 */
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
