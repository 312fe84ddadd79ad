import type { SymbolStatus } from '@deepwater/exchanges';
import type { Amount, TapeTrade } from '../source.js';
import type { FeedReaders } from './feed-readers.js';

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
    for (const { symbol, feeds } of symbols) {
      for (const { channel, feed } of feeds) {
        if (channel !== 'trades') continue;
        const news = this.readers.newest(feed, this.#next.get(feed) ?? 0, limit);
        if (news === undefined) continue;
        this.#next.set(feed, news.next);
        for (const record of news.records) {
          const trade: TapeTrade = {
            symbol, ts: Number(record['ts']), recv: Number(record['recv']), side: String(record['side']), price: record['price'] as Amount, size: record['size'] as Amount,
          };
          if (trade.recv < this.sinceUs) continue;
          this.#trades.push(trade);
          more = true;
        }
      }
    }
    // Sorting keeps the order of equals, so trades of one feed stay as they came.
    if (more) this.#trades = this.#trades.sort((a, b) => a.recv - b.recv).slice(-limit);
    return this.#trades;
  }
}
