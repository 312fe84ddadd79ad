/** A stretch of time, [start, end), that holds exactly the records [firstRow, firstRow + rows) of a feed. */
export interface Window {
  readonly start: number | bigint;
  readonly end: number | bigint;
  readonly firstRow: number;
  readonly rows: number;
}

/**
 * Cuts a feed into stretches of time of about `rowsWanted` records that, read one after the other, give every record
 * once and in the order written.
 *
 * Times may repeat and may go back, so a cut is only made where every time before is less than every time after.
 * A window is longer than wanted where no such place comes sooner.
 */
export function planWindows(times: Float64Array | BigUint64Array, rowsWanted: number): Window[] {
  const windows: Window[] = [];
  const lowestFrom = suffixMinima(times);
  let firstRow = 0;
  let highest: number | bigint = 0;
  for (let row = 0; row < times.length; row++) {
    const mayCut = row > 0 && highest < lowestFrom[row];
    if (mayCut && row - firstRow >= rowsWanted) {
      windows.push({ start: lowestFrom[firstRow], end: lowestFrom[row], firstRow, rows: row - firstRow });
      firstRow = row;
    }
    if (times[row] > highest) highest = times[row];
  }
  if (times.length > firstRow) {
    windows.push({ start: lowestFrom[firstRow], end: after(highest), firstRow, rows: times.length - firstRow });
  }
  return windows;
}

/** The least of `times[i]` and all that follow it, for each i. */
function suffixMinima(times: Float64Array | BigUint64Array): Float64Array | BigUint64Array {
  const minima = times.slice();
  for (let i = minima.length - 2; i >= 0; i--) if (minima[i + 1] < minima[i]) minima[i] = minima[i + 1];
  return minima;
}

function after(time: number | bigint): number | bigint {
  return typeof time === 'bigint' ? time + 1n : time + 1;
}
