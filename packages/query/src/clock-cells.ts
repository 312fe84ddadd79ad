/**
 * Searching a column of 64-bit times. Times are looked at as two 32-bit words each, never as BigInt: `words[2 * row]` is
 * the low one, `words[2 * row + 1]` the high one. With `high ^ flip` and `low ^ SIGN` their signed order is the order of
 * the times, whether the clock is signed or not (see time-bounds.ts).
 */
import type { RunList } from './run-list.js';
import { SIGN, type TimeBounds } from './time-bounds.js';

/** First row of the sorted rows [from, to) whose time is not below the bounds; `to` where there is none. */
export function firstNotBelow(words: Int32Array, bounds: TimeBounds, from: number, to: number): number {
  const { flip, lowHigh, lowLow } = bounds;
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const h = (words[2 * middle + 1] as number) ^ flip;
    if (h < lowHigh || (h === lowHigh && ((words[2 * middle] as number) ^ SIGN) < lowLow)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** First row of the sorted rows [from, to) whose time is above the bounds; `to` where there is none. */
export function firstAbove(words: Int32Array, bounds: TimeBounds, from: number, to: number): number {
  const { flip, highHigh, highLow } = bounds;
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const h = (words[2 * middle + 1] as number) ^ flip;
    if (h < highHigh || (h === highHigh && ((words[2 * middle] as number) ^ SIGN) <= highLow)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Whether a time lies within the bounds, by its words as they compare. */
export function inside(h: number, l: number, bounds: TimeBounds): boolean {
  return (
    (h > bounds.lowHigh || (h === bounds.lowHigh && l >= bounds.lowLow)) &&
    (h < bounds.highHigh || (h === bounds.highHigh && l <= bounds.highLow))
  );
}

/** Appends the rows of [from, to) within the bounds, in any order of times. */
export function runsInside(words: Int32Array, bounds: TimeBounds, from: number, to: number, runs: RunList): void {
  const { flip } = bounds;
  let row = from;
  while (row < to) {
    while (row < to && !inside((words[2 * row + 1] as number) ^ flip, (words[2 * row] as number) ^ SIGN, bounds)) row++;
    const start = row;
    row = firstOutside(words, bounds, row, to);
    runs.add(start, row);
  }
}

/** First row of [from, to) that is not within the bounds, in any order of times; `to` where there is none. */
export function firstOutside(words: Int32Array, bounds: TimeBounds, from: number, to: number): number {
  const { flip, lowHigh, lowLow, highHigh, highLow } = bounds;
  let row = from;
  for (; row < to; row++) {
    const h = (words[2 * row + 1] as number) ^ flip;
    const l = (words[2 * row] as number) ^ SIGN;
    if (h < lowHigh || (h === lowHigh && l < lowLow) || h > highHigh || (h === highHigh && l > highLow)) break;
  }
  return row;
}

/** Row of the greatest time within the bounds among [from, to), the latest of equals; -1 where there is none. */
export function greatestInside(words: Int32Array, bounds: TimeBounds, from: number, to: number): number {
  const { flip } = bounds;
  let best = -1;
  let bestHigh = 0;
  let bestLow = 0;
  for (let row = from; row < to; row++) {
    const h = (words[2 * row + 1] as number) ^ flip;
    const l = (words[2 * row] as number) ^ SIGN;
    if (!inside(h, l, bounds)) continue;
    if (best < 0 || h > bestHigh || (h === bestHigh && l >= bestLow)) {
      best = row;
      bestHigh = h;
      bestLow = l;
    }
  }
  return best;
}

/** Row of the least time within the bounds among [from, to), the first of equals; -1 where there is none. */
export function leastInside(words: Int32Array, bounds: TimeBounds, from: number, to: number): number {
  const { flip } = bounds;
  let best = -1;
  let bestHigh = 0;
  let bestLow = 0;
  for (let row = from; row < to; row++) {
    const h = (words[2 * row + 1] as number) ^ flip;
    const l = (words[2 * row] as number) ^ SIGN;
    if (!inside(h, l, bounds)) continue;
    if (best < 0 || h < bestHigh || (h === bestHigh && l < bestLow)) {
      best = row;
      bestHigh = h;
      bestLow = l;
    }
  }
  return best;
}

/** Last row of [from, to) that is marked in the index column and within the bounds; -1 where there is none. */
export function lastMarkedInside(marks: Uint8Array, words: Int32Array, bounds: TimeBounds, from: number, to: number): number {
  const { flip } = bounds;
  for (let row = to - 1; row >= from; row--) {
    if (marks[row] === 1 && inside((words[2 * row + 1] as number) ^ flip, (words[2 * row] as number) ^ SIGN, bounds)) return row;
  }
  return -1;
}

/** Rows of [from, to) whose time is above the bounds. */
export function countAbove(words: Int32Array, bounds: TimeBounds, from: number, to: number): number {
  const { flip, highHigh, highLow } = bounds;
  let count = 0;
  for (let row = from; row < to; row++) {
    const h = (words[2 * row + 1] as number) ^ flip;
    if (h > highHigh || (h === highHigh && ((words[2 * row] as number) ^ SIGN) > highLow)) count += 1;
  }
  return count;
}

/** The time of a row. */
export function timeAt(words: Int32Array, row: number, signed: boolean): bigint {
  const bits = (BigInt(words[2 * row + 1] as number) << 32n) | BigInt((words[2 * row] as number) >>> 0);
  return signed ? bits : BigInt.asUintN(64, bits);
}
