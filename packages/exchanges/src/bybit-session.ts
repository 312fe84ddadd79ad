/** One connection to Bybit v5. See bybit.ts for the sources. */
import { BybitBook } from './bybit-book.js';
import type { BybitDepth } from './bybit-book.js';
import { BybitQuote } from './bybit-quote.js';
import type { BybitTicker } from './bybit-quote.js';
import { BadFrame } from './exchange.js';
import type { Channel, ExchangeSession, SessionHost, Wanted } from './exchange.js';
import { priceOf, tradedSizeOf } from './amounts.js';
import { badFrame, listOf, objectOf, shown, textOf } from './frame-checks.js';
import { epochMillisUs } from './frame-time.js';
import { RecentIds } from './recent-ids.js';
import type { SymbolSink } from './record-sink.js';
import { RetryLater } from './retry-later.js';

/** What differs between the markets. */
export interface BybitMarket {
  /** Where best bid and ask come from, in front of the symbol. */
  readonly quoteTopic: 'tickers.' | 'orderbook.1.';
  /** Topics in one request. */
  readonly topicsARequest: number;
  symbolOf(typed: string): string;
}

/** The book, 200 levels deep: every 100 ms on contracts, every 200 ms on spot. */
const BOOK_TOPIC = 'orderbook.200.';
const TRADE_TOPIC = 'publicTrade.';
/** All topics of a connection, in characters. */
const TOPICS_LENGTH_MAX = 21_000;
export const PING_MS = 20_000;
/** Trade ids are numbers of 19 digits on spot and UUIDs on contracts. */
const ID_LENGTH_MAX = 40;

interface Frame {
  readonly topic?: unknown; readonly type?: unknown; readonly data?: unknown;
  readonly ts?: unknown; readonly cts?: unknown; readonly cs?: unknown;
  readonly op?: unknown; readonly success?: unknown; readonly ret_msg?: unknown; readonly req_id?: unknown;
}

interface Trade {
  readonly T?: unknown; readonly s?: unknown; readonly S?: unknown; readonly v?: unknown; readonly p?: unknown; readonly i?: unknown;
}

interface Topic {
  readonly name: string;
  readonly symbol: string;
  readonly channel: Channel;
  readonly sink: SymbolSink;
  readonly ids: RecentIds;
  readonly book?: BybitBook;
  readonly quote?: BybitQuote;
}

interface Request {
  readonly op: 'subscribe' | 'unsubscribe';
  readonly topics: readonly Topic[];
  /** Asked for by a book for itself, or a repeated one: whoever asked before is not told again. */
  readonly silent: boolean;
}

export class BybitSession implements ExchangeSession {
  readonly path = '';
  readonly #topics = new Map<string, Topic>();
  readonly #requests = new Map<string, Request>();
  readonly #retries: RetryLater;
  #topicsLength = 0;
  #requestId = 0;

  constructor(private readonly market: BybitMarket, private readonly wanted: Wanted, private readonly host: SessionHost) {
    this.#retries = new RetryLater(host);
  }

  open(): void {
    this.subscribe(this.wanted);
    this.#ping();
  }

  subscribe(wanted: Wanted): void {
    const added: Topic[] = [];
    for (const { name, symbol, channel } of this.#topicsOf(wanted)) {
      if (this.#topics.has(name)) continue;
      if (this.#topicsLength + name.length > TOPICS_LENGTH_MAX) {
        this.host.event({ kind: 'refused', symbol, channel, detail: `topics of ${TOPICS_LENGTH_MAX} characters a connection at most` });
        continue;
      }
      added.push(this.#add(name, symbol, channel));
    }
    this.#request('subscribe', added);
  }

  /** What still comes before the exchange has acknowledged it is taken. */
  unsubscribe(wanted: Wanted): void {
    const topics = this.#topicsOf(wanted);
    for (const { name } of topics) this.#retries.done(name);
    this.#request('unsubscribe', topics.flatMap(({ name }) => this.#topics.get(name) ?? []));
  }

  close(): void {
    for (const { book } of this.#topics.values()) book?.close();
  }

  frame(text: string, receivedUs: number): void {
    const frame: Frame = objectOf(text);
    if (frame.topic === undefined) return this.#reply(frame);
    const topic = this.#topics.get(frame.topic as string);
    if (topic === undefined) return this.#unknown(frame.topic);
    if (typeof frame.data !== 'object' || frame.data === null) throw new BadFrame('data missing', topic.name);
    if (topic.channel === 'trades') return this.#trades(topic, frame.data, receivedUs);

    const { symbol, s = symbol } = frame.data as BybitTicker & BybitDepth;
    if (s !== topic.symbol) throw new BadFrame(s === undefined ? 'symbol missing' : 'symbol unknown', shown(s));
    // `cts` is the matching engine's time, that of the trades; tickers have none.
    const time = frame.cts ?? frame.ts;
    if (topic.book !== undefined) return topic.book.take(frame.type, frame.data, time, receivedUs);
    const quote = topic.quote!;
    try {
      const ts = epochMillisUs(time, receivedUs);
      if (this.market.quoteTopic === 'tickers.') quote.takeTicker(frame.type, frame.data, frame.cs, ts, receivedUs);
      else quote.takeLevel(frame.type, frame.data, ts, receivedUs);
    } catch (error) {
      quote.forget();
      throw error;
    }
  }

  /** https://bybit-exchange.github.io/docs/v5/websocket/public/trade: up to 1024 in a message, oldest first; ids do not count. */
  #trades({ symbol, sink, ids }: Topic, data: object, received: number): void {
    let bad: BadFrame | undefined;
    for (const trade of listOf(data, 'data') as readonly (Trade | null)[]) {
      try {
        if (trade?.s !== symbol) throw new BadFrame(trade?.s === undefined ? 'symbol missing' : 'symbol unknown', shown(trade?.s));
        const { i, S } = trade;
        if (i === undefined) throw new BadFrame('trade id missing');
        if (typeof i !== 'string' || i === '' || i.length > ID_LENGTH_MAX) throw new BadFrame('trade id is no text of 1 to 40 characters', shown(i));
        // `S` is the taker's side.
        if (S !== 'Buy' && S !== 'Sell') throw new BadFrame('side unknown', shown(S));
        const ts = epochMillisUs(trade.T, received);
        const price = priceOf(trade.p);
        const size = tradedSizeOf(trade.v);
        if (!ids.add(i)) throw new BadFrame('trade id not new', `${symbol} ${i}`);
        sink.trade(ts, received, i, S === 'Buy' ? 'B' : 'S', price, size);
      } catch (error) {
        bad ??= badFrame(error);
      }
    }
    if (bad) throw bad;
  }

  #unknown(name: unknown): void {
    const topic = textOf(name, 100);
    if (/^(publicTrade|tickers|orderbook\.\d+)\../.test(topic)) throw new BadFrame('not subscribed', topic);
    this.host.event({ kind: 'unknown', detail: topic });
  }

  /**
   * Replies to requests and pings. Spot answers a ping with `op` `ping`, contracts with `pong`. A request is known by its `req_id`; where a reply has
   * none it is for the oldest of its kind, for replies come in the order of the requests.
   */
  #reply(frame: Frame): void {
    if (frame.op === 'pong' || frame.ret_msg === 'pong') return;
    const id = this.#requests.has(frame.req_id as string) ? frame.req_id as string : this.#oldest(frame.op);
    if (id === undefined) {
      const kind = frame.success === false ? 'refused' : 'unknown';
      return this.host.event({ kind, detail: textOf(frame.ret_msg || frame.op || 'a frame without a topic') });
    }
    const request = this.#requests.get(id)!;
    this.#requests.delete(id);
    if (frame.success !== false) return this.#acknowledge(request);
    this.#refuse(request, textOf(frame.ret_msg));
  }

