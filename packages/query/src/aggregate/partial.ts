/** Aggregates in parts: what each piece of a read gives, and how the parts are put together. All of it is plain data. */
import { DeepwaterError, type SymbolDictionaryReader } from '@deepwater/core/engine';
import type { FeedFiles } from '../feed-files.js';
import { ScanSource } from '../kernels/scan-source.js';
import { STRIP_ROWS } from '../kernels/scratch.js';
import { type Strip, stripsOf } from '../kernels/strips.js';
import { closePiece, openPiece } from '../piece-source.js';
import type { Piece } from '../select.js';
import type { Steps } from '../slices.js';
import { type RowTest, compileFilter, maskStrip } from '../where/filter.js';
import { type Gathering, type MeasurePart, gather, mergeParts } from './measures.js';
import type { AggregateRequest } from './request.js';
import { ActiveStrip } from './strip.js';

/** What some rows give. */
export interface Partial {
  readonly count: number;
  /** By measure of the request. */
  readonly parts: readonly (MeasurePart | undefined)[];
}

/**
 * Rows of a chunk, or of a block from the ring, that make one part: those from a multiple of this on. Scans are cut into tasks there,
 * too, so that the digits of float sums depend on the rows and their places, and not on who goes over how many of them.
 */
export const GRAIN_ROWS = 8 * STRIP_ROWS;

/** Values that quantiles keep, in all. */
const VALUES_MAX = 2 ** 27;

/**
 * What some pieces give, in their order: a part for each grain of rows.
 * @param pieces found by time, with the filter's `timesOnly`; `undefined` among them is a place to pause
 */
export function* partialsOf(files: FeedFiles, symbols: SymbolDictionaryReader, request: AggregateRequest, pieces: Iterable<Piece | undefined>): Steps<Partial[]> {
  const partials: Partial[] = [];
  const kept = new KeptCount();
  const give = (partial: Partial): void => {
    kept.add(partial);
    partials.push(partial);
  };
  let test: RowTest | undefined;
  for (const piece of pieces) {
    if (piece === undefined) {
      yield;
      continue;
    }
    // By now the cut was taken, so the symbols of its rows are known.
    if (request.where !== undefined) test ??= compileFilter(request.where, files.schema, symbols);
    const source = openPiece(files, piece);
    if (source === undefined) continue;
    try {
      yield* overRows(new ScanSource(source), piece.runs, test, () => request.measures.map((measure) => gather(measure, files.schema)), give);
    } finally {
      closePiece(piece);
    }
  }
  return partials;
}

/** Gives the parts of the rows of one source. */
function* overRows(source: ScanSource, runs: Int32Array, test: RowTest | undefined, begin: () => readonly Gathering[], give: (partial: Partial) => void): Steps<void> {
  const strip = new ActiveStrip(source);
  let gatherings: readonly Gathering[] = [];
  let total = 0;
  let grain = -1;
  const end = (): void => {
    if (total > 0) give({ count: total, parts: gatherings.map((gathering) => gathering.part()) });
    total = 0;
  };
  for (const rows of stripsOf(runs)) {
    const count = rowsThatCount(source, runs, rows, test);
    if (count > 0) {
      const next = Math.floor(rows.from / GRAIN_ROWS);
      if (next !== grain) {
        end();
        gatherings = begin();
        grain = next;
      }
      strip.begin(rows.from, rows.n, count);
      for (const gathering of gatherings) gathering.take(strip);
      total += count;
    }
    yield;
  }
  end();
}

/** Writes the first mask, unless all rows count. @returns how many do */
function rowsThatCount(source: ScanSource, runs: Int32Array, rows: Strip, test: RowTest | undefined): number {
  if (test === undefined && rows.whole) return rows.n;
  maskStrip(source, runs, rows, test);
  return source.kernels.countMask(source.maskAt(0), rows.n);
}

/** The parts of a read as one, in the order of its pieces. */
export function mergePartials({ measures }: AggregateRequest, partials: readonly Partial[]): Partial {
  const parts = measures.map((measure, i) => partials.map((partial) => partial.parts[i]).reduce((a, b) => mergeParts(measure, a, b), undefined));
  return { count: partials.reduce((sum, { count }) => sum + count, 0), parts };
}

/** The values that quantiles keep, counted while parts come in: what is too much ends the read before memory is full of it. */
export class KeptCount {
  #kept = 0;

  /** @throws DeepwaterError DW_LIMIT_EXCEEDED */
  add({ parts }: Partial): void {
    for (const part of parts) if (typeof part === 'object' && 'blocks' in part) this.#kept += part.count;
    if (this.#kept <= VALUES_MAX) return;
    throw new DeepwaterError('DW_LIMIT_EXCEEDED', `Exact quantiles keep every value, and the range has more than ${VALUES_MAX}. Ask for a shorter range, filter it, or count with a histogram; batches() goes through any number.`, {
      values: { limit: VALUES_MAX },
    });
  }
}

/** Positions of the columns that a request needs besides those of its filter. */
export function measuredColumns({ measures }: AggregateRequest): number[] {
  return [...new Set(measures.flatMap((measure) => ('size' in measure ? [measure.column, measure.size] : [measure.column])))];
}
