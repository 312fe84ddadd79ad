/** What the dashboard draws, and the one thing it does: all of it is asked for at each drawing, and only what is in view. */
import type { IngestMetrics, IngestStatus, SymbolStatus } from '@deepwater/exchanges';

export interface DashboardSource {
  status(): IngestStatus;
  metrics(): IngestMetrics;
  /**
   * The newest trades of these symbols, the newest last, at most `limit` of them. Called while a tape is in view, and not else.
   */
  tape(limit: number, symbols: readonly SymbolStatus[]): readonly TapeTrade[];
  /** What is known of a symbol's market now; called for symbols in view alone. */
  top(symbol: SymbolStatus): SymbolTop | undefined;
  /** The latest events, the newest last. */
  events(): readonly DashboardEvent[];
  /** Ends the ingest in order; settles when all is written. */
  stop(): Promise<void>;
}

/** A price or a size as the feed gives it. */
export type Amount = string | number | bigint;

export interface TapeTrade {
  readonly symbol: string;
  /** By the exchange, and by this machine; microseconds since 1970. */
  readonly ts: number;
  readonly recv: number;
  /** The taker's: B bought, S sold, a space where it is not told. */
  readonly side: string;
  readonly price: Amount;
  readonly size: Amount;
}

/** The best of both sides; a side that is empty is left out. */
export interface BestPrices {
  readonly bid?: Amount;
  readonly bidSize?: Amount;
  readonly ask?: Amount;
  readonly askSize?: Amount;
}

export interface SymbolTop extends BestPrices {
  /** Price of the last trade. */
  readonly last?: Amount;
  readonly lastSide?: string;
}

export interface DashboardEvent {
  /** ms since 1970. */
  readonly timeMs: number;
  readonly text: string;
  readonly level?: 'info' | 'warn' | 'error';
}
