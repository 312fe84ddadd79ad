/** A window of time cut into one to learn from and one to judge by. */
import { DeepwaterError, NS_PER_UNIT, type TimeUnit, describeValue } from '@deepwater/core/engine';
import { checkKeys } from '../options.js';
import { lengthOf } from './windows.js';

export interface SplitOptions {
  /** Part of the time for training, above 0 and below 1. */
  readonly train: number;
  /**
   * Time left out between the two, so that what is learned from the end of one does not meet the beginning of the other: `'1h'`, or a count of
   * the window's own units.
   */
  readonly gap?: string | number | bigint;
  /** What the window's numbers count in, where `gap` is a text. Bigints are ns, Dates need none. */
  readonly unit?: TimeUnit;
}

export interface SplitWindow<T> {
  readonly train: { readonly start: T; readonly end: T };
  readonly validation: { readonly start: T; readonly end: T };
}

/**
 * Cuts a window into one for training and, behind it, one for validation; together with the gap they are the whole window.
 * @throws DeepwaterError DW_OPTION_INVALID, DW_RANGE_INVALID where no time is left for one of them
 */
export function splitWindow<T extends number | bigint | Date>(window: { readonly start: T; readonly end: T }, options: SplitOptions): SplitWindow<T> {
  const { train, gap, unit } = checkKeys(options, ['train', 'gap', 'unit']);
  if (typeof train !== 'number' || !(train > 0 && train < 1)) throw wrongOption('train', train, 'a part of the window above 0 and below 1, such as 0.8');
  const [start, end] = [wholeOf('start', window.start), wholeOf('end', window.end)];
  const give = (time: bigint): T => (typeof window.start === 'bigint' ? time : window.start instanceof Date ? new Date(Number(time)) : Number(time)) as T;
  const left = gapOf(gap, window.start, unit);
  // In whole numbers, to the nearest one: windows of any length.
  const cut = start + ((end - start - left) * BigInt(Math.round(train * 2 ** 53)) + 2n ** 52n) / 2n ** 53n;
  if (cut <= start || cut + left >= end) {
    throw new DeepwaterError('DW_RANGE_INVALID', `A window of ${end - start} cannot be cut at ${train} with a gap of ${left}: nothing is left of one part. Take a longer window or a shorter gap.`, {
      values: { start, end, train, gap: left },
    });
  }
  return { train: { start: window.start, end: give(cut) }, validation: { start: give(cut + left), end: window.end } };
}

function gapOf(gap: unknown, like: unknown, unit: unknown): bigint {
  if (gap === undefined) return 0n;
  if (typeof gap === 'bigint' && gap >= 0n) return gap;
  if (typeof gap === 'number' && Number.isSafeInteger(gap) && gap >= 0) return BigInt(gap);
  if (typeof gap !== 'string') throw wrongOption('gap', gap, "a length of time such as '1h', or a whole number of the window's units");
  const own = typeof like === 'bigint' ? 'ns' : like instanceof Date ? 'ms' : unit;
  if (own !== 'ns' && own !== 'us' && own !== 'ms') throw wrongOption('unit', unit, "'us' or 'ms' (or 'ns'), what the window's numbers count in: the gap is a length of time");
  return lengthOf('gap', gap) / NS_PER_UNIT[own];
}

function wholeOf(name: string, time: unknown): bigint {
  if (typeof time === 'bigint') return time;
  if (typeof time === 'number' && Number.isSafeInteger(time)) return BigInt(time);
  if (time instanceof Date && !Number.isNaN(time.getTime())) return BigInt(time.getTime());
  throw new DeepwaterError('DW_RANGE_INVALID', `${name} of the window is ${describeValue(time)}; give a whole number, a bigint or a Date.`, { values: { [name]: time } });
}

const wrongOption = (name: string, given: unknown, wanted: string): DeepwaterError =>
  new DeepwaterError('DW_OPTION_INVALID', `${name} is ${describeValue(given)}; give ${wanted}.`, { values: { [name]: given } });
