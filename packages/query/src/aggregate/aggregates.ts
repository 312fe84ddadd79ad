import type { AnySpec, RecordOf } from '@deepwater/core/engine';
import type { FieldName } from '../results.js';
import type { UntypedWhere } from '../where/where.js';

/** One thing to work out over the records that match. */
export type Aggregate<N extends string = string> =
  /** How many there are. */
  | 'count'
  | { readonly count: true }
  /** The sum, exact but for floats. A field's own kind of value: decimals as the field's `as`, 64-bit integers as bigints. */
  | { readonly sum: N }
  /** The least and the greatest value; NaN does not count. */
  | { readonly min: N }
  | { readonly max: N }
  /** The value of the record that arrived first, or last. */
  | { readonly first: N }
  | { readonly last: N }
  /** The arithmetic mean, a number: rounded once where the sum is exact. */
  | { readonly mean: N }
  /** Of a sample: divided by the count less one. A number. */
  | { readonly stddev: N }
  | { readonly variance: N }
  /** The sum of price × size, divided by the sum of size. A number: rounded once where neither is a float. */
  | { readonly vwap: readonly [price: N, size: N] }
  /** How many values lie in each of some bins, which hold their lower edge and not their upper one. */
  | { readonly histogram: N; readonly edges: readonly (number | bigint | string)[] }
  | { readonly histogram: N; readonly from: number | bigint; readonly to: number | bigint; readonly bins: number }
  /**
   * Exact quantiles, 0 to 1; NaN does not count. `cont` (default): between the two values around place (n - 1) × at, in
   * proportion; a number. `disc`: the least value with at least that part of the values at or below it.
   */
  | { readonly quantile: N; readonly at: number | readonly number[]; readonly method?: 'cont' | 'disc' };

export interface Histogram<E = number | bigint | string> {
  /** One more than there are bins. */
  readonly edges: readonly E[];
  /** Values in each bin: edges[i] <= value < edges[i + 1]. */
  readonly counts: readonly number[];
  /** Values below the first edge, and at or above the last. */
  readonly below: number;
  readonly above: number;
  /** Values that are NaN. */
  readonly nan: number;
}

/** Names of results, and what each is. */
export type Aggregates<S extends AnySpec> = Readonly<Record<string, Aggregate<FieldName<S>>>>;

/**
 * The async form takes `signal`, `timeoutMs` and `onProgress` as well (`CallLimits`).
 * @typeParam W `Where` of the feed's spec
 */
export interface AggregateOptions<A, W = UntypedWhere> {
  readonly aggregates: A;
  /** Only records with such values. */
  readonly where?: W;
  /** The clock to ask by; the feed's timestamp where it is left out. */
  readonly by?: string;
}

type ValueIn<S extends AnySpec, F> = F extends keyof RecordOf<S> ? RecordOf<S>[F] : never;

type QuantileResult<S extends AnySpec, A> = A extends { readonly quantile: infer F; readonly method: 'disc' } ? ValueIn<S, F> : number;

type Result<S extends AnySpec, A> = A extends 'count' | { readonly count: true }
  ? number
  : A extends { readonly sum: infer F }
    ? ValueIn<S, F>
    : A extends { readonly min: infer F } | { readonly max: infer F } | { readonly first: infer F } | { readonly last: infer F }
      ? ValueIn<S, F> | undefined
      : A extends { readonly histogram: string; readonly edges: readonly (infer E)[] }
        ? Histogram<E>
        : A extends { readonly histogram: string; readonly from: infer E }
          ? Histogram<E extends bigint ? bigint : number>
          : A extends { readonly quantile: string; readonly at: infer T }
            ? (T extends readonly unknown[] ? { -readonly [I in keyof T]: QuantileResult<S, A> } : QuantileResult<S, A>) | undefined
            : number | undefined;

/** What `aggregate` gives: undefined where there is no record to say it of; counts and sums are 0 then. */
export type AggregateResults<S extends AnySpec, A extends Aggregates<S>> = { -readonly [N in keyof A]: Result<S, A[N]> };
