/**
 * Coinbase Advanced Trade, as its docs have it: docs.cdp.coinbase.com/coinbase-app/advanced-trade-apis/websocket (websocket-overview,
 * websocket-channels, websocket-rate-limits) and docs.cdp.coinbase.com/api-reference/advanced-trade-api/websocket/market-trades.
 *
 * **Side of a trade.** `side` of `market_trades` is the maker's: in the capture of August 2026 that the tests read, every trade at the best bid of the
 * `level2` book of that moment is a BUY and every trade at the best ask a SELL (71 of 71). Records have the taker's, the other one.
 *
 * **Trades from before the connection.** The first event of a subscription is a `snapshot` of the last 100 trades of a product. They are history and not
 * written, but for those after the newest trade that is known, of this session or by `SessionHost.lastTrade`: these were missed. Trade ids are
 * contiguous in each product, so a trade is written once however often it is sent, and a missing one is a `gap`.
 *
 * **Lost messages.** `sequence_num` counts the messages of a connection over all channels; a hole means that some were dropped, of whatever product. Books
 * cannot be trusted then: `level2` is subscribed again, which brings a snapshot, and so is `market_trades`, whose snapshot fills the hole. (The
 * `heartbeat_counter` would tell of lost heartbeats alone.)
 */
import { Acknowledged } from './acknowledged.js';
import { coinbaseSymbol } from './coinbase-symbol.js';
import { priceOf, sizeOf, tradedSizeOf, wholeOf } from './amounts.js';
import { BadFrame, CHANNELS, type Channel, type Exchange, type SessionHost, type Wanted } from './exchange.js';
import { rfc3339Us } from './frame-time.js';
import { isFields, listOf, shown, textOf, type Fields } from './frame-checks.js';
import { JsonSession, SubscribedSymbol } from './json-session.js';
import { coinbaseProducts } from './products/coinbase.js';
import { PassedRun } from './passed-run.js';
import { listProducts } from './products/list.js';
import type { BookSide, SymbolSink, TakerSide } from './record-sink.js';
import { forgetScanned, scanCoinbase } from './scan/coinbase-scan.js';
import { ScannedLevels, writeScanned } from './scan/scanned-levels.js';

const TITLE = 'Coinbase Advanced Trade';

/** Names of channels in requests and acknowledgements. The book's messages call theirs `l2_data`. */
const NAMES: Readonly<Record<Channel, string>> = { trades: 'market_trades', book: 'level2', quotes: 'ticker', heartbeats: 'heartbeats' };

/** Levels of a book, scanned or as JSON has them. */
type Updates = ScannedLevels | readonly unknown[];

class CoinbaseSession extends JsonSession {
  /** Subscriptions end after 60 to 90 seconds without updates, unless there are heartbeats. */
  protected override readonly always: readonly Channel[] = ['heartbeats'];
  /** Heartbeats are acknowledged without their products. */
  protected override readonly granted: readonly Channel[] = ['trades', 'book', 'quotes'];
  protected override readonly bookMarks = ['"l2_data"'];
  readonly #acknowledged: Acknowledged;
  readonly #passed = new PassedRun();
  /** The next `sequence_num`. */
  #next = 0;

  constructor(wanted: Wanted, host: SessionHost) {
    super(wanted, host);
    this.#acknowledged = new Acknowledged(host, this.asked, (symbol) => this.symbols.has(symbol));
  }

  protected override newSymbol(symbol: string): SubscribedSymbol {
    return new SubscribedSymbol(symbol, this.host.records.of(symbol), this.host.lastTrade?.(symbol) ?? 0);
  }

  /** One channel a request is all that is allowed. Heartbeats are the connection's: they end for all products at once. */
  protected override ask(how: 'subscribe' | 'unsubscribe', channel: Channel, symbols: readonly string[]): void {
    if (channel === 'heartbeats' && how === 'unsubscribe' && [...this.symbols.values()].some(({ asked }) => asked.heartbeats)) return;
    this.host.send(JSON.stringify({ type: how, product_ids: symbols, channel: NAMES[channel] }));
  }

  override frame(text: string, receivedUs: number): void {
    try {
      super.frame(text, receivedUs);
    } finally {
      forgetScanned();
    }
  }

