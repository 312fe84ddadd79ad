/** One connection to Binance: spot and both futures markets speak the same, but for a few names. See binance.ts for the sources. */
import { priceOf, sizeOf, tradedSizeOf, wholeOf } from './amounts.js';
import { BinanceBook, type DepthUpdate } from './binance-book.js';
import type { BinanceMarket } from './binance-market.js';
import { TradeIds } from './binance-trade-ids.js';
import { SnapshotQueue } from './binance-snapshots.js';
import { nowUs } from './clock.js';
import { BadFrame, type ExchangeSession, type SessionHost, type Wanted } from './exchange.js';
import { badFrame, isFields, listOf, objectOf, shown, textOf } from './frame-checks.js';
import { epochMillisUs } from './frame-time.js';
import type { BinanceData, BinanceFrame, Request, Stream } from './binance-frames.js';
import type { SymbolSink } from './record-sink.js';
import { RetryLater } from './retry-later.js';
import { scanBinance } from './scan/binance-scan.js';

/** The book of a symbol is asked for with its first update, or after so long. */
export const BEGIN_MS = 1000;
/** Streams that the address carries at most, in characters; others are subscribed. Addresses of some kilobytes are refused by servers and proxies. */
const ADDRESS_MAX = 3000;
/** Streams in one SUBSCRIBE. */
const STREAMS_A_REQUEST = 100;
/** A connection as quiet as that is asked for its subscriptions, so that there is an answer to hear. */
export const QUIET_MS = 20_000;

interface SymbolState {
  readonly sink: SymbolSink;
  trades: boolean;
  quotes: boolean;
  book: BinanceBook | undefined;
  readonly tradeIds: TradeIds;
  readonly aggregateIds: TradeIds;
}

export class BinanceSession implements ExchangeSession {
  readonly path: string;
  readonly #symbols = new Map<string, SymbolState>();
  /** By name, those that are subscribed or asked for. */
  readonly #streams = new Map<string, Stream>();
  readonly #requests = new Map<number, Request>();
  readonly #snapshots: SnapshotQueue;
  readonly #retries: RetryLater;
  readonly #byAddress: Stream[] = [];
  readonly #behindIt: Stream[] = [];
  #requestId = 0;
  /** When the last frame came; 0 before the first, which on a quiet market comes after the snapshot. */
  #received = 0;
  #quiet = true;

  constructor(private readonly market: BinanceMarket, wanted: Wanted, private readonly host: SessionHost) {
    this.#retries = new RetryLater(host);
    this.#snapshots = new SnapshotQueue(host, market.depthPath, () => this.#received || (host.nowUs?.() ?? nowUs()));
    let length = 0;
    for (const stream of this.#add(wanted)) {
      length += encodeURI(stream.name).length + 1;
      (length <= ADDRESS_MAX ? this.#byAddress : this.#behindIt).push(stream);
    }
    const names = this.#byAddress.map(({ name }) => name).join('/');
    this.path = `${market.route}/stream${names === '' ? '' : `?streams=${encodeURI(names)}`}`;
  }

  open(): void {
    // Opening the connection was the answer to what its address asked for.
    this.#granted(this.#byAddress);
    this.#request('SUBSCRIBE', this.#behindIt);
    this.#listen();
  }

  subscribe(wanted: Wanted): void {
    this.#request('SUBSCRIBE', this.#add(wanted));
  }

  /** What still comes before the exchange has acknowledged it is taken. */
  unsubscribe(wanted: Wanted): void {
    const streams = this.#streamsOf(wanted);
    for (const { name } of streams) this.#retries.done(name);
    this.#request('UNSUBSCRIBE', streams.filter(({ name }) => this.#streams.has(name)));
  }

  close(): void {
    this.#snapshots.close();
    for (const { book } of this.#symbols.values()) book?.close();
  }

  frame(text: string, receivedUs: number): void {
    this.#received = receivedUs;
    this.#quiet = false;
    const frame: BinanceFrame = scanBinance(text) ?? objectOf(text);
    if (frame.stream === undefined) return this.#take(frame, receivedUs, '');
    if (typeof frame.data !== 'object' || frame.data === null) throw new BadFrame('data missing', shown(frame.stream));
    this.#take(frame.data, receivedUs, textOf(frame.stream, 100));
  }

  #take(data: BinanceData & BinanceFrame, received: number, stream: string): void {
    switch (data.e) {
      case 'bookTicker':
        return this.#quote(data, received);
      case 'trade':
        return this.#trade(data, received);
      case 'depthUpdate':
        return this.#depth(data, received, stream);
      case 'aggTrade':
        return this.#aggregate(data, received);
      case undefined:
        // Quotes of spot have neither a kind nor a time.
        if (data.B !== undefined && data.u !== undefined) return this.#quote(data, received);
        if ('id' in data || 'result' in data || 'code' in data || 'error' in data) return this.#reply(data);
        break;
      case 'serverShutdown':
        // Told some minutes before a server goes away; the next connection gets another one.
        return this.host.restart('the exchange is about to end this connection');
    }
    this.host.event({ kind: 'unknown', detail: (stream === '' ? shown(data.e) : stream).slice(0, 100) });
  }

  #trade(data: BinanceData, received: number): void {
    const state = this.#stateOf(data.s, 'trades');
    const id = wholeOf(data.t, 'trade id');
    state.tradeIds.take(id);
    this.#writeTrade(state, data, received, id);
  }

