/** Subscribes a strategy to its feeds: where it is to begin, or where a predecessor ended. */
import { type Schema, compileSchema } from '@deepwater/core/engine';
import { type LostRange, type SubscribeOptions, type Subscription, type SubscriptionHandle, subscribe } from '@deepwater/query';
import { FeedInputs } from './feed-inputs.js';
import type { StrategyInit, StrategyPlace } from './protocol.js';
import { barsAt, lostAt, positionAt, seekingAt } from './shared-stats.js';
import type { Handlers } from './strategy-module.js';
import { warmUpBars } from './warm-up-bars.js';

/** @throws DeepwaterError of `subscribe`, for any of the feeds; then none is followed */
export function followFeeds({ feeds, place, bars, stats }: StrategyInit, handlers: Handlers, onLoss: (index: number, range: LostRange) => void): FeedInputs {
  const schemas: Schema[] = [];
  const subscriptions: Subscription[] = [];
  try {
    for (const [index, handle] of feeds.entries()) {
      const schema = compileSchema(handle.source.spec);
      schemas.push(schema);
      subscriptions.push(subscribe(handle, { ...beginning(place, schema, stats, index), onLoss: (range) => { onLoss(index, range); } }));
    }
    const inputs = new FeedInputs(subscriptions, schemas, handlers.onBar === undefined ? undefined : bars, feeds.map((_, index) => stats[lostAt(index)] as number));
    for (const input of inputs.inputs) {
      const { index } = input;
      const { seeking, position: next } = subscriptions[index] as Subscription;
      const start = Number.isNaN(stats[positionAt(index)]) && place.playback !== true ? place.start : undefined;
      // Where a time is the place, its first record says which number that is.
      if (start !== undefined) input.take();
      const position = input.run?.firstSequence ?? next;
      if (input.bars !== undefined) {
        warmUpBars(feeds[index] as SubscriptionHandle, schemas[index] as Schema, input.bars, { position, seeking, givenTo: stats[barsAt(index)] as number, ...(start === undefined ? {} : { start }) });
      }
      // From here on a successor knows where to go on, even if no record comes until then.
      stats[seekingAt(index)] = seeking ? 1 : 0;
      stats[positionAt(index)] = position;
    }
    return inputs;
  } catch (error) {
    for (const subscription of subscriptions) subscription.close();
    throw error;
  }
}

function beginning({ start, playback }: StrategyPlace, schema: Schema, stats: Float64Array, index: number): SubscribeOptions {
  const position = stats[positionAt(index)] as number;
  const indexed = schema.indexColumn !== undefined;
  if (Number.isNaN(position)) return { ...(start === undefined ? {} : { start }), playback: playback === true && indexed };
  return { fromSequence: position, playback: stats[seekingAt(index)] === 1 };
}
