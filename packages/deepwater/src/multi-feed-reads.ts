import { type BacktestHost, type BacktestOptions, type BacktestResult, type WalkForwardOptions, type WalkForwardResult, backtest, walkForward } from '@deepwater/backtest';
import type { AnySpec } from '@deepwater/core';
import {
  AsOfJoin, type AsOfFormat, type AsOfOptions, type AsOfResult, type CommonWindowsOptions, type FeedAccess, type MergeFormat, type MergeOptions, MergedFeeds,
  type Selection, type SuggestedRangeOptions, type TimeWindow, type WindowFeed, commonWindows, listOf, suggestedRange,
} from '@deepwater/query';
import { FeedFacts } from './feed-facts.js';
import { type FilteredInputs, type MergeInput, type MergedRecordsOf, mergeSelection } from './merged-feed.js';
import { type NamedFeed, type UntypedSpec, nameOf } from './typed-feed.js';

/** A feed whose windows are looked for: its name, what `createFeed` gave, or one of them with the clock that counts. */
export type WindowInput = string | NamedFeed<AnySpec> | { readonly feed: string | NamedFeed<AnySpec>; readonly by?: string };

/** What a platform makes of more than one feed: merged reads, joins, backtests. */
export abstract class MultiFeedReads extends FeedFacts {
  /** Where a feed is. @throws DeepwaterError DW_FEED_UNKNOWN, DW_PLATFORM_CLOSED */
  protected abstract readonly accessOf: (feedName: string) => FeedAccess;
  /** What backtests run with. @throws DeepwaterError DW_PLATFORM_CLOSED */
  protected abstract readonly backtestHost: () => BacktestHost;

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

  /**
   * The windows of time that all of some feeds cover, in order, in the unit of the first feed's clock (clocks may differ). A feed covers
   * what its segments do (`reader.segments`); `bridge` counts short gaps as covered.
   * @throws DeepwaterError DW_FEED_UNKNOWN, DW_FEED_NOT_PERSISTED, DW_OPTION_INVALID, DW_RANGE_INVALID, DW_FILE_CORRUPT
   */
  async commonWindows(feeds: readonly WindowInput[], options?: CommonWindowsOptions): Promise<TimeWindow[]> {
    return commonWindows(this.#windowFeeds(feeds), options);
  }

  /**
   * A range to work with: the longest window that all of some feeds cover, or the newest; undefined where there is none. `backtest` takes
   * it as it is: `platform.backtest(module, { ...window, feeds })`.
   * @throws DeepwaterError as `commonWindows`
   */
  async suggestedRange(feeds: readonly WindowInput[], options?: SuggestedRangeOptions): Promise<TimeWindow | undefined> {
    return suggestedRange(this.#windowFeeds(feeds), options);
  }

  #windowFeeds(feeds: readonly WindowInput[]): WindowFeed[] {
    return listOf<WindowInput>(feeds).map((input) => {
      const { feed, by } = typeof input === 'object' && 'feed' in input ? input : { feed: input, by: undefined };
      return { access: this.accessOf(nameOf(feed)), by };
    });
  }

  /**
   * Runs a strategy over history, once for each set of parameters, in the pool's threads: the same module as `spawnStrategy` runs. Nothing is
   * written. The results are in the order of the parameters, and the same to the last bit whatever the number of threads.
   *
   * @throws DeepwaterError DW_OPTION_INVALID, DW_FEED_UNKNOWN, DW_RANGE_INVALID; DW_STRATEGY_INVALID where the module does not load or has no
   * handlers; DW_QUERY_TIMEOUT, DW_PLATFORM_CLOSED; the reason of `signal`. What handlers throw is in the results, unless `failFast` is set
   */
  async backtest<P = unknown>(module: URL | string, options: BacktestOptions<P>): Promise<BacktestResult<P>[]> {
    return await backtest(this.backtestHost(), module, options) as BacktestResult<P>[];
  }

  /**
   * Chooses parameters by one stretch of time and tries them on the next, window by window: a sweep on each `train`, and the best of it on
   * the `test` that follows.
   * @throws DeepwaterError as `backtest`
   */
  async walkForward<P = unknown>(module: URL | string, options: WalkForwardOptions<P>): Promise<WalkForwardResult<P>> {
    return await walkForward(this.backtestHost(), module, options as WalkForwardOptions) as WalkForwardResult<P>;
  }
}