  protected override parse(text: string): unknown {
    return scanCoinbase(text) ?? JSON.parse(text);
  }

  protected override take(frame: unknown, receivedUs: number): void {
    if (!isFields(frame)) throw new BadFrame('not an object');
    if (frame['type'] === 'error') {
      return this.asked.refused(textOf(frame['message'] ?? frame['reason'] ?? 'error'));
    }
    const channel = frame['channel'];
    if (typeof channel !== 'string') {
      this.unknown(`frame without channel, type ${textOf(frame['type'], 80)}`);
      return;
    }
    this.#count(wholeOf(frame['sequence_num'], 'sequence number'));
    switch (channel) {
      case 'market_trades': return this.#each(frame, receivedUs, this.#trades);
      case 'l2_data': return this.#each(frame, receivedUs, this.#book);
      case 'ticker': return this.#each(frame, receivedUs, this.#quotes);
      case 'heartbeats': return this.#each(frame, receivedUs, this.#beat);
      case 'subscriptions': return this.#each(frame, receivedUs, this.#acknowledge);
      default: return this.unknown(`channel ${channel}`);
    }
  }

  #count(found: number): void {
    const expected = this.#next;
    // A number from before is a message that came twice or too late: what it says has been overtaken. But 0 is a count that has begun again.
    if (found < expected && found !== 0 && !this.#passed.passed()) throw new BadFrame('sequence number from before', `${found} after ${expected - 1}`);
    if (found >= expected) this.#passed.fresh();
    this.#next = found + 1;
    if (found === expected) return;
    this.host.event({ kind: 'gap', expected, found, detail: 'sequence_num of the connection' });
    const known = [...this.symbols.values()];
    this.sync.lose(known.filter(({ asked }) => asked.book));
    const traded = known.filter(({ asked }) => asked.trades).map(({ symbol }) => symbol);
    if (traded.length > 0) this.again('trades', traded);
  }

  #each(frame: Fields, receivedUs: number, take: (this: CoinbaseSession, event: Fields, frame: Fields, receivedUs: number) => void): void {
    for (const event of listOf(frame['events'], 'events')) {
      try {
        if (!isFields(event)) throw new BadFrame('event is not an object');
        take.call(this, event, frame, receivedUs);
      } catch (error) {
        this.fault(error);
      }
    }
  }

  /** Newest first in an event, so they are written from its end. */
  #trades(event: Fields, _frame: Fields, receivedUs: number): void {
    const trades = listOf(event['trades'], 'trades');
    const recent = event['type'] === 'snapshot';
    for (let at = trades.length - 1; at >= 0; at--) {
      try {
        this.#trade(trades[at], recent, receivedUs);
      } catch (error) {
        this.fault(error);
      }
    }
  }

  #trade(trade: unknown, recent: boolean, receivedUs: number): void {
    if (!isFields(trade)) throw new BadFrame('trade is not an object');
    const state = this.find(trade['product_id']);
    const ts = rfc3339Us(trade['time'], receivedUs);
    const price = priceOf(trade['price']);
    const size = tradedSizeOf(trade['size']);
    const id = wholeOf(trade['trade_id'], 'trade id');
    const side = takerOf(trade['side']);
    if (state.wants.trades && this.isNew(state, id, recent)) state.sink.trade(ts, receivedUs, id, side, price, size);
  }

  #book(event: Fields, frame: Fields, receivedUs: number): void {
    const state = this.find(event['product_id']);
    if (!state.wants.book) return;
    const snapshot = event['type'] === 'snapshot';
    try {
      if (!snapshot && event['type'] !== 'update') throw new BadFrame('type unknown', shown(event['type']));
      const given = event['updates'];
      const updates = given instanceof ScannedLevels ? given : listOf(given, 'updates');
      if (snapshot) this.#snapshot(state, updates, frame, receivedUs);
      else if (this.mayChange(state)) this.#changes(state, updates, receivedUs);
    } catch (error) {
      this.spoiled(state, error, snapshot);
    }
  }

  /** The docs show snapshots whose levels have no time but 1970: then the message's own is the book's. */
  #snapshot(state: SubscribedSymbol, updates: Updates, frame: Fields, receivedUs: number): void {
    let ts: number;
    try {
      ts = rfc3339Us(timeOf(updates, 0), receivedUs);
    } catch {
      ts = rfc3339Us(frame['timestamp'], receivedUs);
    }
    state.sink.beginBook(ts, receivedUs, true, 0, 0);
    writeLevels(state.sink, updates, 0, updates.length);
    state.sink.endBook();
    this.sync.came(state, true);
  }

  /** One change of the book for each time there is: levels of one event have always been seen with one time. */
  #changes({ sink }: SubscribedSymbol, updates: Updates, receivedUs: number): void {
    for (let from = 0; from < updates.length;) {
      const time = timeOf(updates, from);
      let to = from + 1;
      while (to < updates.length && timeOf(updates, to) === time) to++;
      sink.beginBook(rfc3339Us(time, receivedUs), receivedUs, false, 0, 0);
      writeLevels(sink, updates, from, to);
      sink.endBook();
      from = to;
    }
  }

  /** Quotes have no time of their own, only the message's. */
  #quotes(event: Fields, frame: Fields, receivedUs: number): void {
    for (const ticker of listOf(event['tickers'], 'tickers')) {
      try {
        if (!isFields(ticker)) throw new BadFrame('ticker is not an object');
        const state = this.find(ticker['product_id']);
        if (!state.wants.quotes) continue;
        state.sink.quote(rfc3339Us(frame['timestamp'], receivedUs), receivedUs, 0,
          priceOf(ticker['best_bid']), sizeOf(ticker['best_bid_quantity']), priceOf(ticker['best_ask']), sizeOf(ticker['best_ask_quantity']));
      } catch (error) {
        this.fault(error);
      }
    }
  }

  #beat(event: Fields, frame: Fields, receivedUs: number): void {
    this.heartbeat(rfc3339Us(frame['timestamp'], receivedUs), receivedUs, wholeOf(event['heartbeat_counter'], 'heartbeat counter'));
  }

  #acknowledge(event: Fields): void {
    const list = event['subscriptions'];
    if (!isFields(list)) throw new BadFrame('subscriptions missing');
    for (const channel of CHANNELS) this.#acknowledged.add(channel, list[NAMES[channel]]);
    this.#acknowledged.end();
  }
}

