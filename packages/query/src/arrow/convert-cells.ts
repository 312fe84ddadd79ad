/** Cells that Arrow lays out otherwise than a chunk does, converted with places to pause. */
import type { Steps } from '../slices.js';

/** Rows that are converted between two places to pause. */
const ROWS_PER_STEP = 32768;

/** int64 values as 128-bit ones: four words a row, little-endian. */
export function* wideDecimals(cells: BigInt64Array): Steps<Uint32Array> {
  const words = new Int32Array(cells.buffer, cells.byteOffset, cells.length * 2);
  const wide = new Int32Array(cells.length * 4);
  for (let row = 0; row < cells.length; row++) {
    const high = words[2 * row + 1] as number;
    wide[4 * row] = words[2 * row] as number;
    wide[4 * row + 1] = high;
    wide[4 * row + 2] = wide[4 * row + 3] = high >> 31;
    if ((row + 1) % ROWS_PER_STEP === 0) yield;
  }
  return new Uint32Array(wide.buffer);
}

/** One byte a value as one bit a value, least significant first. */
export function* packedBools(cells: Uint8Array): Steps<Uint8Array> {
  const bits = new Uint8Array(Math.ceil(cells.length / 64) * 8);
  for (let row = 0; row < cells.length; row++) {
    if (cells[row] !== 0) (bits[row >> 3] as number) |= 1 << (row & 7);
    if ((row + 1) % ROWS_PER_STEP === 0) yield;
  }
  return bits;
}

export interface Texts {
  readonly bytes: Uint8Array;
  /** Where each text begins, and where the last one ends. */
  readonly offsets: Int32Array;
}

/** Texts of `width` bytes, filled up with zeros, one behind the other without them. */
export function* trimmedTexts(cells: Uint8Array, width: number): Steps<Texts> {
  const rows = cells.length / width;
  const offsets = new Int32Array(rows + 1);
  for (let row = 0; row < rows; row++) {
    let end = (row + 1) * width;
    while (end > row * width && cells[end - 1] === 0) end--;
    offsets[row + 1] = (offsets[row] as number) + end - row * width;
    if ((row + 1) % ROWS_PER_STEP === 0) yield;
  }
  const bytes = new Uint8Array(offsets[rows] as number);
  for (let row = 0; row < rows; row++) {
    const from = row * width;
    const to = offsets[row] as number;
    const length = (offsets[row + 1] as number) - to;
    for (let at = 0; at < length; at++) bytes[to + at] = cells[from + at] as number;
    if ((row + 1) % ROWS_PER_STEP === 0) yield;
  }
  return { bytes, offsets };
}

/** The greatest of some codes; -1 of none. */
export function* greatestCode(codes: Uint32Array): Steps<number> {
  let greatest = -1;
  for (let from = 0; from < codes.length; from += ROWS_PER_STEP) {
    const to = Math.min(codes.length, from + ROWS_PER_STEP);
    for (let row = from; row < to; row++) if ((codes[row] as number) > greatest) greatest = codes[row] as number;
    yield;
  }
  return greatest;
}
