/** Amounts as exchanges write them: decimals without sign and exponent. Read by hand, since every level and every trade has two of them. */
import { BadFrame } from './exchange.js';
import type { Amount } from './record-sink.js';

/** More characters than any price or size has. */
const LENGTH_MAX = 40;
const POWERS = Array.from({ length: LENGTH_MAX + 1 }, (_, decimals) => Number(`1e${decimals}`));

/**
 * What a decimal is worth, as near as a float64 comes: enough to order prices and to find zeros. Two texts of one price (`0.5`, `0.50`) are worth
 * the same up to 15 digits.
 * @returns -1 for what is no decimal of at most 40 characters
 */
export function scanDecimal(text: string): number {
  const length = text.length;
  if (length === 0 || length > LENGTH_MAX) return -1;
  let mantissa = 0;
  let point = -1;
  for (let at = 0; at < length; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (digit >>> 0 <= 9) mantissa = mantissa * 10 + digit;
    else if (digit === -2 && point < 0) point = at;
    else return -1;
  }
  if (point < 0) return mantissa;
  if (point === 0 || point === length - 1) return -1;
  return mantissa / POWERS[length - 1 - point];
}

/** What an amount of a frame is worth; -1 for anything that is no amount, or a negative one. */
export function worthOf(amount: unknown): number {
  if (typeof amount === 'string') return scanDecimal(amount);
  return typeof amount === 'number' && amount >= 0 && amount < Infinity ? amount : -1;
}

/** @throws BadFrame for anything but an amount over 0 */
export function priceOf(value: unknown): Amount {
  if (worthOf(value) > 0) return value as Amount;
  throw badAmount('price', value, 'is not positive');
}

/** The size of a level or of a quote: 0 where there is nothing. @throws BadFrame for anything else than an amount */
export function sizeOf(value: unknown): Amount {
  if (worthOf(value) >= 0) return value as Amount;
  throw badAmount('size', value, 'is negative');
}

/** The size of a trade. @throws BadFrame for anything but an amount over 0 */
export function tradedSizeOf(value: unknown): Amount {
  if (worthOf(value) > 0) return value as Amount;
  throw badAmount('size', value, 'is not positive');
}

function badAmount(what: string, value: unknown, otherwise: string): BadFrame {
  if (value === undefined || value === null) return new BadFrame(`${what} missing`);
  const shown = String(value).slice(0, LENGTH_MAX);
  const negative = typeof value === 'string' && value.startsWith('-') && scanDecimal(value.slice(1)) >= 0;
  const number = negative || worthOf(value) >= 0 || (typeof value === 'number' && value < 0);
  return new BadFrame(number ? `${what} ${otherwise}` : `${what} is not a number`, shown);
}

/**
 * A number of the exchange's: a trade id, a sequence, a checksum; digits in a text, or a number.
 * @throws BadFrame for anything else than a whole number up to 2^53 - 1
 */
export function wholeOf(value: unknown, what: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  if (value === undefined || value === null) throw new BadFrame(`${what} missing`);
  if (typeof value === 'string' && !value.includes('.')) {
    const whole = scanDecimal(value);
    if (whole >= 0 && whole <= Number.MAX_SAFE_INTEGER) return whole;
  }
  throw new BadFrame(`${what} is not a whole number`, String(value).slice(0, LENGTH_MAX));
}
