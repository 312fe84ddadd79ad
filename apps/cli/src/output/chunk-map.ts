import type { ChunkMap } from 'deepwater';

/** Cells of a drawing: with what stands beside it, it fits 80 columns. */
const WIDTH = 64;
const SHADES = { intact: '█', mended: '▒', damaged: '·' } as const;

/**
 * A damaged chunk from its first record to its last, drawn: what holds, what was mended, and what is lost. A cell of which anything is lost shows that,
 * so that no loss goes unseen.
 */
export function chunkMapText({ file, first, next, runs }: ChunkMap): string {
  const length = next - first;
  if (length <= 0) return '';
  let bar = '';
  for (let cell = 0; cell < WIDTH; cell++) {
    const from = first + Math.floor((length * cell) / WIDTH);
    const to = Math.max(from + 1, first + Math.floor((length * (cell + 1)) / WIDTH));
    const here = runs.filter((run) => run.first < to && run.next > from).map(({ state }) => state);
    bar += here.includes('damaged') || here.length === 0 ? SHADES.damaged : here.includes('mended') ? SHADES.mended : SHADES.intact;
  }
  const name = file.split('/').at(-1) ?? file;
  return `  ${name}  records ${first} to ${next - 1}\n  │${bar}│\n  █ intact  ▒ mended  · lost\n`;
}
