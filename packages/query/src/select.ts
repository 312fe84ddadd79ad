/** Finding the rows of a read: a plan for each chunk of the cut, carried out down to runs of rows; then the ring's. */
import { type Clock, DeepwaterError, type Field } from '@deepwater/core/engine';
import { firstAbove, firstNotBelow, runsInside } from './clock-cells.js';
import { type ChunkRef, type Cut, chunkRefs, pinRef, takeCut } from './cut.js';
import type { FeedFiles } from './feed-files.js';
import { ScanSource } from './kernels/scan-source.js';
import { type OpenChunk, unpinChunk } from './open-chunk.js';
import { type ChunkFacts, type RowStep, planChunk, planWhere } from './plan.js';
import { RING_PIECE_ROWS, type RingBlock, copyFromRing } from './ring-block.js';
import { RunList } from './run-list.js';
import type { Steps } from './slices.js';
import type { TimeBounds } from './time-bounds.js';
import { type RowTest, filteredRuns } from './where/filter.js';
import { type UsedFilter, type WantedFilter, catalogVerdict, clockRangesOf, useFilter } from './where/used-filter.js';

/** What rows are wanted, whatever form they are given in. */
export interface Wanted {
  /** Times wanted; all, where left out. */
  readonly bounds?: TimeBounds;
  /** First sequence number wanted. */
  readonly from?: number;
  /** At most this many rows. */
  readonly limit?: number;
  /** Fields whose columns are needed. */
  readonly fields: readonly Field[];
  /** A cut that was taken already. */
  readonly cut?: Cut;
  /** Values wanted. */
  readonly where?: WantedFilter;
  /** Whoever asks holds the rows of chunks against their checksums himself: he does not look at all of them. */
  readonly unchecked?: true;
  /** All of that cut's rows in the ring, copied already, with the fields. */
  readonly held?: readonly RingBlock[];
}

/** Rows of a chunk that were found, in order. */
export interface ChunkPiece {
  readonly cut: Cut;
  readonly ref: ChunkRef;
  /** Half-open runs of rows: from, to, from, to, … */
  readonly runs: Int32Array;
  readonly rows: number;
}

/** Rows that were copied out of the ring and found there. */
export interface RingPiece {
  readonly block: RingBlock;
  readonly runs: Int32Array;
  readonly rows: number;
}

export type Piece = ChunkPiece | RingPiece;

/** Rows that are looked at one by one between two turns of the event loop. */
const FILTER_STEP_ROWS = 65536;
/** Looks at the catalog without finding what has left the ring, before that is an error. */
const LOOKS_MAX = 8;

/** All pieces of a read. */
export function* select(files: FeedFiles, wanted: Wanted): Steps<Piece[]> {
  const found: Piece[] = [];
  for (const piece of pieces(files, wanted)) {
    if (piece === undefined) yield;
    else found.push(piece);
  }
  return found;
}

/** The pieces of a read, in order of arrival, found as they are asked for; `undefined` between them is a place to pause. */
export function* pieces(files: FeedFiles, wanted: Wanted): Generator<Piece | undefined, void, void> {
  const { bounds } = wanted;
  let left = wanted.limit ?? Infinity;
  if (left <= 0 || bounds?.empty === true) return;
  let cut = wanted.cut ?? takeCut(files);
  const { head } = cut;
  const where = wanted.where === undefined ? undefined : useFilter(wanted.where, files.schema);
  const ringFields = where === undefined ? wanted.fields : [...wanted.fields, ...where.fields];
  let next = wanted.from ?? 0;
  for (let looks = 0; looks < LOOKS_MAX; looks++) {
    for (const ref of chunkRefs(files, cut, next, bounds)) {
      const runs = yield* runsOfChunk(files, cut, ref, bounds, left, where);
      yield;
      if (runs.rows === 0) continue;
      if (wanted.unchecked !== true) yield* checkRows(files, { cut, ref, runs: runs.pairs }, ringFields);
      yield { cut, ref, runs: runs.pairs, rows: runs.rows };
      left -= runs.rows;
      if (left <= 0) return;
    }
    const reached = Math.max(next, cut.chunksEnd, cut.ringFrom);
    if (reached > next) looks = 0;
    next = reached;
    while (next < head && cut.ring !== undefined) {
      const held = wanted.held?.find(({ firstSequence, capacityRows }) => next >= firstSequence && next < firstSequence + capacityRows);
      const to = held === undefined ? Math.min(head, next + RING_PIECE_ROWS) : held.firstSequence + held.capacityRows;
      const block = held ?? copyFromRing(cut.ring, files.schema, ringFields, next, to);
      if (block === undefined) break;
      let runs = new RunList();
      const first = next - block.firstSequence;
      const end = to - block.firstSequence;
      if (bounds === undefined) runs.add(first, end);
      else runsInside(block.words(files.schema.fields[bounds.clock.fieldIndex] as Field), bounds, first, end, runs);
      if (where?.test !== undefined) {
        const found = new RunList();
        yield* filteredRuns(where.test, new ScanSource(block), runs.pairs, left, found);
        runs = found;
      }
      runs.keepFirst(left);
      if (runs.rows > 0) yield { block, runs: runs.pairs, rows: runs.rows };
      left -= runs.rows;
      next = to;
      if (left <= 0) return;
      yield;
    }
    if (next >= head || cut.ring === undefined) return;
    // The writer was faster: the rows are in chunks by now, or, of a memory feed, gone.
    cut = takeCut(files, head);
  }
  throw new DeepwaterError('DW_FILE_CORRUPT', `Records ${next} to ${head} of feed ${files.source.spec.name} are neither in the ring nor in a chunk. Run \`deepwater repair --dry-run\`.`, {
    values: { feed: files.source.spec.name, from: next, to: head },
  });
}

