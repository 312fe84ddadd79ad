import type { RowRun } from '@deepwater/ring';
import { closePiece, openPiece, sequenceOf } from '../piece-source.js';
import { type Piece, pieces } from '../select.js';
import { columnRun } from './column-run.js';
import type { ReplayFeed } from './replay-feed.js';

/** Records of feeds one run after the other, in the order in which a strategy that had been there would have been given them. */
export interface Replay {
  /** One a feed; good until `next` is called. */
  readonly runs: readonly RowRun[];
  /** Moves on. @returns which feed's run has the next records; -1 at the end */
  next(): number;
  close(): void;
}

/** The records of one feed, in order of arrival, where they lie. */
export class FeedReplay implements Replay {
  readonly runs: readonly RowRun[];
  readonly #run: RowRun;
  readonly #attach: ReturnType<typeof columnRun>['attach'];
  readonly #pieces: Generator<Piece | undefined, void, void>;
  #piece: Piece | undefined;
  /** Next of the piece's runs. */
  #at = 0;

  /** @param since begin at this time rather than where the feed's replay begins */
  constructor(private readonly feed: ReplayFeed, since?: bigint) {
    const { run, attach } = columnRun(feed.schema, feed.helpers);
    this.#run = run;
    this.#attach = attach;
    this.runs = [run];
    this.#pieces = pieces(feed.files, feed.wanted(since));
  }

  next(): number {
    while (this.#piece === undefined || this.#at >= this.#piece.runs.length) {
      this.#leave();
      const { value, done } = this.#pieces.next();
      if (done === true) return -1;
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
    this.#run.show(sequenceOf(this.#piece, from), to - from, from);
    return 0;
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
