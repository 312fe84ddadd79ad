/** Coinbase Exchange: one subscription for several channels, frames of one product each. */
import type { Capture, CapturedFrame } from '@deepwater/captures';
import { Book, pairs, type LevelChange } from '../book/book.js';
import { CoinbaseExchangeClient } from './coinbase-exchange-client.js';
import { notOf, valuesIn } from './json.js';
import { RecordedReplies } from './recorded-replies.js';
import type { ClientLink, Market, Publication, RestAnswer, VenueClient } from './venue.js';

interface Frame {
  readonly type: string;
  readonly product_id: string;
  readonly sequence?: number;
  readonly trade_id?: number;
  readonly bids?: readonly LevelChange[];
  readonly asks?: readonly LevelChange[];
  readonly changes?: readonly (readonly [side: 'buy' | 'sell', price: string, size: string])[];
}

/** Which channel frames of a type belong to. */
const CHANNEL_OF: ReadonlyMap<string, string> = new Map([
  ['snapshot', 'level2'], ['l2update', 'level2'], ['ticker', 'ticker'], ['match', 'matches'], ['last_match', 'matches'], ['heartbeat', 'heartbeat'],
]);

interface ProductState {
  book: Book;
  ticker: string | undefined;
  match: string | undefined;
  sequence: number;
  tradeId: number;
}

const newState = (): ProductState => ({ book: new Book(), ticker: undefined, match: undefined, sequence: 0, tradeId: 0 });

export class CoinbaseExchangeMarket implements Market {
  readonly products: ReadonlySet<string>;
  readonly #replies: RecordedReplies;
  readonly #hasHeartbeats: boolean;
  readonly #states = new Map<string, ProductState>();
  #second = 0;

  constructor(capture: Capture) {
    const types = valuesIn(capture, /^\{"type":"([^"]+)"/g);
    this.products = valuesIn(capture, /^\{"type":.*?"product_id":"([^"]+)"/g);
    if (this.products.size === 0) throw notOf('coinbase-exchange', 'none has a type and a product');
    this.#hasHeartbeats = types.has('heartbeat');
    this.#replies = new RecordedReplies(capture);
    this.reset();
  }

  take(frame: CapturedFrame): readonly Publication[] {
    const message = JSON.parse(frame.text) as Frame;
    const told = this.#hasHeartbeats ? [] : this.#heartbeats(frame.us);
    const channel = CHANNEL_OF.get(message.type);
    if (channel === undefined) return told;
    this.#remember(message, frame.text);
    told.push({ topic: `${channel}|${message.product_id}`, text: frame.text, message, us: frame.us });
    return told;
  }

  reset(): void {
    this.#second = 0;
    for (const product of this.products) this.#states.set(product, newState());
  }

  /** What a late subscription begins with; undefined where nothing has come yet. */
  snapshot(channel: string, product: string): string | undefined {
    const state = this.#states.get(product);
    if (state === undefined) return undefined;
    if (channel === 'ticker') return state.ticker;
    if (channel === 'matches') return state.match?.replace('{"type":"match"', '{"type":"last_match"');
    if (channel !== 'level2' || !state.book.whole) return undefined;
    return JSON.stringify({ type: 'snapshot', product_id: product, asks: pairs(state.book.asks.top(Infinity)), bids: pairs(state.book.bids.top(Infinity)) });
  }

  client(link: ClientLink, url: URL): VenueClient | undefined {
    return url.pathname === '/' ? new CoinbaseExchangeClient(this, link) : undefined;
  }

  rest(url: URL): RestAnswer | undefined {
    return this.#replies.answer(url);
  }

  #remember(message: Frame, text: string): void {
    const state = this.#states.get(message.product_id)!;
    state.sequence = message.sequence ?? state.sequence;
    state.tradeId = message.trade_id ?? state.tradeId;
    if (message.type === 'ticker') state.ticker = text;
    else if (message.type === 'match' || message.type === 'last_match') state.match = text;
    else if (message.type === 'snapshot') state.book.replace(message.bids ?? [], message.asks ?? []);
    else if (message.changes !== undefined) {
      const of = (wanted: string): [string, string][] => message.changes!.filter(([side]) => side === wanted).map(([, price, size]) => [price, size]);
      state.book.apply(of('buy'), of('sell'));
    }
  }

  /** A capture without heartbeats is given them: one a second of its own time, with the numbers that were seen last. */
  #heartbeats(us: number): Publication[] {
    const second = Math.floor(us / 1e6);
    const before = this.#second;
    this.#second = second;
    if (before === 0 || before === second) return [];
    const time = new Date(second * 1000).toISOString().replace('Z', '000Z');
    return [...this.#states].filter(([, { sequence }]) => sequence > 0).map(([product_id, { sequence, tradeId }]) => {
      const message = { type: 'heartbeat', last_trade_id: tradeId, product_id, sequence, time };
      return { topic: `heartbeat|${product_id}`, text: JSON.stringify(message), message, us };
    });
  }
}
