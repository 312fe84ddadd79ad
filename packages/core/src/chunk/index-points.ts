/** How many cells of an index column are set. */
export function countIndexPoints(cells: Uint8Array): number {
  let count = 0;
  for (let row = 0; row < cells.length; row++) if (cells[row] === 1) count += 1;
  return count;
}
