/**
 * What every adapter asks of a value before it is written. Frames come by the ten thousand a second, so texts are scanned by hand: no regular
 * expression, no conversion to a number, nothing made.
 */
import { BadFrame } from './exchange.js';
import type { BookSide, SymbolSink } from './record-sink.js';

/** Times before it are no times of an exchange: a zero, seconds taken for milliseconds. 2009-01-03, before which there was nothing to trade here. */
const EARLIEST_MS = Date.UTC(2009, 0, 3);
/** From here on a number is microseconds, not milliseconds: as milliseconds it would be the year 5138. */
const MICROSECONDS_FROM = 1e14;
/** An exchange's clock may be ahead of ours by so much. More is a wrong number, which would spoil whatever is ordered by time. */
const AHEAD_MAX_US = 24 * 3600 * 1e6;
/** Longer amounts are not prices of anything. */
const AMOUNT_LENGTH_MAX = 40;

const NOT_AN_AMOUNT = 0;
const ZERO = 1;
const POSITIVE = 2;

/** Digits with at most one point between them. Signs and exponents, which no exchange here sends, make it no amount. */
function amountKind(value: unknown): typeof NOT_AN_AMOUNT | typeof ZERO | typeof POSITIVE {
  if (typeof value !== 'string') return NOT_AN_AMOUNT;
  const length = value.length;
  if (length === 0 || length > AMOUNT_LENGTH_MAX) return NOT_AN_AMOUNT;
  let point = -1;
  let positive = false;
  for (let i = 0; i < length; i++) {
    const code = value.charCodeAt(i);
    if (code === 0x2e) {
      if (point !== -1 || i === 0 || i === length - 1) return NOT_AN_AMOUNT;
      point = i;
    } else if (code < 0x30 || code > 0x39) {
      return NOT_AN_AMOUNT;
    } else if (code !== 0x30) {
      positive = true;
    }
  }
  return positive ? POSITIVE : ZERO;
}

/** @throws BadFrame `price` for what is no decimal above 0 */
export function priceOf(value: unknown): string {
  if (amountKind(value) !== POSITIVE) throw new BadFrame('price', shown(value));
  return value as string;
}

/** @throws BadFrame `size` for what is no decimal of 0 or more */
export function sizeOf(value: unknown): string {
  if (amountKind(value) === NOT_AN_AMOUNT) throw new BadFrame('size', shown(value));
  return value as string;
}

/** The size of a trade. @throws BadFrame `size` for what is no decimal above 0 */
export function tradedOf(value: unknown): string {
  if (amountKind(value) !== POSITIVE) throw new BadFrame('size', shown(value));
  return value as string;
}

/** Whether a size that was checked is 0. */
export function isZero(size: string): boolean {
  return amountKind(size) === ZERO;
}

/**
 * Microseconds since 1970 from the milliseconds or microseconds of a frame.
 * @throws BadFrame `time` for what is no time, is in the past before the first exchange, or more than a day ahead of our clock
 */
export function microsOf(value: unknown, receivedUs: number): number {
  if (typeof value !== 'number' || value < EARLIEST_MS || !Number.isSafeInteger(value)) throw new BadFrame('time', shown(value));
  const us = value < MICROSECONDS_FROM ? value * 1000 : value;
  if (us > receivedUs + AHEAD_MAX_US) throw new BadFrame('time', shown(value));
  return us;
}

/** @throws BadFrame with this reason for what is no whole number from 0 to 2^53 - 1 */
export function numberOf(value: unknown, reason: string): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw new BadFrame(reason, shown(value));
  return value as number;
}

/** The object that a frame is. @throws BadFrame `not JSON`, `not an object` */
export function objectOf(text: string): object {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new BadFrame('not JSON', (error as Error).message);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new BadFrame('not an object');
  return value;
}

/** One side of a book, or of a change of it. @throws BadFrame `levels` */
export function levelsOf(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new BadFrame('levels', shown(value));
  return value;
}

/** Checks `[price, size]` levels and writes nothing. @returns what is wrong with the first bad one */
export function checkLevels(levels: readonly unknown[]): BadFrame | undefined {
  try {
    for (const level of levels as readonly (readonly unknown[] | null | undefined)[]) {
      priceOf(level?.[0]);
      sizeOf(level?.[1]);
    }
  } catch (error) {
    return badFrame(error);
  }
  return undefined;
}

/** Writes `[price, size]` levels, all but the bad ones. @returns what is wrong with the first of those */
export function writeLevels(sink: SymbolSink, side: BookSide, levels: readonly unknown[]): BadFrame | undefined {
  let bad: BadFrame | undefined;
  for (let i = 0; i < levels.length; i++) {
    try {
      const level = levels[i] as readonly unknown[] | null | undefined;
      sink.level(side, priceOf(level?.[0]), sizeOf(level?.[1]));
    } catch (error) {
      bad ??= badFrame(error);
    }
  }
  return bad;
}

/** The error as a BadFrame; any other is not ours to keep and goes on. */
export function badFrame(error: unknown): BadFrame {
  if (error instanceof BadFrame) return error;
  throw error;
}

/** A value of a frame for people, short. */
export function shown(value: unknown): string {
  return value === undefined ? 'missing' : (JSON.stringify(value) ?? typeof value).slice(0, 80);
}
