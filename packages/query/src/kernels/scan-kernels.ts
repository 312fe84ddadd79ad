/**
 * What scans are made of. Each function goes over cells where they lie: `at` is the address of the first cell in bytes from the
 * start of a memory, `n` their number. There are two of each: in WebAssembly over a chunk's mapping (assembly/), and in plain
 * loops over rows that were copied from the ring (plain-kernels.ts). Given the same cells both put out the same.
 *
 * A mask is a bit a row, row i in bit i % 32 of word i / 32; the bits past row n of its last word are 0.
 */
export interface ScanKernels {
  /** Writes the mask of the cells with low <= cell <= high to `out`. */
  withinF64(at: number, n: number, low: number, high: number, out: number): void;
  withinF32(at: number, n: number, low: number, high: number, out: number): void;
  /** Cells of 8 bits, with a sign or without: the ends say which. So with the others. */
  within8(at: number, n: number, low: number, high: number, out: number): void;
  within16(at: number, n: number, low: number, high: number, out: number): void;
  within32(at: number, n: number, low: number, high: number, out: number): void;
  within64(at: number, n: number, low: bigint, high: bigint, out: number): void;
  /** Cells of `width` bytes, in the order of their bytes; the two ends lie at addresses, too. */
  withinBytes(at: number, n: number, width: number, low: number, high: number, out: number): void;

  /** Rows of a mask. */
  countMask(mask: number, n: number): number;

  // Below, a mask at address 0 stands for every row, and `result` takes what is more than one number.

  /** The sum of float64 cells, row i in lane i % 8 of eight: the order depends on the rows that count and their places alone. */
  sumF64(at: number, n: number, mask?: number): number;
  /** Two float64: the sum of the products of two columns, and the sum of the second. */
  dotF64(at: number, other: number, n: number, mask: number, result: number): void;
  /** Two float64: the sums of the deviations from a mean, and of their squares. */
  deviationsF64(at: number, n: number, mask: number, mean: number, result: number): void;
  /** Two float64: the least and the greatest cell that is not NaN; infinity and -infinity where there is none. */
  extremesF64(at: number, n: number, mask: number, result: number): void;
  /** Adds to u32 counters: cells in front of the first edge, between each two, behind the last, and NaN. */
  histogramF64(at: number, n: number, mask: number, edges: number, edgeCount: number, into: number): void;

  // `sign` is 1 where cells of 64 bits have one, else 0.

  /** Two float64, exact: the sums of the low and of the high words. */
  sum64(at: number, n: number, mask: number, sign: number, result: number): void;
  /** Two cells: the least and the greatest; the greatest and the least that there can be where there is none. */
  extremes64(at: number, n: number, mask: number, sign: number, result: number): void;
  /** Six float64, exact: the sum of the products of two columns, in four digits of 32 bits; then what `sum64` gives of the second. */
  dot64(at: number, other: number, n: number, mask: number, sign: number, otherSign: number, result: number): void;
  /** Writes cells less a number as float64, rounded once. */
  differences64(at: number, n: number, sign: number, less: bigint, out: number): void;
  /** As `histogramF64`. */
  histogram64(at: number, n: number, mask: number, sign: number, edges: number, edgeCount: number, into: number): void;

  /** Writes cells as float64, which holds them exactly. */
  widenI8(at: number, n: number, out: number): void;
  widenU8(at: number, n: number, out: number): void;
  widenI16(at: number, n: number, out: number): void;
  widenU16(at: number, n: number, out: number): void;
  widenI32(at: number, n: number, out: number): void;
  widenU32(at: number, n: number, out: number): void;
  widenF32(at: number, n: number, out: number): void;
  /** Writes whole numbers of up to 32 bits that lie as float64 as cells of 64 bits. */
  wholeF64(at: number, n: number, out: number): void;
  /** Writes cells of 32 bits as cells of 64 bits. */
  wholeI32(at: number, n: number, out: number): void;
  wholeU32(at: number, n: number, out: number): void;

  /** Writes the cells that count and are not NaN side by side. `out` has room for n. @returns how many */
  keepF64(at: number, n: number, mask: number, out: number): number;
  /** The same with cells of 64 bits. @param mask not 0 */
  keep64(at: number, n: number, mask: number, out: number): number;
}
