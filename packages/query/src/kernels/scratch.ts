/** How the scratch space behind a chunk (`KERNEL_SCRATCH_BYTES`) is used while a strip of rows is gone over. Offsets in bytes. */

/** Rows that are gone over at once. */
export const STRIP_ROWS = 8192;

/** Masks that one filter can need at a time: two for each level of it, and some. */
const MASKS_MAX = 40;
export const MASK_BYTES = STRIP_ROWS / 8;

const MASKS_AT = 64 + 40_960 + 20_480;
const WIDE_AT = MASKS_AT + MASKS_MAX * MASK_BYTES;
const WIDE_BYTES = STRIP_ROWS * 8;

export const SCRATCH = {
  /** Results of kernels that have more than one. */
  RESULT: 0,
  /** Cells that are compared with: two texts, or the edges of a histogram. */
  CELLS: 64,
  /** Counters of a histogram. */
  COUNTS: 64 + 40_960,
  MASKS: MASKS_AT,
  /** Two columns of a strip as cells of 64 bits. */
  WIDE_A: WIDE_AT,
  WIDE_B: WIDE_AT + WIDE_BYTES,
  BYTES: WIDE_AT + 2 * WIDE_BYTES,
} as const;
