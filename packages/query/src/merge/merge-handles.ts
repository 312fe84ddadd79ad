import type { AnySpec, FeedSpec } from '@deepwater/core/engine';
import type { SubscriptionHandle } from '../follow/handle.js';
import { checkKeys } from '../options.js';
import type { FieldName, ObjectResult, Selection, TupleResult } from '../results.js';
import { accessOf } from './feed-point.js';
import { type MergeFormat, type MergeOptions, MergedFeeds, type MergedRecord, listOf } from './merged-feeds.js';

/** A feed of a merge by its handle, with the fields wanted and the clock to merge by; all fields, and the timestamp, where left out. */
export interface HandleSelection<S extends AnySpec = FeedSpec> {
  readonly feed: SubscriptionHandle<S>;
  readonly columns?: readonly FieldName<S>[];
  readonly by?: string;
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

/**
 * Merges the feeds of some handles, in any thread: `platform.merge` for workers.
 * @throws DeepwaterError DW_HANDLE_INVALID, DW_FEED_UNKNOWN, DW_OPTION_INVALID, DW_FIELD_UNKNOWN, DW_RANGE_INVALID
 */
export function mergeFeeds<const H extends readonly MergeHandle[], const F extends MergeFormat = 'tuple'>(
  feeds: H, options?: MergeOptions<F>,
): MergedFeeds<MergedHandleRecord<H[number], F>> {
  return new MergedFeeds(listOf(feeds).map((each) => {
    if (typeof each !== 'object' || 'kind' in each) return { access: accessOf(each) };
    const { feed, columns, by } = checkKeys(each, ['feed', 'columns', 'by']);
    return { access: accessOf(feed as SubscriptionHandle), columns, by };
  }), options);
}
