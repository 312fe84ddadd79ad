/** Times as files write them, as integers of a clock's unit. Digits that the clock does not have are cut off, never rounded up into the future. */
import type { TimeUnit } from '@deepwater/core';
import { Reject, shown } from './reject.js';

/** `clock`: a whole number in the unit of the clock, whatever its size and sign. */
export type TimeFormat = 's' | 'ms' | 'us' | 'ns' | 'iso' | 'clock';
export const TIME_FORMATS: readonly TimeFormat[] = ['s', 'ms', 'us', 'ns', 'iso', 'clock'];

/** Digits behind the point of a second. */
export const TIME_DIGITS = { s: 0, ms: 3, us: 6, ns: 9 } as const;

/** Records of before are mistakes of unit: 1,700,000,000 s, read as ms, is in January 1970. */
export const EARLIEST_S = 365 * 86_400;
/** 2100: fixed, since a row has to be taken or rejected alike whenever the file is read. Microseconds read as milliseconds are far beyond. */
export const LATEST_S = 4_102_444_800;

export interface TimeRange { readonly min: bigint; readonly max: bigint }

/** Which times are taken, in a clock's unit. @param anyTime all that the clock can hold */
export function timeRange(unit: TimeUnit, anyTime: boolean): TimeRange {
  if (anyTime) return { min: 0n, max: unit === 'ns' ? 2n ** 63n - 1n : BigInt(Number.MAX_SAFE_INTEGER) };
  const units = 10n ** BigInt(TIME_DIGITS[unit]);
  return { min: BigInt(EARLIEST_S) * units, max: BigInt(LATEST_S) * units };
}

const NUMBER = /^(\d{1,19})(?:\.(\d{1,18}))?$/;
const ISO = /^(\d{4})-?(\d{2})-?(\d{2})[T ](\d{2}):?(\d{2})(?::?(\d{2})(?:[.,](\d{1,12}))?)?\s?(Z|UTC|[+-]\d{2}(?::?\d{2})?)?$/i;
const DAY = /^(\d{4})-?(\d{2})-?(\d{2})$/;

/** @throws Reject for what is no time of that format, or out of range */
export function timeCell(text: string, format: Exclude<TimeFormat, 'clock'>, unit: TimeUnit, range: TimeRange): bigint {
  const value = format === 'iso' ? isoTime(text, TIME_DIGITS[unit]) : numberTime(text, TIME_DIGITS[unit] - TIME_DIGITS[format]);
  if (value === undefined) throw new Reject(`${shown(text)} is no time (${format === 'iso' ? 'ISO 8601' : format})`);
  return inRange(value, text, range);
}

/** @throws Reject for a time that no record can have */
export function inRange(value: bigint, text: string, { min, max }: TimeRange): bigint {
  if (value >= min && value <= max) return value;
  throw new Reject(`time ${shown(text)} is ${value < min ? 'before 1971' : 'after 2099'}: is its unit another one?`);
}

/** @param shift how many more digits the clock has than the text */
function numberTime(text: string, shift: number): bigint | undefined {
  const match = NUMBER.exec(text);
  if (match === null) return undefined;
  const [, whole = '', fraction = ''] = match;
  if (shift >= 0) return BigInt(whole + fraction.slice(0, shift).padEnd(shift, '0'));
  return BigInt(whole) / 10n ** BigInt(-shift);
}

function isoTime(text: string, digits: number): bigint | undefined {
  const match = ISO.exec(text) ?? DAY.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour = '00', minute = '00', second = '00', fraction = '', zone = 'Z'] = match;
  const date = `${year}-${month}-${day}`;
  const ms = Date.parse(`${date}T${hour}:${minute}:${second}Z`);
  // 31 February is a date for Date.parse, and none of anybody else's.
  if (Number.isNaN(ms) || new Date(`${date}T00:00:00Z`).toISOString().slice(0, 10) !== date) return undefined;
  const seconds = BigInt(ms / 1000 - zoneSeconds(zone));
  return seconds * 10n ** BigInt(digits) + BigInt(fraction.slice(0, digits).padEnd(digits, '0'));
}

function zoneSeconds(zone: string): number {
  if (!/^[+-]/.test(zone)) return 0;
  const [, sign, hours = '0', minutes = '0'] = /^([+-])(\d{2}):?(\d{2})?$/.exec(zone) as RegExpExecArray;
  return (sign === '-' ? -1 : 1) * (Number(hours) * 3600 + Number(minutes ?? 0) * 60);
}

/** What a time looks like; undefined for what looks like none. */
export function guessTimeFormat(text: string): TimeFormat | undefined {
  if (ISO.test(text) || (DAY.test(text) && text.includes('-'))) return 'iso';
  const whole = NUMBER.exec(text)?.[1];
  if (whole === undefined) return undefined;
  if (whole.length <= 8) return undefined;
  if (whole.length <= 10) return 's';
  if (whole.length <= 13) return 'ms';
  return whole.length <= 16 ? 'us' : 'ns';
}
