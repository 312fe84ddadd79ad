import type { Clock, Schema } from '@deepwater/core/engine';
import { FeedReader, type LiveBars, type Run, type Subscription, type SubscriptionHandle, type TimeInput, subscribe, timeOf, timeValue } from '@deepwater/query';
import type { Row } from './broker/row-numbers.js';

/** Records before a place among which the last one is looked for: numbers may be left out, and then some more. */
const NEAR = 64;
const FAR = 100_000;

/** Where a strategy begins in a feed. */
export interface WarmUpPlace {
  /** Sequence number of the first record that it is given. */
  readonly position: number;
  /** It looks out for the first index point; there is no place yet. */
  readonly seeking: boolean;
  /** Where it begins at a time; else the last record before its place says which bar is under way. */
  readonly start?: TimeInput;
  /** End of the last bar that a predecessor was given, in the unit of the clock. */
  readonly givenTo: number;
}

/**
 * Shows bars the records of the bar that is under way where a strategy begins, or goes on, so that its first bar is whole: the
 * same that a strategy would have made which had been there all along. What a feed does not hold any more cannot be shown; then
 * that bar is not given.
 */
export function warmUpBars(handle: SubscriptionHandle, schema: Schema, bars: LiveBars, place: WarmUpPlace): void {
  const { position, seeking, start, givenTo } = place;
  if (seeking) {
    bars.warmUp([], false, givenTo);
    return;
  }
  const clock = schema.clocks[0] as Clock;
  const reader = new FeedReader(handle.source);
  try {
    const since = start === undefined ? lastTimeBefore(reader, clock, position) : timeOf(start, clock, 'start');
    const past = subscribe(handle, since === undefined ? { fromSequence: position } : { start: timeValue(bars.startOf(since), clock) });
    try {
      const run = past.poll();
      const oldest = reader.bounds().first;
      const whole = oldest === 0 || Math.min(position, run?.firstSequence ?? position) > oldest;
      bars.warmUp(rowsBefore(past, run, position), whole, givenTo);
    } finally {
      past.close();
    }
  } finally {
    void reader.close();
  }
}

/** The time of the last record with a number below `position`. */
function lastTimeBefore(reader: FeedReader, clock: Clock, position: number): bigint | undefined {
  for (const rows of [NEAR, FAR]) {
    const from = Math.max(0, position - rows);
    const { records } = reader.readFromSync(from, position - from, 'object') as { records: readonly Row[] };
    const last = records.at(-1);
    if (last !== undefined) return BigInt(last[clock.name] as number | bigint);
  }
  return undefined;
}

/** The records of a run, and of those after it, with a number below `position`. */
function* rowsBefore(past: Subscription, first: Run | undefined, position: number): Generator<Row, void, void> {
  for (let run = first; run !== undefined && run.firstSequence < position; run = past.poll()) {
    const rows = Math.min(run.length, position - run.firstSequence);
    for (let i = 0; i < rows; i++) yield run.row(i) as unknown as Row;
  }
}
