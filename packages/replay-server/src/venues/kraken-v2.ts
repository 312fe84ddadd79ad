/** Kraken's second websocket API, played from captures of the first: the same events in its words, with its own numbers and checksums. */
import type { Capture, CapturedFrame } from '@deepwater/captures';
import { notOf } from './json.js';
import { KrakenBook } from './kraken-books.js';
import { krakenData, type KrakenData, type KrakenTicker, type KrakenTrade } from './kraken-frames.js';
import { KrakenV2Client } from './kraken-v2-client.js';
import { instrumentFrame } from './kraken-v2-instruments.js';
import { isoTime, pricePrecisions, QTY_DECIMALS, symbolOf, withDecimals } from './kraken-precision.js';
import { RecordedReplies } from './recorded-replies.js';
import type { ClientLink, Market, Publication, RestAnswer, VenueClient } from './venue.js';

/** Trades that a snapshot of them has at most. */
const TRADES_KEPT = 50;

/** A level as far as frames need it. */
interface Entry {
  readonly price: string;
  readonly size: string;
}

interface SymbolState {
  readonly symbol: string;
  readonly decimals: number;
  readonly book: KrakenBook;
  ticker: string | undefined;
  trades: string[];
  /** The first API numbers no trades: they are numbered here, in each symbol from 1. */
  lastTradeId: number;
}

export class KrakenV2Market implements Market {
  readonly #states = new Map<string, SymbolState>();
  readonly #bySymbol = new Map<string, SymbolState>();
  readonly #heartbeatsOf: number;
  readonly #replies: RecordedReplies;