  #oldest(op: unknown): string | undefined {
    for (const [id, request] of this.#requests) if (request.op === op) return id;
    return undefined;
  }

  #acknowledge({ op, topics, silent }: Request): void {
    if (op === 'subscribe') for (const { name } of topics) this.#retries.done(name);
    if (silent) return;
    for (const topic of topics) {
      if (op === 'unsubscribe') this.#forget(topic);
      this.host.event({ kind: `${op}d`, symbol: topic.symbol, channel: topic.channel });
    }
  }

  #refuse(request: Request, detail: string): void {
    const { op, topics, silent } = request;
    // One topic that does not exist makes the exchange refuse all of them: each is asked for alone.
    if (topics.length > 1) return topics.forEach((topic) => this.#send({ op, topics: [topic], silent }));
    if (/already subscribed/i.test(detail)) return this.#acknowledge(request);
    const [{ symbol, channel }] = topics;
    this.host.event({ kind: 'refused', symbol, channel, detail });
    if (op === 'unsubscribe') return;
    if (!silent) this.#forget(topics[0]);
    this.#retries.later(topics[0].name, () => {
      if (silent) this.#again(topics[0].name);
      else this.subscribe({ symbols: [symbol], channels: [channel] });
    });
  }

  #forget({ name, book }: Topic): void {
    if (!this.#topics.delete(name)) return;
    this.#topicsLength -= name.length;
    book?.close();
  }

  #add(name: string, symbol: string, channel: Channel): Topic {
    const sink = this.host.records.of(symbol);
    const book = channel === 'book' ? new BybitBook(symbol, sink, this.host, () => this.#again(name)) : undefined;
    const quote = channel === 'quotes' ? new BybitQuote(sink) : undefined;
    const topic: Topic = { name, symbol, channel, sink, ids: new RecentIds(), book, quote };
    this.#topics.set(name, topic);
    this.#topicsLength += name.length;
    return topic;
  }

  /** There is no request for a snapshot; a new subscription begins with one. */
  #again(name: string): void {
    const topic = this.#topics.get(name)!;
    this.#send({ op: 'unsubscribe', topics: [topic], silent: true });
    this.#send({ op: 'subscribe', topics: [topic], silent: true });
  }

  #topicsOf(wanted: Wanted): { name: string; symbol: string; channel: Channel }[] {
    const prefixes = { trades: TRADE_TOPIC, book: BOOK_TOPIC, quotes: this.market.quoteTopic, heartbeats: undefined } as const;
    return wanted.symbols.flatMap((typed) => wanted.channels.flatMap((channel) => {
      const symbol = this.market.symbolOf(typed);
      const prefix = prefixes[channel];
      return prefix === undefined ? [] : [{ name: prefix + symbol, symbol, channel }];
    }));
  }

  #request(op: Request['op'], topics: readonly Topic[]): void {
    for (let at = 0; at < topics.length; at += this.market.topicsARequest) {
      this.#send({ op, topics: topics.slice(at, at + this.market.topicsARequest), silent: false });
    }
  }

  #send(request: Request): void {
    const id = String(++this.#requestId);
    this.#requests.set(id, request);
    this.host.send(JSON.stringify({ req_id: id, op: request.op, args: request.topics.map(({ name }) => name) }));
  }

  /** A connection that sends nothing for ten minutes is closed; every 20 seconds is what the exchange asks for. */
  #ping(): void {
    this.host.after(PING_MS, () => {
      this.host.send(JSON.stringify({ req_id: 'ping', op: 'ping' }));
      this.#ping();
    });
  }
}
