import type { SymbolStatus } from '@deepwater/exchanges';
import type { Amount, TapeTrade } from '../source.js';
import type { FeedReaders, FeedRecord } from './feed-readers.js';

/** The newest trades of many feeds as one list. It keeps as many as were asked for, and for each feed where it went on. */
export class LiveTape {
  #trades: TapeTrade[] = [];
  #next = new Map<string, number>();
  #of = '';

  /** @param sinceUs trades of before are another run's, and none of this tape */
  constructor(private readonly readers: FeedReaders, private readonly sinceUs: number) {}

  /** The newest of these symbols, at most `limit`, in the order they came, the newest last. */
  read(symbols: readonly SymbolStatus[], limit: number): readonly TapeTrade[] {
    const of = `${limit} ${symbols.map(({ symbol }) => symbol).join(' ')}`;
    if (of !== this.#of) {
      // Other symbols are looked at: what they had before is read again.
      this.#of = of;
      this.#trades = [];
      this.#next = new Map();
    }
    let more = false;
    const begun: { readonly symbol: string; readonly feed: string; readonly newest: TapeTrade }[] = [];
    for (const { symbol, feeds } of symbols) {
      for (const { channel, feed } of feeds) {
        if (channel !== 'trades') continue;
        const from = this.#next.get(feed);
        const news = this.readers.newest(feed, from ?? 0, from === undefined ? 1 : limit);
        if (news === undefined) continue;
        this.#next.set(feed, news.next);
        const trades = this.#tradesOf(symbol, news.records);
        if (trades.length === 0) continue;
        if (from === undefined) begun.push({ symbol, feed, newest: trades[0] as TapeTrade });
        else {
          this.#trades.push(...trades);
          more = true;
        }
      }
    }
    if (more) this.#cut(limit);
    // Feeds that are new to the tape, the one with the newest trade first: once the tape is full of later ones, what the others had is none of it.
    for (const { symbol, feed, newest } of begun.sort((a, b) => b.newest.recv - a.newest.recv)) {
      const [oldest] = this.#trades;
      if (oldest !== undefined && this.#trades.length >= limit && oldest.recv > newest.recv) break;
      const news = this.readers.newest(feed, 0, limit);
      if (news === undefined) continue;
      this.#next.set(feed, news.next);
      this.#trades.push(...this.#tradesOf(symbol, news.records));
      this.#cut(limit);
    }
    return this.#trades;
  }

  #tradesOf(symbol: string, records: readonly FeedRecord[]): TapeTrade[] {
    return records.map((record): TapeTrade => ({
      symbol, ts: Number(record['ts']), recv: Number(record['recv']), side: String(record['side']), price: record['price'] as Amount, size: record['size'] as Amount,
    })).filter(({ recv }) => recv >= this.sinceUs);
  }

  /** Sorting keeps the order of equals, so trades of one feed stay as they came. */
  #cut(limit: number): void {
    this.#trades = this.#trades.sort((a, b) => a.recv - b.recv).slice(-limit);
  }
}
