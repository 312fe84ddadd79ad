import type { Clock, Field, Schema } from '@deepwater/core/engine';
import { type BarOptions, LiveBars, type Run, type Subscription } from '@deepwater/query';

/** Records that are given from one feed before those that are quiet are looked at again; and as often for runs of fewer. */
const ROWS_PER_LOOK = 64;
const SLICES_PER_LOOK = 16;

type Row = Readonly<Record<string, unknown>>;

/** One of the feeds of a strategy, and the run of it that is being given. */
export class FeedInput {
  readonly feed: string;
  readonly bars: LiveBars | undefined;
  run: Run | undefined;
  /** Index in the run of the record to be given next. */
  at = 0;
  /** Had nothing when it was looked at last: it is live, and what comes next has not been there before. */
  quiet = false;
  readonly #key: (row: Row) => number | bigint;
  #time: number | bigint = 0;
  /** Index of the record that has that time. */
  #timeIndex = -1;
  #armed = false;

  constructor(
    /** Position among the feeds. */
    readonly index: number,
    readonly subscription: Subscription,
    schema: Schema,
    inNanoseconds: boolean,
    bars: BarOptions | undefined,
  ) {
    this.feed = subscription.feed;
    this.#key = timeKey(schema, inNanoseconds);
    this.bars = bars === undefined ? undefined : new LiveBars(this.feed, schema, bars);
  }

  /** Whether all of the run has been given, or there is none. */
  get given(): boolean {
    return this.run === undefined || this.at >= this.run.length;
  }

  /** Takes the next run, where there is one. */
  take(): boolean {
    this.run = this.subscription.poll();
    this.at = 0;
    this.#timeIndex = -1;
    this.quiet = this.run === undefined;
    return !this.quiet;
  }

  /** The time of a record of the run, in a unit that all feeds of the strategy have in common. May move the flyweight there. */
  timeAt(i: number): number | bigint {
    if (this.#timeIndex !== i) {
      this.#time = this.#key((this.run as Run).row(i));
      this.#timeIndex = i;
    }
    return this.#time;
  }

  /** Calls `wake` when there may be something. Asked again before that, it does nothing. */
  arm(wake: (error?: unknown) => void): void {
    if (this.#armed) return;
    this.#armed = true;
    this.subscription.ready().then(
      () => { this.#armed = false; wake(); },
      (error: unknown) => { this.#armed = false; wake(error); },
    );
  }
}

/**
 * The feeds of a strategy as one sequence: of the records that are there the earliest comes first, by the feeds' own times, and
 * of records of one time that of the feed named first; each feed's own order is kept. So history of several feeds comes merged
 * in the order of time, and live records in the order they come.
 */
export class FeedInputs {
  readonly inputs: readonly FeedInput[];
  /** After `next`: the records of the input's run from `at` up to here are to be given. */
  until = 0;
  #slicesToLook = 0;

  constructor(subscriptions: readonly Subscription[], schemas: readonly Schema[], bars: BarOptions | undefined, private readonly wholeRuns: boolean) {
    const inNanoseconds = schemas.some(({ clocks }) => (clocks[0] as Clock).unit === 'ns');
    this.inputs = subscriptions.map((subscription, index) => new FeedInput(index, subscription, schemas[index] as Schema, inNanoseconds, bars));
  }

  /** Whether its platform has ended them all. */
  get over(): boolean {
    return this.inputs.every(({ subscription }) => subscription.stopped);
  }

  /** The feed that has the next records; undefined where there are none at all. @throws DeepwaterError as Subscription.poll */
  next(): FeedInput | undefined {
    const { inputs } = this;
    if (inputs.length === 1) {
      const only = inputs[0] as FeedInput;
      if (only.given && !only.take()) return undefined;
      this.until = (only.run as Run).length;
      return only;
    }
    return this.#earliest();
  }

  #earliest(): FeedInput | undefined {
    const lookAround = --this.#slicesToLook <= 0;
    if (lookAround) this.#slicesToLook = SLICES_PER_LOOK;
    let first: FeedInput | undefined;
    let second: FeedInput | undefined;
    let talking = 0;
    for (const input of this.inputs) {
      if (input.given && (input.quiet && !lookAround || !input.take())) continue;
      talking++;
      if (first === undefined || input.timeAt(input.at) < first.timeAt(first.at)) {
        second = first;
        first = input;
      } else if (second === undefined || input.timeAt(input.at) < second.timeAt(second.at)) {
        second = input;
      }
    }
    if (first === undefined) return lookAround ? undefined : this.#lookAround();
    const { length } = first.run as Run;
    this.until = this.wholeRuns || talking === this.inputs.length ? length : Math.min(length, first.at + ROWS_PER_LOOK);
    if (second !== undefined && !this.wholeRuns) this.until = endBefore(first, second, this.until);
    return first;
  }

  #lookAround(): FeedInput | undefined {
    this.#slicesToLook = 0;
    return this.#earliest();
  }

  close(): void {
    for (const { subscription } of this.inputs) subscription.close();
  }
}

/** Index of the first record of a feed, after its next one and below `end`, that comes after the next one of the other feed. */
function endBefore(first: FeedInput, second: FeedInput, end: number): number {
  const limit = second.timeAt(second.at);
  const tiesToo = first.index < second.index;
  for (let i = first.at + 1; i < end; i++) {
    const time = first.timeAt(i);
    if (tiesToo ? time > limit : time >= limit) return i;
  }
  return end;
}

/** The time of a record, as a number of microseconds, or as a bigint of nanoseconds where any feed has those. */
function timeKey(schema: Schema, inNanoseconds: boolean): (row: Row) => number | bigint {
  const { name, unit, fieldIndex } = schema.clocks[0] as Clock;
  const inBigints = (schema.fields[fieldIndex] as Field).as === 'bigint';
  if (inNanoseconds) {
    const factor = unit === 'ns' ? 1n : unit === 'us' ? 1000n : 1_000_000n;
    return (row) => BigInt(row[name] as number | bigint) * factor;
  }
  const factor = unit === 'us' ? 1 : 1000;
  return inBigints ? (row) => Number(row[name]) * factor : factor === 1 ? (row) => row[name] as number : (row) => (row[name] as number) * factor;
}
