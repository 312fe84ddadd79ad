/** Reads that never hold more than a chunk: batches of columns, and records one by one. */
import type { Field } from '@deepwater/core/engine';
import { collectRecords } from './collect.js';
import type { RowDecoder } from './decode-values.js';
import type { FeedFiles } from './feed-files.js';
import type { Request } from './options.js';
import { type ReadContext, filterOf, neededFields } from './reads.js';
import { countRuns, splitRuns } from './run-list.js';
import type { Segment } from './segment.js';
import { pieceSegments } from './segments.js';
import { pieces } from './select.js';
import { inSlices, runNow, runSliced } from './slices.js';
import type { TimeBounds } from './time-bounds.js';
import type { WantedFilter } from './where/used-filter.js';

export interface BatchRequest {
  readonly fields: readonly Field[];
  readonly bounds: TimeBounds;
  readonly batchRows: number;
  readonly limit?: number;
  readonly where?: WantedFilter;
}

/** Records that `read` makes at once. */
const RECORDS_AT_ONCE = 1024;

/** @param check throws where the reader has been closed. */
export async function* batchesOf(files: FeedFiles, request: BatchRequest, check: () => void): AsyncGenerator<Segment, void, void> {
  check();
  const { fields, bounds, batchRows, limit, where } = request;
  for await (const piece of inSlices(pieces(files, { bounds, limit, fields: neededFields(files, request, bounds), where }), check)) {
    for (const segment of await runSliced(pieceSegments(files, piece, fields, batchRows), check)) {
      yield segment;
      check();
    }
  }
}

export function* batchesOfSync(files: FeedFiles, request: BatchRequest, check: () => void): Generator<Segment, void, void> {
  check();
  const { fields, bounds, batchRows, limit, where } = request;
  for (const piece of pieces(files, { bounds, limit, fields: neededFields(files, request, bounds), where })) {
    if (piece === undefined) continue;
    for (const segment of runNow(pieceSegments(files, piece, fields, batchRows))) {
      yield segment;
      check();
    }
  }
}

/** Records as tuples or objects, a thousand at a time. */
export async function* recordsOf(context: ReadContext, request: Request, decoder: RowDecoder, bounds: TimeBounds | undefined, check: () => void): AsyncGenerator<unknown, void, void> {
  check();
  const { files, helpers } = context;
  const { fields, limit } = request;
  for await (const piece of inSlices(pieces(files, { bounds, limit, fields: neededFields(files, request, bounds), where: filterOf(helpers, request) }), check)) {
    for (const runs of splitRuns(piece.runs, RECORDS_AT_ONCE)) {
      yield* runNow(collectRecords(files, [{ ...piece, runs, rows: countRuns(runs) }], fields, decoder, helpers));
      check();
    }
  }
}
