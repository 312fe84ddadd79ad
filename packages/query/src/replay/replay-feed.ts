import { type Clock, type Schema, compileSchema } from '@deepwater/core/engine';
import { takeCut } from '../cut.js';
import { DecodeHelpers } from '../decode-values.js';
import { FeedFiles } from '../feed-files.js';
import type { ReaderSource } from '../reader-source.js';
import { sequenceOf } from '../piece-source.js';
import { sequenceBounds } from '../reads.js';
import { type Wanted, pieces } from '../select.js';
import { type TimeBounds, boundsOnClock } from '../time-bounds.js';

/** What is replayed of a feed: plain data. */
export interface ReplaySource {
  readonly source: ReaderSource;
  /** Times [start, end) by the feed's clock, in its unit. */
  readonly start: bigint;
  readonly end: bigint;
  /** Records with smaller numbers are seen: all that there were when somebody looked first. Whoever replays them sees the same. */
  readonly head: number;
}

/** A feed that is replayed, once or many times over. */
export class ReplayFeed {
  readonly name: string;
  readonly schema: Schema;
  readonly files: FeedFiles;
  readonly helpers: DecodeHelpers;

  constructor(readonly replayed: ReplaySource) {
    const { source } = replayed;
    this.name = source.spec.name;
    this.schema = compileSchema(source.spec);
    this.files = new FeedFiles(source, this.schema);
    this.files.headLimit = () => replayed.head;
    this.helpers = DecodeHelpers.ofFeed(this.files);
  }

  /** The records of [start, end). @param since another start, for records from before it */
  wanted(since = this.replayed.start): Wanted & { readonly bounds: TimeBounds } {
    const { end, head } = this.replayed;
    const bounds = boundsOnClock(this.schema.clocks[0] as Clock, 0, since, end - 1n);
    return { bounds, fields: this.schema.fields, cut: takeCut(this.files, head) };
  }

  /** Sequence number of the first record of the replay; where there is none, of the first that comes after it. */
  get first(): number {
    for (const piece of pieces(this.files, this.wanted())) {
      if (piece !== undefined) return sequenceOf(piece, piece.runs[0] as number);
    }
    return this.replayed.head;
  }

  /** How many records there are. */
  get rows(): number {
    let rows = 0;
    for (const piece of pieces(this.files, this.wanted())) rows += piece?.rows ?? 0;
    return rows;
  }

  /** Sequence number of the next record that comes. */
  get head(): number {
    return takeCut(this.files).head;
  }

  /** Sequence number of the oldest record that the feed holds. */
  get oldest(): number {
    return sequenceBounds(this.files).first;
  }

  close(): void {
    this.files.close();
  }
}
