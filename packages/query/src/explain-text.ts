/** An explanation drawn as text. */
import type { Explanation } from './explain.js';
import type { ChunkPlan, StepKind } from './plan.js';

const CHUNKS_SHOWN = 20;
const STEPS_SHOWN = 4;
/** Characters that a chunk is drawn with. */
const PICTURE_CHARS = 32;
const MARKS: Readonly<Record<StepKind, string>> = { whole: '█', search: '▓', filter: '░' };
const NOTHING = '·';

/** @param rowsOf rows of each chunk, by its first sequence number */
export function explanationText(facts: Omit<Explanation, 'text'>, unit: string, rowsOf: ReadonlyMap<number, number>): string {
  const { feed, clock, first, last, where, plan, chunks, blocks, ringRows, columns, bytes } = facts;
  const { rows } = plan;
  const lines = [
    `feed ${feed}, ${clock} from ${first} to ${last} (${unit}, both included)`,
    ...(where === undefined ? [] : [`where ${where}: looked at for ${plan.where?.lookedAt ?? 0} rows in chunks, ${plan.where?.ruledOut ?? 0} ruled out by the times of their chunks and blocks`]),
    `chunks: ${chunks.total}, of them ${chunks.byCatalog} passed over by the catalog, ${chunks.byBlocks} by their blocks, ${chunks.read} to read`,
    ...(chunks.opened === 0 ? [] : [`blocks of chunks that the catalog does not decide (${chunks.opened}): ${blocks.whole} taken whole, ${blocks.search} searched, ${blocks.filter} looked through, ${blocks.passedOver} passed over`]),
    `rows: ${rows.whole} taken whole, ${rows.search} in order (binary search), ${rows.filter} looked at one by one, ${ringRows} in the ring`,
    `columns: ${columns.join(', ')}; at most ${sizeText(bytes.columns)} of what is given${bytes.clock === 0 ? '' : `, and ${sizeText(bytes.clock)} of times that are looked at`}${bytes.where === 0 ? '' : `, and ${sizeText(bytes.where)} for the filter`}`,
    ...plan.chunks.slice(0, CHUNKS_SHOWN).map((chunk) => chunkLine(chunk, rowsOf.get(chunk.firstSequence) ?? 0)),
  ];
  const more = plan.chunks.length - CHUNKS_SHOWN;
  if (more > 0) lines.push(`  … and ${more} more`);
  if (plan.chunks.length > 0) lines.push(`  ${MARKS.whole} whole  ${MARKS.search} searched  ${MARKS.filter} looked through  ${NOTHING} passed over`);
  return lines.join('\n');
}

function chunkLine({ chunkId, firstSequence, steps }: ChunkPlan, rows: number): string {
  const shown = steps.slice(0, STEPS_SHOWN).map(({ how, from, to, where }) => `${how} [${from}, ${to})${where === true ? ' + where' : ''}`).join(', ');
  const more = steps.length > STEPS_SHOWN ? `, … (${steps.length} steps)` : '';
  return `  chunk ${chunkId} from record ${firstSequence} ${picture(steps, rows)} ${shown}${more}`;
}

/** A chunk from its first row to its last; a step that is shorter than a character still shows. */
function picture(steps: ChunkPlan['steps'], rows: number): string {
  const marks = new Array<string>(Math.max(1, Math.min(PICTURE_CHARS, rows))).fill(NOTHING);
  for (const { from, to, how } of steps) {
    const end = Math.ceil((to / rows) * marks.length);
    for (let at = Math.floor((from / rows) * marks.length); at < end; at++) marks[at] = MARKS[how];
  }
  return marks.join('');
}

function sizeText(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(units.length - 1, bytes < 1024 ? 0 : Math.floor(Math.log2(bytes) / 10));
  return power === 0 ? `${bytes} bytes` : `${(bytes / 1024 ** power).toFixed(1)} ${units[power]}`;
}
