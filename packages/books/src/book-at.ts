import { type TimeInput, checkKeys, timeOf } from '@deepwater/query';
import { BookFeed, type BookFeedOptions, type BookReader } from './book-feed.js';
import { BookSampler } from './book-sampler.js';
import type { OrderBook } from './order-book.js';
import { type Asking, runLater, runNow } from './steps.js';

export interface BookAtOptions extends BookFeedOptions {
  /** Ends the call, which throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The book of a feed as it was at a time: the snapshot that begins at the last index point at or before it, and the messages behind that, in the
 * order of their arrival, up to the first record whose time is after it. A message is one unit: it is in the book with all of its levels, or not at all.
 * Times go by the feed's timestamp, or by the clock that `by` names: with `by: 'recv'` it is the book that this machine knew of at that time.
 *
 * `book.ts` and `book.sequence` are those of the last record in it. `book.whole` is false where a message had begun by then and not ended;
 * `book.stale` says since when, and why, something is missing between the snapshot and the time: a disconnect, a gap, the end of its writer.
 * undefined where no snapshot was whole by then.
 *
 * @throws DeepwaterError DW_FEED_NOT_INDEXED, DW_FIELD_UNKNOWN, DW_OPTION_INVALID, DW_RANGE_INVALID, DW_VALUE_RANGE (a record that is no level), DW_READER_CLOSED,
 * DW_FILE_CORRUPT; the signal's reason
 */
export function bookAt(reader: BookReader, time: TimeInput, options: BookAtOptions = {}): Promise<OrderBook | undefined> {
  return runLater(bookSteps(reader, time, options), options.signal);
}

/** As `bookAt`, blocking its thread. */
export function bookAtSync(reader: BookReader, time: TimeInput, options: BookFeedOptions = {}): OrderBook | undefined {
  return runNow(bookSteps(reader, time, options));
}

function* bookSteps(reader: BookReader, time: TimeInput, options: BookAtOptions): Asking<OrderBook | undefined> {
  checkKeys(options, ['by', 'fields', 'signal']);
  const feed = new BookFeed(reader, options);
  return yield* new BookSampler(feed).at(timeOf(time, feed.clock, 'time'));
}
