/**
 * Index points: the records of a feed of mode IF that its writer marked, such as the first of each order-book snapshot. The
 * mark is a cell of the index column. Sealed chunks that hold none are passed over by their catalog entries; in the others, and
 * in the ring, the column is looked through.
 */
import { ENTRY_STATE, type Clock, type Field, type Schema, countIndexPoints, notIndexed } from '@deepwater/core/engine';
import type { BlockChecks } from './block-checks.js';
import type { CatalogIndex } from './catalog-index.js';
import { lastMarkedInside, timeAt } from './clock-cells.js';
import { type Cut, pinRef, refOf, takeCut } from './cut.js';
import { cutWithRing } from './cut-with-ring.js';
import type { FeedFiles } from './feed-files.js';
import { OpenChunk, unpinChunk } from './open-chunk.js';
import { checkKeys, countOf } from './options.js';
import { closePiece, openPiece, sequenceOf } from './piece-source.js';
import { type RowSource, bytesOf, wordsOf } from './row-source.js';
import { type Piece, pieces } from './select.js';
import type { Steps } from './slices.js';
import { type TimeBounds, boundsBetween, boundsOfRange, clockIndexOf, leastTime, timeOf, timeValue } from './time-bounds.js';

/** A record that `writer.markIndex()` marked. */
export interface IndexPoint {
  readonly sequence: number;
  /** Its time on the clock that was asked by, in the unit of that clock: a number for us and ms, a bigint for ns. */
  readonly time: number | bigint;
  /** Its time on every clock of the feed, by name. */
  readonly times: Readonly<Record<string, number | bigint>>;
}

export interface IndexPointOptions {
  /** The clock to ask by; the feed's timestamp where it is left out. */
  readonly by?: string;
}

export interface IndexPointsOptions extends IndexPointOptions {
  /** At most this many: the first that arrived. */
  readonly limit?: number;
}

/** Blocks of a chunk that are looked through between two turns of the event loop. */
const BLOCKS_PER_STEP = 16;
const ROWS_PER_STEP = 65536;

export function* readIndexPoint(files: FeedFiles, time: unknown, options: unknown): Steps<IndexPoint | undefined> {
  const column = indexColumnOf(files, 'indexPoint()');
  const { schema } = files;
  const clockIndex = clockIndexOf(schema, checkKeys(options, ['by'])['by']);
  const clock = schema.clocks[clockIndex] as Clock;
  return yield* lastIndexPoint(files, column, boundsBetween(schema, clockIndex, leastTime(clock), timeOf(time, clock, 'time')));
}

export function* readIndexPoints(files: FeedFiles, start: unknown, end: unknown, options: unknown): Steps<IndexPoint[]> {
  const column = indexColumnOf(files, 'indexPoints()');
  const { by, limit } = checkKeys(options, ['by', 'limit']);
  const bounds = boundsOfRange(files.schema, clockIndexOf(files.schema, by), start, end);
  return yield* indexPointsWithin(files, column, bounds, countOf('limit', limit, 0));
}

/** The index column of a feed. @param what the call that needs it. @throws DeepwaterError DW_FEED_NOT_INDEXED */
export function indexColumnOf({ schema, source }: FeedFiles, what: string): Field {
  if (schema.indexColumn === undefined) throw notIndexed(source.spec.name, what);
  return schema.indexColumn;
}

/**
 * The last index point (the one with the greatest sequence number) with a time within the bounds.
 * @param below only sequence numbers below this one
 */
export function* lastIndexPoint(files: FeedFiles, column: Field, bounds: TimeBounds, below = Infinity): Steps<IndexPoint | undefined> {
  if (bounds.empty) return undefined;
  const { schema } = files;
  const clock = schema.fields[bounds.clock.fieldIndex] as Field;
  const { cut, blocks } = cutWithRing(files, [...clockFields(schema), column]);
  for (const block of blocks.reverse()) {
    const rows = Math.min(block.capacityRows, below - block.firstSequence);
    const row = lastMarkedInside(bytesOf(block, column), block.words(clock), bounds, 0, rows);
    if (row >= 0) return pointAt(schema, bounds.clock, block, row, block.firstSequence + row);
    yield;
  }
  const { catalog } = cut;
  if (catalog === undefined) return undefined;
  for (let index = catalog.indexOfSequence(below - 1, cut.count); index >= catalog.view.firstLive; index--) {
    if (index >= cut.count || !mayHold(catalog, index, bounds)) continue;
    const ref = refOf(files, cut, index);
    const chunk = ref === undefined ? undefined : pinRef(files, cut, ref);
    if (ref === undefined || chunk === undefined) continue;
    try {
      const row = yield* lastInChunk(chunk, column, clock, bounds, Math.min(ref.to, below - ref.firstSequence));
      if (row >= 0) {
        checkTimes(schema, chunk.checks, row);
        return pointAt(schema, bounds.clock, chunk, row, ref.firstSequence + row);
      }
    } finally {
      unpinChunk(ref.path);
    }
    yield;
  }
  return undefined;
}

/** The sequence number of the first index point of a cut from a number on; undefined where there is none. */
export function firstIndexPoint(files: FeedFiles, column: Field, cut: Cut, from: number): number | undefined {
  for (const piece of pieces(files, { cut, from, fields: [column], unchecked: true })) {
    if (piece === undefined || sealedCount(piece) === 0) continue;
    for (const [row] of markedRows(files, piece, column)) if (row >= 0) return sequenceOf(piece, row);
  }
  return undefined;
}

