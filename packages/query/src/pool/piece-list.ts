import { RunList } from '../run-list.js';
import type { ChunkPiece, Piece } from '../select.js';

/** Pieces of a scan put together in order, as many rows as are wanted. Those of one chunk that was cut into parts become one again. */
export class PieceList {
  readonly pieces: Piece[] = [];
  #rows = 0;

  constructor(private readonly limit: number) {}

  get full(): boolean {
    return this.#rows >= this.limit;
  }

  add(next: readonly Piece[]): void {
    for (const piece of next) {
      if (this.full) return;
      const wanted = firstRows(piece, this.limit - this.#rows);
      this.#rows += wanted.rows;
      const last = this.pieces.at(-1);
      if (last !== undefined && !('block' in last) && !('block' in wanted) && last.ref.chunkId === wanted.ref.chunkId) {
        this.pieces[this.pieces.length - 1] = joined(last, wanted);
      } else this.pieces.push(wanted);
    }
  }
}

function firstRows(piece: Piece, rows: number): Piece {
  if (piece.rows <= rows) return piece;
  const runs = listOf(piece.runs);
  runs.keepFirst(rows);
  return { ...piece, runs: runs.pairs, rows: runs.rows };
}

function joined(first: ChunkPiece, second: ChunkPiece): ChunkPiece {
  const runs = listOf(first.runs, second.runs);
  return { cut: first.cut, ref: { ...first.ref, to: second.ref.to, sealed: false }, runs: runs.pairs, rows: runs.rows };
}

function listOf(...lists: readonly Int32Array[]): RunList {
  const runs = new RunList();
  for (const pairs of lists) for (let r = 0; r < pairs.length; r += 2) runs.add(pairs[r] as number, pairs[r + 1] as number);
  return runs;
}
