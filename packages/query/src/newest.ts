/** The record with the greatest time up to a limit: what `at`, `before` and `latest` begin with. */
import { type Clock, DeepwaterError, ENTRY_STATE, type Field } from '@deepwater/core/engine';
import type { CatalogIndex } from './catalog-index.js';
import { countAbove, firstAbove, greatestInside, timeAt } from './clock-cells.js';
import { type Cut, pinRef, refOf, takeCut } from './cut.js';
import { cutWithRing } from './cut-with-ring.js';
import type { FeedFiles } from './feed-files.js';
import { type OpenChunk, unpinChunk } from './open-chunk.js';
import type { RingBlock } from './ring-block.js';
import { type TimeBounds, boundsBetween, boundsOnClock, greatestTime, leastTime } from './time-bounds.js';

/** A record that was found: its time on the clock asked about, and its number. */
export interface Found {
  readonly time: bigint;
  readonly sequence: number;
}

export interface Newest extends Found {
  /** Records whose time lies past the limit. */
  readonly beyond: number;
}

/**
 * The record with the greatest time up to `limit`; of equal times, the one that arrived last. Sealed chunks are told
 * apart by their ranges, blocks by their descriptors; rows are looked at in the few blocks that these leave open.
 */
export function greatestUpTo(files: FeedFiles, clockIndex: number, limit: bigint, head?: number): { cut: Cut; found: Found | undefined } {
  const { cut, blocks } = cutWithRing(files, [clockField(files, clockIndex)], head);
  return { cut, found: greatestInCut(files, cut, blocks, clockIndex, limit) };
}

/** The newest record on a clock, leaving times past `limit` out unless there are no others; and how many of those there are. */
export function newestUpTo(files: FeedFiles, clockIndex: number, limit: bigint, head?: number): { cut: Cut; newest: Newest | undefined } {
  const { cut, blocks } = cutWithRing(files, [clockField(files, clockIndex)], head);
  const clock = files.schema.clocks[clockIndex] as Clock;
  const beyond = limit >= greatestTime(clock) ? 0 : countBeyond(files, cut, blocks, clockIndex, limit);
  const found = greatestInCut(files, cut, blocks, clockIndex, limit) ?? (beyond > 0 ? greatestInCut(files, cut, blocks, clockIndex, greatestTime(clock)) : undefined);
  return { cut, newest: found === undefined ? undefined : { ...found, beyond } };
}

/** The same in a cut that was taken together with the clock of its rows in the ring. */
export function greatestInCut(files: FeedFiles, cut: Cut, blocks: readonly RingBlock[], clockIndex: number, limit: bigint): Found | undefined {
  const field = clockField(files, clockIndex);
  const { signed } = files.schema.clocks[clockIndex] as Clock;
  let best: Found | undefined;
  /** The best so far is the maximum of this chunk; where in it is looked up at the end. */
  let bestChunk: number | undefined;
  let wanted = boundsBetween(files.schema, clockIndex, leastTime(files.schema.clocks[clockIndex] as Clock), limit);
  const better = (time: bigint, sequence: number, chunk?: number): void => {
    best = { time, sequence };
    bestChunk = chunk;
    // From the last arrival backwards: only a greater time beats it.
    wanted = boundsBetween(files.schema, clockIndex, time + 1n, limit);
  };
  for (let b = blocks.length - 1; b >= 0 && !wanted.empty; b--) {
    const block = blocks[b] as RingBlock;
    const words = block.words(field);
    const row = greatestInside(words, wanted, 0, block.capacityRows);
    if (row >= 0) better(timeAt(words, row, signed), block.firstSequence + row);
  }
  const { catalog } = cut;
  if (catalog !== undefined) {
    const { firstLive } = catalog.view;
    for (let index = cut.count - 1; index >= firstLive && !wanted.empty; index--) {
      if (!mayHold(catalog, index, wanted)) continue;
      const ref = refOf(files, cut, index);
      if (ref === undefined) continue;
      const range = ref.sealed ? catalog.range(index, wanted.clock, clockIndex) : undefined;
      if (range !== undefined && range.max <= wanted.high) {
        better(range.max, ref.firstSequence, index);
        continue;
      }
      const found = withChunk(files, cut, index, (chunk, to) => greatestInChunk(chunk, field, to, wanted));
      if (found !== undefined) better(found.time, ref.firstSequence + found.row);
    }
    if (best !== undefined && bestChunk !== undefined) {
      const exactly = boundsBetween(files.schema, clockIndex, best.time, best.time);
      const row = withChunk(files, cut, bestChunk, (chunk, to) => greatestInChunk(chunk, field, to, exactly)?.row ?? missingTime(chunk, exactly));
      // Deleted in between: what is left has another greatest.
      if (row === undefined) return greatestInCut(files, takeCut(files, cut.head), blocks, clockIndex, limit);
      best = { time: best.time, sequence: catalog.firstSequence(bestChunk) + row };
    }
  }
  return best;
}

