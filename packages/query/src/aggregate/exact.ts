/** Numbers that are rounded once. */

/** A float sum with what was lost of it (Neumaier 1974): plain data. */
export interface FloatSum {
  readonly sum: number;
  readonly lost: number;
}

export const NO_SUM: FloatSum = { sum: 0, lost: 0 };

/** Adds another sum. In a fixed order of sums the digits are the same, whoever made them. */
export function addSums(a: FloatSum, b: FloatSum): FloatSum {
  const sum = a.sum + b.sum;
  const lost = Math.abs(a.sum) >= Math.abs(b.sum) ? a.sum - sum + b.sum : b.sum - sum + a.sum;
  return { sum, lost: a.lost + b.lost + lost };
}

export function valueOfSum({ sum, lost }: FloatSum): number {
  // Past the largest float nothing is known of what was lost.
  return Number.isFinite(sum) ? sum + lost : sum;
}

const BITS = 64n;

/** The float64 nearest to a quotient of whole numbers; the divisor is above 0. */
export function nearestRatio(dividend: bigint, divisor: bigint): number {
  if (dividend < 0n) return -nearestRatio(-dividend, divisor);
  if (dividend === 0n) return 0;
  // More bits than a float64 has, with a last one that stands for all that follow.
  const shift = BITS + bitsIn(divisor) - bitsIn(dividend);
  const scaled = shift > 0n ? dividend << shift : dividend;
  const by = shift > 0n ? divisor : divisor << -shift;
  const quotient = scaled / by;
  const sticky = scaled % by === 0n ? quotient : quotient | 1n;
  return Number(sticky) * 2 ** -Number(shift);
}

const bitsIn = (x: bigint): bigint => BigInt(x.toString(16).length * 4);
