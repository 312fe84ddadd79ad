/** A request for aggregates in its normal form: plain data, for any thread. */
import type { Predicate } from '../where/predicate.js';

/** What is gathered while rows are gone over. Several results may come of one. */
export type Measure =
  | { readonly kind: 'sum' | 'extremes' | 'first' | 'last' | 'moments' | 'values'; readonly column: number }
  | { readonly kind: 'vwap'; readonly column: number; readonly size: number }
  /** Edges as cells; those past every cell are left out, so `edges` may be shorter than what was asked for. */
  | { readonly kind: 'histogram'; readonly column: number; readonly edges: readonly (number | bigint)[] };

/** A result, and which measure it comes of. */
export type Output =
  | { readonly name: string; readonly of: 'count' }
  | { readonly name: string; readonly of: 'sum' | 'min' | 'max' | 'first' | 'last' | 'mean' | 'stddev' | 'variance' | 'vwap'; readonly measure: number }
  | { readonly name: string; readonly of: 'histogram'; readonly measure: number; readonly edges: readonly (number | bigint | string)[] }
  | { readonly name: string; readonly of: 'quantile'; readonly measure: number; readonly at: readonly number[]; readonly list: boolean; readonly method: 'cont' | 'disc' };

export interface AggregateRequest {
  readonly measures: readonly Measure[];
  readonly outputs: readonly Output[];
  readonly where: Predicate | undefined;
  readonly clockIndex: number;
}
