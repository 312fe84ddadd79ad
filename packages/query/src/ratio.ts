/** The number nearest to a quotient of integers. */
export function ratio(numerator: bigint, denominator: bigint): number {
  if (denominator < 0n) return ratio(-numerator, -denominator);
  if (numerator < 0n) return -ratio(-numerator, denominator);
  // 64 bits and more of the quotient, and a last one that says whether anything is behind them: rounded once, by Number.
  const shift = Math.max(0, bits(denominator) - bits(numerator) + 66);
  const shifted = numerator << BigInt(shift);
  const quotient = shifted / denominator;
  const sticky = quotient * denominator === shifted ? 0n : 1n;
  return Number((quotient << 1n) | sticky) / 2 ** (shift + 1);
}

/** Bits of a number of 0 or more, to within a few. */
const bits = (value: bigint): number => value.toString(16).length * 4;
