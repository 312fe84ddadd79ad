/**
 * Coinbase Exchange, as its docs have it: docs.cdp.coinbase.com/exchange/websocket-feed (overview, channels, rate-limits, authentication).
 *
 * **Side of a trade.** `side` of a match is the maker's order; records have the taker's, the other one.
 *
 * **Trades.** `trade_id` is contiguous in each product: a hole is a `gap` (the feed may drop matches), and so is a heartbeat whose `last_trade_id` has not
 * come by the heartbeat after it. `last_match` is sent once a subscription: the newest trade from before. It is written only if it is one that was
 * missed: after a trade known of this session, or by `SessionHost.lastTrade`.
 *
 * **Book.** `level2_batch` needs no key and has the messages of `level2`, every 50 ms. Both have no numbers: their delivery is guaranteed. `sequence`
 * counts everything that happens in a product, most of which this session does not ask for, so its holes say nothing; it is the number of a quote.
 */
import { Acknowledged } from './acknowledged.js';
import { coinbaseSymbol } from './coinbase-symbol.js';
import { priceOf, sizeOf, tradedSizeOf, wholeOf } from './amounts.js';
import { BadFrame, CHANNELS, type Channel, type Exchange, type SessionHost, type Wanted } from './exchange.js';
import { rfc3339Us } from './frame-time.js';
import { isFields, listOf, shown, textOf, type Fields } from './frame-checks.js';
import { JsonSession, SubscribedSymbol } from './json-session.js';
import { coinbaseExchangeProducts } from './products/coinbase.js';
import { listProducts } from './products/list.js';
import type { BookSide, TakerSide } from './record-sink.js';

const TITLE = 'Coinbase Exchange';
const NAMES: Readonly<Record<Channel, string>> = { trades: 'matches', book: 'level2_batch', quotes: 'ticker', heartbeats: 'heartbeat' };
const CHANNEL_OF = new Map<unknown, Channel>([...CHANNELS.map((channel): [string, Channel] => [NAMES[channel], channel]), ['level2', 'book']]);

class Product extends SubscribedSymbol {
  /** `last_trade_id` of the heartbeat before. */
  promised = 0;
}

class CoinbaseExchangeSession extends JsonSession<Product> {
  /** They tell a quiet product from a dead connection, and of matches that were dropped. */
  protected override readonly always: readonly Channel[] = ['heartbeats'];
  protected override readonly bookMarks = ['"l2update"', '"snapshot"'];
  readonly #acknowledged: Acknowledged;

  constructor(wanted: Wanted, host: SessionHost) {
    super(wanted, host);
    this.#acknowledged = new Acknowledged(host, this.asked, (symbol) => this.symbols.has(symbol));
  }

  protected override newSymbol(symbol: string): Product {
    return new Product(symbol, this.host.records.of(symbol), this.host.lastTrade?.(symbol) ?? 0);
  }

  protected override ask(how: 'subscribe' | 'unsubscribe', channel: Channel, symbols: readonly string[]): void {
    this.host.send(JSON.stringify({ type: how, product_ids: symbols, channels: [NAMES[channel]] }));
  }

  protected override take(frame: unknown, receivedUs: number): void {
    if (!isFields(frame)) throw new BadFrame('not an object');
    switch (frame['type']) {
      case 'l2update': return this.#changes(frame, receivedUs);
      case 'snapshot': return this.#snapshot(frame, receivedUs);
      case 'match': return this.#match(frame, false, receivedUs);
      case 'last_match': return this.#match(frame, true, receivedUs);
      case 'ticker': return this.#quote(frame, receivedUs);
      case 'heartbeat': return this.#beat(frame, receivedUs);
      case 'subscriptions': return this.#acknowledge(frame);
      case 'error': return this.asked.refused([frame['message'], frame['reason']].filter((part) => typeof part === 'string').join(': ').slice(0, 200));
      default: return this.unknown(`type ${textOf(frame['type'], 80)}`);
    }
  }

