/** The thread's side of a scan: which rows its part is about, and what is made of them. */
import type { Field } from '@deepwater/core/engine';
import type { CatalogIndex } from '../catalog-index.js';
import { type Cut, takeCut } from '../cut.js';
import { sequenceOfLast } from '../reads.js';
import { type Piece, pieces } from '../select.js';
import { type TimeBounds, boundsBetween } from '../time-bounds.js';
import { type Predicate, columnsOf } from '../where/predicate.js';
import { type PartRange, divide } from './divide.js';
import { checkWanted } from './run-watched.js';
import type { TaskHelper } from './task-control.js';
import { type WorkerFeed, feedOf } from './worker-feeds.js';

/** Rows that are wanted, as plain data. */
export interface ScanPayload {
  /** The ReaderSource as JSON. */
  readonly source: string;
  /** Only records before this number: where the feed was when the read began. Left out: where it is when the thread looks. */
  readonly head?: number | undefined;
  /** Times wanted, both ends included; all where `clockIndex` is left out. */
  readonly clockIndex?: number | undefined;
  readonly low?: bigint | undefined;
  readonly high?: bigint | undefined;
  /** Values wanted. */
  readonly where?: Predicate;
  /** First sequence number wanted, or how many of the newest records. */
  readonly from?: number | undefined;
  readonly last?: number | undefined;
  /** At most this many rows. */
  readonly limit?: number | undefined;
  /** Indexes of the fields whose columns are needed. */
  readonly fields: readonly number[];
  /** About as many bytes a part, and how many threads share the parts: see `divide`. */
  readonly morselBytes?: number | undefined;
  readonly threads?: number | undefined;
  /** Rows of a chunk that stay in one part: see `divide`. */
  readonly grainRows?: number | undefined;
  /** Rows need not have the values wanted: only what times rule out is left out. */
  readonly timesOnly?: boolean | undefined;
  /** Only this part of a scan that was divided. */
  readonly part?: PartRange;
}

/** What one task of a scan says. */
export interface ScanAnswer<R> {
  readonly result: R;
  /** Where the feed was: the scan is of the records before it. */
  readonly head: number;
  /** The scan is long: these parts come first, and `result` is only what comes after them (rows that are in the ring). */
  readonly parts?: readonly PartRange[];
  /** The parts have as many rows as are wanted, so that nothing comes after them; unless retention deletes some of them meanwhile. */
  readonly enough?: boolean;
}

/** A scan in its normal form. */
export interface Scan {
  readonly feed: WorkerFeed;
  readonly bounds: TimeBounds | undefined;
  readonly fields: readonly Field[];
}

/**
 * Carries out one task of a scan. `fold` goes through what was found, in order of arrival (where a task that was cancelled ends), and makes the
 * result; the results of parts are put together by whoever called `scan`.
 */
export function scanPart<R>(payload: ScanPayload, helper: TaskHelper, fold: (scan: Scan, found: Iterable<Piece>) => R): ScanAnswer<R> {
  const feed = feedOf(payload.source);
  const { files, schema } = feed;
  const bounds = payload.clockIndex === undefined ? undefined : boundsBetween(schema, payload.clockIndex, payload.low as bigint, payload.high as bigint);
  const fields = payload.fields.map((index) => schema.columns[index] as Field);
  const scan: Scan = { feed, bounds, fields };
  const limit = payload.limit ?? Infinity;
  const { part } = payload;
  const cut = takeCut(files, part?.to ?? payload.head);
  const { head } = cut;
  const from = part?.from ?? (payload.last === undefined ? payload.from ?? 0 : sequenceOfLast(files, cut, payload.last));
  const where = payload.where === undefined ? undefined : { predicate: payload.where, symbols: feed.helpers.symbols, timesOnly: payload.timesOnly === true };
  const wanted = { bounds, limit, fields, cut, where };
  if (part !== undefined) return { result: fold(scan, watched(pieces(files, { ...wanted, from }), helper, part.rows)), head };
  const looked = new Set([...payload.fields, ...(payload.where === undefined ? [] : columnsOf(payload.where))]);
  const rowBytes = [...looked].reduce((sum, index) => sum + (schema.columns[index] as Field).width, 0);
  // How many rows a filter leaves is not known before.
  const { morselBytes, threads, grainRows } = payload;
  const { parts, enough } = divide(files, cut, from, bounds, { rowBytes, limit: where === undefined ? limit : Infinity, morselBytes, threads, grainRows });
  const inRing = { ...wanted, from: Math.max(from, cut.chunksEnd) };
  if (parts.length > 1) return { result: fold(scan, watched(enough ? [] : pieces(files, inRing), helper, 0)), head, parts, enough };
  const [chunkRows] = parts;
  const found = pieces(files, chunkRows === undefined ? inRing : { ...wanted, from: chunkRows.from, cut: enough ? cut : cutTo(cut, chunkRows.to) });
  const rows = (chunkRows?.rows ?? 0) + head - Math.min(head, Math.max(cut.ringFrom, from));
  return { result: fold(scan, watched(found, helper, rows)), head };
}

/** The cut without the chunks behind a record: they have been looked at, and have nothing. */
function cutTo(cut: Cut, to: number): Cut {
  return { ...cut, count: (cut.catalog as CatalogIndex).indexOfSequence(to - 1, cut.count) + 1 };
}

/** The pieces, with an eye on whether anybody still wants them. */
function* watched(found: Iterable<Piece | undefined>, helper: TaskHelper, rows: number): Generator<Piece, void, void> {
  let done = 0;
  for (const piece of found) {
    checkWanted(helper);
    if (piece === undefined) continue;
    yield piece;
    done += piece.rows;
    if (rows > 0) helper.progress(Math.min(done, rows), rows);
  }
  if (rows > 0) helper.progress(rows, rows);
}
