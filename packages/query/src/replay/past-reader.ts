import { type AnySpec, DeepwaterError, type FeedSpec } from '@deepwater/core/engine';
import type { FeedActivity } from '../activity.js';
import type { RecordStream, StreamFormat, StreamItem, StreamOptions, SyncRecordStream, SyncStreamOptions } from '../follow/stream-types.js';
import { FeedReader } from '../reader.js';
import type { ReaderSource } from '../reader-source.js';
import type { Selection } from '../results.js';

/** A reader of a feed as it was: for strategies in a backtest, who must not see what comes. It works in its own thread alone. */
export class PastReader<S extends AnySpec = FeedSpec> extends FeedReader<S> {
  /** @param limit asked at each read: records from this number on have not come yet */
  constructor(source: ReaderSource, limit: () => number) {
    super(source);
    this.alive().files.headLimit = limit;
  }

  override stream<const F extends StreamFormat = 'tuple', const C extends Selection<S> = undefined>(_options?: StreamOptions<S, F, C>): RecordStream<StreamItem<S, F, C>> {
    throw this.#notHere('stream');
  }

  override streamSync<const F extends StreamFormat = 'tuple', const C extends Selection<S> = undefined>(_options?: SyncStreamOptions<S, F, C>): SyncRecordStream<StreamItem<S, F, C>> {
    throw this.#notHere('streamSync');
  }

  override activity(): FeedActivity {
    throw this.#notHere('activity');
  }

  override countIndexPoints(): number {
    throw this.#notHere('countIndexPoints');
  }

  #notHere(call: string): DeepwaterError {
    return new DeepwaterError('DW_BACKTEST_ONLY_PAST', `reader.${call} of feed ${this.spec.name} tells of the present, which a backtest knows nothing of. Read what there is with range, latest, last, at or before; what comes is given to the handlers.`, {
      values: { feed: this.spec.name, call },
    });
  }
}
