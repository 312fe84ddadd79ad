/** Stretches of time drawn as a line of cells, for terminals. */

/** A stretch of time: start <= time < end. */
export interface Stretch {
  readonly start: bigint;
  readonly end: bigint;
}

/** All of a cell, half of it at least, a quarter at least, less, nothing. */
const SHADES = ['█', '▓', '▒', '░', '·'] as const;

/**
 * A line of `width` cells from `start` to `end`, each as dark as the part of it that the stretches cover; a cell of which nothing is
 * covered is a dot. A gap that is shorter than a cell leaves it lighter, so that none goes unseen.
 */
export function coverageBar(stretches: readonly Stretch[], start: bigint, end: bigint, width: number): string {
  const length = end - start;
  if (length <= 0n) return '';
  let bar = '';
  for (let cell = 0; cell < width; cell++) {
    const from = start + (length * BigInt(cell)) / BigInt(width);
    const to = start + (length * BigInt(cell + 1)) / BigInt(width);
    bar += shadeOf(coveredPart(stretches, from, to > from ? to : from + 1n));
  }
  return bar;
}

function coveredPart(stretches: readonly Stretch[], from: bigint, to: bigint): number {
  let covered = 0n;
  for (const { start, end } of stretches) {
    const [a, b] = [start > from ? start : from, end < to ? end : to];
    if (a < b) covered += b - a;
  }
  return Number(covered) / Number(to - from);
}

function shadeOf(part: number): string {
  if (part >= 1) return SHADES[0];
  if (part >= 0.5) return SHADES[1];
  if (part >= 0.25) return SHADES[2];
  return part > 0 ? SHADES[3] : SHADES[4];
}
