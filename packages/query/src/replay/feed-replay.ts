import type { RowRun } from '@deepwater/ring';
import { closePiece, openPiece, sequenceOf } from '../piece-source.js';
import { type Piece, pieces } from '../select.js';
import { columnRun } from './column-run.js';
import type { ReplayFeed } from './replay-feed.js';

/** The records of one feed, in order of arrival, where they lie. */
export class FeedReplay {
  /** Good until `next` is called. */
  readonly run: RowRun;
  readonly #attach: ReturnType<typeof columnRun>['attach'];
  readonly #pieces: Generator<Piece | undefined, void, void>;
  #piece: Piece | undefined;
  /** Next of the piece's runs. */
  #at = 0;

  /** @param since begin at this time rather than where the feed's replay begins */
  constructor(private readonly feed: ReplayFeed, since?: bigint) {
    const { run, attach } = columnRun(feed.schema, feed.helpers);
    this.#attach = attach;
    this.run = run;
    this.#pieces = pieces(feed.files, feed.wanted(since));
  }

  /** Moves the run on to the next records. @returns whether there are any */
  next(): boolean {
    while (this.#piece === undefined || this.#at >= this.#piece.runs.length) {
      this.#leave();
      const { value, done } = this.#pieces.next();
      if (done === true) return false;
      // A chunk that retention deletes now is left out.
      const source = value === undefined ? undefined : openPiece(this.feed.files, value);
      if (source === undefined) continue;
      this.#piece = value as Piece;
      this.#attach(source);
    }
    const { runs } = this.#piece;
    const from = runs[this.#at] as number;
    const to = runs[this.#at + 1] as number;
    this.#at += 2;
    this.run.show(sequenceOf(this.#piece, from), to - from, from);
    return true;
  }

  close(): void {
    this.#leave();
    this.#pieces.return();
  }

  #leave(): void {
    if (this.#piece !== undefined) closePiece(this.#piece);
    this.#piece = undefined;
    this.#at = 0;
  }
}
