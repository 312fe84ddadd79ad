/**
 * Prices and sizes as exchanges write them: what is one, for all adapters. Every level and every trade has two of them, so texts are read by hand, and
 * nothing is made.
 *
 * - A text is decimal digits, with a point between two of them or none, and has at most 40 characters. Signs, spaces and exponents make it no amount:
 *   no exchange sends them. `NaN` and `Infinity` are none either.
 * - A number is one only where an exchange sends numbers (Kraken v2, ccxt), and they were read without loss (kraken-numbers.ts): elsewhere it may have
 *   lost digits already. It is finite; JSON's `1e999` is not. An exponent is no matter there.
 * - A price is above 0, and so is the size of a trade. The size of a level or of a quote is 0 where there is nothing.
 *
 * The reasons of what is none, of a price as of a size: `price missing`, `price is not a text`, `price is not a number`, `price is not positive`,
 * `size is negative`. Numbers that count something are told apart by their names: `trade id missing`, `trade id is not a whole number`.
 */
import { BadFrame } from './exchange.js';
import { shown } from './frame-checks.js';
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

/** @throws BadFrame for anything but the text of an amount above 0 */
export function priceOf(value: unknown): string {
  if (typeof value === 'string' && scanDecimal(value) > 0) return value;
  throw badAmount('price', value, 'is not positive', false);
}

/** The size of a level or of a quote: 0 where there is nothing. @throws BadFrame for anything but the text of an amount */
export function sizeOf(value: unknown): string {
  if (typeof value === 'string' && scanDecimal(value) >= 0) return value;
  throw badAmount('size', value, 'is negative', false);
}

/** The size of a trade. @throws BadFrame for anything but the text of an amount above 0 */
export function tradedSizeOf(value: unknown): string {
  if (typeof value === 'string' && scanDecimal(value) > 0) return value;
  throw badAmount('size', value, 'is not positive', false);
}

/** The same for exchanges that send numbers. */
export const numeric = {
  priceOf(value: unknown): Amount {
    if (worthOf(value) > 0) return value as Amount;
    throw badAmount('price', value, 'is not positive', true);
  },
  sizeOf(value: unknown): Amount {
    if (worthOf(value) >= 0) return value as Amount;
    throw badAmount('size', value, 'is negative', true);
  },
  tradedSizeOf(value: unknown): Amount {
    if (worthOf(value) > 0) return value as Amount;
    throw badAmount('size', value, 'is not positive', true);
  },
} as const;

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
  throw new BadFrame(`${what} is not a whole number`, shown(value));
}

/** @param otherwise what is wrong with an amount that is one, but too small */
function badAmount(what: 'price' | 'size', value: unknown, otherwise: string, numbers: boolean): BadFrame {
  if (value === undefined || value === null) return new BadFrame(`${what} missing`);
  if (typeof value === 'number' && !numbers) return new BadFrame(`${what} is not a text`, shown(value));
  const amount = typeof value === 'number' ? Number.isFinite(value) : typeof value === 'string' && scanDecimal(value.startsWith('-') ? value.slice(1) : value) >= 0;
  return new BadFrame(amount ? `${what} ${otherwise}` : `${what} is not a number`, shown(value));
}
