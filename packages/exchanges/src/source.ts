/**
 * Where records come from. An `Exchange` is spoken to over a WebSocket, which is ours (exchange.ts). Everything else is a `StreamSource`, which brings its
 * own way of getting data: it asks a REST API again and again, follows a chain's blocks, uses a broker's library.
 *
 *     Exchange      frames ──▶ ExchangeSession ─┐
 *                                               ├──▶ RecordSink, events
 *     StreamSource  run(wanted, host) ──────────┘
 */
import type { BadFrame, Channel, Exchange, SessionEvent, Wanted } from './exchange.js';
import type { ListProducts } from './products/product.js';
import type { RecordSink } from './record-sink.js';

export type Source = Exchange | StreamSource;

/** What a source allows on one connection, or run of it, and how it tells that it is alive. */
export interface StreamLimits {
  /** Symbols of one run at most; more are shared out over several. */
  readonly symbolsMax: number;
  /** Without any record, frame or sign of life (`host.alive`) for so long a run counts as dead, ms; left out where silence says nothing. */
  readonly silenceMs?: number | undefined;
}

/** A source with a transport of its own. */
export interface StreamSource {
  /** Lower case, as feeds are named: `uniswap-v3`. */
  readonly name: string;
  /** For people: `Uniswap v3`. */
  readonly title: string;
  /** `spot`, `linear`, `inverse`: the market of its feeds' instruments. */
  readonly market: string;
  readonly channels: readonly Channel[];
  /** Trades are told apart by a number, by a text (of at most 40 bytes), or by nothing: then ids are 0. */
  readonly tradeIds: 'number' | 'text' | 'none';
  readonly limits: StreamLimits;
  /** The symbol as the source writes it, from what a person types. @throws DeepwaterError DW_SYMBOL_UNKNOWN for what cannot be one */
  symbolOf(typed: string): string;
  /** What can be subscribed; left out where the source cannot tell. */
  readonly products?: ListProducts | undefined;
  /**
   * Delivers what is wanted until `host.signal` aborts, and returns then. Where it returns or throws before, it is run again after a while, with a
   * `disconnected` event that says why.
   */
  run(wanted: Wanted, host: StreamHost): Promise<void>;
}

/** What a source may ask of whoever runs it. All of it is of one run: when that is over, nothing of it does anything any more. */
export interface StreamHost {
  /** Where records go. @throws BadFrame, of `of`, for a symbol that was not asked for */
  readonly records: RecordSink;
  /** Aborts when the run is to end: the symbols are not wanted any more, or it has been silent for too long. */
  readonly signal: AbortSignal;
  /** Other places than the source's own, where the user has given them: a proxy's, a test's. */
  readonly urls: { readonly ws?: string | undefined; readonly rest?: string | undefined };
  /** The source is reached, data can come. Without it the first record or frame says so. */
  connected(detail?: string): void;
  /** There is nothing new, but the source is there: see `limits.silenceMs`. */
  alive(): void;
  event(event: SessionEvent): void;
  /**
   * One message of the source, as text: `read` makes records of it. Where it throws, the message is kept aside and counted (`BadFrame` gives the reason
   * that it is counted by), and the run goes on.
   * @param read is given when the message came, µs since 1970
   */
  frame(text: string, read: (receivedUs: number) => void): void;
  /** What could not be read, for sources that have no use for `frame`. */
  bad(bad: BadFrame, text: string): void;
  /** This machine's clock, microseconds since 1970: the `received` of records. */
  now(): number;
  /**
   * Other symbols or channels can be asked for while a run goes on. A source that can follow takes the new whole here; one that never calls this is ended,
   * and run again with it.
   */
  onWanted(changed: (wanted: Wanted) => void): void;
  /** The id of the newest trade of a symbol that runs before this one have written, where the host knows (see SessionHost.lastTrade). */
  lastTrade?(symbol: string): number | undefined;
}

/** Whether a source has a transport of its own. */
export function isStreamSource(source: Source): source is StreamSource {
  return 'run' in source;
}
