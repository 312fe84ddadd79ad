import { DeepwaterError } from '../errors/deepwater-error.js';
import { clipText, describeValue } from '../errors/describe.js';
import { FEED_LIMITS } from './limits.js';

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;
/** An int64 has at most 19 digits. */
const DIGITS_MAX = 19;
/** The largest power of ten that a number holds exactly. */
const EXACT_POWER_MAX = 22;
/** Longer texts are refused before they are looked at. */
const TEXT_MAX = 128;
const DECIMAL = /^([+-]?)(?=\.?\d)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,5}))?$/;

/**
 * A decimal text as the int64 that stores it: the number × 10^scale, exactly. Takes a sign, a point and an exponent
 * (`-12.5`, `.5`, `3.`, `1e-8`), and zeros beyond the scale.
 *
 * @param scale digits after the point, 0 to 18
 * @throws DeepwaterError DW_VALUE_TYPE when the text is not a decimal number; DW_VALUE_RANGE when it has more digits
 * after the point than the scale, or does not fit an int64
 */
export function parseDecimal(text: string, scale: number): bigint {
  const match = text.length <= TEXT_MAX ? DECIMAL.exec(text) : null;
  if (match === null) {
    throw new DeepwaterError(
      'DW_VALUE_TYPE',
      `${describeValue(text)} is not a decimal number of at most ${TEXT_MAX} characters; give a text such as "123.45".`,
      { values: { value: clipText(text), scale } },
    );
  }
  const [, sign, whole, fraction = '', exponent = '0'] = match;
  const written = (whole + fraction).replace(/^0+/, '');
  const digits = written.replace(/0+$/, '');
  if (digits === '') return 0n;
  // Zeros still to be put behind `digits`.
  const zeros = Number(exponent) + scale - fraction.length + (written.length - digits.length);
  if (zeros < 0) {
    throw rangeError(text, scale, `has ${scale - zeros} digits after the point and the field keeps ${scale}; round it first`);
  }
  // Before 10^zeros is made: an exponent may be 99999.
  if (digits.length + zeros > DIGITS_MAX) throw tooLarge(text, scale);
  const magnitude = BigInt(digits) * 10n ** BigInt(zeros);
  return checkInt64(sign === '-' ? -magnitude : magnitude, text, scale);
}

/** 10^n for the scales there are. */
const POWERS = Array.from({ length: FEED_LIMITS.decimalScaleMax + 1 }, (_, n) => 10 ** n);
const MINUS = 45;
const POINT = 46;
const ZERO = 48;

/**
 * What {@link parseDecimal} gives, as a number, for texts as exchanges write them: digits, at most one point, at most a minus in front. Twenty times
 * as fast.
 *
 * @returns NaN for every other text, and where the int64 is beyond 2^53: ask `parseDecimal`
 */
export function quickDecimal(text: string, scale: number): number {
  const { length } = text;
  const negative = length > 0 && text.charCodeAt(0) === MINUS;
  let value = 0;
  let point = -1;
  let at = negative ? 1 : 0;
  // Up to here every value is exact: 2^53 has 16 digits, and one more is looked at below.
  if (length - at > 20) return NaN;
  const first = at;
  for (; at < length; at++) {
    const code = text.charCodeAt(at);
    const digit = code - ZERO;
    if (digit >= 0 && digit <= 9) {
      value = value * 10 + digit;
    } else {
      if (code !== POINT || point >= 0) return NaN;
      point = at;
    }
  }
  if (length - first - (point < 0 ? 0 : 1) < 1) return NaN;
  const digits = point < 0 ? 0 : length - 1 - point;
  if (digits > scale || value > Number.MAX_SAFE_INTEGER) return NaN;
  const scaled = value * (POWERS[scale - digits] as number);
  if (scaled > Number.MAX_SAFE_INTEGER) return NaN;
  return negative ? 0 - scaled : scaled;
}

/**
 * A decimal that somebody has read already: `digits` / 10^`decimals`, 6400012 and 2 for 64000.12. Writers take one in place of its text and keep nothing of
 * it, so one object may have one value after the other.
 */
export class DecimalDigits {
  /** @param digits a whole number, 0 to 2^53 - 1 @param decimals 0 to 18 */
  constructor(public digits = 0, public decimals = 0) {}

  /** What {@link quickDecimal} gives for its text. */
  scaled(scale: number): number {
    if (this.decimals > scale) return NaN;
    const scaled = this.digits * (POWERS[scale - this.decimals] as number);
    return scaled > Number.MAX_SAFE_INTEGER ? NaN : scaled;
  }

  /** The float64 that is nearest to it: both are exact, and one division rounds once. */
  toNumber(): number {
    return this.digits / (POWERS[this.decimals] as number);
  }

  /** Its text, with all of its decimals. */
  toString(): string {
    return formatDecimal(BigInt(this.digits), this.decimals);
  }
}

/**
 * A number as the int64 that stores it, by the shortest decimal text that stands for that number: 0.1 is 0.1, and
 * 0.1 + 0.2 is 0.30000000000000004, which no scale keeps.
 *
 * @throws DeepwaterError DW_VALUE_RANGE, as for {@link parseDecimal}, and for NaN and infinities
 */
export function decimalFromNumber(x: number, scale: number): bigint {
  if (!Number.isFinite(x)) throw rangeError(x, scale, 'is not a finite number; give a finite one');
  return parseDecimal(String(x), scale);
}

/** A stored decimal as text, always with exactly `scale` digits after the point: `12345n` at scale 2 is `"123.45"`. */
export function formatDecimal(scaled: bigint, scale: number): string {
  if (scale === 0) return scaled.toString();
  const digits = (scaled < 0n ? -scaled : scaled).toString().padStart(scale + 1, '0');
  const point = digits.length - scale;
  return `${scaled < 0n ? '-' : ''}${digits.slice(0, point)}.${digits.slice(point)}`;
}

/** A decimal as the nearest number; exact to about 15 digits. Products and sums may have more digits than a stored one, on both sides of the point. */
export function decimalToNumber(scaled: bigint, scale: number): number {
  const x = Number(scaled);
  // Both are exact here, and one division rounds once. Beyond, the text is rounded once.
  return Number.isSafeInteger(x) && scale <= EXACT_POWER_MAX ? x / 10 ** scale : Number(formatDecimal(scaled, scale));
}

function checkInt64(scaled: bigint, value: string, scale: number): bigint {
  if (scaled >= INT64_MIN && scaled <= INT64_MAX) return scaled;
  throw tooLarge(value, scale);
}

function tooLarge(value: string, scale: number): DeepwaterError {
  return rangeError(value, scale, `does not fit; the largest is ${formatDecimal(INT64_MAX, scale)}`);
}

function rangeError(value: string | number, scale: number, why: string): DeepwaterError {
  return new DeepwaterError('DW_VALUE_RANGE', `The decimal ${describeValue(value)} ${why} (scale ${scale}, at most ${FEED_LIMITS.decimalScaleMax}).`, {
    values: { value: typeof value === 'string' ? clipText(value) : value, scale },
  });
}
