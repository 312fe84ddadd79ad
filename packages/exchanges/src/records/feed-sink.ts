/** Records into feeds, a writer for each symbol and channel. Nothing is made on the way: the values go from the frame into the ring. */
import { DecimalDigits } from '@deepwater/core';
import { DeepwaterError } from 'deepwater';
import { BadFrame, type Channel } from '../exchange.js';
import type { Amount, BookSide, RecordSink, SymbolSink, TakerSide } from '../record-sink.js';
import type { ScannedLevels } from '../scan/scanned-levels.js';
import { numberOfAmount } from './amount-number.js';
import { BOOK_FLAGS } from './record-feeds.js';

/** What is needed of a writer. */
export interface RecordWriter {
  writeValues(...values: unknown[]): void;
  markIndex(): void;
}

/** Records of channels that have no writer go nowhere. */
export type SymbolWriters = Readonly<Partial<Record<Channel, RecordWriter>>>;

export interface FeedSinkOptions {
  /**
   * The writers are a platform's: amounts that adapters have read already are given to them as `DecimalDigits`, which is faster. Others may keep what they
   * are given, and get texts.
   */
  readonly digits?: boolean | undefined;
  /** As the feeds were made (see RecordFeedOptions). */
  readonly amounts?: 'decimal' | 'float64' | undefined;
  /** Told how long each record was under way, from the exchange's time to ours, µs; of a book, each message. */
  readonly onLatency?: ((channel: Channel, us: number) => void) | undefined;
  /**
   * Told of a symbol whose record could not be written, and not for its values: from then on its records go nowhere, until `redirect`. Without it the
   * error is thrown at whoever writes.
   */
  readonly onFailure?: ((symbol: string, error: unknown) => void) | undefined;
}

export class FeedSink implements RecordSink {
  readonly #sinks = new Map<string, SymbolFeeds>();

  /** @param writersOf the writers of a symbol; asked once for each */
  constructor(private readonly writersOf: (symbol: string) => SymbolWriters, private readonly options: FeedSinkOptions = {}) {}

  of(symbol: string): SymbolSink {
    return this.#of(symbol);
  }

  #of(symbol: string): SymbolFeeds {
    let sink = this.#sinks.get(symbol);
    if (sink === undefined) this.#sinks.set(symbol, (sink = new SymbolFeeds(symbol, this.writersOf(symbol), this.options)));
    return sink;
  }

  /** From now on a symbol's records go to other writers, or nowhere: sessions keep what `of` gave them. A book begins anew with its next snapshot. */
  redirect(symbol: string, writers: SymbolWriters): void {
    this.#sinks.get(symbol)?.redirect(writers);
  }

  /** What an earlier process wrote last (see SessionHost.lastTrade). */
  resume(symbol: string, lastTrade: number): void {
    this.#of(symbol).lastTrade ??= lastTrade;
  }

  /** Number of the newest trade that went through, where the exchange numbers them (see SessionHost.lastTrade). */
  lastTrade(symbol: string): number | undefined {
    return this.#sinks.get(symbol)?.lastTrade;
  }
}

class SymbolFeeds implements SymbolSink {
  lastTrade: number | undefined;
  #ts = 0;
  #received = 0;
  #first = 0;
  #last = 0;
  #flags = 0;
  /** Whether the next level is the first of a snapshot. */
  #begins = false;
  /** A level waits until it is known whether it is the last of its message. */
  #waits = false;
  #side: BookSide = 'B';
  #price: Amount | DecimalDigits = 0;
  #size: Amount | DecimalDigits = 0;
  readonly #scannedPrice = new DecimalDigits();
  readonly #scannedSize = new DecimalDigits();

  readonly #asNumbers: boolean;
  readonly #onLatency: FeedSinkOptions['onLatency'];

  constructor(private readonly symbol: string, private writers: SymbolWriters, private readonly options: FeedSinkOptions) {
    this.#asNumbers = options.amounts === 'float64';
    this.#onLatency = options.onLatency;
  }

  redirect(writers: SymbolWriters): void {
    this.writers = writers;
    this.#waits = false;
  }

