/** Gives the records of a feed to the handlers, and the bars that they complete. */
import type { Bar, Run } from '@deepwater/query';
import type { RowRun } from '@deepwater/ring';
import type { Market } from './broker/market.js';
import type { Row } from './broker/row-numbers.js';
import type { StrategyContext } from './context.js';
import type { FeedInput } from './feed-inputs.js';
import type { HandlerCalls } from './handler-calls.js';
import { STAT, barsAt, leftOutAt, lostAt, positionAt } from './shared-stats.js';
import type { Handlers } from './strategy-module.js';

/** Whoever has records given may want to look after something else now and then. */
export interface Pace {
  /** Some records have been given. @returns whether it is time to let go */
  dueAfter(rows: number): boolean;
}

/** Records of several inputs in the order in which they are to be given: the next is record `row[at]` of the run of input `source[at]`. */
export interface Merged {
  readonly source: ArrayLike<number>;
  readonly row: ArrayLike<number>;
  readonly length: number;
  at: number;
}

export class Giving {
  readonly #wanted: boolean;

  constructor(
    private readonly handlers: Handlers,
    private readonly calls: HandlerCalls,
    private readonly context: { feed: string; readonly log: StrategyContext['log'] },
    private readonly stats: Float64Array,
    private readonly turns: Pace,
    /** Sees each record before it is given. */
    private readonly market?: Market,
  ) {
    this.#wanted = handlers.onRecord !== undefined;
  }

  /**
   * Gives records of the input's run, up to index `until` or until it has to wait.
   * @returns what to wait for: a handler
   */
  give(input: FeedInput, until: number): PromiseLike<unknown> | undefined {
    const { stats } = this;
    this.context.feed = input.feed;
    (stats[STAT.RUNS] as number)++;
    stats[lostAt(input.index)] = input.lost;
    const waiting = this.handlers.onBatch === undefined ? this.#giveRecords(input, input.run as Run, until) : this.#giveRun(input, input.run as Run, until);
    if (input.bars !== undefined && input.bars.leftOut > 0) this.#tellLeftOut(input);
    return this.#left(waiting);
  }

  /**
   * Gives records of several inputs in their common order, to the end or until it has to wait. Not for `onBatch`.
   * @returns what to wait for: a handler
   */
  giveMerged(inputs: readonly FeedInput[], merged: Merged): PromiseLike<unknown> | undefined {
    const { calls, context, turns } = this;
    const { source, row, length } = merged;
    let waiting: PromiseLike<unknown> | undefined;
    let { at } = merged;
    while (at < length && !calls.stopping) {
      const input = inputs[source[at] as number] as FeedInput;
      const i = row[at] as number;
      input.at = i;
      context.feed = input.feed;
      waiting = this.#giveRecord(input, input.run as Run, i);
      if (input.bars !== undefined && input.bars.leftOut > 0) this.#tellLeftOut(input);
      const given = input.at > i;
      if (given) at++;
      if (waiting !== undefined || (given && turns.dueAfter(1))) break;
    }
    merged.at = at;
    return this.#left(waiting);
  }

