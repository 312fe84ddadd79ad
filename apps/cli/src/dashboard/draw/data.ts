import type { IngestMetrics, IngestStatus, SymbolStatus } from '@deepwater/exchanges';
import type { DashboardEvent, SymbolTop, TapeTrade } from '../source.js';

/** All that one drawing shows, taken at one moment. */
export interface Data {
  readonly nowMs: number;
  readonly status: IngestStatus;
  readonly metrics: IngestMetrics;
  /** Records a second of the last minutes, the newest last. */
  readonly history: readonly number[];
  readonly events: readonly DashboardEvent[];
  readonly tape: readonly TapeTrade[];
  /** Of the symbols in view. */
  readonly tops: ReadonlyMap<string, SymbolTop | undefined>;
}

/** Records a second of all of a symbol's feeds. */
export function symbolRate({ feeds }: SymbolStatus): number {
  return feeds.reduce((sum, { ratePerS }) => sum + ratePerS, 0);
}

/** The fullest of its rings. */
export function symbolRing({ feeds }: SymbolStatus): number {
  return feeds.reduce((most, { ringFill }) => Math.max(most, ringFill), 0);
}
