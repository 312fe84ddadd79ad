/**
 * What an adapter is: how one exchange is spoken to, and what its frames say. Adapters open no sockets, have no timers and write no files of
 * their own: all of that comes from a `SessionHost`, so that the one that users run is the one that tests drive frame by frame.
 *
 *     frames ──▶ ExchangeSession ──▶ RecordSink     trades, book levels, quotes, heartbeats
 *                      │        └──▶ host.event     acknowledgements, gaps, resyncs, what could not be read
 *                      └──▶ host.send, host.get, host.restart
 */
import { describeValue } from '@deepwater/core';
import type { ListProducts } from './products/product.js';
import type { RecordSink } from './record-sink.js';

/** What can be asked of an exchange, in one set of words for all of them. */
export type Channel = 'trades' | 'book' | 'quotes' | 'heartbeats';
export const CHANNELS: readonly Channel[] = ['trades', 'book', 'quotes', 'heartbeats'];

/** What exchanges call their channels, and people type: `level2` is the book. */
export const CHANNEL_ALIASES: Readonly<Record<string, Channel>> = {
  level2: 'book', l2: 'book', depth: 'book', l2_data: 'book', orderbook: 'book',
  matches: 'trades', market_trades: 'trades', trade: 'trades', publicTrade: 'trades',
  bookTicker: 'quotes', ticker: 'quotes', bbo: 'quotes', heartbeat: 'heartbeats',
};

/** What one connection is asked for. */
export interface Wanted {
  /** As the exchange writes them: `BTC-USD`, `btcusdt` or `BTCUSDT`, `XBT/USD`. */
  readonly symbols: readonly string[];
  readonly channels: readonly Channel[];
}

/** What was wanted and more of it; each only once. */
export const bothWanted = (some: Wanted, more: Wanted): Wanted => ({ symbols: union(some.symbols, more.symbols), channels: union(some.channels, more.channels) });

const union = <T>(some: readonly T[], more: readonly T[]): readonly T[] => [...new Set([...some, ...more])];

/** What an exchange allows on a connection, and how it tells that it is alive. */
export interface ConnectionLimits {
  /** Symbols on one connection at most; more are shared out over several. */
  readonly symbolsMax: number;
  /** Frames that may be sent in a second. */
  readonly sendsPerSecond: number;
  /** Without any frame for so long the connection counts as dead, ms. */
  readonly silenceMs: number;
  /** The exchange closes every connection after so long, ms; left out where it does not. */
  readonly lifeMs?: number;
}

/** An exchange, one market of it where its markets speak apart (`binance`, `binance-usdm`). */
export interface Exchange {
  /** Lower case, as feeds are named: `coinbase`, `kraken-v1`. */
  readonly name: string;
  /** For people: `Coinbase Advanced Trade`. */
  readonly title: string;
  /** `spot`, `linear`, `inverse`: the market of its feeds' instruments. */
  readonly market: string;
  readonly channels: readonly Channel[];
  readonly endpoints: { readonly ws: string; readonly rest?: string };
  readonly limits: ConnectionLimits;
  /** Trades are told apart by a number, by a text (of at most 40 bytes), or by nothing: then ids are 0. */
  readonly tradeIds: 'number' | 'text' | 'none';
  /** The symbol as the exchange's frames write it, from what a person types: `btcusdt` is `BTCUSDT`. @throws DeepwaterError DW_SYMBOL_UNKNOWN for what cannot be one */
  symbolOf(typed: string): string;
  /** What can be subscribed; left out where the exchange does not tell. */
  readonly products?: ListProducts | undefined;
  /** The protocol of one connection. */
  newSession(wanted: Wanted, host: SessionHost): ExchangeSession;
}

/** One connection, from its subscriptions to its last frame. Never used again after `close`. */
export interface ExchangeSession {
  /** What comes behind the endpoint to connect, such as `/stream?streams=…`; empty where there is nothing. */
  readonly path: string;
  /** The socket is open: subscribes. */
  open(): void;
  /**
   * Takes one text frame.
   * @param receivedUs when it came, by this machine's clock, microseconds since 1970
   * @throws BadFrame where it cannot be read; what it says of other symbols has been taken
   */
  frame(text: string, receivedUs: number): void;
  /** Asks for more, or less, on the open connection. */
  subscribe(wanted: Wanted): void;
  unsubscribe(wanted: Wanted): void;
  close(): void;
}

/** What a session may ask of whoever runs it. */
export interface SessionHost {
  readonly records: RecordSink;
  /** Sends a text frame, within what the exchange allows in a second. What cannot be sent any more is lost with the connection. */
  send(text: string): void;
  /** The body of a GET below the REST endpoint. @throws DeepwaterError DW_EXCHANGE_REST */
  get(path: string): Promise<string>;
  /** Calls back after a while, unless the session is closed before. @returns takes it back */
  after(ms: number, call: () => void): () => void;
  /** Gives the connection up; another one is made, from the beginning. */
  restart(reason: string): void;
  event(event: SessionEvent): void;
  /** What time it is, microseconds since 1970; this machine's clock where it is left out. */
  nowUs?(): number;
  /**
   * The id of the newest trade of a symbol that connections before this one have written, where the host knows: of an exchange's list of recent
   * trades, those after it were missed in between. Without it such a list is history.
   */
  lastTrade?(symbol: string): number | undefined;
}

export type SessionEventKind =
  /** The exchange has acknowledged a subscription. */
  | 'subscribed' | 'unsubscribed'
  /** It refuses one, or says that something is wrong. */
  | 'refused'
  /** Numbers are missing: records between `expected` and `found` were never received. */
  | 'gap'
  /** A book has begun again from a snapshot. */
  | 'resynced'
  /** The checksum that the exchange gives of its book is not that of ours. */
  | 'checksum'
  /** A frame of a kind that is not known. */
  | 'unknown';

/** What a session has to tell besides records; kept as data (see records/events.ts). */
export interface SessionEvent {
  readonly kind: SessionEventKind;
  readonly symbol?: string;
  readonly channel?: Channel;
  readonly expected?: number;
  readonly found?: number;
  readonly detail?: string;
}

/** A frame, or a part of one, that cannot be read: kept aside, counted by `reason`, and the stream goes on. */
export class BadFrame extends Error {
  override readonly name = 'BadFrame';
  /** @param reason a few words that are the same for all frames of this kind */
  constructor(readonly reason: string, detail?: string) {
    super(detail === undefined ? reason : `${reason}: ${detail}`);
  }
}

/** What somebody's code throws over a message that is not as it expects. */
export function asBadFrame(error: unknown): BadFrame {
  return error instanceof BadFrame ? error : new BadFrame('cannot be read', error instanceof Error ? error.message : describeValue(error));
}
