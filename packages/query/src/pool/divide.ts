/** Cutting a long scan into parts (morsels) that threads run side by side. */
import { BLOCK_ROWS_MAX, type Field } from '@deepwater/core/engine';
import { type ChunkRef, type Cut, chunkRefs, pinRef } from '../cut.js';
import type { FeedFiles } from '../feed-files.js';
import { unpinChunk } from '../open-chunk.js';
import { planChunk } from '../plan.js';
import { factsOf, searchRows } from '../select.js';
import type { TimeBounds } from '../time-bounds.js';

/** Records [from, to) of a feed, all of them in chunks. */
export interface PartRange {
  readonly from: number;
  readonly to: number;
  /** Rows that are to be looked at; there may be more in between that are not. */
  readonly rows: number;
}

/** Work of a millisecond to a few: less does not pay for the two wake-ups of a task, more makes a query behind it wait. */
const MORSEL_BYTES_MIN = 4 * 2 ** 20;
const MORSEL_BYTES_MAX = 32 * 2 ** 20;
/** As many at least, where they are not too small: so that threads that are not equally fast end together. */
const MORSELS_PER_THREAD = 3;

interface Candidates {
  readonly from: number;
  readonly to: number;
  /** All of them match. */
  readonly certain: boolean;
}

interface DivideOptions {
  /** Bytes that are looked at for each row. */
  readonly rowBytes: number;
  /** Rows that are enough. */
  readonly limit: number;
  /** About as many bytes a part. Default: what gives each thread some parts, 4 to 32 MiB. */
  readonly morselBytes?: number | undefined;
  /** How many there are to share the parts. Default 1. */
  readonly threads?: number | undefined;
  /** Rows of a chunk that stay in one part: those from a multiple of this on. Default: its blocks, so that none is looked at by two. */
  readonly grainRows?: number | undefined;
}

export interface Division {
  /** Fewer than two where the scan is too short to be cut. */
  readonly parts: readonly PartRange[];
  /** They have as many rows as are wanted; what comes after them has not been looked at. */
  readonly enough: boolean;
}

/** The parts of a scan over the chunks of a cut. */
export function divide(files: FeedFiles, cut: Cut, from: number, bounds: TimeBounds | undefined, { rowBytes, limit, morselBytes, threads = 1, grainRows }: DivideOptions): Division {
  const found: { readonly first: number; readonly from: number; readonly to: number }[] = [];
  let certain = 0;
  let rows = 0;
  for (const ref of chunkRefs(files, cut, from, bounds)) {
    for (const each of candidates(files, cut, ref, bounds)) {
      const to = each.certain ? Math.min(each.to, each.from + limit - certain) : each.to;
      found.push({ first: ref.firstSequence, from: each.from, to });
      rows += to - each.from;
      if (each.certain) certain += to - each.from;
      if (certain >= limit) break;
    }
    if (certain >= limit) break;
  }
  const bytes = morselBytes ?? Math.min(MORSEL_BYTES_MAX, Math.max(MORSEL_BYTES_MIN, (rows * rowBytes) / threads / MORSELS_PER_THREAD));
  const wanted = Math.ceil(bytes / Math.max(1, rowBytes));
  const cutRows = grainRows ?? Math.min(BLOCK_ROWS_MAX, wanted);
  const parts: PartRange[] = [];
  let open: { from: number; to: number; rows: number } | undefined;
  for (const { first, from: start, to: end } of found) {
    for (let row = start; row < end;) {
      const grain = row - (row % cutRows);
      // What there is of a grain already may be all of a part; the rest of it belongs there, too.
      if (open !== undefined && open.rows >= wanted && first + grain >= open.to) {
        parts.push(open);
        open = undefined;
      }
      const to = Math.min(end, grain + cutRows);
      open ??= { from: first + row, to: 0, rows: 0 };
      open.rows += to - row;
      open.to = first + to;
      row = to;
    }
  }
  if (open !== undefined) parts.push(open);
  return { parts, enough: certain >= limit };
}

/** What of a chunk is to be looked at: by its plan, with searches carried out, since they cost nothing. */
function* candidates(files: FeedFiles, cut: Cut, ref: ChunkRef, bounds: TimeBounds | undefined): Generator<Candidates, void, void> {
  if (bounds === undefined || (ref.sealed && cut.catalog?.relation(ref.index, bounds) === 'inside')) {
    yield { from: ref.from, to: ref.to, certain: true };
    return;
  }
  const chunk = pinRef(files, cut, ref);
  if (chunk === undefined) return;
  try {
    const words = chunk.words(files.schema.fields[bounds.clock.fieldIndex] as Field);
    for (const { from, to, how } of planChunk(factsOf(cut, ref, chunk, bounds), bounds)) {
      if (how !== 'search') {
        yield { from, to, certain: how === 'whole' };
        continue;
      }
      yield { ...searchRows(chunk, ref.to, words, bounds, from, to), certain: true };
    }
  } finally {
    unpinChunk(ref.path);
  }
}
