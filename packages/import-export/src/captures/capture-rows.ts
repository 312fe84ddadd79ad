/** Where a session's records go when they are imported: into columns, feed by feed. */
import { DeepwaterError } from '@deepwater/core';
import { type Channel, type Exchange, FeedSink, type RecordWriter, recordFeedName, recordFeedSpec } from '@deepwater/exchanges';
import { type CellWriter, type Value, cellWriter } from '../cells/cell-writers.js';
import { type Columns, makeColumn } from '../cells/column-set.js';
import { Reject } from '../cells/reject.js';
import { ROWS_MAX } from '../csv/kernel.js';
import type { Batch, ReadContext, SegmentMark, Target } from '../import/batch.js';
import type { NamedSpec } from '../layouts/market-feed.js';

/** The rows of one feed. */
class FeedRows implements RecordWriter {
  #writers: readonly CellWriter[] = [];
  #columns: Columns = {};
  #rows = 0;
  #marks: number[] = [];
  #mark = false;
  #segments: SegmentMark[] = [];

  /** @param behind what is in the feed, where something is: between that and these records something is missing, for all that is known */
  constructor(private readonly target: Target, private readonly names: readonly string[], private readonly full: Batch[], behind: string | undefined) {
    this.#begin();
    if (behind !== undefined) this.interrupt(behind);
  }

  markIndex(): void {
    this.#mark = true;
  }

  /** Between the record before and the one that comes something happened. */
  interrupt(reason: string): void {
    this.#segments.push({ row: this.#rows, reason });
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
    this.full.push({ target: this.target, rows: this.#rows, columns: this.#columns, marks: this.target.spec.mode === 'IF' ? this.#marks : [], segments: this.#segments });
    this.#segments = [];
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
  constructor(private readonly exchange: Exchange, private readonly context: () => ReadContext, private readonly wanted: (symbol: string, channel: Channel) => boolean, private readonly feedName: string | undefined) {
    this.sink = new FeedSink((symbol) => Object.fromEntries(exchange.channels.filter((channel) => wanted(symbol, channel)).map((channel) => [channel, this.#writer(symbol, channel)])));
  }

  /** The records of some symbols, of a channel or of all, were interrupted here. Where there never was one there is nothing to be interrupted. */
  interrupt(symbols: readonly string[], reason: string, channel?: Channel): void {
    for (const symbol of symbols) {
      for (const each of this.exchange.channels) {
        if ((channel ?? each) === each && this.wanted(symbol, each)) this.#feeds.get(this.#nameOf(symbol, each))?.interrupt(reason);
      }
    }
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

  #nameOf(symbol: string, channel: Channel): string {
    return this.feedName ?? recordFeedName(this.exchange, symbol, channel);
  }

  /** A writer that makes its feed with its first record. */
  #writer(symbol: string, channel: Channel): RecordWriter {
    const rows = (): FeedRows => {
      const name = this.#nameOf(symbol, channel);
      let feed = this.#feeds.get(name);
      if (feed === undefined) {
        const spec = { ...recordFeedSpec(this.exchange, symbol, channel), name } as NamedSpec;
        feed = new FeedRows(this.context().target(spec), spec.fields.map((field) => field.name), this.#ready, this.context().has(name) ? 'another recording begins' : undefined);
        this.#feeds.set(name, feed);
      }
      return feed;
    };
    return { markIndex: () => { rows().markIndex(); }, writeValues: (...values) => { rows().writeValues(...values); } };
  }
}