  #giveRecords(input: FeedInput, run: Run, until: number): PromiseLike<unknown> | undefined {
    const { calls, turns } = this;
    while (input.at < until && !calls.stopping) {
      const i = input.at;
      const waiting = this.#giveRecord(input, run, i);
      if (waiting !== undefined) return waiting;
      if (input.at > i && turns.dueAfter(1)) return undefined;
    }
    return undefined;
  }

  /** Gives what comes before record i of the input's run, and the record: then `input.at` is i + 1. @returns what to wait for first */
  #giveRecord(input: FeedInput, run: Run, i: number): PromiseLike<unknown> | undefined {
    const { calls, stats, market } = this;
    const { bars, feed, place } = input;
    const sequence = run.firstSequence + i;
    let row = run.row(i);
    if (market !== undefined) {
      if (input.seen <= i) {
        input.seen = i + 1;
        market.see(input.index, row as Row, sequence);
      }
      if (market.fills.length > 0) {
        stats[place] = sequence;
        const waiting = this.#giveFills(market, feed, sequence);
        if (waiting !== undefined || calls.stopping) return waiting;
        row = run.row(i);
      }
    }
    if (bars !== undefined && input.barred <= i) {
      input.barred = i + 1;
      const bar = bars.add(row as Row);
      if (bar !== undefined) {
        const waiting = this.#giveBar(input, bar, sequence);
        if (waiting !== undefined || calls.stopping) return waiting;
        row = run.row(i);
      }
    }
    input.at = i + 1;
    // Before the call: what kills the strategy is not given to its successor again.
    stats[place] = sequence + 1;
    (stats[STAT.RECORDS] as number)++;
    return this.#wanted ? calls.handle('onRecord', row, feed, sequence) : undefined;
  }

  /** Whoever waits may see the flyweight moved. */
  #left(waiting: PromiseLike<unknown> | undefined): PromiseLike<unknown> | undefined {
    const { market } = this;
    if (market === undefined) return waiting;
    if (waiting === undefined) market.leave();
    return waiting?.then(() => { market.leave(); });
  }

  /** A run is cut where it completes a bar, so that the bar comes before the record that completed it. */
  #giveRun(input: FeedInput, run: Run, until: number): PromiseLike<unknown> | undefined {
    const { calls, stats, turns, market } = this;
    const { bars, feed, at } = input;
    const first = run.firstSequence;
    if (input.bar !== undefined) {
      const told = this.#see(input, run, at);
      if (told !== undefined || calls.stopping) return told;
      const { bar } = input;
      input.bar = undefined;
      return this.#giveBar(input, bar, first + at);
    }
    let to = until;
    for (let i = Math.max(at, Math.min(input.barred, input.seen)); (bars !== undefined || market !== undefined) && i < until; i++) {
      if (bars !== undefined && input.barred <= i) {
        input.barred = i + 1;
        input.bar = bars.add(run.row(i) as Row);
        if (input.bar !== undefined) {
          to = i;
          break;
        }
      }
      const told = this.#see(input, run, i);
      if (told !== undefined || calls.stopping) return told;
    }
    if (to === at) return undefined;
    input.at = to;
    stats[positionAt(input.index)] = first + to;
    (stats[STAT.RECORDS] as number) += to - at;
    if (market !== undefined) {
      market.clock.see(input.index, run.row(to - 1) as Row);
      market.clock.hold();
    }
    const whole = run.length;
    if (to - at === whole) {
      const waiting = calls.handle('onBatch', run, feed, first);
      turns.dueAfter(whole);
      return waiting;
    }
    const parts = run as unknown as RowRun;
    parts.part(at, to);
    const waiting = calls.handle('onBatch', run, feed, first + at);
    turns.dueAfter(to - at);
    if (waiting === undefined) parts.part(0, whole);
    return waiting?.then(() => { parts.part(0, whole); });
  }

  /** Has the market see a record of a run, and the strategy told of what that fills. @returns what to wait for */
  #see(input: FeedInput, run: Run, i: number): PromiseLike<unknown> | undefined {
    const { market } = this;
    if (market === undefined) return undefined;
    const sequence = run.firstSequence + i;
    if (input.seen <= i) {
      input.seen = i + 1;
      market.see(input.index, run.row(i) as Row, sequence);
    }
    return this.#giveFills(market, input.feed, sequence);
  }

  #giveFills({ fills }: Market, feed: string, sequence: number): PromiseLike<unknown> | undefined {
    const { calls, handlers } = this;
    while (fills.length > 0) {
      const fill = fills.shift();
      if (handlers.onFill === undefined) continue;
      const waiting = calls.handle('onFill', fill, feed, sequence);
      if (waiting !== undefined || calls.stopping) return waiting;
    }
    return undefined;
  }

  /** Before the record that completed it: where this fails, a successor is given that record, and not the bar again. */
  #giveBar(input: FeedInput, bar: Bar, sequence: number): PromiseLike<unknown> | undefined {
    this.stats[positionAt(input.index)] = sequence;
    this.stats[barsAt(input.index)] = Number(bar.end);
    return this.calls.handle('onBar', bar, input.feed, sequence);
  }

  /** Records that no bar counts are counted for `metrics`; of the first there is a warning. */
  #tellLeftOut(input: FeedInput): void {
    const { bars, feed, index } = input;
    const leftOut = bars?.leftOut ?? 0;
    const told = input.leftOut;
    if (leftOut === told) return;
    (this.stats[leftOutAt(index)] as number) += leftOut - told;
    input.leftOut = leftOut;
    if (told > 0) return;
    const { late, unusable, wild } = bars as NonNullable<typeof bars>;
    this.context.log.warn(`no bar counts some records of feed ${feed}: they came after their bar was complete, have no number, or a time in the future; metrics() counts them on`, {
      feed, late, unusable, future: wild,
    });
  }
}
