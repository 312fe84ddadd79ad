// Masks, a bit a row, for kernels that add rows up. Address 0 stands for "every row": a chunk's header lies there.

/**
 * The bits of rows i and i + 1 in the two lanes of a vector; shifted by 2, 4 and 6 those of the rows that follow in a byte. Made of
 * what only a caller knows: constants of 128 bits are put together anew in every round of a loop.
 * @param mask any address but 0
 */
// @ts-ignore: decorator
@inline
export function firstBits(mask: usize): v128 {
  const one = <i64>(mask != 0);
  return i64x2.replace_lane(i64x2.splat(one), 1, one << 1);
}

/** All ones in the lanes of rows that count. @param bits of eight rows, in every lane */
// @ts-ignore: decorator
@inline
export function lanesOf(bits: v128, rows: v128): v128 { return i64x2.eq(v128.and(bits, rows), rows); }

/** The bits of four rows, the first of which is a multiple of 4, in every lane. */
// @ts-ignore: decorator
@inline
export function fourBits(mask: usize, row: i32): v128 {
  return i64x2.splat(<i64>(load<u8>(mask + <usize>(row >> 3)) >> (row & 4)));
}

/** Whether a row counts. */
// @ts-ignore: decorator
@inline
export function counts(mask: usize, row: i32): bool {
  return mask == 0 || ((load<u8>(mask + <usize>(row >> 3)) >> (row & 7)) & 1) != 0;
}

/** Rows of a mask. */
export function countMask(mask: usize, n: i32): i32 {
  let count = 0;
  for (let at = mask, end = mask + (<usize>((n + 31) >> 5) << 2); at < end; at += 4) count += popcnt(load<i32>(at));
  return count;
}
