/** What a capture speaks of: what its sessions are to be told that they were subscribed to. */
import type { Exchange, Wanted } from '@deepwater/exchanges';

/** How frames name symbols, by the beginning of the exchange's name; the longest that fits counts. */
const PATTERNS: Readonly<Record<string, RegExp>> = {
  'binance': /"s":"([A-Z0-9_]{2,40})"/g,
  'bybit': /"topic":"[a-zA-Z.0-9]+\.([A-Z0-9-]{2,40})"/g,
  'coinbase': /"product_id":"([A-Z0-9-]{3,40})"/g,
  'kraken': /"symbol":"([A-Z0-9.]+\/[A-Z0-9.]+)"/g,
  'kraken-v1': /,"([A-Z0-9.]{2,12}\/[A-Z0-9.]{2,12})"\]$/g,
};

/** Where books begin with a REST snapshot, asked for by those who want them: how frames of books say so. */
const ASKED_BOOKS: Readonly<Record<string, string>> = { 'binance': '"e":"depthUpdate"' };

/** What the frames of a connection tell of what it was subscribed to. */
export class WantedSeen {
  readonly #pattern: RegExp | undefined;
  readonly #book: string | undefined;
  readonly #seen = new Set<string>();
  /** Of which books came; undefined where that need not be known. */
  readonly #books: Set<string> | undefined;

  /** @param market the name of the exchange */
  constructor(market: string) {
    const family = Object.keys(PATTERNS).filter((name) => market.startsWith(name)).sort((a, b) => b.length - a.length)[0];
    if (family === undefined) return;
    this.#pattern = PATTERNS[family];
    this.#book = ASKED_BOOKS[family];
    if (this.#book !== undefined) this.#books = new Set();
  }

  take(frame: string): void {
    if (this.#pattern === undefined) return;
    const books = this.#book !== undefined && frame.includes(this.#book) ? this.#books : undefined;
    for (const [, symbol] of frame.matchAll(this.#pattern)) {
      this.#seen.add(symbol!);
      books?.add(symbol!);
    }
  }

  /** Symbols that the exchange takes for its own; books only of those of which some came: others would be waited for in vain, and those behind them with them. */
  of(exchange: Exchange): Wanted[] {
    const symbols = [...this.#seen].filter((symbol) => {
      try {
        return exchange.symbolOf(symbol) === symbol;
      } catch {
        return false;
      }
    });
    const books = this.#books;
    if (books === undefined) return [{ symbols, channels: exchange.channels }];
    return [{ symbols, channels: exchange.channels.filter((channel) => channel !== 'book') }, { symbols: symbols.filter((symbol) => books.has(symbol)), channels: ['book'] }];
  }
}

/** Which exchange a capture is of, by the addresses of its connections. */
const HOSTS: readonly (readonly [RegExp, string])[] = [
  [/fstream\.binance\.com/, 'binance-usdm'], [/dstream\.binance\.com/, 'binance-coinm'], [/binance\.com/, 'binance'], [/advanced-trade-ws\.coinbase/, 'coinbase'],
  [/ws-feed(\.exchange)?\.(pro\.)?coinbase/, 'coinbase-exchange'], [/ws\.kraken\.com\/v2/, 'kraken'], [/ws\.kraken\.com/, 'kraken-v1'],
  [/bybit\.com\/v5\/public\/linear/, 'bybit-linear'], [/bybit\.com\/v5\/public\/inverse/, 'bybit-inverse'], [/bybit\.com\/v5\/public\/spot/, 'bybit'],
];

export const exchangeOfAddress = (address: string): string | undefined => HOSTS.find(([host]) => host.test(address))?.[1];
