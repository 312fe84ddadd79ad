/** Bars of a range of history, as steps. */
import type { Field } from '@deepwater/core/engine';
import { takeCut } from '../cut.js';
import type { OpenChunk } from '../open-chunk.js';
import { closePiece, openPiece } from '../piece-source.js';
import { type ReadContext, filterOf } from '../reads.js';
import { type RowSource, columnOf, wordsOf } from '../row-source.js';
import { factsOf, pieces } from '../select.js';
import type { Steps } from '../slices.js';
import { type TimeBounds, boundsOfRange } from '../time-bounds.js';
import { AmountBars } from './amount-bars.js';
import { barColumns, barOf } from './bar-results.js';
import { type BarData, joinBars, loadBar } from './bar-table.js';
import { type BarsRequest, parseBars } from './bars-request.js';
import { addByKernel, kernelTakes } from './chunk-bars.js';
import { fillBars } from './fill.js';
import { OpenBar } from './open-bar.js';
import { type SignOfCell, signOfCells } from './side-cells.js';
import { TimeBars, type TimedRows } from './time-bars.js';

/** Rows that are gone through between two places to pause. */
const ROWS_PER_STEP = 16384;
/** Rows of bigints take longer. */
const EXACT_ROWS_PER_STEP = 2048;
const BARS_PER_STEP = 2048;

/** Bars of one part of a range: plain data. Parts that are cut at the borders of bars are joined as they are. */
export interface BarsPart {
  readonly bars: BarData;
  /** Records without a price or size that is a number. */
  readonly unusable: number;
}

/** Bars of the records with start <= time < end. */
export function* readBars(context: ReadContext, start: unknown, end: unknown, options: unknown): Steps<unknown> {
  const { files, elsewhere } = context;
  const request = parseBars(files.source.spec.name, files.schema, options);
  const bounds = boundsOfRange(files.schema, request.clockIndex, start, end);
  const parts = elsewhere === undefined || bounds.empty ? [yield* barsOf(context, request, bounds)] : yield* elsewhere.bars(options, bounds);
  return yield* giveBars(context, request, parts);
}

/** What a part of a range is about. */
interface PartOfBars {
  /** First and last time of it, both included. */
  readonly bounds: TimeBounds;
  /** The head of the cut that all parts belong to. */
  readonly head?: number;
  /** Told how many rows have been gone through since it was last told. */
  readonly onRows?: (rows: number) => void;
}

/** The bars of one part, as they can be posted to other threads. */
export function* readBarsPart(context: ReadContext, request: BarsRequest, part: PartOfBars): Steps<BarsPart> {
  const { bars, unusable } = yield* barsOf(context, request, part.bounds, part);
  // Columns that share no memory with room for more: a view takes all of its buffer along when it is posted.
  return { bars: firstBars(bars, bars.rows), unusable };
}

/** What the parts of a range say, in the form that was asked for. */
export function* giveBars(context: ReadContext, request: BarsRequest, parts: readonly BarsPart[]): Steps<unknown> {
  const { files } = context;
  const { clock, fields, kind, limit } = request;
  const feed = files.source.spec.name;
  const unusable = parts.reduce((sum, part) => sum + part.unusable, 0);
  if (unusable > 0) context.onUnusable(unusable, fields.size === undefined ? [fields.price.name] : [fields.price.name, fields.size.name]);
  let data = joinBars(clock, fields, parts.map(({ bars }) => bars));
  yield;
  if (request.fill && kind.by === 'time') data = fillBars(data, kind.grid, clock, fields, limit);
  if (data.rows > limit) data = firstBars(data, limit);
  if (request.format === 'columns') return barColumns(data, fields);
  const names = { feed, resolution: request.name, exact: request.exact };
  const inBigints = files.schema.fields[clock.fieldIndex]?.as === 'bigint';
  const time = (cell: bigint | undefined): number | bigint => (inBigints ? cell as bigint : Number(cell));
  const cells = new OpenBar(fields);
  const bars: unknown[] = [];
  for (let row = 0; row < data.rows; row++) {
    loadBar(data, row, cells);
    bars.push(barOf(cells, time(data.start[row]), time(data.end[row]), fields, names));
    if (row % BARS_PER_STEP === BARS_PER_STEP - 1) yield;
  }
  return bars;
}

/** A copy of the first bars. */
function firstBars(data: BarData, rows: number): BarData {
  const columns = Object.entries(data).map(([name, column]) => [name, typeof column === 'number' ? rows : (column as Float64Array).slice(0, rows)]);
  return Object.fromEntries(columns) as BarData;
}

function* barsOf(context: ReadContext, request: BarsRequest, bounds: TimeBounds, { head, onRows }: Omit<PartOfBars, 'bounds'> = {}): Steps<BarsPart> {
  const { files, helpers } = context;
  const { kind, fields } = request;
  const bars = kind.by === 'time' ? new TimeBars(request, kind.grid) : new AmountBars(request, kind);
  const cut = takeCut(files, head);
  // By now the symbols of its rows are known.
  const signOf = fields.side === undefined ? undefined : signOfCells(fields.side, helpers);
  const clock = files.schema.fields[bounds.clock.fieldIndex] as Field;
  const needed = [...new Set([fields.price, fields.size, fields.side?.field, clock].filter((field) => field !== undefined))];
  const perStep = fields.exactPrice || fields.exactSize ? EXACT_ROWS_PER_STEP : ROWS_PER_STEP;
  for (const piece of pieces(files, { bounds, cut, fields: needed, where: filterOf(helpers, request) })) {
    yield;
    if (piece === undefined) continue;
    if (bars instanceof AmountBars && bars.done) break;
    const source = openPiece(files, piece);
    if (source === undefined) continue;
    try {
      const rows = timedRows(source, request, clock, signOf);
      const work = kind.by === 'time' && 'ref' in piece ? {
        bars: bars as TimeBars, request, grid: kind.grid, chunk: source as OpenChunk, rows, clock, signOf, facts: factsOf(piece.cut, piece.ref, source as OpenChunk, bounds),
      } : undefined;
      if (work !== undefined && kernelTakes(work)) yield* addByKernel(work, piece.runs);
      else yield* addRuns(bars, rows, piece.runs, perStep);
    } finally {
      closePiece(piece);
    }
    onRows?.(piece.rows);
  }
  bars.leave();
  return { bars: bars.table.finish(bars instanceof TimeBars), unusable: bars.bar.unusable };
}

/** Rows in any order, by the plain loops. */
function* addRuns(bars: TimeBars | AmountBars, rows: TimedRows, runs: Int32Array, perStep: number): Steps<void> {
  let left = perStep;
  for (let r = 0; r < runs.length; r += 2) {
    const end = runs[r + 1] as number;
    for (let row = runs[r] as number; row < end; ) {
      const to = Math.min(end, row + left);
      bars.add(rows, row, to);
      left -= to - row;
      row = to;
      if (left > 0) continue;
      left = perStep;
      yield;
    }
  }
}

function timedRows(source: RowSource, { fields: { price, size, side } }: BarsRequest, clock: Field, signOf: SignOfCell | undefined): TimedRows {
  return {
    words: wordsOf(source, clock),
    price: columnOf(source, price),
    size: size === undefined ? undefined : columnOf(source, size),
    side: side === undefined || signOf === undefined ? undefined : { cells: columnOf(source, side.field), signOf },
  };
}
