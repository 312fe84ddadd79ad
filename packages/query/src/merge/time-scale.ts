/**
 * Times of several clocks on one scale: whole numbers of the finest of their units, counted from a base, as float64 keys. A key is
 * exact: what lies 2^53 units or more behind the base is FAR, and the base moves on before such a record is given.
 */
import { type Clock, NS_PER_UNIT, type TimeUnit } from '@deepwater/core/engine';
import { greatestTime, leastTime } from '../time-bounds.js';

/** The key of every time that is too far from the base for an exact one. */
export const FAR = 2 ** 53;
const WORD = 2 ** 32;

export function finestUnit(clocks: readonly Clock[]): TimeUnit {
  return clocks.reduce<TimeUnit>((finest, { unit }) => (NS_PER_UNIT[unit] < NS_PER_UNIT[finest] ? unit : finest), 'ms');
}

/** How many of `unit` one unit of the clock is. */
export function factorOf(clock: Clock, unit: TimeUnit): number {
  return Number(NS_PER_UNIT[clock.unit] / NS_PER_UNIT[unit]);
}

/** The base as one clock sees it: key = (time - base') * factor - rest, base' being the base in whole units of the clock. */
export interface KeyScale {
  readonly signed: boolean;
  readonly factor: number;
  readonly high: number;
  readonly low: number;
  readonly rest: number;
  /** Differences to base' from here on are FAR. */
  readonly limit: number;
  /** base' as one of the clock's times, for the kernel; undefined where the clock has no such time. */
  readonly own: bigint | undefined;
}

export function keyScale(clock: Clock, factor: number, base: bigint): KeyScale {
  const wide = BigInt(factor);
  const own = base >= 0n ? base / wide : -((-base + wide - 1n) / wide);
  return {
    signed: clock.signed, factor, high: Number(own >> 32n), low: Number(BigInt.asUintN(32, own)), rest: Number(base - own * wide),
    limit: Math.floor((FAR - 1) / factor),
    own: own < leastTime(clock) || own > greatestTime(clock) ? undefined : BigInt.asIntN(64, own),
  };
}

/** Keys of rows, from `at` on. @param words the clock's column, two words a row */
export function fillKeys(keys: Float64Array, at: number, rows: Uint32Array, rowsAt: number, count: number, words: Int32Array, scale: KeyScale): void {
  const { signed, factor, high, low, rest, limit } = scale;
  for (let i = 0; i < count; i++) {
    const cell = 2 * (rows[rowsAt + i] as number);
    const word = words[cell + 1] as number;
    const difference = ((signed ? word : word >>> 0) - high) * WORD + (((words[cell] as number) >>> 0) - low);
    keys[at + i] = difference < limit ? difference * factor - rest : FAR;
  }
}

/** Replaces each key by the greatest so far. @param greatest of the keys before */
export function runningMaximum(keys: Float64Array, at: number, count: number, greatest: number): void {
  let most = greatest;
  for (let i = at; i < at + count; i++) {
    const key = keys[i] as number;
    if (key > most) most = key;
    else keys[i] = most;
  }
}
