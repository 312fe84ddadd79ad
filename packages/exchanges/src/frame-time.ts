/**
 * Times of frames, as microseconds since 1970: what is one, for all adapters. No Date is made: every trade and every change of a book has one.
 *
 * A time that can be one of a record lies between the first day of Bitcoin and tomorrow by our clock: the exchange's may be ahead of it, but more than a
 * day is a wrong number, which would spoil whatever is ordered by time.
 *
 * The reasons of what is none: `time missing`, `time is not a time`, `time is implausible`.
 */
import { BadFrame } from './exchange.js';
import { shown } from './frame-checks.js';

const SECOND = 1_000_000;
const DAY = 86_400 * SECOND;
/** 2009-01-03, the first day of Bitcoin: what is older is no time of a record, but a field nobody has set. */
const EARLIEST = 14_247 * DAY;

/** From here on a number is microseconds, not milliseconds: as milliseconds it would be the year 5138. */
const MICROSECONDS_FROM = 1e14;

/** The day that was read last: times that follow one another share it. */
let cachedDate = -1;
let cachedDayUs = 0;

/**
 * RFC 3339 with up to nine decimals of a second, which are cut to six: `2026-08-09T21:05:48.228568804Z`.
 * @throws BadFrame for what is no such time, or one that cannot be of a record received then
 */
export function rfc3339Us(value: unknown, receivedUs: number): number {
  if (value === undefined || value === null) throw new BadFrame('time missing');
  const us = typeof value === 'string' ? parseRfc3339(value) : NaN;
  return plausible(us, value, receivedUs);
}

/**
 * Seconds with decimals, `1617666423.606671`, read digit by digit: a float64 would lose the last of them.
 * @throws BadFrame as {@link rfc3339Us}
 */
export function epochSecondsUs(value: unknown, receivedUs: number): number {
  if (value === undefined || value === null) throw new BadFrame('time missing');
  return plausible(typeof value === 'string' ? parseSeconds(value) : NaN, value, receivedUs);
}

/**
 * A whole number of milliseconds, or of microseconds.
 * @throws BadFrame as {@link rfc3339Us}
 */
export function epochMillisUs(value: unknown, receivedUs: number): number {
  if (value === undefined || value === null) throw new BadFrame('time missing');
  const number = Number.isSafeInteger(value) ? value as number : NaN;
  return plausible(number < MICROSECONDS_FROM ? number * 1000 : number, value, receivedUs);
}

function plausible(us: number, value: unknown, receivedUs: number): number {
  if (us >= EARLIEST && us <= receivedUs + DAY) return us;
  throw new BadFrame(Number.isNaN(us) ? 'time is not a time' : 'time is implausible', shown(value));
}

/** Two digits of a text; NaN where there are none, which makes NaN of all that is computed with it. */
function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 48;
  const ones = text.charCodeAt(at + 1) - 48;
  return tens >>> 0 > 9 || ones >>> 0 > 9 ? NaN : tens * 10 + ones;
}

const is = (text: string, at: number, character: number): boolean => text.charCodeAt(at) === character;

function parseRfc3339(text: string): number {
  const date = (twoDigits(text, 0) * 100 + twoDigits(text, 2)) * 10_000 + twoDigits(text, 5) * 100 + twoDigits(text, 8);
  if (date !== cachedDate) {
    const dayUs = dayOf(date) * DAY;
    if (Number.isNaN(dayUs)) return NaN;
    cachedDate = date;
    cachedDayUs = dayUs;
  }
  const hour = twoDigits(text, 11);
  const minute = twoDigits(text, 14);
  const second = twoDigits(text, 17);
  // A leap second is 60; it falls on the next minute, as clocks that know none have it.
  if (!(is(text, 4, 45) && is(text, 7, 45) && is(text, 10, 84) && is(text, 13, 58) && is(text, 16, 58) && hour < 24 && minute < 60 && second <= 60)) return NaN;
  let us = cachedDayUs + ((hour * 60 + minute) * 60 + second) * SECOND;
  let at = 19;
  if (is(text, at, 46)) {
    const first = ++at;
    for (let unit = SECOND / 10; ; at++, unit /= 10) {
      const digit = text.charCodeAt(at) - 48;
      if (!(digit >= 0 && digit <= 9)) break;
      if (unit >= 1) us += digit * unit;
    }
    if (at === first) return NaN;
  }
  if (is(text, at, 90)) return at + 1 === text.length ? us : NaN;
  return us - offsetOf(text, at);
}

/** `+02:00` at the end of a time, in microseconds. */
function offsetOf(text: string, at: number): number {
  const sign = is(text, at, 43) ? 1 : is(text, at, 45) ? -1 : NaN;
  if (!is(text, at + 3, 58) || at + 6 !== text.length) return NaN;
  return sign * (twoDigits(text, at + 1) * 60 + twoDigits(text, at + 4)) * 60 * SECOND;
}

/** Days since 1970 of yyyymmdd, by the Gregorian calendar; NaN for a day that there is not. */
function dayOf(date: number): number {
  const year = Math.floor(date / 10_000);
  const month = Math.floor(date / 100) % 100;
  const day = date % 100;
  if (!(month >= 1 && month <= 12 && day >= 1 && day <= daysOf(year, month))) return NaN;
  // Years begin in March here, so that the leap day is the last of its year.
  const shifted = month > 2 ? year : year - 1;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  return shifted * 365 + Math.floor(shifted / 4) - Math.floor(shifted / 100) + Math.floor(shifted / 400) + dayOfYear - 719_468;
}

function daysOf(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

function parseSeconds(text: string): number {
  let seconds = 0;
  let at = 0;
  for (; at < text.length; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (digit >>> 0 > 9) break;
    seconds = seconds * 10 + digit;
  }
  let us = seconds * SECOND;
  if (at === 0) return NaN;
  if (at === text.length) return us;
  if (!is(text, at, 46) || at + 1 === text.length) return NaN;
  for (let unit = SECOND / 10; ++at < text.length; unit /= 10) {
    const digit = text.charCodeAt(at) - 48;
    if (digit >>> 0 > 9) return NaN;
    if (unit >= 1) us += digit * unit;
  }
  return us;
}
