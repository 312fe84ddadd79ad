import type { Field } from '@deepwater/core/engine';
import { collectColumns } from './collect.js';
import type { FeedFiles } from './feed-files.js';
import type { OpenChunk } from './open-chunk.js';
import { closePiece, openPiece, sequenceOf } from './piece-source.js';
import { mapPrivateRows } from './private-rows.js';
import { type RowSource, columnOver, elementsPerRow } from './row-source.js';
import { type Segment, segmentOf } from './segment.js';
import type { Piece } from './select.js';
import type { Steps } from './slices.js';

/** A chunk whose matching rows lie in more runs than this is copied: views cost more than the rows then. */
const RUNS_MAX = 64;

/** One segment a chunk, or one for each contiguous run of it; rows from the ring are copies. */
export function* segmentsOf(files: FeedFiles, pieces: readonly Piece[], fields: readonly Field[]): Steps<Segment[]> {
  const segments: Segment[] = [];
  for (const piece of pieces) {
    segments.push(...(yield* pieceSegments(files, piece, fields, Infinity)));
    yield;
  }
  return segments;
}

/** The segments of one piece, each of at most `rowsMax` rows. */
export function* pieceSegments(files: FeedFiles, piece: Piece, fields: readonly Field[], rowsMax: number): Steps<Segment[]> {
  const { runs } = piece;
  const source = openPiece(files, piece);
  if (source === undefined) return [];
  try {
    if (runs.length <= 2 * RUNS_MAX) {
      const rowsOf = 'block' in piece
        // The copy out of the ring was made for this read alone.
        ? (from: number, to: number) => columnsOver(piece.block, fields, from, to)
        : mapPrivateRows(source as OpenChunk, fields, runs[0] as number, runs.at(-1) as number);
      if (rowsOf !== undefined) {
        const segments: Segment[] = [];
        for (let r = 0; r < runs.length; r += 2) {
          const end = runs[r + 1] as number;
          for (let from = runs[r] as number; from < end; from += rowsMax) {
            const to = Math.min(end, from + rowsMax);
            segments.push(segmentOf(rowsOf(from, to), to - from, sequenceOf(piece, from)));
          }
        }
        return segments;
      }
    }
    const columns = yield* collectColumns(files, [piece], fields);
    return cutCopy(columns, piece, fields, rowsMax);
  } finally {
    closePiece(piece);
  }
}

function columnsOver(source: RowSource, fields: readonly Field[], from: number, to: number): Segment['columns'] {
  return Object.fromEntries(fields.map((field) => {
    const at = (source.columnOffsets[field.index] as number) + from * field.width;
    return [field.name, columnOver(field, source.buffer, at, to - from)];
  }));
}

/** A copy in batches of at most `rowsMax` rows, each with the sequence number of its first row. */
function cutCopy(columns: Segment['columns'], piece: Piece, fields: readonly Field[], rowsMax: number): Segment[] {
  const segments: Segment[] = [];
  let run = 0;
  let before = 0;
  for (let from = 0; from < piece.rows; from += rowsMax) {
    const to = Math.min(piece.rows, from + rowsMax);
    const length = (r: number): number => (piece.runs[r + 1] as number) - (piece.runs[r] as number);
    while (from - before >= length(run)) {
      before += length(run);
      run += 2;
    }
    const part = from === 0 && to === piece.rows ? columns : Object.fromEntries(fields.map((field) => {
      const per = elementsPerRow(field);
      return [field.name, columns[field.name]?.subarray(from * per, to * per)];
    })) as Segment['columns'];
    segments.push(segmentOf(part, to - from, sequenceOf(piece, (piece.runs[run] as number) + from - before)));
  }
  return segments;
}
