/** Bybit v5, public: spot, linear and inverse, each at a path of its own. */
import type { Capture, CapturedFrame } from '@deepwater/captures';
import { BybitBook } from './bybit-book.js';
import { BybitClient } from './bybit-client.js';
import { notOf, valuesIn } from './json.js';
import { RecordedReplies } from './recorded-replies.js';
import type { ClientLink, Market, Publication, RestAnswer, VenueClient } from './venue.js';

export type Category = 'spot' | 'linear' | 'inverse';

/** A frame of a topic. `data` differs with the topic. */
export interface BybitFrame {
  readonly topic?: string;
  readonly type?: 'snapshot' | 'delta';
  readonly ts: number;
  readonly cts?: number;
  readonly data: Readonly<Record<string, unknown>>;
}

const BOOK_TOPIC = /^orderbook\.(\d+)\.(.+)$/;

const categoryOf = (address: string): Category => /\/v5\/public\/(spot|linear|inverse)/.exec(address)?.[1] as Category | undefined ?? 'linear';

export class BybitMarket implements Market {
  /** What each connection of the capture was to. */
  readonly #categories: readonly Category[];
  readonly #symbols: ReadonlySet<string>;
  readonly #replies: RecordedReplies;
  /** By category and symbol. */
  readonly #books = new Map<string, BybitBook>();
  /** The last ticker of each topic that begins with a snapshot, with what has changed since. */
  readonly #tickers = new Map<string, BybitFrame>();

  constructor(capture: Capture) {
    this.#categories = capture.connections.map(categoryOf);
    const topic = /"topic":"([^"]+)"/;
    const found = new Set<string>();
    for (const { connection, text } of capture.received) {
      const name = topic.exec(text)?.[1];
      if (name !== undefined) found.add(`${this.#categories[connection]}|${name.slice(name.lastIndexOf('.') + 1)}`);
    }
    if (found.size === 0 || valuesIn(capture, /"topic":"(orderbook|publicTrade|tickers)\./g).size === 0) throw notOf('bybit', 'none has a topic');
    this.#symbols = found;
    this.#replies = new RecordedReplies(capture);
  }

  take(frame: CapturedFrame): readonly Publication[] {
    const message = JSON.parse(frame.text) as BybitFrame;
    if (message.topic === undefined) return [];
    const category = this.#categories[frame.connection];
    const itself: Publication = { topic: `${category}|${message.topic}`, text: frame.text, message, us: frame.us };
    const [, depth, symbol] = BOOK_TOPIC.exec(message.topic) ?? [];
    if (symbol !== undefined) return this.book(category, symbol).take(Number(depth), itself);
    if (message.topic.startsWith('tickers.')) this.#remember(itself.topic, message);
    return [itself];
  }

  reset(): void {
    for (const book of this.#books.values()) book.reset();
    this.#tickers.clear();
  }

  has(category: Category, symbol: string): boolean {
    return this.#symbols.has(`${category}|${symbol}`);
  }

  book(category: Category, symbol: string): BybitBook {
    const key = `${category}|${symbol}`;
    let book = this.#books.get(key);
    if (book === undefined) this.#books.set(key, book = new BybitBook(key));
    return book;
  }

  /** What a late subscriber gets at once; undefined where there is nothing, or nothing yet. */
  snapshot(category: Category, topic: string): string | undefined {
    const [, depth, symbol] = BOOK_TOPIC.exec(topic) ?? [];
    if (symbol !== undefined) return this.book(category, symbol).snapshot(Number(depth));
    const ticker = this.#tickers.get(`${category}|${topic}`);
    return ticker === undefined ? undefined : JSON.stringify(ticker);
  }

  client(link: ClientLink, url: URL): VenueClient | undefined {
    const category = /^\/v5\/public\/(spot|linear|inverse)$/.exec(url.pathname)?.[1];
    return category === undefined ? undefined : new BybitClient(this, link, category as Category);
  }

  rest(url: URL): RestAnswer | undefined {
    return this.#replies.answer(url);
  }

  #remember(topic: string, message: BybitFrame): void {
    const before = this.#tickers.get(topic);
    if (message.type === 'snapshot') this.#tickers.set(topic, message);
    else if (before !== undefined) this.#tickers.set(topic, { ...message, type: 'snapshot', data: { ...before.data, ...message.data } });
  }
}

export const symbolOf = (topic: string): string => topic.slice(topic.lastIndexOf('.') + 1);

export const isBookTopic = (topic: string): boolean => BOOK_TOPIC.test(topic);
