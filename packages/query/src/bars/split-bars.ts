/** Cutting a range at the borders of bars, so that its parts can be made into bars one beside the other. */
import { type Cut, chunkRefs, pinRef } from '../cut.js';
import type { FeedFiles } from '../feed-files.js';
import { unpinChunk } from '../open-chunk.js';
import { factsOf } from '../select.js';
import { type TimeBounds, boundsBetween } from '../time-bounds.js';
import type { Grid } from './grid.js';

/** Rows of a chunk or of a block, and between which times they lie. */
interface RowsInTime {
  readonly rows: number;
  readonly min: bigint;
  readonly max: bigint;
  /** The rows are in order of time: a part finds its own without looking at the others. */
  readonly sorted?: boolean;
}

/** Fewer rows than this are not worth a part of their own. */
export const PART_ROWS_MIN = 65_536;
/** More parts than this help nobody. */
const PARTS_MAX = 1024;
/** Rows that parts may look at in all, for each row there is: the more, the less they gain. */
const LOOKED_AT_MAX = 1.25;

/** A range in parts. */
interface BarParts {
  readonly parts: readonly TimeBounds[];
  /** About as many rows in all of them together. */
  readonly rows: number;
}

/**
 * Parts of a range, one after the other, that together are all of it: cut where bars begin, with about as many rows in each, by
 * what catalog and block descriptors say. The bars of the parts, one part after the other, are the bars of the range to the last
 * digit. A single part where there is little to do, and where times are in so little order that each part would go through the rows
 * of many others.
 * @param rowsOfPart about as many rows a part
 */
export function splitBars(files: FeedFiles, cut: Cut, bounds: TimeBounds, grid: Grid, rowsOfPart: number): BarParts {
  const stretches = rowsInTime(files, cut, bounds);
  const rows = Math.ceil(stretches.reduce((sum, each) => sum + each.rows, 0));
  for (let parts = Math.min(PARTS_MAX, Math.ceil(rows / rowsOfPart)); parts > 1; parts >>= 1) {
    const borders = planBorders(stretches, bounds, grid, parts, Math.min(rowsOfPart, PART_ROWS_MIN));
    if (rowsLookedAt(stretches, borders) <= rows * LOOKED_AT_MAX) return { parts: cutAt(borders, files, bounds), rows };
  }
  return { parts: [bounds], rows };
}

/** Rows that all parts together go through. */
function rowsLookedAt(stretches: readonly RowsInTime[], borders: readonly bigint[]): number {
  return stretches.reduce((sum, { rows, min, max, sorted }) => sum + rows * (sorted === true ? 1 : 1 + borders.filter((border) => border > min && border <= max).length), 0);
}

/** Times at which parts begin after the first. Pure. */
export function planBorders(stretches: readonly RowsInTime[], { low, high }: Pick<TimeBounds, 'low' | 'high'>, grid: Grid, parts: number, rowsMin = PART_ROWS_MIN): bigint[] {
  const total = stretches.reduce((sum, { rows }) => sum + rows, 0);
  const wanted = Math.min(parts, Math.floor(total / rowsMin));
  const byTime = [...stretches].sort((a, b) => (a.min < b.min ? -1 : a.min > b.min ? 1 : 0));
  const borders: bigint[] = [];
  let before = 0;
  for (const { rows, min, max } of byTime) {
    // As if the rows of a stretch came evenly.
    for (let next = borders.length + 1; next < wanted && before + rows >= (total * next) / wanted; next = borders.length + 1) {
      const into = (total * next) / wanted - before;
      const time = min + ((max - min) * BigInt(Math.round((into / rows) * 1e6))) / 1_000_000n;
      const { start } = grid.at(time);
      const last = borders.at(-1) ?? low;
      // A bar that is longer than a part: fewer parts.
      borders.push(start > last && start <= high ? start : last);
    }
    before += rows;
  }
  return borders.filter((border, i) => border > low && border !== borders[i - 1]);
}

function cutAt(borders: readonly bigint[], { schema }: FeedFiles, { clockIndex, low, high }: TimeBounds): TimeBounds[] {
  const starts = [low, ...borders];
  return starts.map((start, i) => boundsBetween(schema, clockIndex, start, i + 1 < starts.length ? (starts[i + 1] as bigint) - 1n : high));
}

/** What is known of the rows of a range: by chunk, and by block in chunks that lie across its ends or hold much of it. */
function rowsInTime(files: FeedFiles, cut: Cut, bounds: TimeBounds): RowsInTime[] {
  const stretches: RowsInTime[] = [];
  const add = (rows: number, { min, max }: { min: bigint; max: bigint }, sorted: boolean): void => {
    if (max < bounds.low || min > bounds.high) return;
    const from = min < bounds.low ? bounds.low : min;
    const to = max > bounds.high ? bounds.high : max;
    const part = max === min ? 1 : Number(((to - from) * 1_000_000n) / (max - min)) / 1e6;
    stretches.push({ rows: rows * part, min: from, max: to, sorted });
  };
  for (const ref of chunkRefs(files, cut, 0, bounds)) {
    if (ref.sealed && cut.catalog?.sorted(ref.index, bounds.clockIndex) === true && cut.catalog.relation(ref.index, bounds) === 'inside') {
      add(ref.to - ref.from, cut.catalog.range(ref.index, bounds.clock, bounds.clockIndex), true);
      continue;
    }
    const chunk = pinRef(files, cut, ref);
    if (chunk === undefined) continue;
    try {
      const { block, blockRows } = factsOf(cut, ref, chunk, bounds);
      for (let row = ref.from; row < ref.to; ) {
        const index = Math.floor(row / blockRows);
        const end = Math.min(ref.to, (index + 1) * blockRows);
        const facts = block(index);
        if (facts !== undefined) add(end - row, facts.range, facts.sorted);
        row = end;
      }
    } finally {
      unpinChunk(ref.path);
    }
  }
  return stretches;
}
