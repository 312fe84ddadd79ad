/** A connection to a source of either kind, as whoever shares symbols out over several sees it. */
import { type ConnectionOptions, ExchangeConnection } from './connection.js';
import type { Wanted } from './exchange.js';
import { type Source, isStreamSource } from './source.js';
import { SourceConnection } from './source-connection.js';

export interface Link {
  readonly source: Source;
  readonly state: 'connecting' | 'open' | 'waiting' | 'closed';
  /** Begins; to be called once. */
  open(): void;
  /** Asks for more, now and after every new beginning. */
  subscribe(more: Wanted): void;
  /** Asks for less: some symbols, in all channels. */
  unsubscribe(symbols: readonly string[]): void;
  /** Ends it for good; resolves when nothing more comes. */
  close(): Promise<void>;
}

/** The connection that a source wants, not opened yet. */
export function newLink(source: Source, wanted: Wanted, options: ConnectionOptions): Link {
  return isStreamSource(source) ? new SourceConnection(source, wanted, options) : new ExchangeConnection(source, wanted, options);
}
