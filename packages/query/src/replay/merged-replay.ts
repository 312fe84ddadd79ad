import type { RowRun } from '@deepwater/ring';
import { type MergedBatch, mergedBatches } from '../merge/merged-batches.js';
import type { MergedPart } from '../merge/part.js';
import { columnRun } from './column-run.js';
import type { ReplayFeed } from './replay-feed.js';

/**
 * The records of several feeds, merged by the greatest time each has had so far: each feed in its own order, of one time the feed that was
 * named first; the order in which live history is given. Some thousands at a time: the next one is record `row[at]` of the run of feed
 * `source[at]`.
 */
export class MergedReplay {
  /** One a feed: all that lies where the feed's next records lie. Good until `next` is called. */
  readonly runs: readonly RowRun[];
  /** Feeds whose run is another one since `next`. */
  readonly moved: number[] = [];
  source: Uint16Array = new Uint16Array();
  row: Uint32Array = new Uint32Array();
  length = 0;
  at = 0;
  readonly #attach: readonly ReturnType<typeof columnRun>['attach'][];
  readonly #parts: (MergedPart | undefined)[];
  readonly #batches: Generator<MergedBatch | undefined, void, void>;

  constructor(feeds: readonly ReplayFeed[]) {
    const made = feeds.map(({ schema, helpers }) => columnRun(schema, helpers));
    this.runs = made.map(({ run }) => run);
    this.#attach = made.map(({ attach }) => attach);
    this.#parts = feeds.map(() => undefined);
    this.#batches = mergedBatches(feeds.map((feed) => ({ files: feed.files, wanted: feed.wanted(), fields: feed.schema.fields })), { order: 'arrival' });
  }

  /** Moves on to the next records, before the first of them. @returns whether there are any */
  next(): boolean {
    for (;;) {
      const { value: batch, done } = this.#batches.next();
      if (done === true) return false;
      if (batch === undefined) continue;
      this.source = batch.source;
      this.row = batch.row;
      this.length = batch.length;
      this.at = 0;
      this.moved.length = 0;
      for (const [feed, part] of batch.parts.entries()) this.#moveTo(feed, part);
      return true;
    }
  }

  /** From `at` on: where the records end that lie one after the other in the run of one feed. */
  get until(): number {
    const { source, row, length, at } = this;
    const first = row[at] as number;
    let to = at + 1;
    while (to < length && source[to] === source[at] && row[to] === first + to - at) to++;
    return to;
  }

  close(): void {
    this.#batches.return();
  }

  #moveTo(feed: number, part: MergedPart): void {
    if (this.#parts[feed] === part) return;
    this.#parts[feed] = part;
    (this.#attach[feed] as (source: MergedPart['source']) => void)(part.source);
    // By arrival, rows of a part are numbered one after the other.
    (this.runs[feed] as RowRun).show(part.sequenceOf(0), part.source.capacityRows);
    this.moved.push(feed);
  }
}
