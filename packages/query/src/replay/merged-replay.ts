import type { RowRun } from '@deepwater/ring';
import { type MergedBatch, mergedBatches } from '../merge/merged-batches.js';
import type { MergedPart } from '../merge/part.js';
import { columnRun } from './column-run.js';
import type { Replay } from './replay.js';
import type { ReplayFeed } from './replay-feed.js';

/**
 * The records of several feeds, merged by the greatest time each has had so far: each feed in its own order, of one time the feed that was
 * named first; the order in which live history is given.
 */
export class MergedReplay implements Replay {
  readonly runs: readonly RowRun[];
  readonly #attach: readonly ReturnType<typeof columnRun>['attach'][];
  readonly #parts: (MergedPart | undefined)[];
  readonly #batches: Generator<MergedBatch | undefined, void, void>;
  #batch: MergedBatch | undefined;
  #at = 0;

  constructor(feeds: readonly ReplayFeed[]) {
    const made = feeds.map(({ schema, helpers }) => columnRun(schema, helpers));
    this.runs = made.map(({ run }) => run);
    this.#attach = made.map(({ attach }) => attach);
    this.#parts = feeds.map(() => undefined);
    this.#batches = mergedBatches(feeds.map((feed) => ({ files: feed.files, wanted: feed.wanted(), fields: feed.schema.fields })), { order: 'arrival' });
  }

  next(): number {
    while (this.#batch === undefined || this.#at >= this.#batch.length) {
      const { value, done } = this.#batches.next();
      if (done === true) return -1;
      this.#batch = value;
      this.#at = 0;
    }
    const { source, row, parts, length } = this.#batch;
    const from = this.#at;
    const feed = source[from] as number;
    const first = row[from] as number;
    let to = from + 1;
    // Rows of one feed that lie one after the other are one run.
    while (to < length && source[to] === feed && row[to] === first + to - from) to++;
    this.#at = to;
    const part = parts[feed] as MergedPart;
    if (this.#parts[feed] !== part) {
      this.#parts[feed] = part;
      (this.#attach[feed] as (source: MergedPart['source']) => void)(part.source);
    }
    (this.runs[feed] as RowRun).show(part.sequenceOf(first), to - from, first);
    return feed;
  }

  close(): void {
    this.#batches.return();
  }
}
