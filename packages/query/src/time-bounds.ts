import { type Clock, type Schema, DeepwaterError, UNITS_PER_MS, describeValue, didYouMean } from '@deepwater/core/engine';

/**
 * A time as callers give it: a whole number or bigint in the unit of the clock, or a Date. On a clock in nanoseconds a
 * number must be a safe integer, which no time of this century is: give a bigint.
 */
export type TimeInput = number | bigint | Date;

/**
 * Least and greatest time wanted on one clock, both included. Besides the bigints of the control path it holds them as
 * pairs of int32 words whose signed order is the order of the times: `high ^ flip` and `low ^ SIGN` of the stored words.
 */
export interface TimeBounds {
  readonly clock: Clock;
  /** Position in `schema.clocks`: the bit of sorted masks, the place among ranges. */
  readonly clockIndex: number;
  readonly low: bigint;
  readonly high: bigint;
  /** No time lies between the two. */
  readonly empty: boolean;
  readonly flip: number;
  readonly lowHigh: number;
  readonly lowLow: number;
  readonly highHigh: number;
  readonly highLow: number;
}

export const SIGN = 0x80000000 | 0;

/** What turns the high word of a clock's times into one that compares as a signed number. */
export const flipOf = (clock: Clock): number => (clock.signed ? 0 : SIGN);

export const leastTime = (clock: Clock): bigint => (clock.signed ? -(2n ** 63n) : 0n);
export const greatestTime = (clock: Clock): bigint => (clock.signed ? 2n ** 63n - 1n : 2n ** 64n - 1n);

/** Bounds that include both ends; what lies beyond the clock's type is cut off. */
export function boundsBetween(schema: Schema, clockIndex: number, low: bigint, high: bigint): TimeBounds {
  return boundsOnClock(schema.clocks[clockIndex] as Clock, clockIndex, low, high);
}

export function boundsOnClock(clock: Clock, clockIndex: number, low: bigint, high: bigint): TimeBounds {
  const least = leastTime(clock);
  const greatest = greatestTime(clock);
  const from = low < least ? least : low;
  const to = high > greatest ? greatest : high;
  const flip = flipOf(clock);
  return {
    clock, clockIndex, low: from, high: to, empty: from > to, flip,
    lowHigh: Number(BigInt.asIntN(32, from >> 32n)) ^ flip,
    lowLow: Number(BigInt.asIntN(32, from)) ^ SIGN,
    highHigh: Number(BigInt.asIntN(32, to >> 32n)) ^ flip,
    highLow: Number(BigInt.asIntN(32, to)) ^ SIGN,
  };
}

/** Bounds of [start, end). @throws DeepwaterError DW_RANGE_INVALID */
export function boundsOfRange(schema: Schema, clockIndex: number, start: unknown, end: unknown): TimeBounds {
  const clock = schema.clocks[clockIndex] as Clock;
  const from = timeOf(start, clock, 'start');
  const to = timeOf(end, clock, 'end');
  if (to < from) {
    throw new DeepwaterError('DW_RANGE_INVALID', `The range ends (${to}) before it starts (${from}); give start <= end, both in ${clock.unit} of ${clock.name}.`, {
      values: { start: from, end: to, clock: clock.name, unit: clock.unit },
    });
  }
  return boundsBetween(schema, clockIndex, from, to - 1n);
}

/** A time further ahead of the wall clock than this is taken for a mistake of whoever made it. */
export const WILD_SECONDS = 3600;

/** A time in the unit of the clock. @throws DeepwaterError DW_RANGE_INVALID */
export function timeOf(value: unknown, clock: Clock, what: string): bigint {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number' && Number.isInteger(value)) {
    if (clock.unit !== 'ns' || Number.isSafeInteger(value)) return BigInt(value);
    throw invalidTime(value, clock, what, 'a number is not exact there; give a bigint');
  }
  if (value instanceof Date && !Number.isNaN(value.getTime())) return BigInt(value.getTime()) * UNITS_PER_MS[clock.unit];
  throw invalidTime(value, clock, what, `give a whole number or bigint in ${clock.unit}, or a Date`);
}

function invalidTime(value: unknown, clock: Clock, what: string, next: string): DeepwaterError {
  const shown = value instanceof Date ? 'an invalid Date' : describeValue(value);
  return new DeepwaterError('DW_RANGE_INVALID', `${what} is ${shown}, which is no time on ${clock.name} (${clock.unit}): ${next}.`, {
    values: { [what]: value instanceof Date ? 'Invalid Date' : value, clock: clock.name, unit: clock.unit },
  });
}

/** A time as records of the clock hold it: a number in us and ms, a bigint in ns. */
export function timeValue(time: bigint, clock: Clock): number | bigint {
  return clock.unit === 'ns' ? time : Number(time);
}

/** The position of a clock by name; the feed's timestamp where none is named. @throws DeepwaterError DW_OPTION_INVALID */
export function clockIndexOf(schema: Schema, by: unknown): number {
  if (by === undefined) return 0;
  const index = schema.clocks.findIndex((clock) => clock.name === by);
  if (index >= 0) return index;
  const names = schema.clocks.map((clock) => clock.name);
  const hint = typeof by === 'string' ? didYouMean(by, names) : '';
  throw new DeepwaterError('DW_OPTION_INVALID', `by is ${describeValue(by)}, which is no clock of the feed${hint}. Its clocks: ${names.join(', ')}.`, {
    values: { by, clocks: names },
  });
}
