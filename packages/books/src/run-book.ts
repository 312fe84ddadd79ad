import { DeepwaterError, type FeedSpec, compileSchema } from '@deepwater/core/engine';
import type { BookAmount } from './amount-cells.js';
import { type BookFieldNames, type BookFields, type BookSideName, BOOK_FLAGS, bookFieldsOf } from './book-fields.js';
import { OrderBook } from './order-book.js';

/** What is needed of a run. */
export interface BookRun {
  readonly length: number;
  readonly firstSequence: number;
  row(i: number): object;
}

/**
 * Keeps a book from the runs of a subscription (`subscribe`), for feeds with flags. Subscribe with
 * `playback: true`, so that the first records are a snapshot.
 *
 *     const live = new RunBook(spec);
 *     subscription.run((run) => live.take(run, (book) => { … }));
 */
export class RunBook {
  readonly book: OrderBook;
  readonly #fields: BookFields & { readonly flags: string };
  readonly #timestamp: string;
  /** A snapshot has begun: what came before one is no book. */
  #begun = false;

  /** @param spec of the feed, as `platform.feedInfo` gives it @throws DeepwaterError DW_FIELD_UNKNOWN, DW_OPTION_INVALID */
  constructor(spec: FeedSpec, names?: BookFieldNames) {
    const fields = bookFieldsOf(spec.name, compileSchema(spec), names);
    const { flags } = fields;
    if (flags === undefined) {
      throw new DeepwaterError('DW_OPTION_INVALID', `Feed ${spec.name} has no flags, and runs do not tell index points. Use followBook or followBookSync.`, { values: { feed: spec.name } });
    }
    this.#timestamp = spec.timestamp;
    this.#fields = { ...fields, flags };
    this.book = new OrderBook({ priceScale: fields.prices.scale, sizeScale: fields.sizes.scale });
  }

  /**
   * Takes a run.
   * @param visit called behind the last record of each message; only then the book is as it was meant to be (`book.whole`)
   * @throws DeepwaterError DW_VALUE_RANGE for a record that is no level
   */
  take(run: BookRun, visit?: (book: OrderBook) => void): void {
    const { book } = this;
    const { side, price, size, flags } = this.#fields;
    for (let i = 0; i < run.length; i++) {
      const row = run.row(i) as Readonly<Record<string, unknown>>;
      const bits = row[flags] as number;
      this.#begun ||= (bits & BOOK_FLAGS.SNAPSHOT) !== 0;
      if (!this.#begun) continue;
      const of = row[side] as string | number;
      book.applyFlagged(bits, (typeof of === 'number' ? String.fromCharCode(of) : of) as BookSideName, row[price] as BookAmount, row[size] as BookAmount);
      book.sequence = run.firstSequence + i;
      book.ts = row[this.#timestamp] as number | bigint;
      book.whole = (bits & BOOK_FLAGS.LAST) !== 0;
      if (book.whole) visit?.(book);
    }
  }
}
