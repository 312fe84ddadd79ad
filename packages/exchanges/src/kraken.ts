/**
 * Kraken's websocket v2, as its docs have it: docs.kraken.com/exchange/api-reference/spot-websocket-v2 (book, trade, ticker, instrument, status, heartbeat,
 * ping, subscribe) and docs.kraken.com/exchange/guides/websockets/book-checksum-v2.
 *
 * **Numbers** are JSON numbers; `kraken-numbers.ts` reads them without loss. The checksum is of texts with all the decimals of the pair, which only the
 * `instrument` channel tells: it is subscribed first, and books when it has answered.
 *
 * **Trades** have the taker's side, and ids that are contiguous in each pair. Each subscription begins with the last 50 trades (`snapshot`), which are
 * history but for those that were missed: see `JsonSession.isNew`.
 *
 * **Quotes** are tickers with `event_trigger: bbo`: one for each change of the best prices. Heartbeats come by themselves.
 */
import { numeric, wholeOf } from './amounts.js';
import { BadFrame, CHANNELS, type Channel, type Exchange } from './exchange.js';
import { rfc3339Us } from './frame-time.js';
import { isFields, listOf, shown, textOf, type Fields } from './frame-checks.js';
import { parseLossless } from './kraken-numbers.js';
import { DEPTH, KrakenSession, type KrakenSymbol } from './kraken-session.js';
import { krakenSymbol } from './kraken-symbol.js';
import { krakenProducts } from './products/kraken.js';
import { listProducts } from './products/list.js';
import type { BookSide, TakerSide } from './record-sink.js';

const TITLE = 'Kraken';
const NAMES: Readonly<Partial<Record<Channel, string>>> = { trades: 'trade', book: 'book', quotes: 'ticker' };
const CHANNEL_OF = new Map<unknown, Channel>([['trade', 'trades'], ['book', 'book'], ['ticker', 'quotes']]);
/** What a subscription of a channel has besides its symbols. */
const OPTIONS: Readonly<Partial<Record<Channel, object>>> = { trades: { snapshot: true }, book: { depth: DEPTH }, quotes: { event_trigger: 'bbo' } };
/** The instruments come within so long, or the connection is given up. */
const INSTRUMENTS_MS = 15_000;
const DECIMALS_MAX = 20;

class KrakenV2Session extends KrakenSession {
  protected override readonly ping = '{"method":"ping"}';
  protected override readonly bookMarks = ['"book"'];
  /** Decimals of prices and sizes of every pair there is, when the list of all has come. */
  readonly #decimals = new Map<string, readonly [price: number, size: number]>();
  #complete = false;
  /** Books to be subscribed when they have. */
  readonly #waiting = new Set<string>();
  #overdue: (() => void) | undefined;

  protected override parse(text: string): unknown {
    return parseLossless(text);
  }

  protected override ask(how: 'subscribe' | 'unsubscribe', channel: Channel, symbols: readonly string[]): void {
    const name = NAMES[channel];
    if (name === undefined) return;
    const asked = channel === 'book' ? this.#booksToAskFor(how, symbols) : symbols;
    if (asked.length > 0) this.host.send(JSON.stringify({ method: how, params: { channel: name, symbol: asked, ...OPTIONS[channel] } }));
  }

  /** Books of pairs whose decimals are known; the others wait for the instruments, or are none. */
  #booksToAskFor(how: 'subscribe' | 'unsubscribe', symbols: readonly string[]): readonly string[] {
    if (how === 'unsubscribe') return symbols.filter((symbol) => !this.#waiting.delete(symbol));
    if (!this.#complete) {
      if (this.#waiting.size === 0) {
        this.host.send('{"method":"subscribe","params":{"channel":"instrument"}}');
        this.#overdue = this.host.after(INSTRUMENTS_MS, () => this.host.restart(`no instruments in ${INSTRUMENTS_MS / 1000} s`));
      }
      for (const symbol of symbols) this.#waiting.add(symbol);
      return [];
    }
    return symbols.filter((symbol) => {
      if (this.#decimals.has(symbol)) return true;
      this.asked.refused('no instrument of Kraken', symbol, 'book');
      return false;
    });
  }

  protected override take(frame: unknown, receivedUs: number): void {
    if (!isFields(frame)) throw new BadFrame('not an object');
    if (frame['channel'] === undefined) return this.#reply(frame);
    switch (frame['channel']) {
      case 'book': return this.#each(frame, receivedUs, this.#book);
      case 'trade': return this.#each(frame, receivedUs, this.#trade);
      case 'ticker': return this.#each(frame, receivedUs, this.#quote);
      case 'heartbeat': return this.heartbeat(receivedUs, receivedUs, 0);
      case 'instrument': return this.#instruments(frame);
      case 'status': return this.#each(frame, receivedUs, (status) => this.systemStatus(status['system']));
      default: return this.unknown(`channel ${textOf(frame['channel'], 80)}`);
    }
  }

  #reply(frame: Fields): void {
    const method = frame['method'];
    if (frame['success'] === false || frame['error'] !== undefined) {
      this.refused(textOf(frame['error']), frame['symbol']);
    } else if (method === 'subscribe' || method === 'unsubscribe') {
      const result = frame['result'];
      const channel = CHANNEL_OF.get(isFields(result) ? result['channel'] : undefined);
      if (!isFields(result) || channel === undefined) return;
      const symbol = this.known(result['symbol']);
      this.host.event({ kind: `${method}d`, symbol, channel });
      if (method === 'subscribe' && symbol !== undefined) this.asked.granted(channel, symbol);
    } else if (method !== 'pong') {
      this.unknown(`method ${textOf(method, 80)}`);
    }
  }