function writeLevels(sink: SymbolSink, updates: Updates, from: number, to: number): void {
  if (updates instanceof ScannedLevels) return writeScanned(sink, updates, from, to);
  for (let at = from; at < to; at++) {
    const update = updates[at];
    if (!isFields(update)) throw new BadFrame('level is not an object');
    sink.level(bookSideOf(update['side']), priceOf(update['price_level']), sizeOf(update['new_quantity']));
  }
}

function timeOf(updates: Updates, at: number): unknown {
  if (updates instanceof ScannedLevels) return updates.times[at];
  const update = updates[at];
  return isFields(update) ? update['event_time'] : undefined;
}

function takerOf(maker: unknown): TakerSide {
  if (maker === 'BUY') return 'S';
  if (maker === 'SELL') return 'B';
  throw new BadFrame('side unknown', shown(maker));
}

function bookSideOf(side: unknown): BookSide {
  if (side === 'bid') return 'B';
  if (side === 'offer') return 'A';
  throw new BadFrame('side unknown', shown(side));
}

export const coinbase: Exchange = {
  name: 'coinbase',
  title: TITLE,
  market: 'spot',
  channels: CHANNELS,
  endpoints: { ws: 'wss://advanced-trade-ws.coinbase.com', rest: 'https://api.coinbase.com' },
  // Heartbeats come every second. The limit of symbols is ours: Coinbase names none, but one connection's books share one socket.
  limits: { symbolsMax: 50, sendsPerSecond: 8, silenceMs: 10_000 },
  tradeIds: 'number',
  /** What is quoted in USDC is the book of USD: the exchange sends the one for the other (but for USDT-USDC and EURC-USDC). */
  symbolOf(typed) {
    const symbol = coinbaseSymbol(typed, TITLE);
    return symbol.endsWith('-USDC') && symbol !== 'USDT-USDC' && symbol !== 'EURC-USDC' ? symbol.slice(0, -1) : symbol;
  },
  products: (options) => listProducts(coinbase, coinbaseProducts, options),
  newSession: (wanted, host) => new CoinbaseSession(wanted, host),
};
