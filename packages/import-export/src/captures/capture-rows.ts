/** Where a session's records go when they are imported: into columns, feed by feed. */
import { DeepwaterError } from '@deepwater/core';
import { type Channel, type Exchange, FeedSink, type RecordWriter, recordFeedName, recordFeedSpec } from '@deepwater/exchanges';
import { type CellWriter, type Value, cellWriter } from '../cells/cell-writers.js';
import { type Columns, makeColumn } from '../cells/column-set.js';
import { Reject } from '../cells/reject.js';
import { ROWS_MAX } from '../csv/kernel.js';
import type { Batch, ReadContext, Target } from '../import/batch.js';
import type { NamedSpec } from '../layouts/market-feed.js';

/** The rows of one feed. */
class FeedRows implements RecordWriter {
  #writers: readonly CellWriter[] = [];
  #columns: Columns = {};
  #rows = 0;
  #marks: number[] = [];
  #mark = false;

  constructor(private readonly target: Target, private readonly names: readonly string[], private readonly full: Batch[]) {
    this.#begin();
  }

  markIndex(): void {
    this.#mark = true;
  }

  writeValues(...values: unknown[]): void {
    try {
      this.#writers.forEach((write, n) => { write(values[n] as Value, this.#rows); });
    } catch (error) {
      // The sink knows errors of writers, and makes bad frames of them.
      if (error instanceof Reject) throw new DeepwaterError('DW_VALUE_RANGE', error.message);
      throw error;
    }
    if (this.#mark) this.#marks.push(this.#rows);
    this.#mark = false;
    this.#rows += 1;
    if (this.#rows === ROWS_MAX) this.take();
  }

  /** Puts what there is with the batches that are ready. */
  take(): void {
    if (this.#rows === 0) return;
    this.full.push({ target: this.target, rows: this.#rows, columns: this.#columns, marks: this.target.spec.mode === 'IF' ? this.#marks : [] });
    this.#begin();
  }

  #begin(): void {
    const { fields } = this.target;
    this.#rows = 0;
    this.#marks = [];
    this.#columns = Object.fromEntries(fields.map((field) => [field.name, makeColumn(field, ROWS_MAX)]));
    this.#writers = this.names.map((name) => {
      const field = fields.find((each) => each.name === name);
      return field === undefined ? () => undefined : cellWriter(field, this.#columns[name]!);
    });
  }
}

/** The feeds of an exchange that a capture gives records to. */
export class CaptureRows {
  readonly sink: FeedSink;
  readonly #ready: Batch[] = [];
  readonly #feeds = new Map<string, FeedRows>();

  /** @param wanted whether records of a symbol and channel are to be kept @param feedName another name than the usual one */
  constructor(private readonly exchange: Exchange, private readonly context: () => ReadContext, wanted: (symbol: string, channel: Channel) => boolean, private readonly feedName: string | undefined) {
    this.sink = new FeedSink((symbol) => Object.fromEntries(exchange.channels.filter((channel) => wanted(symbol, channel)).map((channel) => [channel, this.#writer(symbol, channel)])));
  }

  /** Batches that are full. */
  *ready(): Generator<Batch, void, void> {
    yield* this.#ready.splice(0);
  }

  /** All there is. */
  *all(): Generator<Batch, void, void> {
    for (const feed of this.#feeds.values()) feed.take();
    yield* this.ready();
  }

  /** A writer that makes its feed with its first record. */
  #writer(symbol: string, channel: Channel): RecordWriter {
    const rows = (): FeedRows => {
      const name = this.feedName ?? recordFeedName(this.exchange, symbol, channel);
      let feed = this.#feeds.get(name);
      if (feed === undefined) {
        const spec = { ...recordFeedSpec(this.exchange, symbol, channel), name } as NamedSpec;
        feed = new FeedRows(this.context().target(spec), spec.fields.map((field) => field.name), this.#ready);
        this.#feeds.set(name, feed);
      }
      return feed;
    };
    return { markIndex: () => { rows().markIndex(); }, writeValues: (...values) => { rows().writeValues(...values); } };
  }
}
