/** Floats next to each other, so that "greater" becomes "from the next one on". */

const cell = new DataView(new ArrayBuffer(8));

/** The least float64 above x; x itself where it is infinite. NaN is not for here. */
export function above64(x: number): number {
  if (x === Infinity) return x;
  if (x === 0) return Number.MIN_VALUE;
  cell.setFloat64(0, x);
  cell.setBigInt64(0, cell.getBigInt64(0) + (x > 0 ? 1n : -1n));
  return cell.getFloat64(0);
}

/** The least float32 that is not below x. */
export function notBelow32(x: number): number {
  const rounded = Math.fround(x);
  return rounded >= x ? rounded : above32(rounded);
}

/** The least float32 above a float32; x itself where it is infinity. */
export function above32(x: number): number {
  if (x === Infinity) return x;
  if (x === 0) return 2 ** -149;
  cell.setFloat32(0, x);
  cell.setInt32(0, cell.getInt32(0) + (x > 0 ? 1 : -1));
  return cell.getFloat32(0);
}
