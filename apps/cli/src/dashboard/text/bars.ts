/** Small pictures of numbers. */

const HEIGHTS = '▁▂▃▄▅▆▇█';
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** The last `width` values, the newest at the right, as high as they are beside the greatest of them. */
export function sparkline(values: readonly number[], width: number): string {
  const shown = values.slice(-Math.max(0, width)).map((value) => (Number.isFinite(value) && value > 0 ? value : 0));
  if (width <= 0) return '';
  const greatest = Math.max(...shown, Number.MIN_VALUE);
  // What is above nothing is told apart from it, however small.
  const line = shown.map((value) => HEIGHTS[value === 0 ? 0 : Math.max(1, Math.round((value / greatest) * (HEIGHTS.length - 1)))]).join('');
  return line.padStart(width);
}

/** How full something is, 0 to 1, in so many cells. */
export function bar(part: number, cells: number): string {
  const eighths = Math.round(Math.min(1, Math.max(0, Number.isFinite(part) ? part : 0)) * cells * 8);
  return `${'█'.repeat(eighths >> 3)}${EIGHTHS[eighths & 7]}`.padEnd(cells, '·');
}
