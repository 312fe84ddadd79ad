import type { Field } from '@deepwater/core/engine';
import { type ChunkRef, type Cut, chunkRefs, pinRef, takeCut } from './cut.js';
import { explanationText } from './explain-text.js';
import type { FeedFiles } from './feed-files.js';
import { unpinChunk } from './open-chunk.js';
import { type ChunkFacts, type RangePlan, type StepKind, planRange } from './plan.js';
import { factsOf } from './select.js';
import { type TimeBounds, timeValue } from './time-bounds.js';
import { type Predicate, columnsOf, predicateText } from './where/predicate.js';
import { asksForTimes } from './where/verdict.js';

/** How a range would be read, as plain data and as text. */
export interface Explanation {
  readonly feed: string;
  readonly clock: string;
  /** [start, end] in the unit of the clock, both included. */
  readonly first: number | bigint;
  readonly last: number | bigint;
  /** The filter as text; undefined where there is none. */
  readonly where?: string;
  readonly plan: RangePlan;
  /**
   * Chunks of the feed: passed over by what the catalog says of them, by what their blocks say, and to be read; `opened` are those that
   * the catalog alone does not decide.
   */
  readonly chunks: { readonly total: number; readonly byCatalog: number; readonly byBlocks: number; readonly read: number; readonly opened: number };
  /** Blocks of the chunks that were opened for the plan, by what is done with them. */
  readonly blocks: Readonly<Record<StepKind | 'passedOver', number>>;
  /** Rows of the ring, which are copied and looked at one by one. */
  readonly ringRows: number;
  /** The columns that are read: those that are given, the clock, and those of the filter. */
  readonly columns: readonly string[];
  /** What is read at most, in bytes: `clock` of times that are looked at one by one, `where` of what the filter looks at, `columns` of what is then given. */
  readonly bytes: { readonly clock: number; readonly where: number; readonly columns: number };
  readonly text: string;
}

/** @param fields those that the read gives */
export function explainRange(files: FeedFiles, bounds: TimeBounds, fields: readonly Field[], where?: Predicate): Explanation {
  const cut = takeCut(files);
  const { facts, opened, blocks, plan } = planOf(files, cut, bounds, where);
  const living = cut.catalog === undefined ? 0 : cut.count - Math.min(cut.count, cut.catalog.view.firstLive);
  const byCatalog = Math.max(0, living - facts.length);
  const { clock } = bounds;
  const clockField = files.schema.fields[clock.fieldIndex] as Field;
  const { whole, search, filter } = plan.rows;
  const ringRows = cut.head - cut.ringFrom;
  const filtered = where === undefined ? [] : [...columnsOf(where)].map((column) => files.schema.columns[column] as Field);
  const explanation = {
    feed: files.source.spec.name, clock: clock.name, first: timeValue(bounds.low, clock), last: timeValue(bounds.high, clock),
    ...(where === undefined ? {} : { where: predicateText(where) }),
    plan: { ...plan, passedOver: plan.passedOver + byCatalog },
    chunks: { total: living, byCatalog, byBlocks: plan.passedOver, read: plan.chunks.length, opened },
    blocks, ringRows,
    columns: [...new Set([...fields.map(({ name }) => name), clock.name, ...filtered.map(({ name }) => name)])],
    bytes: {
      clock: filter * clockField.width,
      where: ((plan.where?.lookedAt ?? 0) + (where === undefined ? 0 : ringRows)) * widthOf(filtered),
      columns: (whole + search + filter + ringRows) * widthOf(fields),
    },
  };
  const rowsOf = new Map(facts.map(({ firstSequence, to }) => [firstSequence, to]));
  return { ...explanation, text: explanationText(explanation, clock.unit, rowsOf) };
}

const widthOf = (fields: readonly Field[]): number => fields.reduce((sum, { width }) => sum + width, 0);

function planOf(
  files: FeedFiles, cut: Cut, bounds: TimeBounds, where: Predicate | undefined,
): { facts: ChunkFacts[]; opened: number; blocks: Record<StepKind | 'passedOver', number>; plan: RangePlan } {
  const asks = where === undefined ? undefined : { asksForTimes: asksForTimes(where, files.schema) };
  const facts: ChunkFacts[] = [];
  /** First sequence numbers of chunks of which the blocks were looked at. */
  const opened = new Set<number>();
  const noted = (each: ChunkFacts): ChunkFacts => {
    facts.push(each);
    return each;
  };
  function* lookedAt(): Generator<ChunkFacts, void, void> {
    for (const ref of chunkRefs(files, cut, 0, bounds)) {
      const decided = decidedByRange(cut, ref, bounds, asks?.asksForTimes === true);
      if (decided !== undefined) {
        yield noted(decided);
        continue;
      }
      const chunk = pinRef(files, cut, ref);
      if (chunk === undefined) continue;
      opened.add(ref.firstSequence);
      try {
        // It is planned before the next one is asked for.
        yield noted(factsOf(cut, ref, chunk, bounds, asks, files.schema.clocks));
      } finally {
        unpinChunk(ref.path);
      }
    }
  }
  const plan = planRange(lookedAt(), bounds, where);
  const blocks = { whole: 0, search: 0, filter: 0, passedOver: 0 };
  const stepsOf = new Map(plan.chunks.map(({ firstSequence, steps }) => [firstSequence, steps]));
  for (const { firstSequence, to: rows, blockRows } of facts) {
    if (!opened.has(firstSequence)) continue;
    let left = Math.ceil(rows / blockRows);
    for (const { from, to, how } of stepsOf.get(firstSequence) ?? []) {
      const covered = Math.ceil(to / blockRows) - Math.floor(from / blockRows);
      blocks[how] += covered;
      left -= covered;
    }
    blocks.passedOver += Math.max(0, left);
  }
  return { facts, opened: opened.size, blocks, plan };
}

/** The facts of a chunk that need not be opened to plan it. */
function decidedByRange(cut: Cut, ref: ChunkRef, bounds: TimeBounds, blocksMatter: boolean): ChunkFacts | undefined {
  const { catalog } = cut;
  if (catalog === undefined || !ref.sealed || blocksMatter) return undefined;
  const sorted = catalog.sorted(ref.index, bounds.clockIndex);
  if (!sorted && catalog.relation(ref.index, bounds) !== 'inside') return undefined;
  const { chunkId, firstSequence, from, to } = ref;
  return { chunkId, firstSequence, from, to, range: catalog.range(ref.index, bounds.clock, bounds.clockIndex), sorted, blockRows: to, block: () => undefined };
}
