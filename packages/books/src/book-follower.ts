/** What both forms of `followBook` do with the batches of a stream. */
import { type FeedSegment, type LostRange, type TimeInput, checkKeys, timeOf, timeValue } from '@deepwater/query';
import { type BookBatch, BookFeed, type BookFeedOptions, type BookReader } from './book-feed.js';
import { MessageCursor } from './message-cursor.js';
import type { OrderBook } from './order-book.js';
import { type StaleBook, staleAt } from './stale.js';

export interface FollowBookOptions extends BookFeedOptions {
  /** Begin with the book at this time; with the book there is now, where it is left out. */
  readonly start?: TimeInput | undefined;
  /** Ends the loop, as at the end of a list. */
  readonly signal?: AbortSignal | undefined;
  /** Told of records that were overwritten or deleted before they could be taken: numbers [from, to). The book is stale from then on. */
  readonly onLoss?: ((range: LostRange) => void) | undefined;
}

export class BookFollower {
  readonly book: OrderBook;
  readonly feed: BookFeed;
  readonly #cursor: MessageCursor;
  readonly #from: bigint | undefined;
  /** Records before this one are the past, which is gone through in silence. */
  readonly #head: number;
  #caughtUp = false;
  #segments: readonly FeedSegment[] = [];
  #mark = -1;
  #lost: StaleBook | undefined;
  #lostAt = -1;

  constructor(readonly reader: BookReader, private readonly options: FollowBookOptions, keys: readonly string[]) {
    checkKeys(options, ['by', 'fields', 'start', 'signal', 'onLoss', ...keys]);
    this.feed = new BookFeed(reader, options);
    this.book = this.feed.newBook();
    this.#cursor = new MessageCursor(this.feed, this.book);
    this.#from = options.start === undefined ? undefined : timeOf(options.start, this.feed.clock, 'start');
    this.#head = reader.bounds().next;
  }

  /** Options of the stream: from the snapshot that the first book is made of. */
  async streamOptions(): Promise<object> {
    const point = this.#from === undefined ? undefined : await this.reader.indexPoint(this.#from, this.feed.byClock);
    return this.#streamOptions(point?.sequence);
  }

  streamOptionsSync(): object {
    const point = this.#from === undefined ? undefined : this.reader.indexPointSync(this.#from, this.feed.byClock);
    return this.#streamOptions(point?.sequence);
  }

  #streamOptions(fromSequence: number | undefined): object {
    const { signal, onLoss } = this.options;
    // Without an index point at or before the start it begins with the first one there is.
    const place = this.#from === undefined ? {} : { fromSequence: fromSequence ?? 0 };
    return {
      ...this.feed.columns(), ...place, format: 'columns', playback: true, ...(signal === undefined ? {} : { signal }), ...(onLoss === undefined ? {} : { onLoss }),
    };
  }

  /** Whether what is known of segments is to be read again. What is said of a boundary is there before any record behind it. */
  get segmentsChanged(): boolean {
    if (!this.reader.spec.persist) return false;
    const mark = this.reader.segmentMark();
    if (mark === this.#mark) return false;
    this.#mark = mark;
    return true;
  }

  setSegments(segments: readonly FeedSegment[]): void {
    this.#segments = segments;
  }

  /** Takes a batch. @returns the book behind each message, one after the other: always the same object */
  *take(batch: BookBatch): Generator<OrderBook, void, void> {
    const cursor = this.#cursor;
    const begun = cursor.messages > 0;
    if (!cursor.give(batch) && begun && !this.reader.spec.persist) this.#lose();
    if (!this.#caughtUp) {
      if (!this.#catchUp()) return;
      this.#caughtUp = true;
      if (cursor.messages > 0) yield this.#told();
    }
    while (cursor.step()) yield this.#told();
  }

  /** Of a book without news: whether it has become stale since it was last given. */
  becomesStale(): boolean {
    if (this.#cursor.messages === 0 || this.book.stale !== undefined || !this.#caughtUp) return false;
    this.book.stale = staleAt(this.#segments, this.#cursor.snapshot, this.#cursor.next, 2n ** 64n);
    return this.book.stale !== undefined;
  }

  /** @returns whether the past is gone through */
  #catchUp(): boolean {
    const cursor = this.#cursor;
    if (this.#from !== undefined) return cursor.advance(this.#from) || cursor.next >= this.#head;
    while (cursor.next < this.#head && cursor.step());
    return cursor.next >= this.#head;
  }

  #told(): OrderBook {
    const { book } = this;
    const cursor = this.#cursor;
    if (cursor.snapshot > this.#lostAt) this.#lost = undefined;
    book.stale = cursor.unfinished ?? this.#lost ?? staleAt(this.#segments, cursor.snapshot, cursor.next, -(2n ** 64n));
    return book;
  }

  #lose(): void {
    this.#lost ??= { since: this.feed.clock === this.feed.timestamp ? this.book.ts : timeValue(this.#cursor.nextTime ?? 0n, this.feed.clock), cause: 'lost' };
    this.#lostAt = this.#cursor.snapshot;
  }
}