/** Holds rows of a chunk against their checksums before they are given to anybody. @throws DeepwaterError DW_FILE_CORRUPT */
export function* checkRows(files: FeedFiles, { cut, ref, runs }: Pick<ChunkPiece, 'cut' | 'ref' | 'runs'>, fields: readonly Field[]): Generator<undefined, void, void> {
  if (fields.length === 0) return;
  const chunk = pinRef(files, cut, ref);
  if (chunk === undefined) return;
  try {
    yield* chunk.checks.check(fields, runs);
  } finally {
    unpinChunk(ref.path);
  }
}

/** The rows of a chunk that match. */
export function* runsOfChunk(
  files: FeedFiles, cut: Cut, ref: ChunkRef, bounds: TimeBounds | undefined, limit: number, where?: UsedFilter,
): Generator<undefined, RunList, void> {
  const runs = new RunList();
  const verdict = where === undefined ? 'all' : catalogVerdict(where, cut, ref, files.schema);
  if (verdict === 'none') return runs;
  const inside = bounds === undefined || (ref.sealed && cut.catalog?.relation(ref.index, bounds) === 'inside');
  if (inside && verdict === 'all') {
    runs.add(ref.from, Math.min(ref.to, ref.from + limit));
    return runs;
  }
  const chunk = pinRef(files, cut, ref);
  if (chunk === undefined) return runs;
  try {
    const source = where?.test === undefined ? undefined : new ScanSource(chunk);
    for (const step of stepsOf(cut, ref, chunk, bounds, verdict === 'all' ? undefined : where, files.schema.clocks)) {
      const test = step.where === true && source !== undefined ? { chunk, where: (where as UsedFilter).test as RowTest, fields: (where as UsedFilter).fields, source } : undefined;
      const times = bounds === undefined ? undefined : { chunk, rows: ref.to, words: chunk.words(files.schema.fields[bounds.clock.fieldIndex] as Field), bounds };
      yield* carryOut(step, times, limit, runs, test);
      if (runs.rows >= limit) break;
    }
  } finally {
    unpinChunk(ref.path);
  }
  runs.keepFirst(limit);
  return runs;
}

function stepsOf(cut: Cut, ref: ChunkRef, chunk: OpenChunk, bounds: TimeBounds | undefined, where: UsedFilter | undefined, clocks: readonly Clock[]): RowStep[] {
  if (bounds === undefined) {
    const whole: RowStep[] = [{ from: ref.from, to: ref.to, how: 'whole' }];
    if (where === undefined) return whole;
    const { blockRows } = chunk.geometry;
    return planWhere(whole, { ...ref, blockRows, block: () => undefined, ...clockRangesOf(where.asksForTimes, cut, ref, chunk, clocks) }, where.predicate);
  }
  return planChunk(factsOf(cut, ref, chunk, bounds, where, clocks), bounds, where?.predicate);
}

/** What plans are made from, of a chunk that is open. */
export function factsOf(cut: Cut, ref: ChunkRef, chunk: OpenChunk, bounds: TimeBounds, where?: Pick<UsedFilter, 'asksForTimes'>, clocks: readonly Clock[] = []): ChunkFacts {
  const { clock, clockIndex } = bounds;
  const { catalog } = cut;
  const known = ref.sealed && catalog !== undefined
    ? { range: catalog.range(ref.index, clock, clockIndex), sorted: catalog.sorted(ref.index, clockIndex) }
    : chunk.facts(clockIndex, ref.to);
  return {
    chunkId: ref.chunkId, firstSequence: ref.firstSequence, from: ref.from, to: ref.to,
    ...known,
    blockRows: chunk.geometry.blockRows,
    block: (index) => chunk.blockFacts(index, clockIndex, ref.to),
    ...(where === undefined ? {} : clockRangesOf(where.asksForTimes, cut, ref, chunk, clocks)),
  };
}