  /** Trades of one taker order at one price, as one, with a number of their own. */
  #aggregate(data: BinanceData, received: number): void {
    const state = this.#stateOf(data.s, 'trades');
    const id = wholeOf(data.a, 'trade id');
    state.aggregateIds.take(id);
    this.#writeTrade(state, data, received, id);
  }

  #writeTrade(state: SymbolState, data: BinanceData, received: number, id: number): void {
    if (typeof data.m !== 'boolean') throw new BadFrame('side unknown', shown(data.m));
    // `m`: the buyer was the maker, so the taker sold.
    state.sink.trade(epochMillisUs(data.T, received), received, id, data.m ? 'S' : 'B', priceOf(data.p), tradedSizeOf(data.q));
  }

  #quote(data: BinanceData, received: number): void {
    const { sink } = this.#stateOf(data.s, 'quotes');
    const time = data.T ?? data.E;
    const ts = time === undefined ? received : epochMillisUs(time, received);
    sink.quote(ts, received, wholeOf(data.u, 'update number'), priceOf(data.b), sizeOf(data.B), priceOf(data.a), sizeOf(data.A));
  }

  #depth(data: BinanceData, received: number, stream: string): void {
    const state = this.#stateOf(data.s, 'book');
    // `@depth20` and the like are the top of the book again and again, not its changes.
    const digit = stream.charCodeAt((data.s as string).length + '@depth'.length);
    if (digit >= 0x30 && digit <= 0x39) return this.host.event({ kind: 'unknown', symbol: data.s as string, detail: stream.slice(0, 100) });
    const book = state.book!;
    let update: DepthUpdate;
    try {
      update = {
        ts: epochMillisUs(data.T ?? data.E, received), received,
        first: wholeOf(data.U, 'update number'), last: wholeOf(data.u, 'update number'),
        previous: data.pu === undefined ? undefined : wholeOf(data.pu, 'update number'),
        bids: listOf(data.b, 'bids'), asks: listOf(data.a, 'asks'),
      };
    } catch (error) {
      book.unreadable(badFrame(error));
      throw error;
    }
    book.update(update);
  }

  #stateOf(symbol: unknown, channel: 'trades' | 'book' | 'quotes'): SymbolState {
    const state = this.#symbols.get(symbol as string);
    if (state === undefined) throw symbol === undefined ? new BadFrame('symbol missing') : new BadFrame('symbol unknown', shown(symbol));
    if (!state[channel]) throw new BadFrame('not subscribed', `${shown(symbol)} ${channel}`);
    return state;
  }

  /** Replies to requests: `{"result":null,"id":1}`, or an error, on spot in the frame itself, on futures in `error`, with or without the id. */
  #reply(frame: BinanceFrame): void {
    const request = this.#requests.get(frame.id as number);
    this.#requests.delete(frame.id as number);
    const error = (frame.error ?? (frame.code === undefined ? undefined : frame)) as unknown;
    if (error === undefined) {
      if (request === undefined) return this.host.event({ kind: 'unknown', detail: `reply ${shown(frame.id)}` });
      return this.#acknowledge(request);
    }
    const detail = textOf((isFields(error) ? error['msg'] : undefined) ?? error);
    if (request === undefined || request.streams.length === 0) return this.host.event({ kind: 'refused', detail });
    this.#refused(request, detail);
  }

  /** Of a request that is refused each half is asked for again, and a stream alone after a while. */
  #refused({ method, streams }: Request, detail: string): void {
    if (method === 'SUBSCRIBE' && streams.length > 1) {
      const half = Math.ceil(streams.length / 2);
      for (const some of [streams.slice(0, half), streams.slice(half)]) this.#request(method, some);
      return;
    }
    this.#tell('refused', streams, detail);
    if (method !== 'SUBSCRIBE') return;
    for (const stream of streams) {
      this.#forget(stream);
      this.#retries.later(stream.name, () => { this.subscribe({ symbols: [stream.symbol], channels: [stream.channel] }); });
    }
  }

  #acknowledge({ method, streams }: Request): void {
    if (method === 'SUBSCRIBE') this.#granted(streams);
    if (method !== 'UNSUBSCRIBE') return;
    for (const stream of streams) this.#forget(stream);
    this.#tell('unsubscribed', streams);
  }

  #granted(streams: readonly Stream[]): void {
    this.#tell('subscribed', streams);
    for (const { name, symbol, channel } of streams) {
      this.#retries.done(name);
      // A symbol that nothing happens to has a book all the same.
      if (channel === 'book') this.host.after(BEGIN_MS, () => { this.#symbols.get(symbol)?.book?.begin(); });
    }
  }

  #forget({ name, symbol, channel }: Stream): void {
    this.#streams.delete(name);
    const state = this.#symbols.get(symbol)!;
    if (channel === 'trades') state.trades = false;
    if (channel === 'quotes') state.quotes = false;
    if (channel !== 'book') return;
    state.book?.close();
    state.book = undefined;
  }

  /** Makes ready for what is wanted. @returns the streams that are new */
  #add(wanted: Wanted): Stream[] {
    const added: Stream[] = [];
    for (const stream of this.#streamsOf(wanted)) {
      if (this.#streams.has(stream.name)) continue;
      if (this.#streams.size === this.market.streamsMax) {
        this.#tell('refused', [stream], `${this.market.streamsMax} streams a connection at most`);
        continue;
      }
      this.#streams.set(stream.name, stream);
      this.#expect(stream);
      added.push(stream);
    }
    return added;
  }

  #expect({ symbol, channel }: Stream): void {
    let state = this.#symbols.get(symbol);
    if (state === undefined) {
      state = { sink: this.host.records.of(symbol), trades: false, quotes: false, book: undefined, tradeIds: new TradeIds(this.host, symbol), aggregateIds: new TradeIds(this.host, symbol) };
      this.#symbols.set(symbol, state);
    }
    if (channel === 'trades') {
      const last = this.host.lastTrade?.(symbol);
      state.trades = true;
      state.tradeIds.begin(this.market.tradeStream === 'trade' ? last : undefined);
      state.aggregateIds.begin(this.market.tradeStream === 'aggTrade' ? last : undefined);
    } else if (channel === 'quotes') state.quotes = true;
    else state.book = new BinanceBook(symbol, state.sink, this.host, (book) => this.#snapshots.want(book));
  }

  #streamsOf(wanted: Wanted): Stream[] {
    const suffixes = { trades: this.market.tradeStream, book: this.market.depthStream, quotes: 'bookTicker', heartbeats: undefined } as const;
    const streams = new Map<string, Stream>();
    for (const typed of wanted.symbols) {
      const symbol = this.market.symbolOf(typed);
      for (const channel of wanted.channels) {
        const suffix = suffixes[channel];
        const name = `${symbol.toLowerCase()}@${suffix}`;
        if (suffix !== undefined) streams.set(name, { name, symbol, channel });
      }
    }
    return [...streams.values()];
  }

  #request(method: Request['method'], streams: readonly Stream[]): void {
    for (let at = 0; at < streams.length; at += STREAMS_A_REQUEST) {
      const some = streams.slice(at, at + STREAMS_A_REQUEST);
      this.#send({ method, streams: some }, some.map(({ name }) => name));
    }
  }

  #send(request: Request, params?: readonly string[]): void {
    const id = ++this.#requestId;
    this.#requests.set(id, request);
    this.host.send(JSON.stringify({ method: request.method, params, id }));
  }

  /** A market without trades is as still as a dead connection; a question tells them apart. */
  #listen(): void {
    this.host.after(QUIET_MS, () => {
      if (this.#quiet) this.#send({ method: 'LIST_SUBSCRIPTIONS', streams: [] });
      this.#quiet = true;
      this.#listen();
    });
  }

  #tell(kind: 'subscribed' | 'unsubscribed' | 'refused', streams: readonly Stream[], detail?: string): void {
    for (const { symbol, channel } of streams) this.host.event({ kind, symbol, channel, ...(detail === undefined ? {} : { detail }) });
  }
}
