/** Several measurements of one thing. */
export interface Sample {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly runs: number;
}

/** @throws RangeError for no values */
export function sampleOf(values: readonly number[]): Sample {
  if (values.length === 0) throw new RangeError('a sample needs a value');
  const sorted = [...values].sort((a, b) => a - b);
  return { median: quantile(sorted, 0.5), min: sorted[0], max: sorted[sorted.length - 1], runs: sorted.length };
}

/** A quantile of ascending values, between neighbours by proportion. */
export function quantile(sorted: ArrayLike<number>, q: number): number {
  const at = (sorted.length - 1) * q;
  const low = Math.floor(at);
  const high = Math.ceil(at);
  return sorted[low] + (sorted[high] - sorted[low]) * (at - low);
}

/** Contestants of a race: each call is one run and gives its figure. */
export type Contestants = Readonly<Record<string, () => number | Promise<number>>>;

/**
 * Runs contestants in turn, round after round, so that whatever else the machine does meets all of them alike. The order
 * turns round as well: nobody always runs first after a pause, or always after the same one.
 */
export async function inTurn<C extends Contestants>(rounds: number, contestants: C): Promise<{ [K in keyof C]: Sample }> {
  const names = Object.keys(contestants) as (keyof C & string)[];
  const values = new Map<string, number[]>(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < names.length; i++) {
      const name = names[(i + round) % names.length];
      values.get(name)!.push(await contestants[name]());
    }
  }
  return Object.fromEntries(names.map((name) => [name, sampleOf(values.get(name)!)])) as { [K in keyof C]: Sample };
}
