import { wrong } from '@deepwater/strategy/engine';

/** Sets of parameters that a grid may have. */
const SETS_MAX = 1_000_000;

/**
 * Every combination of some values of each parameter, for `backtest({ params })`; the last parameter changes fastest.
 * @throws DeepwaterError DW_OPTION_INVALID
 */
export function paramGrid<const G extends Readonly<Record<string, readonly unknown[]>>>(values: G): { -readonly [K in keyof G]: G[K][number] }[] {
  if (typeof values !== 'object' || values === null) throw wrong('paramGrid', values, 'an object with a list of values for each parameter');
  let sets: Record<string, unknown>[] = [{}];
  for (const [name, list] of Object.entries(values)) {
    if (!Array.isArray(list) || list.length === 0) throw wrong(`paramGrid: ${name}`, list, 'a list of at least one value');
    if (sets.length * list.length > SETS_MAX) throw wrong(`paramGrid: ${name}`, list, `fewer values: the grid would have more than ${SETS_MAX} sets`);
    sets = sets.flatMap((set) => list.map((value: unknown) => ({ ...set, [name]: value })));
  }
  return sets as { -readonly [K in keyof G]: G[K][number] }[];
}
