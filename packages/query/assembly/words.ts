// The two words of 32 bits that a cell of 64 is made of.

// @ts-ignore: decorator
@inline
export function low(x: i64): i64 { return x & 0xffffffff; }

/** With the sign of cells of a type. */
// @ts-ignore: decorator
@inline
export function high<T>(x: i64): i64 { return isSigned<T>() ? x >> 32 : <i64>(<u64>x >> 32); }
