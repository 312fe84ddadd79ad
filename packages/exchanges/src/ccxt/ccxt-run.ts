/**
 * One run of ccxt: a loop for each symbol and channel that asks for the next update and writes it. Loops of one symbol each, since ccxt's calls for several
 * symbols give what came for one of them and leave the others until they change again.
 */
import { createHash } from 'node:crypto';
import { numeric } from '../amounts.js';
import { BadFrame, type Channel, type Wanted } from '../exchange.js';
import type { SymbolSink } from '../record-sink.js';
import type { StreamHost } from '../source.js';
import { BookDifferences } from './book-differences.js';
import type { CcxtBook, CcxtExchange, CcxtTicker, CcxtTrade } from './ccxt-module.js';
import { plainDecimal } from './plain-decimal.js';
import { type TradeMemory, takerOf } from './trade-memory.js';

/** Bytes of an id in a record. */
const ID_BYTES = 40;
/** A book that fails so often, one time after the other, fails with the run. */
const BOOK_FAILURES_MAX = 5;
/** What ccxt throws where it is the request that is wrong, and asking again would be no use. */
const REFUSALS = new Set(['BadSymbol', 'BadRequest', 'ArgumentsRequired', 'NotSupported', 'PermissionDenied', 'AuthenticationError']);
/** What it throws where a book cannot be continued; the next call begins it again. */
const LOST_BOOKS: Readonly<Record<string, 'gap' | 'checksum'>> = { InvalidNonce: 'gap', ChecksumError: 'checksum' };

export interface CcxtRunOptions {
  /** Trades and quotes keep their numbers as texts; books cannot (see BookDifferences), so they have an exchange of their own. */
  readonly newExchange: (amounts: 'text' | 'number') => Promise<CcxtExchange>;
  readonly memoryOf: (symbol: string) => TradeMemory;
  /** Levels of a book that ccxt is asked for; by default as many as it asks for by itself. */
  readonly depth: number | undefined;
  /** See CcxtSourceOptions. */
  readonly tradesSince: number | undefined;
}

interface Loop {
  readonly symbol: string;
  readonly channel: Channel;
  wanted: boolean;
}

export class CcxtRun {
  readonly #loops = new Map<string, Loop>();
  readonly #exchanges = new Map<'text' | 'number', Promise<CcxtExchange>>();
  #fail: (error: unknown) => void = () => undefined;

  constructor(private readonly host: StreamHost, private readonly options: CcxtRunOptions) {}

