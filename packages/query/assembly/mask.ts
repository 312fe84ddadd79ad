// Masks, a bit a row, for kernels that add rows up. Address 0 stands for "every row": a chunk's header lies there.

/** Lanes 0 and 1 of rows i and i + 1 of a byte of eight rows: all ones where the row counts. */
// @ts-ignore: decorator
@inline
export function lanes01(bits: v128): v128 { return i64x2.eq(v128.and(bits, i64x2(1, 2)), i64x2(1, 2)); }
// @ts-ignore: decorator
@inline
export function lanes23(bits: v128): v128 { return i64x2.eq(v128.and(bits, i64x2(4, 8)), i64x2(4, 8)); }
// @ts-ignore: decorator
@inline
export function lanes45(bits: v128): v128 { return i64x2.eq(v128.and(bits, i64x2(16, 32)), i64x2(16, 32)); }
// @ts-ignore: decorator
@inline
export function lanes67(bits: v128): v128 { return i64x2.eq(v128.and(bits, i64x2(64, 128)), i64x2(64, 128)); }

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