  #match(frame: Fields, recent: boolean, receivedUs: number): void {
    const state = this.find(frame['product_id']);
    const ts = rfc3339Us(frame['time'], receivedUs);
    const price = priceOf(frame['price']);
    const size = tradedSizeOf(frame['size']);
    const id = wholeOf(frame['trade_id'], 'trade id');
    const taker: TakerSide = bookSideOf(frame['side']) === 'B' ? 'S' : 'B';
    if (state.wants.trades && this.isNew(state, id, recent)) state.sink.trade(ts, receivedUs, id, taker, price, size);
  }

  #snapshot(frame: Fields, receivedUs: number): void {
    const state = this.find(frame['product_id']);
    if (!state.wants.book) return;
    try {
      const bids = listOf(frame['bids'], 'bids');
      const asks = listOf(frame['asks'], 'asks');
      // Snapshots had no time in 2021; where there is one, it is the book's.
      const ts = frame['time'] === undefined ? receivedUs : rfc3339Us(frame['time'], receivedUs);
      state.sink.beginBook(ts, receivedUs, true, 0, 0);
      for (const level of bids) writeLevel(state, 'B', level, 0);
      for (const level of asks) writeLevel(state, 'A', level, 0);
      state.sink.endBook();
      this.sync.came(state, true);
    } catch (error) {
      this.spoiled(state, error, true);
    }
  }

  #changes(frame: Fields, receivedUs: number): void {
    const state = this.find(frame['product_id']);
    if (!state.wants.book) return;
    try {
      const changes = listOf(frame['changes'], 'changes');
      const ts = rfc3339Us(frame['time'], receivedUs);
      if (!this.mayChange(state)) return;
      state.sink.beginBook(ts, receivedUs, false, 0, 0);
      for (const change of changes) writeLevel(state, undefined, change, 1);
      state.sink.endBook();
    } catch (error) {
      this.spoiled(state, error, false);
    }
  }

  /** In 2021 tickers had no sizes: 0 then, there is none to tell. The time is the last trade's; a ticker without one has the time it came. */
  #quote(frame: Fields, receivedUs: number): void {
    const state = this.find(frame['product_id']);
    if (!state.wants.quotes) return;
    const ts = frame['time'] === undefined ? receivedUs : rfc3339Us(frame['time'], receivedUs);
    state.sink.quote(ts, receivedUs, wholeOf(frame['sequence'] ?? 0, 'sequence'), priceOf(frame['best_bid']), sizeOf(frame['best_bid_size'] ?? '0'),
      priceOf(frame['best_ask']), sizeOf(frame['best_ask_size'] ?? '0'));
  }

  /** Matches and heartbeats come on ways of their own: a trade that a heartbeat knows may be a moment late, but not a second. */
  #beat(frame: Fields, receivedUs: number): void {
    const state = this.find(frame['product_id']);
    const ts = rfc3339Us(frame['time'], receivedUs);
    const counter = wholeOf(frame['sequence'], 'sequence');
    const { run } = state;
    if (state.wants.trades && run.miss(state.promised)) {
      this.host.event({ kind: 'gap', symbol: state.symbol, channel: 'trades', expected: run.hole, found: state.promised + 1, detail: 'last_trade_id of a heartbeat' });
    }
    state.promised = wholeOf(frame['last_trade_id'], 'last trade id');
    if (state.wants.heartbeats) state.sink.heartbeat(ts, receivedUs, counter);
  }

  #acknowledge(frame: Fields): void {
    for (const channel of listOf(frame['channels'], 'channels')) {
      if (!isFields(channel)) continue;
      const known = CHANNEL_OF.get(channel['name']);
      if (known !== undefined) this.#acknowledged.add(known, channel['product_ids']);
    }
    this.#acknowledged.end();
  }
}

/** A price and a size, after the side where the list does not tell it. */
function writeLevel({ sink }: Product, side: BookSide | undefined, level: unknown, at: 0 | 1): void {
  if (!Array.isArray(level)) throw new BadFrame('level is no list');
  sink.level(side ?? bookSideOf(level[0]), priceOf(level[at]), sizeOf(level[at + 1]));
}

function bookSideOf(side: unknown): BookSide {
  if (side === 'buy') return 'B';
  if (side === 'sell') return 'A';
  throw new BadFrame('side unknown', shown(side));
}

export const coinbaseExchange: Exchange = {
  name: 'coinbase-exchange',
  title: TITLE,
  market: 'spot',
  channels: CHANNELS,
  endpoints: { ws: 'wss://ws-feed.exchange.coinbase.com', rest: 'https://api.exchange.coinbase.com' },
  // Heartbeats come every second for every product. The limit of symbols is ours: Coinbase names none.
  limits: { symbolsMax: 50, sendsPerSecond: 100, silenceMs: 10_000 },
  tradeIds: 'number',
  symbolOf: (typed) => coinbaseSymbol(typed, TITLE),
  products: (options) => listProducts(coinbaseExchange, coinbaseExchangeProducts, options),
  newSession: (wanted, host) => new CoinbaseExchangeSession(wanted, host),
};
