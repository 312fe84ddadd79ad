import { type Clock, type Field, NS_PER_UNIT, type Schema } from '@deepwater/core/engine';
import { type Bar, type BarOptions, LiveBars, type Run, type Subscription } from '@deepwater/query';
import type { Row } from './broker/row-numbers.js';
import { EarliestFirst } from './earliest-first.js';
import { positionAt } from './shared-stats.js';

/** Records that are given before the feeds that had nothing are looked at again; as many as there are feeds, where that is more. */
const ROWS_PER_LOOK = 64;

/** Where the records of a feed come from. */
export type RecordSource = Pick<Subscription, 'feed' | 'lost' | 'stopped' | 'poll' | 'ready' | 'close'>;

/** One of the feeds of a strategy, and the run of it that is being given. */
export class FeedInput {
  readonly feed: string;
  /** Of the position among the shared numbers. */
  readonly place: number;
  readonly bars: LiveBars | undefined;
  run: Run | undefined;
  /** Index in the run of the record to be given next. */
  at = 0;
  /** Records of the run up to this index have been taken for bars. */
  barred = 0;
  /** Records of the run up to this index have been seen by the market. */
  seen = 0;
  /** The bar that the record at `at` completes, where it is still to be given. */
  bar: Bar | undefined;
  /** Records that no bar counts, as far as that has been told. */
  leftOut = 0;
  readonly #key: (row: Row) => number | bigint;
  #time: number | bigint = 0;
  /** Index of the record that has that time. */
  #timeIndex = -1;
  #armed = false;

  constructor(
    /** Position among the feeds. */
    readonly index: number,
    readonly subscription: RecordSource,
    schema: Schema,
    inNanoseconds: boolean,
    bars: BarOptions | undefined,
    /** Records that predecessors lost. */
    private readonly lostBefore: number,
  ) {
    this.feed = subscription.feed;
    this.place = positionAt(index);
    this.#key = timeKey(schema, inNanoseconds);
    this.bars = bars === undefined ? undefined : new LiveBars(this.feed, schema, bars);
  }

  /** Records that were lost, by this thread and those before it. */
  get lost(): number {
    return this.lostBefore + this.subscription.lost;
  }

  /** Whether all of the run has been given, or there is none. */
  get given(): boolean {
    return this.run === undefined || this.at >= this.run.length;
  }

  /** Takes the next run, where there is one. */
  take(): boolean {
    return this.show(this.subscription.poll());
  }

  /** Begins to give a run. @returns whether there is one */
  show(run: Run | undefined): boolean {
    this.run = run;
    this.at = this.barred = this.seen = 0;
    this.#timeIndex = -1;
    return run !== undefined;
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
  readonly #talking = new EarliestFirst();
  /** Had nothing when they were looked at last: they are live, and what comes next has not been there before. */
  readonly #quiet: FeedInput[];
  readonly #rowsPerLook: number;
  #rowsToLook = 0;
  /** What `next` gave last, and the record that it was at then. */
  #last: FeedInput | undefined;
  #lastAt = 0;

  /** @param lost records that predecessors lost, feed by feed */
  constructor(subscriptions: readonly RecordSource[], schemas: readonly Schema[], bars: BarOptions | undefined, lost: readonly number[]) {
    const inNanoseconds = schemas.some(({ clocks }) => (clocks[0] as Clock).unit === 'ns');
    this.inputs = subscriptions.map((subscription, index) => new FeedInput(index, subscription, schemas[index] as Schema, inNanoseconds, bars, lost[index] as number));
    this.#quiet = [...this.inputs];
    this.#rowsPerLook = Math.max(ROWS_PER_LOOK, this.inputs.length);
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
    this.#settleLast();
    if (this.#rowsToLook <= 0 || this.#talking.size === 0) this.look();
    const { first } = this.#talking;
    if (first === undefined) return undefined;
    const { length } = first.run as Run;
    this.until = this.#quiet.length === 0 ? length : Math.min(length, first.at + this.#rowsToLook);
    const { second } = this.#talking;
    if (second !== undefined) this.until = endBefore(first, second, this.until);
    this.#last = first;
    this.#lastAt = first.at;
    return first;
  }

  /** Looks at the feeds that had nothing. @returns whether any feed has something */
  look(): boolean {
    if (this.inputs.length === 1) return (this.inputs[0] as FeedInput).take();
    this.#rowsToLook = this.#rowsPerLook;
    let left = 0;
    const quiet = this.#quiet;
    for (const input of quiet) {
      if (!input.given || input.take()) this.#talking.add(input);
      else quiet[left++] = input;
    }
    quiet.length = left;
    return this.#talking.size > 0;
  }

  /** What was given has moved on: to a later record, to its next run, or it has nothing more. */
  #settleLast(): void {
    const last = this.#last;
    if (last === undefined) return;
    this.#last = undefined;
    this.#rowsToLook -= last.at - this.#lastAt;
    if (last.given && !last.take()) {
      this.#talking.removeFirst();
      this.#quiet.push(last);
    } else {
      this.#talking.settleFirst();
    }
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
    const factor = NS_PER_UNIT[unit];
    return (row) => BigInt(row[name] as number | bigint) * factor;
  }
  const factor = unit === 'us' ? 1 : 1000;
  return inBigints ? (row) => Number(row[name]) * factor : factor === 1 ? (row) => row[name] as number : (row) => (row[name] as number) * factor;
}
