import { RunList } from '../run-list.js';
import type { Piece } from '../select.js';

/** Pieces of a scan put together in order, as many rows as are wanted. Those of one chunk that was cut into parts become one again. */
export class PieceList {
  readonly pieces: Piece[] = [];
  #rows = 0;
  /** Rows of the last piece, where it has been put together. */
  #joined: RunList | undefined;

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
        this.#joined ??= addTo(new RunList(), last.runs);
        const { pairs, rows } = addTo(this.#joined, wanted.runs);
        this.pieces[this.pieces.length - 1] = { cut: last.cut, ref: { ...last.ref, to: wanted.ref.to, sealed: false }, runs: pairs, rows };
      } else {
        this.#joined = undefined;
        this.pieces.push(wanted);
      }
    }
  }
}

function firstRows(piece: Piece, rows: number): Piece {
  if (piece.rows <= rows) return piece;
  const runs = addTo(new RunList(), piece.runs);
  runs.keepFirst(rows);
  return { ...piece, runs: runs.pairs, rows: runs.rows };
}

function addTo(runs: RunList, pairs: Int32Array): RunList {
  for (let r = 0; r < pairs.length; r += 2) runs.add(pairs[r] as number, pairs[r + 1] as number);
  return runs;
}
