import type { Piece } from '../select.js';
import { sequenceOf } from '../piece-source.js';

/** Rows that were found and are given out in parts. */
export class PendingRows {
  #run = 0;
  #row: number;

  constructor(
    readonly piece: Piece,
    /** Where to go on when all of it has been given out. */
    readonly end: number,
  ) {
    this.#row = piece.runs[0] as number;
  }

  get done(): boolean {
    return this.#run >= this.piece.runs.length;
  }

  /** Sequence number of the next row to be given out. */
  get next(): number {
    return this.done ? this.end : sequenceOf(this.piece, this.#row);
  }

  /**
   * The next rows, at most `max`.
   * @param scattered of several runs; else they lie one after the other
   */
  take(max: number, scattered: boolean): Piece {
    const { runs } = this.piece;
    const pairs: number[] = [];
    let rows = 0;
    while (rows < max && !this.done) {
      const from = this.#row;
      const to = Math.min(runs[this.#run + 1] as number, from + max - rows);
      pairs.push(from, to);
      rows += to - from;
      if (to === runs[this.#run + 1]) {
        this.#run += 2;
        this.#row = this.done ? to : runs[this.#run] as number;
      } else {
        this.#row = to;
      }
      if (!scattered) break;
    }
    return { ...this.piece, runs: Int32Array.from(pairs), rows };
  }
}
