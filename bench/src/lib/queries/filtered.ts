import type { Tick } from './plain-peers.js';
import type { SidedColumns } from './ticks.js';

/** Three ticks in five cost more, for thousands of ticks on end; one in two is a buy, whatever the one before it was. */
const ABOVE = 200;

/** The question of the lines about filters: sum of sizes, and how many, of buys above a price. As readers are asked. */
export const FILTERED = { where: { price: { gt: ABOVE }, side: 'B' }, aggregates: { sum: { sum: 'size' }, count: 'count' } } as const;

export const FILTER_TEXT = `sum of size and count where price > ${ABOVE} and side = B`;

/** As DuckDB is asked, and the C peer. */
export const filteredSql = `select sum(size) as sum, count(*) as count from ticks where price > ${ABOVE} and side = 'B'`;
export const filteredCommand = `filter ${ABOVE} B`;

/** By a plain loop over typed arrays. */
export function ofArrays({ price, size, side }: Pick<SidedColumns, 'price' | 'size' | 'side'>): number[] {
  let sum = 0;
  let count = 0;
  for (let i = 0; i < price.length; i++) {
    if (price[i] > ABOVE && side[i] === 66) {
      sum += size[i];
      count++;
    }
  }
  return [sum, count];
}

/** By a plain loop over objects. */
export function ofTicks(ticks: readonly Tick[]): number[] {
  let sum = 0;
  let count = 0;
  for (const { price, size, side } of ticks) {
    if (price > ABOVE && side === 'B') {
      sum += size;
      count++;
    }
  }
  return [sum, count];
}
