/** Subscribes a strategy to its feeds: where it is to begin, or where a predecessor ended. */
import { type Schema, compileSchema } from '@deepwater/core/engine';
import { type LostRange, type Subscription, subscribe } from '@deepwater/query';
import { FeedInputs } from './feed-inputs.js';
import type { StrategyInit } from './protocol.js';
import { positionAt } from './shared-stats.js';
import type { Handlers } from './strategy-module.js';

/** @throws DeepwaterError of `subscribe`, for any of the feeds; then none is followed */
export function followFeeds({ feeds, place, bars, stats }: StrategyInit, handlers: Handlers, onLoss: (feed: string, range: LostRange) => void): FeedInputs {
  const schemas: Schema[] = [];
  const subscriptions: Subscription[] = [];
  try {
    for (const [index, handle] of feeds.entries()) {
      const position = stats[positionAt(index)] as number;
      const schema = compileSchema(handle.source.spec);
      const playback = place.playback === true && schema.indexColumn !== undefined;
      schemas.push(schema);
      subscriptions.push(subscribe(handle, {
        ...(Number.isNaN(position) ? { ...place, playback } : { fromSequence: position }),
        onLoss: (range) => { onLoss(handle.feed, range); },
      }));
    }
    const inputs = new FeedInputs(subscriptions, schemas, handlers.onBar === undefined ? undefined : bars, handlers.onBatch !== undefined);
    const live = place.start === undefined && place.playback !== true;
    // From here on a successor knows where to go on, even if no record has come until then.
    if (live) for (const { index, subscription } of inputs.inputs) stats[positionAt(index)] = subscription.position;
    return inputs;
  } catch (error) {
    for (const subscription of subscriptions) subscription.close();
    throw error;
  }
}
