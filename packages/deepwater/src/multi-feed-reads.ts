import type { AnySpec } from '@deepwater/core';
import {
  AsOfJoin, type AsOfFormat, type AsOfOptions, type AsOfResult, type FeedAccess, type MergeFormat, type MergeOptions, MergedFeeds, type Selection, listOf,
} from '@deepwater/query';
import { FeedFacts } from './feed-facts.js';
import { type FilteredInputs, type MergeInput, type MergedRecordsOf, mergeSelection } from './merged-feed.js';
import { type NamedFeed, type UntypedSpec, nameOf } from './typed-feed.js';

/** What a platform reads from more than one feed at once. */
export abstract class MultiFeedReads extends FeedFacts {
  /** Where a feed is. @throws DeepwaterError DW_FEED_UNKNOWN, DW_PLATFORM_CLOSED */
  protected abstract readonly accessOf: (feedName: string) => FeedAccess;

  /**
   * Several feeds as one sequence of records in order of time: `for await (const { feed, record } of platform.merge([trades, quotes]))`,
   * or `batches()` of columns. A feed may be named twice, by two clocks. For worker threads there is `mergeFeeds`, over handles.
   * @throws DeepwaterError DW_FEED_UNKNOWN, DW_OPTION_INVALID, DW_FIELD_UNKNOWN, DW_FILTER_INVALID, DW_RANGE_INVALID
   */
  merge<const I extends readonly MergeInput[], const F extends MergeFormat = 'tuple'>(
    feeds: I & FilteredInputs<I>, options?: MergeOptions<F>,
  ): MergedFeeds<MergedRecordsOf<I[number], F>> {
    return new MergedFeeds(listOf<MergeInput>(feeds).map((input) => mergeSelection(input, (feedName) => this.accessOf(feedName))), options);
  }

  /**
   * Each record of the left feed, in order of arrival, with the record of the right feed that prevailed at its time: `all()` at once
   * or in `batches()`. For worker threads there is `asOf`, over handles.
   * @throws DeepwaterError DW_FEED_UNKNOWN, DW_OPTION_INVALID, DW_FIELD_UNKNOWN, DW_FILTER_INVALID, DW_RANGE_INVALID
   */
  asOf<
    L extends AnySpec = UntypedSpec, R extends AnySpec = UntypedSpec, const F extends AsOfFormat = 'tuple', const C extends Selection<L> = undefined,
    const D extends Selection<R> = undefined, const P extends string = `${Extract<R['name'], string>}_`,
  >(left: string | NamedFeed<L>, right: string | NamedFeed<R>, options?: AsOfOptions<L, R, F, C, D, P>): AsOfJoin<AsOfResult<L, R, F, C, D, P>> {
    return new AsOfJoin(this.accessOf(nameOf(left)), this.accessOf(nameOf(right)), options);
  }
}