function missingTime(chunk: OpenChunk, bounds: TimeBounds): never {
  throw new DeepwaterError('DW_FILE_CORRUPT', `No row of ${chunk.path} has the time ${bounds.high} of ${bounds.clock.name}, which the catalog gives as its greatest. Run \`deepwater repair\`.`, {
    values: { path: chunk.path, clock: bounds.clock.name, time: bounds.high },
  });
}

/** Row and time of the greatest time within the bounds among the first `rows` rows of a chunk, the latest of equals. */
function greatestInChunk(chunk: OpenChunk, field: Field, rows: number, bounds: TimeBounds): { row: number; time: bigint } | undefined {
  const { blockRows } = chunk.geometry;
  const words = chunk.words(field);
  const { signed } = bounds.clock;
  let best: { row: number; time: bigint } | undefined;
  let wanted = bounds;
  for (let index = Math.ceil(rows / blockRows) - 1; index >= 0 && !wanted.empty; index--) {
    const from = index * blockRows;
    const to = Math.min(rows, from + blockRows);
    const facts = chunk.blockFacts(index, bounds.clockIndex, rows);
    if (facts !== undefined && (facts.range.max < wanted.low || facts.range.min > wanted.high)) continue;
    chunk.checks.checkNow(field.index, from, to);
    const row = facts?.sorted === true ? lastOfSorted(words, wanted, from, to) : greatestInside(words, wanted, from, to);
    if (row < 0) continue;
    best = { row, time: timeAt(words, row, signed) };
    wanted = boundsOnClock(bounds.clock, bounds.clockIndex, best.time + 1n, bounds.high);
  }
  return best;
}

/** Last row of sorted rows up to the upper bound, where it is not below the lower one. */
function lastOfSorted(words: Int32Array, bounds: TimeBounds, from: number, to: number): number {
  const row = firstAbove(words, bounds, from, to) - 1;
  return row >= from && timeAt(words, row, bounds.clock.signed) >= bounds.low ? row : -1;
}

function countBeyond(files: FeedFiles, cut: Cut, blocks: readonly RingBlock[], clockIndex: number, limit: bigint): number {
  const field = clockField(files, clockIndex);
  const clock = files.schema.clocks[clockIndex] as Clock;
  const upTo = boundsBetween(files.schema, clockIndex, leastTime(clock), limit);
  const past = boundsBetween(files.schema, clockIndex, limit + 1n, greatestTime(clock));
  let count = 0;
  for (const block of blocks) count += countAbove(block.words(field), upTo, 0, block.capacityRows);
  const { catalog } = cut;
  if (catalog === undefined) return count;
  for (let index = catalog.view.firstLive; index < cut.count; index++) {
    if (!mayHold(catalog, index, past)) continue;
    count += withChunk(files, cut, index, (chunk, to) => countBeyondInChunk(chunk, field, to, upTo)) ?? 0;
  }
  return count;
}

function countBeyondInChunk(chunk: OpenChunk, field: Field, rows: number, upTo: TimeBounds): number {
  const { blockRows } = chunk.geometry;
  let count = 0;
  for (let index = 0; index * blockRows < rows; index++) {
    const from = index * blockRows;
    const to = Math.min(rows, from + blockRows);
    const facts = chunk.blockFacts(index, upTo.clockIndex, rows);
    if (facts !== undefined && facts.range.max <= upTo.high) continue;
    if (facts !== undefined && facts.range.min > upTo.high) {
      count += to - from;
      continue;
    }
    chunk.checks.checkNow(field.index, from, to);
    count += countAbove(chunk.words(field), upTo, from, to);
  }
  return count;
}

/** Whether a chunk may hold a time within the bounds, by its entry alone. */
function mayHold(catalog: CatalogIndex, index: number, bounds: TimeBounds): boolean {
  const state = catalog.state(index);
  if (state === ENTRY_STATE.DELETED) return false;
  return state === ENTRY_STATE.ACTIVE || !catalog.holds(index) || catalog.relation(index, bounds) !== 'outside';
}

/** Runs `look` over the rows of a chunk that are in the cut; undefined where there are none. */
function withChunk<T>(files: FeedFiles, cut: Cut, index: number, look: (chunk: OpenChunk, rows: number) => T): T | undefined {
  const ref = refOf(files, cut, index);
  if (ref === undefined) return undefined;
  const chunk = pinRef(files, cut, ref);
  if (chunk === undefined) return undefined;
  try {
    return look(chunk, ref.to);
  } finally {
    unpinChunk(ref.path);
  }
}

function clockField(files: FeedFiles, clockIndex: number): Field {
  return files.schema.fields[(files.schema.clocks[clockIndex] as Clock).fieldIndex] as Field;
}
