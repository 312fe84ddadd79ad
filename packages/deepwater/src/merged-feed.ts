import type { AnySpec } from '@deepwater/core';
import { type FeedAccess, type FeedSelection, type MergeFormat, type MergedRecordOf, type ObjectResult, type Where, type WhereFor, checkKeys } from '@deepwater/query';
import { type NamedFeed, type UntypedSpec, nameOf } from './typed-feed.js';

/** A feed of a merge with what is wanted of it. */
export interface MergeSelection<S extends AnySpec = UntypedSpec> {
  readonly feed: string | NamedFeed<S>;
  /** Only these fields, in this order. */
  readonly columns?: readonly string[];
  /** The clock to merge by; the feed's timestamp where it is left out. */
  readonly by?: string;
  /** Only records with such values. */
  readonly where?: Where<S>;
}

/** A feed of a merge: its name, what `createFeed` gave, or one of them with the fields wanted, the clock to merge by, and a filter. */
export type MergeInput = string | NamedFeed<AnySpec> | MergeSelection<AnySpec>;

/** The records of any of some feeds. */
export type MergedRecordsOf<I, F extends MergeFormat> = I extends { readonly feed: infer N; readonly columns: infer C } ? Selected<SpecOf<N>, F, C>
  : I extends { readonly feed: infer N } ? MergedRecordOf<SpecOf<N>, F, undefined> : MergedRecordOf<SpecOf<I>, F, undefined>;

/** Filters of some selections, each for the fields of its own feed. */
export type FilteredInputs<I extends readonly unknown[]> = { readonly [K in keyof I]: I[K] extends { readonly feed: infer N } ? I[K] & { readonly where?: WhereFor<SpecOf<N>, I[K]> } : I[K] };

type SpecOf<N> = N extends NamedFeed<infer S> ? S : UntypedSpec;
type Selected<S extends AnySpec, F extends MergeFormat, C> = C extends readonly (keyof ObjectResult<S, undefined> & string)[] ? MergedRecordOf<S, F, C>
  : MergedRecordOf<S, F, undefined>;

/** What `merge` was given, with the feeds found. @throws DeepwaterError DW_OPTION_INVALID, DW_FEED_UNKNOWN */
export function mergeSelection(input: MergeInput, access: (feed: string) => FeedAccess): FeedSelection {
  if (typeof input !== 'object' || !('feed' in input)) return { access: access(nameOf(input)) };
  const { feed, columns, by, where } = checkKeys(input, ['feed', 'columns', 'by', 'where']);
  return { access: access(nameOf(feed as string | NamedFeed<AnySpec>)), columns, by, where };
}
