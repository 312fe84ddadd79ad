import { type ChunkRef, type Cut, chunkRefs, pinRef, takeCut } from './cut.js';
import type { FeedFiles } from './feed-files.js';
import { unpinChunk } from './open-chunk.js';
import { type ChunkFacts, type RangePlan, planRange } from './plan.js';
import { factsOf } from './select.js';
import { type TimeBounds, timeValue } from './time-bounds.js';
import { type Predicate, predicateText } from './where/predicate.js';
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
  /** Rows of the ring, which are copied and looked at one by one. */
  readonly ringRows: number;
  readonly text: string;
}

const CHUNKS_SHOWN = 20;

export function explainRange(files: FeedFiles, bounds: TimeBounds, where?: Predicate): Explanation {
  const cut = takeCut(files);
  const { plan, pruned } = planOf(files, cut, bounds, where);
  const total: RangePlan = { ...plan, passedOver: plan.passedOver + pruned };
  const { clock } = bounds;
  const facts = {
    feed: files.source.spec.name, clock: clock.name, first: timeValue(bounds.low, clock), last: timeValue(bounds.high, clock),
    ...(where === undefined ? {} : { where: predicateText(where) }),
    plan: total, ringRows: cut.head - cut.ringFrom,
  };
  return { ...facts, text: describe(facts, clock.unit) };
}

function planOf(files: FeedFiles, cut: Cut, bounds: TimeBounds, where: Predicate | undefined): { plan: RangePlan; pruned: number } {
  const { clocks } = files.schema;
  const asks = where === undefined ? undefined : { asksForTimes: asksForTimes(where, files.schema) };
  const facts: ChunkFacts[] = [];
  let offered = 0;
  for (const ref of chunkRefs(files, cut, 0, bounds)) {
    offered += 1;
    const decided = decidedByRange(cut, ref, bounds, asks?.asksForTimes === true);
    if (decided !== undefined) {
      facts.push(decided);
      continue;
    }
    const chunk = pinRef(files, cut, ref);
    if (chunk === undefined) continue;
    try {
      const open = factsOf(cut, ref, chunk, bounds, asks, clocks);
      const { blockRows } = open;
      // Read here, so that the plan is made of data alone.
      const blocks = Array.from({ length: Math.ceil(ref.to / blockRows) }, (_, index) => open.block(index));
      const { rangeOf, blockRangeOf } = open;
      const columns = clocks.map(({ fieldIndex }) => fieldIndex);
      const known = rangeOf === undefined ? undefined : new Map(columns.map((column) => [column, rangeOf(column)]));
      const knownOfBlocks = blockRangeOf === undefined ? undefined : blocks.map((_, index) => new Map(columns.map((column) => [column, blockRangeOf(index)(column)])));
      facts.push({
        ...open, block: (index) => blocks[index],
        ...(known === undefined ? {} : { rangeOf: (column) => known.get(column) }),
        ...(knownOfBlocks === undefined ? {} : { blockRangeOf: (index) => (column) => knownOfBlocks[index]?.get(column) }),
      });
    } finally {
      unpinChunk(ref.path);
    }
  }
  const living = cut.catalog === undefined ? 0 : cut.count - Math.min(cut.count, cut.catalog.view.firstLive);
  return { plan: planRange(facts, bounds, where), pruned: Math.max(0, living - offered) };
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

function describe({ feed, clock, first, last, where, plan, ringRows }: Omit<Explanation, 'text'>, unit: string): string {
  const { rows, chunks } = plan;
  const lines = [
    `feed ${feed}, ${clock} from ${first} to ${last} (${unit}, both included)`,
    ...(where === undefined ? [] : [`where ${where}: looked at for ${plan.where?.lookedAt ?? 0} rows in chunks, ${plan.where?.ruledOut ?? 0} ruled out by the times of their chunks and blocks`]),
    `${chunks.length} chunks to read, ${plan.passedOver} passed over by their ranges`,
    `rows: ${rows.whole} taken whole, ${rows.search} in order (binary search), ${rows.filter} looked at one by one, ${ringRows} in the ring`,
    ...chunks.slice(0, CHUNKS_SHOWN).map(({ chunkId, firstSequence, steps }) =>
      `  chunk ${chunkId} from record ${firstSequence}: ${steps.slice(0, 4).map((step) => `${step.how} [${step.from}, ${step.to})${step.where === true ? ' + where' : ''}`).join(', ')}${steps.length > 4 ? `, … (${steps.length} steps)` : ''}`),
  ];
  if (chunks.length > CHUNKS_SHOWN) lines.push(`  … and ${chunks.length - CHUNKS_SHOWN} more`);
  return lines.join('\n');
}
