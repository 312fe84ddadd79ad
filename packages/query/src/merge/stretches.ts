/** The records of one feed in the order in which a merge gives them. */
import type { Field } from '@deepwater/core/engine';
import { timeAt } from '../clock-cells.js';
import type { FeedFiles } from '../feed-files.js';
import { OpenChunk } from '../open-chunk.js';
import { type Piece, type Wanted, factsOf, pieces } from '../select.js';
import { SIGN, type TimeBounds } from '../time-bounds.js';
import type { LaterTimes } from './later-times.js';
import { MergedPart, type Stretch } from './part.js';
import { PendingTimes } from './pending-times.js';

/** What one feed gives: rows and columns wanted, the clock's column among them, and those of the columns that were asked for. */
export interface FeedRequest {
  readonly files: FeedFiles;
  readonly wanted: Wanted & { readonly bounds: TimeBounds };
  readonly fields: readonly Field[];
  /** Records that may wait for their place in the order of time; 8,388,608 where it is left out. */
  readonly reorderRowsMax?: number;
}

export type Stretches = Generator<Stretch | undefined, void, void>;

/** In order of arrival. */
export function* stretchesByArrival({ files, wanted, fields }: FeedRequest): Stretches {
  for (const piece of pieces(files, wanted)) {
    if (piece === undefined) {
      yield;
      continue;
    }
    const part = MergedPart.ofPiece(files, piece, fields);
    if (part !== undefined) yield { part, runs: piece.runs };
  }
}

/** By time, of equal times by arrival. What is in order already goes straight through. */
export function* stretchesByTime(request: FeedRequest, later: LaterTimes): Stretches {
  const { files, wanted, fields, reorderRowsMax } = request;
  const pending = new PendingTimes(files.source.spec.name, files.schema, wanted.bounds, wanted.fields, fields, reorderRowsMax);
  try {
    for (const piece of pieces(files, wanted)) {
      yield;
      const part = piece === undefined ? undefined : MergedPart.ofPiece(files, piece, fields);
      if (piece === undefined || part === undefined) continue;
      try {
        for (const { runs, least, greatest, sorted, until } of unitsOf(request, piece, part, later)) {
          if (pending.length === 0 && sorted && (until === undefined || greatest <= until)) {
            yield { part: part.hold(), runs };
            continue;
          }
          pending.add(part, runs, least, greatest);
          yield* pending.upTo(until);
          yield;
        }
      } finally {
        part.drop();
      }
    }
    // Where the last chunks have been deleted meanwhile, what waited for them comes now.
    if (pending.length > 0) yield* pending.upTo(undefined);
  } finally {
    pending.close();
  }
}

/** Rows of a piece that are looked at as one. */
export interface Unit {
  readonly runs: Int32Array;
  readonly least: bigint;
  readonly greatest: bigint;
  readonly sorted: boolean;
  /** The least time of all records behind them; undefined where there are none. */
  until: bigint | undefined;
}

/** Rows of the ring in a unit; those of a chunk are a block of it. */
const RING_UNIT_ROWS = 4096;

function unitsOf({ files, wanted: { bounds } }: FeedRequest, piece: Piece, part: MergedPart, later: LaterTimes): Unit[] {
  const { source } = part;
  const words = part.words(files.schema.fields[bounds.clock.fieldIndex] as Field);
  const { signed } = bounds.clock;
  const { runs } = piece;
  const chunk = source instanceof OpenChunk ? source : undefined;
  const end = 'block' in piece ? piece.block.firstSequence + piece.block.capacityRows : piece.ref.firstSequence + piece.ref.to;
  let until = later.from(end);
  if (chunk !== undefined && !('block' in piece) && factsOf(piece.cut, piece.ref, chunk, bounds).sorted === true) {
    return [{ runs, least: timeAt(words, runs[0] as number, signed), greatest: timeAt(words, (runs.at(-1) as number) - 1, signed), sorted: true, until }];
  }
  const units = cutRuns(runs, chunk?.geometry.blockRows ?? RING_UNIT_ROWS).map((part) => unitOf(part, words, bounds));
  for (let i = units.length - 1; i >= 0; i--) {
    const unit = units[i] as Unit;
    unit.until = until;
    if (until === undefined || unit.least < until) until = unit.least;
  }
  return units;
}

/** Runs of rows in parts that lie within blocks of `size` rows. */
function cutRuns(runs: Int32Array, size: number): Int32Array[] {
  const parts: Int32Array[] = [];
  let pairs: number[] = [];
  let block = -1;
  for (let r = 0; r < runs.length; r += 2) {
    const end = runs[r + 1] as number;
    for (let from = runs[r] as number; from < end; ) {
      const index = Math.floor(from / size);
      const to = Math.min(end, (index + 1) * size);
      if (index !== block && pairs.length > 0) {
        parts.push(Int32Array.from(pairs));
        pairs = [];
      }
      block = index;
      pairs.push(from, to);
      from = to;
    }
  }
  if (pairs.length > 0) parts.push(Int32Array.from(pairs));
  return parts;
}

/** What is known of rows that have been looked at: the units of a piece, before what comes behind them is known. */
export function unitOf(runs: Int32Array, words: Int32Array, { clock: { signed }, flip }: TimeBounds): Unit {
  let leastRow = runs[0] as number;
  let greatestRow = leastRow;
  const high = (row: number): number => (words[2 * row + 1] as number) ^ flip;
  const low = (row: number): number => (words[2 * row] as number) ^ SIGN;
  let leastHigh = high(leastRow);
  let leastLow = low(leastRow);
  let greatestHigh = leastHigh;
  let greatestLow = leastLow;
  let sorted = true;
  for (let r = 0; r < runs.length; r += 2) {
    const to = runs[r + 1] as number;
    for (let row = runs[r] as number; row < to; row++) {
      const h = (words[2 * row + 1] as number) ^ flip;
      const l = (words[2 * row] as number) ^ SIGN;
      if (h > greatestHigh || (h === greatestHigh && l >= greatestLow)) {
        greatestHigh = h;
        greatestLow = l;
        greatestRow = row;
        continue;
      }
      sorted = false;
      if (h < leastHigh || (h === leastHigh && l < leastLow)) {
        leastHigh = h;
        leastLow = l;
        leastRow = row;
      }
    }
  }
  return { runs, least: timeAt(words, leastRow, signed), greatest: timeAt(words, greatestRow, signed), sorted, until: undefined };
}
