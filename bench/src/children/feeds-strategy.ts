/** A strategy over many feeds that checks every record, and emits what it saw when it has them all. */
import type { StrategyContext } from 'deepwater';
import { FeedCheck, type FollowedFeeds } from '../lib/feed-check.js';

interface Row {
  readonly price: number;
  readonly size: number;
  readonly timestamp: number;
  readonly feed: string;
}

const checks = new Map<string, FeedCheck>();
let left = 0;

export function onStart(context: StrategyContext<{ records: number }>): void {
  left = context.feeds.length;
  for (const feed of context.feeds) checks.set(feed, new FeedCheck(feed, context.params.records));
}

export function onRecord({ price, size, timestamp }: Row, context: StrategyContext): void {
  const check = checks.get(context.feed)!;
  if (check.complete) return;
  check.take(price, size, timestamp);
  if (check.complete && --left === 0) context.emit(followed());
}

/** Reports what there is, where not everything came. */
export function onStop(context: StrategyContext): void {
  if (left > 0) context.emit(followed());
}

function followed(): FollowedFeeds {
  const all = [...checks.values()];
  return { records: all.reduce((sum, { taken }) => sum + taken, 0), problems: all.flatMap((check) => check.problems()).slice(0, 5) };
}