  /** Until the signal aborts, or ccxt fails. */
  async go(wanted: Wanted): Promise<void> {
    const { signal } = this.host;
    try {
      await new Promise<void>((resolve, reject) => {
        signal.addEventListener('abort', () => { resolve(); }, { once: true });
        this.#fail = reject;
        this.host.onWanted((changed) => { this.#want(changed); });
        this.#want(wanted);
      });
    } finally {
      // What loops still wait for is thrown at them by this.
      for (const exchange of this.#exchanges.values()) await exchange.then((made) => made.close(), () => undefined).catch(() => undefined);
    }
  }

  /** A loop that is not wanted any more ends with its next update, and goes on where it is wanted again before. */
  #want({ symbols, channels }: Wanted): void {
    for (const loop of this.#loops.values()) loop.wanted = symbols.includes(loop.symbol) && channels.includes(loop.channel);
    for (const symbol of symbols) {
      for (const channel of channels) {
        const key = `${channel} ${symbol}`;
        if (channel === 'heartbeats' || this.#loops.has(key)) continue;
        const loop = { symbol, channel, wanted: true };
        this.#loops.set(key, loop);
        this.#run(loop).catch((error: unknown) => { this.#fail(error); }).finally(() => { this.#loops.delete(key); });
      }
    }
  }

  async #run(loop: Loop): Promise<void> {
    const { symbol, channel } = loop;
    const amounts = channel === 'book' ? 'number' : 'text';
    let made = this.#exchanges.get(amounts);
    if (made === undefined) this.#exchanges.set(amounts, (made = this.options.newExchange(amounts)));
    const exchange = await made;
    const next = this.#nextOf(exchange, loop);
    let failures = 0;
    while (loop.wanted && !this.host.signal.aborted) {
      let write: () => void;
      try {
        write = await next();
      } catch (error) {
        if (this.host.signal.aborted) return;
        const { name, message } = error as Error;
        const lost = channel === 'book' && Object.hasOwn(LOST_BOOKS, name) ? LOST_BOOKS[name] : undefined;
        if (lost !== undefined && ++failures < BOOK_FAILURES_MAX) {
          this.host.event({ kind: lost, symbol, channel, detail: message.slice(0, 200) });
          continue;
        }
        if (!REFUSALS.has(name)) throw error;
        this.host.event({ kind: 'refused', symbol, channel, detail: message.slice(0, 200) });
        return;
      }
      failures = 0;
      if (!loop.wanted || this.host.signal.aborted) return;
      this.host.connected(`${exchange.name} by ccxt`);
      write();
    }
  }

  /** @returns waits for an update, and gives what writes it */
  #nextOf(exchange: CcxtExchange, loop: Loop): () => Promise<() => void> {
    const { symbol, channel } = loop;
    const sink = this.host.records.of(symbol);
    if (channel === 'trades') {
      const memory = this.options.memoryOf(symbol);
      memory.begin(this.options.tradesSince ?? this.host.now() / 1000);
      return async () => {
        const trades = await exchange.watchTrades(symbol);
        return () => { for (const trade of memory.take(trades)) this.#guard(trade, () => { writeTrade(sink, trade, this.host.now()); }); };
      };
    }
    if (channel === 'book') return this.#nextBook(exchange, loop, sink);
    let before = '';
    const ticker = async (): Promise<CcxtTicker | undefined> => (exchange.has['watchBidsAsks'] ? (await exchange.watchBidsAsks([symbol]))[symbol] : await exchange.watchTicker(symbol));
    return async () => {
      const quote = await ticker();
      return () => {
        // Tickers come with every trade; a quote is a change of the best prices or of what is there.
        const now = `${quote?.bid}|${quote?.bidVolume}|${quote?.ask}|${quote?.askVolume}`;
        if (quote?.bid === undefined || quote.ask === undefined || now === before) return;
        before = now;
        this.#guard(quote, () => { writeQuote(sink, quote, this.host.now()); });
      };
    };
  }

  #nextBook(exchange: CcxtExchange, loop: Loop, sink: SymbolSink): () => Promise<() => void> {
    const { symbol, channel } = loop;
    const { signal } = this.host;
    const differences = new BookDifferences();
    let later: NodeJS.Timeout | undefined;
    signal.addEventListener('abort', () => { clearTimeout(later); }, { once: true });
    const write = (book: CcxtBook): void => {
      clearTimeout(later);
      this.#guard({ symbol, timestamp: book.timestamp }, () => {
        if (differences.write(book, sink, this.host.now())) this.host.event({ kind: 'resynced', symbol, channel });
      });
      // The next update may be long in coming, and ccxt keeps the book as it is: it begins again when its time has come.
      const waitMs = (differences.againUs - this.host.now()) / 1000;
      if (waitMs > 0 && !signal.aborted) later = setTimeout(() => { if (loop.wanted) this.#try(() => { write(book); }); }, Math.ceil(waitMs));
    };
    return async () => {
      try {
        const book = await exchange.watchOrderBook(symbol, this.options.depth);
        return () => { write(book); };
      } catch (error) {
        // What it had is of no use any more.
        clearTimeout(later);
        throw error;
      }
    };
  }

  #try(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** What cannot be read is kept aside, as ccxt has given it. */
  #guard(given: object, write: () => void): void {
    try {
      write();
    } catch (error) {
      if (!(error instanceof BadFrame)) throw error;
      this.host.bad(error, JSON.stringify(given));
    }
  }
}

const amountOf = (value: string | number | undefined): string | number | undefined => (typeof value === 'string' ? plainDecimal(value) : value);

function writeTrade(sink: SymbolSink, trade: CcxtTrade, receivedUs: number): void {
  const ts = trade.timestamp === undefined ? receivedUs : trade.timestamp * 1000;
  sink.trade(ts, receivedUs, idOf(trade.id), takerOf(trade.side), numeric.priceOf(amountOf(trade.price)), numeric.tradedSizeOf(amountOf(trade.amount)));
}

/** A size that the exchange does not tell is 0. */
function writeQuote(sink: SymbolSink, quote: CcxtTicker, receivedUs: number): void {
  const ts = quote.timestamp === undefined ? receivedUs : quote.timestamp * 1000;
  sink.quote(ts, receivedUs, 0, numeric.priceOf(amountOf(quote.bid)), numeric.sizeOf(amountOf(quote.bidVolume ?? 0)), numeric.priceOf(amountOf(quote.ask)), numeric.sizeOf(amountOf(quote.askVolume ?? 0)));
}

/** The id, or the SHA-1 of one that no record has room for: as telling, and of 40 characters. */
function idOf(id: string | undefined): string {
  if (id === undefined || Buffer.byteLength(id) <= ID_BYTES) return id ?? '';
  return createHash('sha1').update(id).digest('hex');
}