  trade(ts: number, received: number, id: number | string, side: TakerSide, price: Amount, size: Amount): void {
    const { trades } = this.writers;
    if (trades === undefined) return;
    try {
      trades.writeValues(ts, received, id, side, this.#amount(price), this.#amount(size));
    } catch (error) {
      return this.#refuse(error);
    }
    if (typeof id === 'number' && id > (this.lastTrade ?? 0)) this.lastTrade = id;
    if (ts !== received) this.#onLatency?.('trades', received - ts);
  }

  quote(ts: number, received: number, update: number, bid: Amount, bidSize: Amount, ask: Amount, askSize: Amount): void {
    try {
      this.writers.quotes?.writeValues(ts, received, update, this.#amount(bid), this.#amount(bidSize), this.#amount(ask), this.#amount(askSize));
    } catch (error) {
      return this.#refuse(error);
    }
    if (ts !== received) this.#onLatency?.('quotes', received - ts);
  }

  beginBook(ts: number, received: number, snapshot: boolean, first: number, last: number): void {
    this.#ts = ts;
    this.#received = received;
    this.#first = first;
    this.#last = last;
    this.#flags = snapshot ? BOOK_FLAGS.SNAPSHOT : 0;
    this.#begins = snapshot;
    this.#waits = false;
    if (ts !== received) this.#onLatency?.('book', received - ts);
  }

  level(side: BookSide, price: Amount, size: Amount): void {
    const sideBefore = this.#side;
    const priceBefore = this.#price;
    const sizeBefore = this.#size;
    const waited = this.#waits;
    // First, so that one that does not fit is not in the way of the next.
    this.#side = side;
    this.#price = price;
    this.#size = size;
    this.#waits = true;
    if (waited) this.#write(sideBefore, priceBefore, sizeBefore, this.#flags);
  }

  levels(levels: ScannedLevels, from: number, to: number): void {
    if (this.options.digits !== true && !this.#asNumbers) {
      for (let at = from; at < to; at++) this.level(levels.side(at), String(levels.price(at, this.#scannedPrice)), String(levels.size(at, this.#scannedSize)));
      return;
    }
    const last = to - 1;
    if (last < from || this.writers.book === undefined) return;
    if (this.#waits) {
      this.#waits = false;
      this.#write(this.#side, this.#price, this.#size, this.#flags);
    }
    for (let at = from; at < last; at++) this.#write(levels.side(at), levels.price(at, this.#scannedPrice), levels.size(at, this.#scannedSize), this.#flags);
    this.#side = levels.side(last);
    this.#price = levels.price(last, this.#scannedPrice);
    this.#size = levels.size(last, this.#scannedSize);
    this.#waits = true;
  }

  endBook(): void {
    if (!this.#waits) return;
    this.#waits = false;
    this.#write(this.#side, this.#price, this.#size, this.#flags | BOOK_FLAGS.LAST);
  }

  heartbeat(ts: number, received: number, counter: number): void {
    try {
      this.writers.heartbeats?.writeValues(ts, received, counter);
    } catch (error) {
      return this.#refuse(error);
    }
    if (ts !== received) this.#onLatency?.('heartbeats', received - ts);
  }

  #amount(amount: Amount | DecimalDigits): Amount | DecimalDigits {
    if (!this.#asNumbers) return amount;
    return amount instanceof DecimalDigits ? amount.toNumber() : numberOfAmount(amount);
  }

  #write(side: BookSide, price: Amount | DecimalDigits, size: Amount | DecimalDigits, flags: number): void {
    const { book } = this.writers;
    if (book === undefined) return;
    if (this.#begins) book.markIndex();
    try {
      book.writeValues(this.#ts, this.#received, this.#first, this.#last, side, flags, this.#amount(price), this.#amount(size));
    } catch (error) {
      return this.#refuse(error);
    }
    this.#begins = false;
  }

  /** A value that the record cannot hold is the frame's fault; what else goes wrong is this symbol's alone. */
  #refuse(error: unknown): void {
    const unfit = DeepwaterError.isDeepwaterError(error) && (error.code === 'DW_VALUE_RANGE' || error.code === 'DW_VALUE_TYPE');
    if (unfit) throw new BadFrame('a value that does not fit', error.message);
    const { onFailure } = this.options;
    if (onFailure === undefined) throw error;
    this.redirect({});
    onFailure(this.symbol, error);
  }
}
