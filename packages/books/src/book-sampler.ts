/**
 * The book of a feed at one time after another. It begins with the last index point at or before the first of them and goes on from there, so that
 * many times of a range cost one pass. What is given is the same book each time.
 */
import { type FeedSegment, type IndexPoint, timeValue } from '@deepwater/query';
import type { BookBatch, BookFeed } from './book-feed.js';
import { MessageCursor } from './message-cursor.js';
import type { OrderBook } from './order-book.js';
import { type StaleBook, staleAt } from './stale.js';
import { type Asking, ask } from './steps.js';

/** Rows that are asked for at once: some milliseconds of work. */
const ROWS_AT_ONCE = 16384;

interface Read {
  readonly records: readonly BookBatch[];
  readonly next: number;
}

export class BookSampler {
  readonly book: OrderBook;
  /** Whether a record with a time after the last one asked for has been seen: nothing that comes changes that book any more, unless times are out of order. */
  settled = false;
  readonly #cursor: MessageCursor;
  #batches: BookBatch[] = [];
  #begun = false;
  #segments: readonly FeedSegment[] = [];
  #segmentMark = -1;
  #lost: StaleBook | undefined;

  constructor(private readonly feed: BookFeed) {
    this.book = feed.newBook();
    this.#cursor = new MessageCursor(feed, this.book);
  }

  /** Number of the first record that has not been looked at. */
  get next(): number {
    return this.#cursor.next;
  }

  /** Goes on from an index point that is further on. The book stays what it is until its snapshot is whole. */
  jump(sequence: number): void {
    if (sequence <= this.#cursor.next && this.#begun) return;
    this.#restart(sequence);
  }

  /** The book at a time, which must not be before the one asked for last; undefined where no snapshot was whole by then. */
  *at(time: bigint): Asking<OrderBook | undefined> {
    if (!this.#begun && !(yield* this.#begin(time))) return undefined;
    yield* this.#advance(time);
    if (this.#cursor.messages === 0 && !(yield* this.#begin(time))) return undefined;
    yield* this.#tellStale(time);
    return this.book;
  }

  /** Begins with the last index point whose snapshot is whole by a time. */
  *#begin(time: bigint): Asking<boolean> {
    const { reader, byClock } = this.feed;
    let point = yield* ask(() => reader.indexPointSync(time, byClock), () => reader.indexPoint(time, byClock));
    for (let earlier: IndexPoint[] | undefined; point !== undefined; point = earlier.pop()) {
      this.#restart(point.sequence);
      yield* this.#advance(time);
      if (this.#cursor.messages > 0) return true;
      const { sequence } = point;
      earlier ??= yield* ask(() => reader.indexPointsSync(0, time + 1n, byClock), () => reader.indexPoints(0, time + 1n, byClock));
      earlier = earlier.filter((each) => each.sequence < sequence);
    }
    this.#begun = false;
    return false;
  }

  #restart(sequence: number): void {
    for (const batch of this.#batches) batch.release();
    this.#batches = [];
    this.#cursor.restart(sequence);
    this.#lost = undefined;
    this.#begun = true;
  }

  *#advance(time: bigint): Asking<void> {
    const cursor = this.#cursor;
    for (;;) {
      this.settled = cursor.advance(time);
      if (this.settled) return;
      const batch = this.#batches.shift();
      if (batch !== undefined) {
        if (!cursor.give(batch) && !this.feed.reader.spec.persist) this.#lost = { since: this.book.ts, cause: 'lost' };
        continue;
      }
      const { records, next } = yield* this.#read();
      if (records.length === 0) {
        cursor.next = Math.max(cursor.next, next);
        return;
      }
      this.#batches = [...records];
    }
  }

  *#read(): Asking<Read> {
    const { reader } = this.feed;
    const form = { ...this.feed.columns(), format: 'segments' } as never;
    const from = this.#cursor.next;
    return yield* ask(() => reader.readFromSync(from, ROWS_AT_ONCE, form) as Read, () => reader.readFrom(from, ROWS_AT_ONCE, form) as Promise<Read>);
  }

  *#tellStale(time: bigint): Asking<void> {
    const { reader, clock } = this.feed;
    const cursor = this.#cursor;
    let stale = cursor.unfinished ?? this.#lost;
    if (stale === undefined && reader.spec.persist) {
      yield* this.#lookForSegments(cursor.next);
      stale = staleAt(this.#segments, cursor.snapshot, cursor.next, timeValue(time, clock));
    }
    this.book.stale = stale;
  }

  /** Segments that are known say nothing new of what lies behind their end, or of a writer that went on. */
  *#lookForSegments(stop: number): Asking<void> {
    const { reader, byClock } = this.feed;
    const last = this.#segments.at(-1);
    const mark = reader.segmentMark();
    if (last !== undefined && mark === this.#segmentMark && (stop < last.next || (stop === last.next && last.ended !== 'open'))) return;
    this.#segments = yield* ask(() => reader.segmentsSync(byClock), () => reader.segments(byClock));
    this.#segmentMark = mark;
  }
}
