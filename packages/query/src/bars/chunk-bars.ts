/** Time bars over the columns of a chunk, by the kernels of assembly/bars.ts and bars-exact.ts where rows are in order, and by the plain loops else. */
import type { Field } from '@deepwater/core/engine';
import { is64 } from '../cell-kinds.js';
import { firstAbove, timeAt } from '../clock-cells.js';
import { type ChunkKernels, KERNEL_SCRATCH_BYTES } from '../kernels/chunk-kernels.js';
import type { OpenChunk } from '../open-chunk.js';
import type { ChunkFacts } from '../plan.js';
import type { Steps } from '../slices.js';
import { boundsOnClock } from '../time-bounds.js';
import type { BarsRequest } from './bars-request.js';
import { EXACT_CELLS } from './exact-cells.js';
import { EvenGrid, FAR_FUTURE, type Grid, SessionGrid } from './grid.js';
import type { SignOfCell } from './side-cells.js';
import type { TimeBars, TimedRows } from './time-bars.js';

/** The scratch space: masks of sides, runs of rows, what the kernel says, and bars of eleven cells, or fifteen. */
const SIGNS_BYTES = 256 * 16;
const RUNS_MAX = 2048;
const RUNS_AT = SIGNS_BYTES;
const OUT_AT = RUNS_AT + RUNS_MAX * 8;
const BARS_AT = OUT_AT + 128;
const BARS_ROOM = Math.floor((KERNEL_SCRATCH_BYTES - BARS_AT) / 88);
const EXACT_ROOM = Math.floor((KERNEL_SCRATCH_BYTES - BARS_AT) / (8 * EXACT_CELLS));
/** Cells that the exact kernel takes, by the number it knows them by; prices are of the first two. */
const EXACT_KINDS: readonly string[] = ['i64', 'u64', 'i32', 'u32'];
/** Rows between two places to pause. */
const ROWS_PER_STEP = 131_072;
/** The kernel's times are signed, and it adds widths to them. */
const TIME_MAX = 2n ** 62n;

/** What a chunk's bars are made with. */
interface ChunkBars {
  readonly bars: TimeBars;
  readonly request: BarsRequest;
  readonly grid: Grid;
  readonly chunk: OpenChunk;
  readonly rows: TimedRows;
  readonly facts: ChunkFacts;
  readonly clock: Field;
  readonly signOf: SignOfCell | undefined;
}

/** Whether a chunk's rows can go through the kernel at all. */
export function kernelTakes({ request: { fields: { price, size, side } }, chunk, facts }: ChunkBars): boolean {
  const { range } = facts;
  const exact = is64(price) && (size === undefined || EXACT_KINDS.includes(size.cell));
  return chunk.kernels !== undefined && (exact || (price.cell === 'f64' && size?.cell === 'f64')) && (side === undefined || side.field.width === 1) &&
    range !== undefined && range.min > -TIME_MAX && range.max < TIME_MAX;
}

/** Puts runs of rows into bars. Ask `kernelTakes` first. */
export function* addByKernel(work: ChunkBars, runs: Int32Array): Steps<void> {
  if (work.facts.sorted === true) {
    yield* addSorted(work, runs);
    return;
  }
  const { bars, rows, facts } = work;
  for (let r = 0; r < runs.length; r += 2) {
    const end = runs[r + 1] as number;
    for (let row = runs[r] as number; row < end; ) {
      const block = Math.floor(row / facts.blockRows);
      const to = Math.min(end, (block + 1) * facts.blockRows);
      if (facts.block(block)?.sorted === true) yield* addSorted(work, Int32Array.of(row, to));
      else bars.add(rows, row, to);
      row = to;
      yield;
    }
  }
}

/** Runs whose rows, taken together, are in order of time. */
function* addSorted(work: ChunkBars, runs: Int32Array): Steps<void> {
  const { grid } = work;
  if (grid instanceof EvenGrid) yield* addWithin(work, runs, 0n, grid.width, TIME_MAX);
  else if (grid instanceof SessionGrid) for (let r = 0; r < runs.length; r += 2) yield* addSessions(work, grid, runs[r] as number, runs[r + 1] as number);
}

function* addSessions(work: ChunkBars, grid: SessionGrid, from: number, to: number): Steps<void> {
  const { request: { clock, clockIndex }, rows: { words } } = work;
  for (let row = from; row < to; ) {
    const { start, end, isBar } = grid.sessions.at(timeAt(words, row, clock.signed));
    const until = end === FAR_FUTURE ? to : firstAbove(words, boundsOnClock(clock, clockIndex, start, end - 1n), row, to);
    if (isBar) yield* addWithin(work, Int32Array.of(row, until), start, grid.width ?? end - start, end);
    row = until;
  }
}

