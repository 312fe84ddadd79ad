/**
 * Which rows of which chunks a time range needs, and how they are found. Pure: everything it looks at is handed in, and
 * the plan is plain data that can be printed (explain.ts). Execution is in select.ts.
 */
import type { ClockRange } from '@deepwater/core/engine';
import type { BlockFacts } from './open-chunk.js';
import type { TimeBounds } from './time-bounds.js';
import type { Predicate } from './where/predicate.js';
import { type RangeOfColumn, verdictOf } from './where/verdict.js';

/** `whole`: all of the rows match. `search`: they are in order, the ends are searched. `filter`: every row is looked at. */
export type StepKind = 'whole' | 'search' | 'filter';

/** What to do with rows [from, to) of a chunk. */
export interface RowStep {
  readonly from: number;
  readonly to: number;
  readonly how: StepKind;
  /** Set where the filter is looked at row by row; ranges of times say nothing of it, or not enough. */
  readonly where?: true;
}

/** What can be known of a chunk without looking at its rows. */
export interface ChunkFacts {
  readonly chunkId: number;
  readonly firstSequence: number;
  /** Rows [from, to) are asked about. */
  readonly from: number;
  readonly to: number;
  /** Times of the whole chunk, and whether it is in order; undefined where a damaged descriptor hides them. */
  readonly range?: ClockRange;
  readonly sorted?: boolean;
  readonly blockRows: number;
  /** What a block's descriptor says; undefined where there is none. Asked only where range and order do not decide. */
  readonly block: (index: number) => BlockFacts | undefined;
  /** Times of the whole chunk and of a block on any clock, for filters that ask for times; left out where they do not. */
  readonly rangeOf?: RangeOfColumn;
  readonly blockRangeOf?: (index: number) => RangeOfColumn;
}

export interface ChunkPlan {
  readonly chunkId: number;
  readonly firstSequence: number;
  readonly steps: readonly RowStep[];
}

export interface RangePlan {
  readonly chunks: readonly ChunkPlan[];
  /** Chunks that were looked at and hold nothing of the range. */
  readonly passedOver: number;
  /** Rows by how they are found. */
  readonly rows: Readonly<Record<StepKind, number>>;
  /** Where there is a filter: rows it is looked at for, and rows within the range that times alone rule out. */
  readonly where?: { readonly lookedAt: number; readonly ruledOut: number };
}

/** The plan for one chunk; no steps where it holds nothing of the range, or nothing that a filter lets through. */
export function planChunk(facts: ChunkFacts, bounds: TimeBounds, where?: Predicate): RowStep[] {
  const steps = planTimes(facts, bounds);
  return where === undefined ? steps : planWhere(steps, facts, where);
}

function planTimes(facts: ChunkFacts, bounds: TimeBounds): RowStep[] {
  const { from, to, range } = facts;
  if (bounds.empty || from >= to) return [];
  if (range !== undefined) {
    const how = wayThrough(range, facts.sorted === true, bounds);
    if (how === undefined) return [];
    if (how !== 'filter') return [{ from, to, how }];
  }
  return planBlocks(facts, bounds);
}

function planBlocks(facts: ChunkFacts, bounds: TimeBounds): RowStep[] {
  const { from, to, blockRows } = facts;
  const steps: RowStep[] = [];
  for (let row = from; row < to; ) {
    const index = Math.floor(row / blockRows);
    const end = Math.min(to, (index + 1) * blockRows);
    const block = facts.block(index);
    const how = block === undefined ? 'filter' : wayThrough(block.range, block.sorted, bounds);
    if (how !== undefined) append(steps, row, end, how);
    row = end;
  }
  return steps;
}

/** How rows of a range of times are gone through; undefined where none can match. */
function wayThrough(range: ClockRange, sorted: boolean, bounds: TimeBounds): StepKind | undefined {
  if (range.max < bounds.low || range.min > bounds.high) return undefined;
  if (range.min >= bounds.low && range.max <= bounds.high) return 'whole';
  return sorted ? 'search' : 'filter';
}

/** Steps of a kind that follow each other become one, but for searches: order within blocks is not order across them. */
function append(steps: RowStep[], from: number, to: number, how: StepKind): void {
  const last = steps.at(-1);
  if (last !== undefined && last.how === how && last.to === from && how !== 'search') steps[steps.length - 1] = { from: last.from, to, how };
  else steps.push({ from, to, how });
}

/** Leaves out of some steps what a filter rules out by times alone, and marks what it must be looked at for. */
export function planWhere(steps: readonly RowStep[], { rangeOf, blockRangeOf, blockRows }: ChunkFacts, where: Predicate): RowStep[] {
  const verdict = rangeOf === undefined ? 'some' : verdictOf(where, rangeOf);
  if (verdict === 'none') return [];
  if (verdict === 'all') return [...steps];
  if (blockRangeOf === undefined) return steps.map((step) => ({ ...step, where: true }));
  const planned: RowStep[] = [];
  for (const step of steps) {
    for (let row = step.from, joins = false; row < step.to; ) {
      const index = Math.floor(row / blockRows);
      const end = Math.min(step.to, (index + 1) * blockRows);
      const block = verdictOf(where, blockRangeOf(index));
      const last = planned.at(-1);
      if (block === 'none') {
        joins = false;
      } else if (joins && last !== undefined && (last.where === true) === (block === 'some')) {
        // Parts of one step: rows that were in order are so still.
        planned[planned.length - 1] = { ...last, to: end };
      } else {
        planned.push({ from: row, to: end, how: step.how, ...(block === 'some' ? { where: true } : {}) });
        joins = true;
      }
      row = end;
    }
  }
  return planned;
}

const rowsIn = (steps: readonly RowStep[]): number => steps.reduce((sum, { from, to }) => sum + to - from, 0);

/** The plan for a time range over chunks. */
export function planRange(chunks: Iterable<ChunkFacts>, bounds: TimeBounds, where?: Predicate): RangePlan {
  const plans: ChunkPlan[] = [];
  const rows: Record<StepKind, number> = { whole: 0, search: 0, filter: 0 };
  let passedOver = 0;
  let lookedAt = 0;
  let ruledOut = 0;
  for (const facts of chunks) {
    const within = planTimes(facts, bounds);
    const steps = where === undefined ? within : planWhere(within, facts, where);
    ruledOut += rowsIn(within) - rowsIn(steps);
    if (steps.length === 0) {
      passedOver += 1;
      continue;
    }
    for (const { from, to, how } of steps) rows[how] += to - from;
    lookedAt += rowsIn(steps.filter((step) => step.where));
    plans.push({ chunkId: facts.chunkId, firstSequence: facts.firstSequence, steps });
  }
  return { chunks: plans, passedOver, rows, ...(where === undefined ? {} : { where: { lookedAt, ruledOut } }) };
}
