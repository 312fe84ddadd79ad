/**
 * Goes through the rows of a book feed in the order of their arrival, message by message: a message is applied when its last record is there, and
 * records of one that is not whole yet are kept aside. What is kept lies in arrays that are used again.
 *
 * A message ends with a record that has the flag LAST; of feeds without flags each record is one. An index point begins a snapshot: what was
 * kept of a message before it is dropped, since its end will not come.
 */
import { timeValue } from '@deepwater/query';
import type { BookBatch, BookFeed } from './book-feed.js';
import { BOOK_FLAGS } from './book-fields.js';
import type { LevelColumns, OrderBook } from './order-book.js';
import { KeptLevels } from './kept-levels.js';
import type { StaleBook } from './stale.js';

const SIGN = 0x80000000 | 0;
const NO_BYTES = new Uint8Array(0);

export class MessageCursor {
  /** Messages that were applied since the last `restart`. */
  messages = 0;
  /** Number of the index point that the snapshot in the book begins with; -1 before there is one. */
  snapshot = -1;
  /** The book is not whole because a snapshot never ended. */
  unfinished: StaleBook | undefined;
  /** Number of the next row. */
  next = 0;
  #batch: BookBatch | undefined;
  #columns: LevelColumns | undefined;
  #times: Int32Array = new Int32Array(0);
  #stamps: BigInt64Array | BigUint64Array = new BigInt64Array(0);
  #marks: Uint8Array = NO_BYTES;
  #at = 0;
  readonly #kept = new KeptLevels();
  /** An index point was passed: the next message begins the book. */
  #begins = false;
  #pendingSnapshot = -1;

  constructor(private readonly feed: BookFeed, readonly book: OrderBook) {}

  /** Goes on elsewhere. The book stays as it is until a message is whole. */
  restart(sequence: number): void {
    this.#drop();
    this.#release();
    this.messages = 0;
    this.next = sequence;
  }

  /** Whether all rows that were given have been gone through. */
  get empty(): boolean {
    return this.#batch === undefined;
  }

  /** Takes rows, which must be the next ones; those before have been gone through. @returns false where numbers are missing before them */
  give(batch: BookBatch): boolean {
    const { side, price, size, flags } = this.feed.fields;
    const columns = batch.columns as Record<string, never>;
    const times = columns[this.feed.clock.name] as BigInt64Array;
    this.#batch = batch;
    this.#columns = { side: columns[side] as unknown as Uint8Array, price: columns[price] as unknown as BigInt64Array, size: columns[size] as unknown as BigInt64Array, flags: flags === undefined ? undefined : columns[flags] };
    this.#times = new Int32Array(times.buffer, times.byteOffset, times.length * 2);
    this.#stamps = columns[this.feed.timestamp.name] as unknown as BigInt64Array;
    this.#marks = (columns['#index'] as Uint8Array | undefined) ?? NO_BYTES;
    this.#at = 0;
    const follows = batch.firstSequence === this.next;
    if (!follows) this.#kept.clear();
    this.next = batch.firstSequence;
    if (batch.rows === 0) this.#release();
    return follows;
  }

  /**
   * Applies the messages up to the first row with a time after one; what is behind it waits.
   * @returns whether there is such a row; else all rows have been gone through
   */
  advance(time: bigint): boolean {
    const stop = this.#firstAfter(time);
    const found = stop < this.#rows;
    this.#take(stop);
    return found;
  }

  /** Applies up to the end of the next message. @returns whether there was one; else all rows have been gone through */
  step(): boolean {
    const { flags } = this.#columns ?? {};
    const before = this.messages;
    while (this.#at < this.#rows) {
      let end = this.#at + 1;
      if (flags !== undefined) while (end < this.#rows && ((flags[end - 1] as number) & BOOK_FLAGS.LAST) === 0) end++;
      this.#take(end);
      if (this.messages > before) return true;
    }
    return false;
  }

  /** The time of the next row on the clock that is asked by; undefined where none is left. */
  get nextTime(): bigint | undefined {
    if (this.#batch === undefined) return undefined;
    return this.#timeOf(this.#at);
  }

  #timeOf(row: number): bigint {
    return (BigInt(this.#times[2 * row + 1] as number) << 32n) | BigInt((this.#times[2 * row] as number) >>> 0);
  }

  get #rows(): number {
    return this.#batch?.rows ?? 0;
  }

  #firstAfter(time: bigint): number {
    const high = Number(BigInt.asIntN(32, time >> 32n));
    const low = Number(BigInt.asIntN(32, time)) ^ SIGN;
    const times = this.#times;
    const rows = this.#rows;
    let row = this.#at;
    for (; row < rows; row++) {
      const word = times[2 * row + 1] as number;
      if (word > high || (word === high && ((times[2 * row] as number) ^ SIGN) > low)) break;
    }
    return row;
  }

  /** Takes the rows up to one: applies what is whole, keeps what is not. */
  #take(stop: number): void {
    const columns = this.#columns;
    if (columns === undefined || this.#batch === undefined) return;
    const first = this.#batch.firstSequence;
    while (this.#at < stop) {
      const from = this.#at;
      if (this.#marks[from] === 1) {
        this.#kept.clear();
        this.#begins = true;
        this.#pendingSnapshot = first + from;
      }
      const mark = this.#marks.indexOf(1, from + 1);
      const to = mark > 0 && mark < stop ? mark : stop;
      const whole = endOfWhole(columns.flags, from, to);
      if (whole > from) this.#apply(columns, from, whole, first);
      // What an index point follows is dropped there.
      if (to === stop && whole < to) this.#kept.add(columns, Math.max(from, whole), to);
      this.#at = to;
      this.next = first + to;
    }
    this.book.whole = this.#kept.count === 0;
    if (this.#at >= this.#rows) this.#release();
  }

  #apply(columns: LevelColumns, from: number, to: number, first: number): void {
    const { book } = this;
    if (this.#begins) {
      book.clear();
      this.snapshot = this.#pendingSnapshot;
      this.#begins = false;
    }
    const kept = this.#kept;
    if (kept.count > 0) {
      book.applyColumns(kept, 0, kept.count);
      kept.clear();
    }
    book.applyColumns(columns, from, to);
    book.sequence = first + to - 1;
    book.ts = timeValue(this.#stamps[to - 1] as bigint, this.feed.timestamp);
    this.messages += 1;
    if (!book.torn) this.unfinished = undefined;
    else this.unfinished ??= { since: timeValue(this.#timeOf(to - 1), this.feed.clock), cause: 'unfinished' };
  }

  #drop(): void {
    this.#kept.clear();
    this.#begins = false;
    this.#pendingSnapshot = -1;
  }

  #release(): void {
    this.#batch?.release();
    this.#batch = undefined;
    this.#columns = undefined;
    this.#marks = NO_BYTES;
    this.#at = 0;
  }
}

/** Behind the last row in [from, to) that ends a message; `from` where none does. */
function endOfWhole(flags: Uint8Array | undefined, from: number, to: number): number {
  if (flags === undefined) return to;
  let end = to;
  while (end > from && ((flags[end - 1] as number) & BOOK_FLAGS.LAST) === 0) end--;
  return end;
}