/** Sorted runs in bars of a width from an origin, none of which ends after `close`: as many at a time as one step takes. */
function* addWithin(work: ChunkBars, runs: Int32Array, origin: bigint, width: bigint, close: bigint): Steps<void> {
  const { chunk } = work;
  const part = new Int32Array(2 * RUNS_MAX);
  let run = 0;
  let from = runs[0] as number;
  while (run < runs.length) {
    let pairs = 0;
    for (let left = ROWS_PER_STEP; run < runs.length && pairs < 2 * RUNS_MAX && left > 0; ) {
      const to = Math.min(runs[run + 1] as number, from + left);
      part[pairs++] = from;
      part[pairs++] = to;
      left -= to - from;
      from = to;
      if (to < (runs[run + 1] as number)) continue;
      run += 2;
      from = runs[run] as number;
    }
    addPart(work, part.subarray(0, pairs), chunk.kernels as ChunkKernels, origin, width, close);
    yield;
  }
}

/** Between two pauses: the scratch space belongs to whoever is at work. */
function addPart(work: ChunkBars, runs: Int32Array, kernels: ChunkKernels, origin: bigint, width: bigint, close: bigint): void {
  const { bars, rows, chunk, request: { clock, fields: { price, size, side, exactPrice: exact } }, clock: clockField } = work;
  const room = exact ? EXACT_ROOM : BARS_ROOM;
  const { table } = bars;
  const { scratchOffset: scratch, columnOffsets, buffer } = chunk;
  const column = (field: Field | undefined): number => (field === undefined ? 0 : columnOffsets[field.index] as number);
  if (side !== undefined) new BigUint64Array(buffer, scratch, SIGNS_BYTES / 8).set(masksOf(work));
  const out = new Int32Array(buffer, scratch + OUT_AT, 4);
  const pairs = new Int32Array(buffer, scratch + RUNS_AT, 2 * RUNS_MAX);
  for (let left = runs; left.length > 0; ) {
    bars.leave();
    const time = timeAt(rows.words, left[0] as number, clock.signed);
    const under = table.last >= 0 && time < table.endOf(table.last);
    if (under && (time < table.startOf(table.last) || !table.lends(table.last))) {
      // An earlier bar, or sums beyond 128 bits: the rows go on from there in order, and the plain loops know their way.
      for (let r = 0; r < left.length; r += 2) bars.add(rows, left[r] as number, left[r + 1] as number);
      return;
    }
    if (under) table.lend(table.last, buffer, scratch + BARS_AT, room);
    pairs.set(left);
    if (exact) {
      kernels.timeBarsExact(
        column(clockField), column(price), EXACT_KINDS.indexOf(price.cell), column(size), EXACT_KINDS.indexOf(size?.cell ?? 'i64'), column(side?.field), scratch,
        scratch + RUNS_AT, left.length / 2, origin, width, close, scratch + BARS_AT, room, under ? 1 : 0, scratch + OUT_AT,
      );
    } else {
      kernels.timeBars(
        column(clockField), column(price), column(size), column(side?.field), scratch, scratch + RUNS_AT, left.length / 2,
        origin, width, close, scratch + BARS_AT, room, under ? 1 : 0, scratch + OUT_AT,
      );
    }
    const [made, run, row, until] = out as unknown as [number, number, number, number];
    table.take(buffer, scratch + BARS_AT, room, made, under);
    left = left.subarray(2 * run);
    if (left.length === 0) return;
    left[0] = row;
    if (until === 0) continue;
    bars.add(rows, row, until);
    left[0] = until;
    if (until === left[1]) left = left.subarray(2);
  }
}

const masks = new WeakMap<SignOfCell, BigUint64Array>();

/** For each byte that a side can be: all bits of the first word for a buy, of the second for a sell. */
function masksOf({ signOf, request: { fields } }: ChunkBars): BigUint64Array {
  const sign = signOf as SignOfCell;
  let found = masks.get(sign);
  if (found === undefined) {
    const signed = fields.side?.field.cell === 'i8';
    found = BigUint64Array.from({ length: 512 }, (_, i) => {
      const cell = signed ? ((i >> 1) << 24) >> 24 : i >> 1;
      return sign(cell) === (i % 2 === 0 ? 1 : -1) ? 2n ** 64n - 1n : 0n;
    });
    masks.set(sign, found);
  }
  return found;
}
