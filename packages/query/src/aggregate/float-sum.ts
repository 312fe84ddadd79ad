/** Sums of floats that carry along what rounding loses. */

/** A sum with what was lost of it (Neumaier 1974): plain data. */
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
