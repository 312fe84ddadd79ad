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
}