/** The index points with a time within the bounds, in order of arrival, at most `limit`. */
export function* indexPointsWithin(files: FeedFiles, column: Field, bounds: TimeBounds, limit = Infinity): Steps<IndexPoint[]> {
  const points: IndexPoint[] = [];
  for (const piece of pieces(files, { bounds, fields: [...clockFields(files.schema), column], unchecked: true })) {
    if (points.length >= limit) break;
    if (piece === undefined) yield;
    if (piece === undefined || sealedCount(piece) === 0) continue;
    for (const [row, source] of markedRows(files, piece, column)) {
      if (row < 0) yield;
      else if (points.push(pointAt(files.schema, bounds.clock, source, row, sequenceOf(piece, row))) >= limit) break;
    }
  }
  return points;
}

/** How many index points a feed has now: counted in the catalog, and where it does not tell in the rows. */
export function readIndexPointCount(files: FeedFiles): number {
  const column = indexColumnOf(files, 'countIndexPoints()');
  let count = 0;
  for (const piece of pieces(files, { cut: takeCut(files), fields: [column], unchecked: true })) {
    if (piece === undefined) continue;
    count += sealedCount(piece) ?? countInPiece(files, piece, column);
  }
  return count;
}

/** Rows of a piece that are marked, with the columns they lie in; row -1 is a place to pause. */
function* markedRows(files: FeedFiles, piece: Piece, column: Field): Generator<readonly [number, RowSource], void, void> {
  const source = openPiece(files, piece);
  if (source === undefined) return;
  try {
    const marks = bytesOf(source, column);
    const checks = source instanceof OpenChunk ? source.checks : undefined;
    const { runs } = piece;
    let rows = 0;
    for (let r = 0; r < runs.length; r += 2) {
      const end = runs[r + 1] as number;
      for (let from = runs[r] as number; from < end; from += ROWS_PER_STEP) {
        const part = Buffer.from(marks.buffer, marks.byteOffset + from, Math.min(end - from, ROWS_PER_STEP));
        checks?.checkNow(column.index, from, from + part.length);
        for (let at = part.indexOf(1); at >= 0; at = part.indexOf(1, at + 1)) {
          if (checks !== undefined) checkTimes(files.schema, checks, from + at);
          yield [from + at, source];
        }
        rows += part.length;
        if (rows < ROWS_PER_STEP) continue;
        rows = 0;
        yield [-1, source];
      }
    }
  } finally {
    closePiece(piece);
  }
}

function countInPiece(files: FeedFiles, piece: Piece, column: Field): number {
  const source = openPiece(files, piece);
  if (source === undefined) return 0;
  try {
    const marks = bytesOf(source, column);
    let count = 0;
    for (let r = 0; r < piece.runs.length; r += 2) {
      if (source instanceof OpenChunk) source.checks.checkNow(column.index, piece.runs[r] as number, piece.runs[r + 1] as number);
      count += countIndexPoints(marks.subarray(piece.runs[r], piece.runs[r + 1]));
    }
    return count;
  } finally {
    closePiece(piece);
  }
}

/** Index points in the chunk of a piece, as its catalog entry says; undefined where only the rows can tell. */
function sealedCount(piece: Piece): number | undefined {
  if ('block' in piece || !piece.ref.sealed) return undefined;
  return piece.cut.catalog?.indexPoints(piece.ref.index);
}

/** Whether a chunk may hold an index point within the bounds, by its entry alone. */
function mayHold(catalog: CatalogIndex, index: number, bounds: TimeBounds): boolean {
  const state = catalog.state(index);
  if (state !== ENTRY_STATE.SEALED || !catalog.holds(index)) return state !== ENTRY_STATE.DELETED;
  return catalog.indexPoints(index) > 0 && catalog.relation(index, bounds) !== 'outside';
}

/** Block by block from the end: blocks without a mark, and those whose times are all past the bounds, cost next to nothing. */
function* lastInChunk(chunk: OpenChunk, column: Field, clock: Field, bounds: TimeBounds, rows: number): Steps<number> {
  const { blockRows } = chunk.geometry;
  const marks = bytesOf(chunk, column);
  const words = chunk.words(clock);
  for (let index = Math.ceil(rows / blockRows) - 1, looked = 1; index >= 0; index--, looked++) {
    const from = index * blockRows;
    const to = Math.min(rows, from + blockRows);
    chunk.checks.checkNow(column.index, from, to);
    const last = Buffer.from(marks.buffer, marks.byteOffset + from, to - from).lastIndexOf(1);
    // The block that is being filled has no descriptor.
    const facts = last < 0 || to < from + blockRows ? undefined : chunk.blockFacts(index, bounds.clockIndex, rows);
    if (last >= 0 && !(facts !== undefined && (facts.range.min > bounds.high || facts.range.max < bounds.low))) {
      chunk.checks.checkNow(clock.index, from, to);
      const row = lastMarkedInside(marks, words, bounds, from, from + last + 1);
      if (row >= 0) return row;
    }
    if (looked % BLOCKS_PER_STEP === 0) yield;
  }
  return -1;
}

const clockFields = ({ clocks, fields }: Schema): Field[] => clocks.map(({ fieldIndex }) => fields[fieldIndex] as Field);

function checkTimes({ clocks }: Schema, checks: BlockChecks, row: number): void {
  for (const { fieldIndex } of clocks) checks.checkNow(fieldIndex, row, row + 1);
}

function pointAt({ clocks, fields }: Schema, by: Clock, source: RowSource, row: number, sequence: number): IndexPoint {
  const valueOn = (clock: Clock): number | bigint => timeValue(timeAt(wordsOf(source, fields[clock.fieldIndex] as Field), row, clock.signed), clock);
  return { sequence, time: valueOn(by), times: Object.fromEntries(clocks.map((clock) => [clock.name, valueOn(clock)])) };
}
