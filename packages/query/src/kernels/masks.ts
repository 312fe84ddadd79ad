/** Masks: a bit a row, as `ScanKernels` writes them. */
import type { RunList } from '../run-list.js';

const wordsFor = (n: number): number => (n + 31) >>> 5;

/** mask &= other. @returns whether anything is left */
export function andMask(mask: Int32Array, other: Int32Array, n: number): boolean {
  let any = 0;
  for (let w = wordsFor(n) - 1; w >= 0; w--) any |= mask[w] &= other[w] as number;
  return any !== 0;
}

export function orMask(mask: Int32Array, other: Int32Array, n: number): void {
  for (let w = wordsFor(n) - 1; w >= 0; w--) mask[w] = (mask[w] as number) | (other[w] as number);
}

export function notMask(mask: Int32Array, n: number): void {
  const last = wordsFor(n) - 1;
  for (let w = last; w >= 0; w--) mask[w] = ~(mask[w] as number);
  if (n % 32 !== 0) mask[last] = (mask[last] as number) & ((1 << (n % 32)) - 1);
}

export function fillMask(mask: Int32Array, value: boolean, n: number): void {
  mask.fill(0, 0, wordsFor(n));
  if (value) notMask(mask, n);
}

export function countMask(mask: Int32Array, n: number): number {
  let count = 0;
  for (let w = wordsFor(n) - 1; w >= 0; w--) count += bitsIn(mask[w] as number);
  return count;
}

/** Set bits of a word, added up side by side (Hacker's Delight, 5-1). */
function bitsIn(word: number): number {
  let x = word - ((word >>> 1) & 0x55555555);
  x = (x & 0x33333333) + ((x >>> 2) & 0x33333333);
  return Math.imul((x + (x >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** Position of the lowest set bit of a word that is not 0. */
const lowestBit = (word: number): number => 31 - Math.clz32(word & -word);

/** Row of the first set bit; -1 where there is none. */
export function firstInMask(mask: Int32Array, n: number): number {
  const words = wordsFor(n);
  for (let w = 0; w < words; w++) if (mask[w] !== 0) return 32 * w + lowestBit(mask[w] as number);
  return -1;
}

export function lastInMask(mask: Int32Array, n: number): number {
  for (let w = wordsFor(n) - 1; w >= 0; w--) if (mask[w] !== 0) return 32 * w + 31 - Math.clz32(mask[w] as number);
  return -1;
}

/** Appends the set bits of a mask of n rows, the first of which is `from`, as runs. */
export function runsOfMask(mask: Int32Array, n: number, from: number, runs: RunList): void {
  const words = wordsFor(n);
  for (let w = 0; w < words; w++) {
    let word = mask[w] as number;
    let row = from + 32 * w;
    if (word === -1) {
      runs.add(row, row + 32);
      continue;
    }
    while (word !== 0) {
      const gap = lowestBit(word);
      word >>>= gap;
      row += gap;
      // Its lowest bit is set, and one above is not: it is not all ones.
      const length = lowestBit(~word);
      runs.add(row, row + length);
      word >>>= length;
      row += length;
    }
  }
}
