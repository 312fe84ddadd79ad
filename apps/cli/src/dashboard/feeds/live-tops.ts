import type { SymbolStatus } from '@deepwater/exchanges';
import type { Amount, BestPrices, SymbolTop } from '../source.js';
import type { FeedReaders, FeedRecord } from './feed-readers.js';

/** A book that is kept while it is looked at. */
export interface FollowedBook {
  /** The best of both sides now; undefined while the book is not whole. */
  best(): BestPrices | undefined;
  close(): void;
}

/** Begins to keep the book of a feed. */
export type FollowBook = (feed: string) => FollowedBook;

/** What has not been looked at for so long is let go, ms. */
const FORGET_MS = 5000;

interface Kept {
  askedMs: number;
  tradesNext: number;
  quotesNext: number;
  trade?: FeedRecord;
  quote?: FeedRecord;
  book?: FollowedBook;
}

/** Last price and best bid and ask of the symbols that are looked at: from their quotes, or else from a book kept for it. */
export class LiveTops {
  readonly #kept = new Map<string, Kept>();
  #sweptMs = -Infinity;

  /** @param sinceUs records of before are another run's: their prices are not those of now */
  constructor(private readonly readers: FeedReaders, private readonly sinceUs: number, private readonly followBook: FollowBook | undefined, private readonly now: () => number) {}

  /** How many symbols are kept. */
  get size(): number {
    return this.#kept.size;
  }

  read({ symbol, feeds }: SymbolStatus): SymbolTop | undefined {
    const nowMs = this.now();
    this.#sweep(nowMs);
    let kept = this.#kept.get(symbol);
    if (kept === undefined) this.#kept.set(symbol, (kept = { askedMs: nowMs, tradesNext: 0, quotesNext: 0 }));
    kept.askedMs = nowMs;
    const feedOf = (wanted: string): string | undefined => feeds.find(({ channel }) => channel === wanted)?.feed;
    const trades = feedOf('trades');
    const quotes = feedOf('quotes');
    const book = feedOf('book');
    if (trades !== undefined) {
      const news = this.readers.newest(trades, kept.tradesNext, 1);
      kept.tradesNext = news?.next ?? kept.tradesNext;
      kept.trade = this.#fresh(news?.records[0]) ?? kept.trade;
    }
    if (quotes !== undefined) {
      const news = this.readers.newest(quotes, kept.quotesNext, 1);
      kept.quotesNext = news?.next ?? kept.quotesNext;
      kept.quote = this.#fresh(news?.records[0]) ?? kept.quote;
    } else if (book !== undefined && this.followBook !== undefined) {
      kept.book ??= this.followBook(book);
    }
    const best = kept.book?.best() ?? bestOf(kept.quote);
    if (kept.trade === undefined && best === undefined) return undefined;
    return { ...best, ...(kept.trade === undefined ? {} : { last: kept.trade['price'] as Amount, lastSide: String(kept.trade['side']) }) };
  }

  close(): void {
    for (const { book } of this.#kept.values()) book?.close();
    this.#kept.clear();
  }

  #fresh(record: FeedRecord | undefined): FeedRecord | undefined {
    return record !== undefined && Number(record['recv']) >= this.sinceUs ? record : undefined;
  }

  #sweep(nowMs: number): void {
    if (Math.abs(nowMs - this.#sweptMs) < FORGET_MS) return;
    this.#sweptMs = nowMs;
    for (const [symbol, { askedMs, book }] of this.#kept) {
      if (Math.abs(nowMs - askedMs) < FORGET_MS) continue;
      book?.close();
      this.#kept.delete(symbol);
    }
  }
}

/** A size of 0 stands for one that the exchange does not tell. */
function bestOf(quote: FeedRecord | undefined): BestPrices | undefined {
  if (quote === undefined) return undefined;
  const size = (name: string): Amount | undefined => (Number(quote[name]) === 0 ? undefined : (quote[name] as Amount));
  return { bid: quote['bid'] as Amount, bidSize: size('bidSize'), ask: quote['ask'] as Amount, askSize: size('askSize') };
}
