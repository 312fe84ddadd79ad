/** Coinbase Advanced Trade: a subscription for each channel, and one run of numbers over all frames of a connection. */
import type { Capture, CapturedFrame } from '@deepwater/captures';
import { Book } from '../book/book.js';
import { CoinbaseClient } from './coinbase-client.js';
import { notOf, valuesIn } from './json.js';
import { RecordedReplies } from './recorded-replies.js';
import type { ClientLink, Market, Publication, RestAnswer, VenueClient } from './venue.js';

interface LevelUpdate {
  readonly side: 'bid' | 'offer';
  readonly event_time: string;
  readonly price_level: string;
  readonly new_quantity: string;
}

interface OfProduct {
  readonly product_id: string;
}

/** An event of a frame: of one product (`l2_data`), or a list of things that each have one. */
export interface CoinbaseEvent {
  readonly type?: 'snapshot' | 'update';
  readonly product_id?: string;
  readonly updates?: readonly LevelUpdate[];
  readonly trades?: readonly OfProduct[];
  readonly tickers?: readonly OfProduct[];
  readonly candles?: readonly OfProduct[];
}

export interface CoinbaseFrame {
  readonly channel: string;
  readonly timestamp: string;
  readonly events: readonly CoinbaseEvent[];
}

/** Trades that a snapshot of them has at most. */
const TRADES_KEPT = 100;
const LISTS = ['trades', 'tickers', 'candles'] as const;

interface ProductState {
  book: Book;
  bookTime: string;
  trades: OfProduct[];
  ticker: OfProduct | undefined;
}

const newState = (): ProductState => ({ book: new Book(), bookTime: '', trades: [], ticker: undefined });

export class CoinbaseMarket implements Market {
  readonly products: ReadonlySet<string>;
  readonly #replies: RecordedReplies;
  readonly #states = new Map<string, ProductState>();
  #timestamp = '';

  constructor(capture: Capture) {
    this.products = valuesIn(capture, /"product_id":"([^"]+)"/g);
    if (this.products.size === 0 || !capture.received.some(({ text }) => text.startsWith('{"channel":"'))) throw notOf('coinbase', 'none has a channel and products');
    this.#replies = new RecordedReplies(capture);
    this.reset();
  }

  take(frame: CapturedFrame): readonly Publication[] {
    const message = JSON.parse(frame.text) as CoinbaseFrame;
    this.#timestamp = message.timestamp;
    if (message.channel === 'subscriptions') return [];
    for (const event of message.events) this.#remember(event);
    const products = new Set(message.events.flatMap((event) => productsOf(event)));
    const topic = products.size === 0 ? message.channel : `${message.channel}|${[...products].join(',')}`;
    return [{ topic, text: frame.text, message, us: frame.us }];
  }

  reset(): void {
    for (const product of this.products) this.#states.set(product, newState());
  }

  /** The time of the frames that are made for a client: that of the capture's last. */
  get timestamp(): string {
    return this.#timestamp === '' ? new Date().toISOString() : this.#timestamp;
  }

  /** The event with which a late subscription begins; undefined where nothing has come yet. */
  snapshot(channel: string, product: string): CoinbaseEvent | undefined {
    const state = this.#states.get(product);
    if (state === undefined) return undefined;
    if (channel === 'l2_data' && state.book.whole) return { type: 'snapshot', product_id: product, updates: levelsOf(state) };
    if (channel === 'market_trades' && state.trades.length > 0) return { type: 'snapshot', trades: state.trades.slice() };
    if (channel === 'ticker' && state.ticker !== undefined) return { type: 'snapshot', tickers: [state.ticker] } as CoinbaseEvent;
    return undefined;
  }

  client(link: ClientLink, url: URL): VenueClient | undefined {
    return url.pathname === '/' ? new CoinbaseClient(this, link) : undefined;
  }

  rest(url: URL): RestAnswer | undefined {
    return this.#replies.answer(url);
  }

  #remember(event: CoinbaseEvent): void {
    // Newest first, as the exchange lists them.
    for (const trade of (event.trades ?? []).slice().reverse()) {
      const state = this.#states.get(trade.product_id)!;
      state.trades = [trade, ...state.trades].slice(0, TRADES_KEPT);
    }
    for (const ticker of event.tickers ?? []) this.#states.get(ticker.product_id)!.ticker = ticker;
    if (event.updates === undefined || event.product_id === undefined) return;
    const state = this.#states.get(event.product_id)!;
    const of = (side: string): [string, string, string][] => event.updates!.filter((update) => update.side === side)
      .map((update) => [update.price_level, update.new_quantity, update.event_time]);
    if (event.type === 'snapshot') state.book.replace(of('bid'), of('offer'));
    else state.book.apply(of('bid'), of('offer'));
    state.bookTime = event.updates.at(-1)?.event_time ?? state.bookTime;
  }
}

/** The products that an event is of. */
export function productsOf(event: CoinbaseEvent): readonly string[] {
  if (event.product_id !== undefined) return [event.product_id];
  return LISTS.flatMap((list) => (event[list] ?? []).map((item) => item.product_id));
}

/** What of an event concerns some products; undefined where nothing does. */
export function eventFor(event: CoinbaseEvent, products: ReadonlySet<string>): CoinbaseEvent | undefined {
  if (event.product_id !== undefined) return products.has(event.product_id) ? event : undefined;
  const list = LISTS.find((name) => event[name] !== undefined);
  if (list === undefined) return event;
  const left = event[list]!.filter((item) => products.has(item.product_id));
  return left.length === 0 ? undefined : { ...event, [list]: left };
}

function levelsOf({ book, bookTime }: ProductState): LevelUpdate[] {
  return (['bids', 'asks'] as const).flatMap((side) => book[side].top(Infinity)
    .map(({ price, size }) => ({ side: side === 'bids' ? 'bid' as const : 'offer' as const, event_time: bookTime, price_level: price, new_quantity: size })));
}
