/**
 * The records of one run of a source: none of symbols that were not asked for, none after its end, and each of them a sign of life. A level that cannot be
 * written is not in the way of the others: the book is ended first, and then it is told.
 */
import { BadFrame } from './exchange.js';
import { shown } from './frame-checks.js';
import type { Amount, BookSide, RecordSink, SymbolSink, TakerSide } from './record-sink.js';

export interface SinkGuard {
  /** Whether records of the symbol are taken; none is when the run is over. */
  wants(symbol: string): boolean;
  /** Whether books are. */
  readonly wantsBooks: boolean;
  /** A record came. */
  heard(): void;
  /** A record cannot be written, and not for its values. */
  failed(error: unknown): void;
  /** A book is not the source's any more: a level could not be written, or its message not be read to the end. Told once, until its next snapshot. */
  spoiled(symbol: string, why: BadFrame): void;
  /** It is again: a snapshot has come since. */
  begun(symbol: string): void;
}

export class GuardedSink implements RecordSink {
  readonly #sinks = new Map<string, GuardedSymbol>();

  constructor(private readonly records: RecordSink, private readonly guard: SinkGuard) {}

  of(symbol: string): SymbolSink {
    let sink = this.#sinks.get(symbol);
    if (sink !== undefined) return sink;
    if (!this.guard.wants(symbol)) throw new BadFrame('symbol unknown', shown(symbol));
    this.#sinks.set(symbol, (sink = new GuardedSymbol(symbol, this.records.of(symbol), this.guard)));
    return sink;
  }

  /** A message could not be read to its end: books that it had begun stay without their last record, and the next message may begin. */
  abandonBooks(why: BadFrame): void {
    for (const sink of this.#sinks.values()) sink.abandonBook(why);
  }

  /** Symbols that nobody wants any more. If they are wanted again, their books begin anew. */
  forget(symbols: readonly string[]): void {
    for (const symbol of symbols) this.#sinks.get(symbol)?.forgetBook();
  }
}

class GuardedSymbol implements SymbolSink {
  #inBook = false;
  /** Whether the book that is open, or was last, is a snapshot. */
  #snapshot = false;
  #spoiled = false;
  #fault: BadFrame | undefined;

  constructor(private readonly symbol: string, private readonly sink: SymbolSink, private readonly guard: SinkGuard) {}

  trade(ts: number, received: number, id: number | string, side: TakerSide, price: Amount, size: Amount): void {
    this.#outside('a trade');
    this.#write(() => { this.sink.trade(ts, received, id, side, price, size); });
  }

  quote(ts: number, received: number, update: number, bid: Amount, bidSize: Amount, ask: Amount, askSize: Amount): void {
    this.#outside('a quote');
    this.#write(() => { this.sink.quote(ts, received, update, bid, bidSize, ask, askSize); });
  }

  heartbeat(ts: number, received: number, counter: number): void {
    this.#outside('a heartbeat');
    this.#write(() => { this.sink.heartbeat(ts, received, counter); });
  }

  beginBook(ts: number, received: number, snapshot: boolean, first: number, last: number): void {
    this.#outside('a beginBook');
    this.#inBook = true;
    this.#snapshot = snapshot;
    this.#fault = undefined;
    this.#write(() => { this.sink.beginBook(ts, received, snapshot, first, last); });
  }

  level(side: BookSide, price: Amount, size: Amount): void {
    this.#inside('a level');
    this.#write(() => { this.#keepFault(() => { this.sink.level(side, price, size); }); });
  }

  endBook(): void {
    this.#inside('an endBook');
    this.#inBook = false;
    this.#write(() => { this.#keepFault(() => { this.sink.endBook(); }); });
    if (this.#fault !== undefined) {
      this.#spoil(this.#fault);
      throw this.#fault as BadFrame;
    }
    if (!this.#spoiled || !this.#snapshot || !this.guard.wants(this.symbol)) return;
    this.#spoiled = false;
    this.guard.begun(this.symbol);
  }

  abandonBook(why: BadFrame): void {
    if (!this.#inBook) return;
    this.#inBook = false;
    this.#spoil(why);
  }

  forgetBook(): void {
    this.#spoiled = false;
  }

  /** A snapshot that is spoiled is one more: behind it the book would be taken for the source's. */
  #spoil(why: BadFrame): void {
    if ((this.#spoiled && !this.#snapshot) || !this.guard.wantsBooks || !this.guard.wants(this.symbol)) return;
    this.#spoiled = true;
    this.guard.spoiled(this.symbol, why);
  }

  #keepFault(put: () => void): void {
    try {
      put();
    } catch (error) {
      if (!(error instanceof BadFrame)) throw error;
      this.#fault ??= error;
    }
  }

  #write(put: () => void): void {
    if (!this.guard.wants(this.symbol)) return;
    this.guard.heard();
    try {
      put();
    } catch (error) {
      if (!(error instanceof BadFrame)) this.guard.failed(error);
      throw error;
    }
  }

  // What follows is a mistake of the source's code, not of its data: the run ends with it.
  #outside(what: string): void {
    if (this.#inBook) throw new Error(`${what} of ${this.symbol} came between beginBook and endBook`);
  }

  #inside(what: string): void {
    if (!this.#inBook) throw new Error(`${what} of ${this.symbol} came without a beginBook`);
  }
}
