/** Records whose times no record here can have: clocks in µs and ms are exact numbers, to 2^53. */

/** The high word of 2^53. */
const HIGH_WORD_MAX = 0x20_0000;

/** Which rows of a block were kept. */
export interface KeptRows {
  readonly rows: number;
  has(row: number): boolean;
  /** Where a row is now; of one that was left out, where the next one is. */
  placeOf(row: number): number;
}

/**
 * Leaves out packed records with such a time: those behind them move up.
 * @param offsets of the clocks in a record @param left told of each row that is left out
 */
export function keepPossibleTimes(records: Buffer, recordBytes: number, offsets: readonly number[], left: (row: number) => void): KeptRows {
  const rows = records.length / recordBytes;
  const isPossible = (row: number): boolean => offsets.every((offset) => records.readUInt32LE(row * recordBytes + offset + 4) < HIGH_WORD_MAX);
  const out: number[] = [];
  for (let row = 0; row < rows; row++) {
    if (!isPossible(row)) {
      out.push(row);
      left(row);
    } else if (out.length > 0) {
      records.copyWithin((row - out.length) * recordBytes, row * recordBytes, (row + 1) * recordBytes);
    }
  }
  return { rows: rows - out.length, has: (row) => !out.includes(row), placeOf: (row) => row - out.filter((each) => each < row).length };
}
