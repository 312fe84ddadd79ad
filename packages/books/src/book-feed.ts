/** A book feed as books are made of it: which fields, which clock, and the columns to ask its reader for. */
import { type Clock, type Field, type FeedSpec, type Schema, DeepwaterError, describeValue, didYouMean, notIndexed } from '@deepwater/core/engine';
import type { FeedSegment, IndexPoint, RecordStream, SyncRecordStream } from '@deepwater/query';
import { type BookFieldNames, type BookFields, bookFieldsOf } from './book-fields.js';
import { OrderBook } from './order-book.js';

/** What is needed of a reader; `platform.createReader` gives one. */
export interface BookReader {
  readonly spec: Pick<FeedSpec, 'name' | 'persist'>;
  readonly schema: Schema;
  indexPoint(time: number | bigint | Date, options?: { readonly by?: string }): Promise<IndexPoint | undefined>;
  indexPointSync(time: number | bigint | Date, options?: { readonly by?: string }): IndexPoint | undefined;
  indexPoints(start: number | bigint | Date, end: number | bigint | Date, options?: { readonly by?: string }): Promise<IndexPoint[]>;
  indexPointsSync(start: number | bigint | Date, end: number | bigint | Date, options?: { readonly by?: string }): IndexPoint[];
  segments(options?: { readonly by?: string }): Promise<FeedSegment[]>;
  segmentsSync(options?: { readonly by?: string }): FeedSegment[];
  segmentMark(): number;
  bounds(): { first: number; next: number };
  // Typed by the feed's spec, of which nothing is known here.
  readFrom(sequence: number, max: number, form?: never): Promise<unknown>;
  readFromSync(sequence: number, max: number, form?: never): unknown;
  stream(options?: never): unknown;
  streamSync(options?: never): unknown;
}

/** Columns of some rows, as reads and streams give them. */
export interface BookBatch {
  readonly rows: number;
  readonly firstSequence: number;
  readonly columns: Readonly<Record<string, unknown>>;
  release(): void;
}

export type BookStream = RecordStream<BookBatch>;
export type SyncBookStream = SyncRecordStream<BookBatch>;

/** Options of all that makes a book out of a feed. */
export interface BookFeedOptions {
  /** The clock that times are of; the feed's timestamp where it is left out. */
  readonly by?: string | undefined;
  /** Names of the fields, where they are not `side`, `price`, `size` and `flags`. */
  readonly fields?: BookFieldNames | undefined;
}

/** The column of index points, by its name among columns. */
export const MARKS = '#index';

export class BookFeed {
  readonly fields: BookFields;
  /** The clock that is asked by, and the feed's timestamp. */
  readonly clock: Clock;
  readonly timestamp: Clock;

  /** @throws DeepwaterError DW_FEED_NOT_INDEXED, DW_FIELD_UNKNOWN, DW_OPTION_INVALID */
  constructor(readonly reader: BookReader, options: BookFeedOptions = {}) {
    const { spec, schema } = reader;
    if (schema.indexColumn === undefined) throw notIndexed(spec.name, 'A book');
    this.fields = bookFieldsOf(spec.name, schema, options.fields);
    this.timestamp = schema.clocks[0] as Clock;
    this.clock = clockOf(schema, options.by);
  }

  get name(): string {
    return this.reader.spec.name;
  }

  get byClock(): { readonly by: string } {
    return { by: this.clock.name };
  }

  /** Options of a read or stream of the columns that a book needs. */
  columns(): { readonly columns: readonly string[]; readonly marks: true } {
    const { side, price, size, flags } = this.fields;
    const names = [side, price, size, this.timestamp.name, this.clock.name, ...(flags === undefined ? [] : [flags])];
    return { columns: [...new Set(names)], marks: true };
  }

  newBook(): OrderBook {
    return new OrderBook({ priceScale: this.fields.prices.scale, sizeScale: this.fields.sizes.scale });
  }

  field(clock: Clock): Field {
    return this.reader.schema.fields[clock.fieldIndex] as Field;
  }
}

function clockOf({ clocks }: Schema, by: string | undefined): Clock {
  const clock = by === undefined ? clocks[0] : clocks.find(({ name }) => name === by);
  if (clock !== undefined) return clock;
  const names = clocks.map(({ name }) => name);
  throw new DeepwaterError('DW_OPTION_INVALID', `by is ${describeValue(by)}, which is no clock of the feed${typeof by === 'string' ? didYouMean(by, names) : ''}. Its clocks: ${names.join(', ')}.`, {
    values: { by, clocks: names },
  });
}
