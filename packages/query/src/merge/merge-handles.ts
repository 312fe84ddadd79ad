import type { AnySpec, FeedSpec } from '@deepwater/core/engine';
import type { SubscriptionHandle } from '../follow/handle.js';
import { checkKeys } from '../options.js';
import type { FieldName, ObjectResult, Selection, TupleResult } from '../results.js';
import type { Where } from '../where/where.js';
import { accessOf } from './feed-point.js';
import { type MergeFormat, type MergeOptions, MergedFeeds, type MergedRecord, listOf } from './merged-feeds.js';

/** A feed of a merge by its handle, with the fields wanted, the clock to merge by, and a filter; all fields, the timestamp, and all records, where left out. */
export interface HandleSelection<S extends AnySpec = FeedSpec> {
  readonly feed: SubscriptionHandle<S>;
  readonly columns?: readonly FieldName<S>[];
  readonly by?: string;
  /** Only records with such values. */
  readonly where?: Where<S>;
}

export type MergeHandle<S extends AnySpec = FeedSpec> = SubscriptionHandle<S> | HandleSelection<S>;

/** The record of a merge that comes from a feed with such a spec. */
export type MergedRecordOf<S extends AnySpec, F extends MergeFormat, C extends Selection<S>> = MergedRecord<
  Extract<S['name'], string>, F extends 'object' ? ObjectResult<S, C> : TupleResult<S, C>
>;

/** The records of any of some handles. */
export type MergedHandleRecord<H, F extends MergeFormat> = H extends SubscriptionHandle<infer S> ? MergedRecordOf<S, F, undefined>
  : H extends { readonly feed: SubscriptionHandle<infer S>; readonly columns: infer C } ? MergedRecordOf<S, F, C extends readonly FieldName<S>[] ? C : undefined>
    : H extends { readonly feed: SubscriptionHandle<infer S> } ? MergedRecordOf<S, F, undefined> : never;

/** The filter of a selection, for the fields of one feed: unlike those of a plain object type, keys that are no fields of it are refused. */
export type WhereFor<S extends AnySpec, I> = Where<S> & (I extends { readonly where: infer W } ? { readonly [P in Exclude<keyof W, keyof Where<S>>]: never } : unknown);

/** Filters of some selections, each for the fields of its own feed. */
type FilteredHandles<H extends readonly unknown[]> = { readonly [K in keyof H]: H[K] extends { readonly feed: SubscriptionHandle<infer S> } ? H[K] & { readonly where?: WhereFor<S, H[K]> } : H[K] };

/**
 * Merges the feeds of some handles, in any thread: `platform.merge` for workers.
 * @throws DeepwaterError DW_HANDLE_INVALID, DW_FEED_UNKNOWN, DW_OPTION_INVALID, DW_FIELD_UNKNOWN, DW_FILTER_INVALID, DW_RANGE_INVALID
 */
export function mergeFeeds<const H extends readonly MergeHandle<AnySpec>[], const F extends MergeFormat = 'tuple'>(
  feeds: H & FilteredHandles<H>, options?: MergeOptions<F>,
): MergedFeeds<MergedHandleRecord<H[number], F>> {
  return new MergedFeeds(listOf<MergeHandle<AnySpec>>(feeds).map((each) => {
    if (typeof each !== 'object' || 'kind' in each) return { access: accessOf(each as SubscriptionHandle) };
    const { feed, columns, by, where } = checkKeys(each, ['feed', 'columns', 'by', 'where']);
    return { access: accessOf(feed as SubscriptionHandle), columns, by, where };
  }), options);
}
