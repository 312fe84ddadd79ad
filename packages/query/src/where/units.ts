/** Values between the steps of a scale, exactly. */
import { clipText } from '@deepwater/core/engine';

/** A value in units of 10^-scale: rounded down, and whether that is the value itself. No floor: NaN, which is nowhere. */
export interface Units {
  readonly floor?: bigint;
  readonly exact: boolean;
}

const NOWHERE: Units = { exact: false };
/** Past every cell of 64 bits: what is larger need not be made. */
const FAR = 2n ** 80n;
const FAR_DIGITS = 40;
const TEXT_MAX = 128;
const DECIMAL = /^([+-]?)(?=\.?\d)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,5}))?$/;

/** A number by the shortest decimal text that stands for it, as decimals are written: 0.1 is 0.1. */
export function unitsOfNumber(x: number, scale: number): Units {
  if (Number.isNaN(x)) return NOWHERE;
  if (x === Infinity) return { floor: FAR, exact: true };
  if (x === -Infinity) return { floor: -FAR, exact: true };
  if (scale === 0 && Number.isSafeInteger(x)) return { floor: BigInt(x), exact: true };
  return unitsOfText(String(x), scale) as Units;
}

/** A decimal text; undefined where it is none. */
export function unitsOfText(text: string, scale: number): Units | undefined {
  const match = text.length <= TEXT_MAX ? DECIMAL.exec(text) : null;
  if (match === null) return undefined;
  const [, sign, whole = '', fraction = '', exponent = '0'] = match;
  const digits = (whole + fraction).replace(/^0+/, '');
  if (digits === '') return { floor: 0n, exact: true };
  const negative = sign === '-';
  /** Zeros to put behind the digits, or digits to take away from them. */
  const zeros = Number(exponent) + scale - fraction.length;
  if (digits.length + zeros > FAR_DIGITS) return { floor: negative ? -FAR : FAR, exact: true };
  if (zeros >= 0) {
    const units = BigInt(digits) * 10n ** BigInt(zeros);
    return { floor: negative ? -units : units, exact: true };
  }
  const kept = digits.slice(0, Math.max(0, digits.length + zeros));
  const rest = digits.slice(kept.length);
  const units = BigInt(kept === '' ? '0' : kept);
  const exact = /^0*$/.test(rest);
  if (!negative) return { floor: units, exact };
  return { floor: exact ? -units : -units - 1n, exact };
}

/** A value of a filter as it is printed. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(clipText(value));
  if (value instanceof Date) return value.toISOString();
  return String(value);
}
