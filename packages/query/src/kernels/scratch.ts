/** How the scratch space behind a chunk (`KERNEL_SCRATCH_BYTES`) is used while a strip of rows is gone over. Offsets in bytes. */

/** Rows that are gone over at once. */
export const STRIP_ROWS = 8192;

/** Masks that one filter can need at a time: two for each level of it, and some. */
export const MASKS_MAX = 40;
export const MASK_BYTES = STRIP_ROWS / 8;

export const SCRATCH = {
  /** Results of kernels that have more than one. */
  RESULT: 0,
  /** Cells that are compared with: two texts, or the edges of a histogram. */
  CELLS: 64,
  /** Counters of a histogram. */
  COUNTS: 64 + 40_960,
  MASKS: 64 + 40_960 + 20_480,
  /** Two columns of a strip as cells of 64 bits. */
  WIDE_A: 64 + 40_960 + 20_480 + MASKS_MAX * MASK_BYTES,
  WIDE_B: 64 + 40_960 + 20_480 + MASKS_MAX * MASK_BYTES + STRIP_ROWS * 8,
  BYTES: 64 + 40_960 + 20_480 + MASKS_MAX * MASK_BYTES + 2 * STRIP_ROWS * 8,
} as const;