/**
 * Of rows [from, to) of a chunk, in order, those of the blocks that the bounds reach into, by what the blocks' descriptors say: a search among these looks at
 * pages of one block or two, and not at some all over the column.
 * @param rows rows of the chunk that there are
 */
export function blocksAround(chunk: OpenChunk, rows: number, { clockIndex, low, high }: TimeBounds, from: number, to: number): { readonly from: number; readonly to: number } {
  const { blockRows } = chunk.geometry;
  const end = Math.ceil(to / blockRows);
  let first = Math.floor(from / blockRows);
  if (end - first <= 1) return { from, to };
  /** The first block at or after one whose times are not all before, or, of `beyond`, are all behind the bounds; undefined where a descriptor is damaged. */
  const search = (start: number, beyond: boolean): number | undefined => {
    let [least, most] = [start, end];
    while (least < most) {
      const middle = (least + most) >>> 1;
      const facts = chunk.blockFacts(middle, clockIndex, rows);
      if (facts === undefined) return undefined;
      if (beyond ? facts.range.min <= high : facts.range.max < low) least = middle + 1;
      else most = middle;
    }
    return least;
  };
  first = search(first, false) ?? -1;
  const behind = first < 0 ? undefined : search(first, true);
  if (behind === undefined) return { from, to };
  return { from: Math.min(to, Math.max(from, first * blockRows)), to: Math.max(from, Math.min(to, behind * blockRows)) };
}

/** Of rows [from, to) of a chunk, in order, those within the bounds. @param rows rows of the chunk that there are @param words the clock's column */
export function searchRows(chunk: OpenChunk, rows: number, words: Int32Array, bounds: TimeBounds, from: number, to: number): { readonly from: number; readonly to: number } {
  const around = blocksAround(chunk, rows, bounds, from, to);
  chunk.checks.checkNow(bounds.clock.fieldIndex, around.from, around.to);
  const first = firstNotBelow(words, bounds, around.from, around.to);
  return { from: first, to: firstAbove(words, bounds, first, around.to) };
}

interface Times {
  readonly chunk: OpenChunk;
  /** Rows of the chunk that there are. */
  readonly rows: number;
  readonly words: Int32Array;
  readonly bounds: TimeBounds;
}

/** Rows of a chunk, and what they are asked. */
interface Asked {
  readonly chunk: OpenChunk;
  /** What the test looks at. */
  readonly fields: readonly Field[];
  readonly where: RowTest;
  readonly source: ScanSource;
}

function* carryOut(step: RowStep, times: Times | undefined, limit: number, runs: RunList, asked: Asked | undefined): Generator<undefined, void, void> {
  const { from, to, how } = step;
  if (how === 'filter') {
    const { chunk, words, bounds } = times as Times;
    for (let row = from; row < to && runs.rows < limit; row += FILTER_STEP_ROWS) {
      const found = asked === undefined ? runs : new RunList();
      const end = Math.min(to, row + FILTER_STEP_ROWS);
      chunk.checks.checkNow(bounds.clock.fieldIndex, row, end);
      runsInside(words, bounds, row, end, found);
      if (asked !== undefined) yield* askRows(asked, found.pairs, limit, runs);
      yield;
    }
    return;
  }
  let found: { readonly from: number; readonly to: number } = step;
  if (how === 'search') {
    const { chunk, rows, words, bounds } = times as Times;
    found = searchRows(chunk, rows, words, bounds, from, to);
  }
  if (asked === undefined) runs.add(found.from, found.to);
  // A few of the grid's strips at a time: where the limit is reached, the rest is not looked at.
  else for (let row = found.from; row < found.to && runs.rows < limit;) {
    const end = Math.min(found.to, (Math.floor(row / FILTER_STEP_ROWS) + 1) * FILTER_STEP_ROWS);
    yield* askRows(asked, Int32Array.of(row, end), limit, runs);
    row = end;
  }
}

function* askRows({ chunk, fields, where, source }: Asked, pairs: Int32Array, limit: number, runs: RunList): Generator<undefined, void, void> {
  if (pairs.length === 0) return;
  yield* chunk.checks.check(fields, pairs);
  yield* filteredRuns(where, source, pairs, limit, runs);
}
