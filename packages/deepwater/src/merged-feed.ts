import type { AnySpec } from '@deepwater/core';
import { type FeedAccess, type FeedSelection, type MergeFormat, type MergedRecordOf, type ObjectResult, checkKeys } from '@deepwater/query';
import { type NamedFeed, type UntypedSpec, nameOf } from './typed-feed.js';

/** A feed of a merge with what is wanted of it. */
export interface MergeSelection<S extends AnySpec = UntypedSpec> {
  readonly feed: string | NamedFeed<S>;
  /** Only these fields, in this order. */
  readonly columns?: readonly string[];
  /** The clock to merge by; the feed's timestamp where it is left out. */
  readonly by?: string;
}

/** A feed of a merge: its name, what `createFeed` gave, or one of them with the fields wanted and the clock to merge by. */
export type MergeInput = string | NamedFeed<AnySpec> | MergeSelection<AnySpec>;

/** The records of any of some feeds. */
export type MergedRecordsOf<I, F extends MergeFormat> = I extends { readonly feed: infer N; readonly columns: infer C } ? Selected<SpecOf<N>, F, C>
  : I extends { readonly feed: infer N } ? MergedRecordOf<SpecOf<N>, F, undefined> : MergedRecordOf<SpecOf<I>, F, undefined>;

type SpecOf<N> = N extends NamedFeed<infer S> ? S : UntypedSpec;
type Selected<S extends AnySpec, F extends MergeFormat, C> = C extends readonly (keyof ObjectResult<S, undefined> & string)[] ? MergedRecordOf<S, F, C>
  : MergedRecordOf<S, F, undefined>;

/** What `merge` was given, with the feeds found. @throws DeepwaterError DW_OPTION_INVALID, DW_FEED_UNKNOWN */
export function mergeSelection(input: MergeInput, access: (feed: string) => FeedAccess): FeedSelection {
  if (typeof input !== 'object' || !('feed' in input)) return { access: access(nameOf(input)) };
  const { feed, columns, by } = checkKeys(input, ['feed', 'columns', 'by']);
  return { access: access(nameOf(feed as string | NamedFeed<AnySpec>)), columns, by };
}
