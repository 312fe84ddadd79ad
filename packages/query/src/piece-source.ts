import { pinRef } from './cut.js';
import type { FeedFiles } from './feed-files.js';
import { unpinChunk } from './open-chunk.js';
import type { RowSource } from './row-source.js';
import type { Piece } from './select.js';

/** The columns of a piece until `closePiece`; undefined where its chunk was deleted in the meantime. */
export function openPiece(files: FeedFiles, piece: Piece): RowSource | undefined {
  return 'block' in piece ? piece.block : pinRef(files, piece.cut, piece.ref);
}

export function closePiece(piece: Piece): void {
  if (!('block' in piece)) unpinChunk(piece.ref.path);
}

/** Sequence number of a row of a piece. */
export function sequenceOf(piece: Piece, row: number): number {
  return ('block' in piece ? piece.block.firstSequence : piece.ref.firstSequence) + row;
}

/** The number after the last row of a piece. */
export function endOf(piece: Piece): number {
  return sequenceOf(piece, piece.runs.at(-1) as number);
}

export const countRows = (pieces: readonly Piece[]): number => pieces.reduce((sum, piece) => sum + piece.rows, 0);
