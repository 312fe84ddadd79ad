/** Sums over the best levels of a side. */
import type { AmountCells } from './amount-cells.js';
import type { BookSide } from './book-side.js';

/** What taking a size from one side of a book would give, at the sizes that it shows. */
export interface BookFill {
  /** How much of it there is: less than was asked for where the side is too thin. */
  readonly size: number;
  /** Price times size, over all levels that are taken. */
  readonly value: number;
  /** `value` over `size`, the mean price; undefined where the side is empty. */
  readonly price: number | undefined;
  /** Of the last level that is needed. */
  readonly worst: number | undefined;
  /** How many levels are needed; of the last one perhaps a part. */
  readonly levels: number;
}

const WORD = 2 ** 32;

/** The sizes on the best levels. Of decimals they are added up exactly, in two parts, as long as those are below 2^53. */
export function totalSize(side: BookSide, sizes: AmountCells, levels: number): number {
  const count = Math.min(levels, side.count);
  if (sizes.scale === undefined) {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += sizes.number(side.sizeHigh(i), side.sizeLow(i));
    return sum;
  }
  let high = 0;
  let low = 0;
  for (let i = 0; i < count; i++) {
    high += side.sizeHigh(i);
    low += side.sizeLow(i) >>> 0;
  }
  return (high * WORD + low) / 10 ** sizes.scale;
}

export function fillOf(side: BookSide, prices: AmountCells, sizes: AmountCells, wanted: number): BookFill {
  let left = wanted;
  let value = 0;
  let worst: number | undefined;
  let levels = 0;
  while (left > 0 && levels < side.count) {
    worst = prices.number(side.priceHigh(levels), side.priceLow(levels));
    const size = Math.min(left, sizes.number(side.sizeHigh(levels), side.sizeLow(levels)));
    value += worst * size;
    left -= size;
    levels += 1;
  }
  const size = left > 0 ? totalSize(side, sizes, levels) : wanted;
  return { size, value, price: levels === 0 ? undefined : value / size, worst, levels };
}