  #each(frame: Fields, receivedUs: number, take: (this: KrakenV2Session, entry: Fields, snapshot: boolean, receivedUs: number) => void): void {
    const snapshot = frame['type'] === 'snapshot';
    if (!snapshot && frame['type'] !== 'update') throw new BadFrame('type unknown');
    for (const entry of listOf(frame['data'], 'data')) {
      try {
        if (!isFields(entry)) throw new BadFrame('entry is not an object');
        take.call(this, entry, snapshot, receivedUs);
      } catch (error) {
        this.fault(error);
      }
    }
  }

  #instruments(frame: Fields): void {
    const data = frame['data'];
    if (!isFields(data)) throw new BadFrame('data missing');
    for (const pair of listOf(data['pairs'], 'pairs')) {
      try {
        if (!isFields(pair) || typeof pair['symbol'] !== 'string') throw new BadFrame('pair without symbol');
        const price = wholeOf(pair['price_precision'], 'price precision');
        const size = wholeOf(pair['qty_precision'], 'size precision');
        if (price > DECIMALS_MAX || size > DECIMALS_MAX) throw new BadFrame('precision too large');
        this.#decimals.set(pair['symbol'], [price, size]);
        const state = this.symbols.get(pair['symbol']);
        if (state !== undefined) [state.priceDecimals, state.sizeDecimals] = [price, size];
      } catch (error) {
        this.fault(error);
      }
    }
    if (frame['type'] !== 'snapshot') return;
    this.#complete = true;
    this.#overdue?.();
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    if (waiting.length > 0) this.ask('subscribe', 'book', waiting);
  }

  protected override newSymbol(symbol: string): KrakenSymbol {
    const state = super.newSymbol(symbol);
    const decimals = this.#decimals.get(symbol);
    if (decimals !== undefined) [state.priceDecimals, state.sizeDecimals] = decimals;
    return state;
  }

  #trade(trade: Fields, snapshot: boolean, receivedUs: number): void {
    const state = this.find(trade['symbol']);
    const ts = rfc3339Us(trade['timestamp'], receivedUs);
    const price = numeric.priceOf(trade['price']);
    const size = numeric.tradedSizeOf(trade['qty']);
    const id = wholeOf(trade['trade_id'], 'trade id');
    const side = takerOf(trade['side']);
    if (state.wants.trades && this.isNew(state, id, snapshot)) state.sink.trade(ts, receivedUs, id, side, price, size);
  }

  #quote(ticker: Fields, _snapshot: boolean, receivedUs: number): void {
    const state = this.find(ticker['symbol']);
    if (!state.wants.quotes) return;
    state.sink.quote(timeOf(ticker, receivedUs), receivedUs, 0, numeric.priceOf(ticker['bid']), numeric.sizeOf(ticker['bid_qty']), numeric.priceOf(ticker['ask']), numeric.sizeOf(ticker['ask_qty']));
  }

  #book(book: Fields, snapshot: boolean, receivedUs: number): void {
    const state = this.find(book['symbol']);
    if (!state.wants.book) return;
    try {
      const bids = listOf(book['bids'] ?? [], 'bids');
      const asks = listOf(book['asks'] ?? [], 'asks');
      if (!snapshot && !this.mayChange(state)) return;
      if (state.priceDecimals < 0) throw new BadFrame('book of a pair without decimals', state.symbol);
      const checksum = wholeOf(book['checksum'], 'checksum');
      state.begin(timeOf(book, receivedUs), receivedUs, snapshot);
      writeLevels(state, 'B', bids);
      writeLevels(state, 'A', asks);
      state.end();
      if (snapshot) this.sync.came(state, false);
      this.verify(state, checksum);
    } catch (error) {
      this.spoiled(state, error, snapshot);
    }
  }
}

function writeLevels(state: KrakenSymbol, side: BookSide, levels: readonly unknown[]): void {
  for (const level of levels) {
    if (!isFields(level)) throw new BadFrame('level is not an object');
    state.level(side, level['price'], level['qty']);
  }
}

/** The docs' examples of book snapshots and of tickers have none: they are of the moment they came then. */
function timeOf(entry: Fields, receivedUs: number): number {
  return entry['timestamp'] === undefined ? receivedUs : rfc3339Us(entry['timestamp'], receivedUs);
}

function takerOf(side: unknown): TakerSide {
  if (side === 'buy') return 'B';
  if (side === 'sell') return 'S';
  throw new BadFrame('side unknown', shown(side));
}

export const kraken: Exchange = {
  name: 'kraken',
  title: TITLE,
  market: 'spot',
  channels: CHANNELS,
  endpoints: { ws: 'wss://ws.kraken.com/v2', rest: 'https://api.kraken.com' },
  // Heartbeats come every second, or other data do. The other limits are ours: Kraken names none for public data.
  limits: { symbolsMax: 50, sendsPerSecond: 5, silenceMs: 10_000 },
  tradeIds: 'number',
  symbolOf: (typed) => krakenSymbol(typed, TITLE, 2),
  products: (options) => listProducts(kraken, krakenProducts(2), options),
  newSession: (wanted, host) => new KrakenV2Session(wanted, host),
};