  constructor(capture: Capture) {
    for (const [pair, decimals] of pricePrecisions(capture)) {
      const state: SymbolState = { symbol: symbolOf(pair), decimals, book: new KrakenBook(), ticker: undefined, trades: [], lastTradeId: 0 };
      this.#states.set(pair, state);
      this.#bySymbol.set(state.symbol, state);
    }
    if (this.#states.size === 0) throw notOf('kraken', 'none is of a channel of the first API');
    this.#heartbeatsOf = capture.received.find(({ text }) => text.includes('"event":"heartbeat"'))?.connection ?? -1;
    this.#replies = new RecordedReplies(capture);
  }

  take(frame: CapturedFrame): readonly Publication[] {
    if (!frame.text.startsWith('[')) {
      const heartbeat = frame.connection === this.#heartbeatsOf && frame.text.includes('"event":"heartbeat"');
      return heartbeat ? [{ topic: 'heartbeat', text: '{"channel":"heartbeat"}', message: undefined, us: frame.us }] : [];
    }
    const data = krakenData(JSON.parse(frame.text) as unknown[]);
    const state = data === undefined ? undefined : this.#states.get(data.pair);
    if (data === undefined || state === undefined) return [];
    const publication = (channel: string, text: string): Publication => ({ topic: `${channel}|${state.symbol}`, text, message: undefined, us: frame.us });
    switch (data.kind) {
      case 'book': return this.#book(state, data, publication);
      case 'trade': return [publication('trade', this.#trades(state, data.trades))];
      case 'ticker': return [publication('ticker', this.#ticker(state, data.ticker))];
    }
  }

  reset(): void {
    for (const state of this.#states.values()) {
      state.book.reset();
      Object.assign(state, { ticker: undefined, trades: [], lastTradeId: 0 });
    }
  }

  has(symbol: string): boolean {
    return this.#bySymbol.has(symbol);
  }

  wantBook(symbol: string, depth: number): void {
    this.#bySymbol.get(symbol)?.book.want(depth);
  }

  /** What a subscription begins with; undefined where nothing has come yet. */
  snapshot(channel: string, symbol: string, depth: number): string | undefined {
    const state = this.#bySymbol.get(symbol)!;
    if (channel === 'ticker') return state.ticker?.replace('"type":"update"', '"type":"snapshot"');
    if (channel === 'trade') return state.trades.length === 0 ? undefined : `{"channel":"trade","type":"snapshot","data":[${state.trades.join(',')}]}`;
    return state.book.whole ? this.#snapshotText(state, depth) : undefined;
  }

  get instruments(): string {
    return instrumentFrame([...this.#states.values()]);
  }

  client(link: ClientLink, url: URL): VenueClient | undefined {
    return url.pathname === '/v2' || url.pathname === '/' ? new KrakenV2Client(this, link) : undefined;
  }

  rest(url: URL): RestAnswer | undefined {
    return this.#replies.answer(url);
  }

  #book(state: SymbolState, data: Extract<KrakenData, { kind: 'book' }>, publication: (channel: string, text: string) => Publication): Publication[] {
    const times = [...data.bids, ...data.asks].map(([, , time]) => time).sort();
    const time = isoTime(times.at(-1) ?? '0');
    const entries = (levels: readonly (readonly [string, string, ...unknown[]])[]): Entry[] => levels.map(([price, size]) => ({ price, size }));
    const views = state.book.take(data);
    const own = data.snapshot ? this.#snapshotText(state, Infinity) : this.#bookText(state, 'update', entries(data.bids), entries(data.asks), time);
    return [
      publication(data.name, own),
      ...views.map((view) => publication(`book-${view.depth}`, view.snapshot ? this.#snapshotText(state, view.depth) : this.#bookText(state, 'update', view.bids, view.asks, time))),
    ];
  }

  #snapshotText(state: SymbolState, depth: number): string {
    return this.#bookText(state, 'snapshot', state.book.top('bids', depth), state.book.top('asks', depth), undefined);
  }

  #bookText(state: SymbolState, type: 'snapshot' | 'update', bids: readonly Entry[], asks: readonly Entry[], time: string | undefined): string {
    const write = { price: (text: string) => withDecimals(text, state.decimals), size: (text: string) => withDecimals(text, QTY_DECIMALS) };
    const levels = (entries: readonly Entry[]): string => entries.map(({ price, size }) => `{"price":${write.price(price)},"qty":${write.size(size)}}`).join(',');
    const checksum = state.book.checksum(write);
    const timestamp = time === undefined ? '' : `,"timestamp":"${time}"`;
    return `{"channel":"book","type":"${type}","data":[{"symbol":"${state.symbol}","bids":[${levels(bids)}],"asks":[${levels(asks)}],"checksum":${checksum}${timestamp}}]}`;
  }

  #trades(state: SymbolState, trades: readonly KrakenTrade[]): string {
    const texts = trades.map(([price, volume, time, side, type]) => {
      const id = ++state.lastTradeId;
      return `{"symbol":"${state.symbol}","side":"${side === 'b' ? 'buy' : 'sell'}","price":${withDecimals(price, state.decimals)},"qty":${withDecimals(volume, QTY_DECIMALS)},`
        + `"ord_type":"${type === 'm' ? 'market' : 'limit'}","trade_id":${id},"timestamp":"${isoTime(time)}"}`;
    });
    state.trades = [...state.trades, ...texts].slice(-TRADES_KEPT);
    return `{"channel":"trade","type":"update","data":[${texts.join(',')}]}`;
  }

  #ticker(state: SymbolState, ticker: KrakenTicker): string {
    const price = (text: string): string => withDecimals(text, state.decimals);
    const change = Number(ticker.c[0]) - Number(ticker.o[1]);
    const type = state.ticker === undefined ? 'snapshot' : 'update';
    state.ticker = `{"channel":"ticker","type":"update","data":[{"symbol":"${state.symbol}","bid":${price(ticker.b[0])},"bid_qty":${ticker.b[2]},"ask":${price(ticker.a[0])},"ask_qty":${ticker.a[2]},`
      + `"last":${price(ticker.c[0])},"volume":${ticker.v[1]},"vwap":${ticker.p[1]},"low":${price(ticker.l[1])},"high":${price(ticker.h[1])},`
      + `"change":${change.toFixed(state.decimals)},"change_pct":${(change / Number(ticker.o[1]) * 100).toFixed(2)}}]}`;
    return state.ticker.replace('"type":"update"', `"type":"${type}"`);
  }
}
