/** How many cells of an index column are set. */
export function countIndexPoints(cells: Uint8Array): number {
  const { buffer, byteOffset, length } = cells;
  if (length < 8) return countBetween(cells, 0, length);
  const head = -byteOffset & 3;
  const words = new Int32Array(buffer, byteOffset + head, (length - head) >> 2);
  const tail = head + 4 * words.length;
  let count = countBetween(cells, 0, head) + countBetween(cells, tail, length);
  // Most of them are 0: four at a time.
  for (let w = 0, at = head; w < words.length; w++, at += 4) if (words[w] !== 0) count += countBetween(cells, at, at + 4);
  return count;
}

function countBetween(cells: Uint8Array, from: number, to: number): number {
  let count = 0;
  for (let i = from; i < to; i++) if (cells[i] === 1) count += 1;
  return count;
}
