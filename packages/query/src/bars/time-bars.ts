/** Time bars: rows of any order are put into the bars that their times lie in. */
import type { Clock } from '@deepwater/core/engine';
import { firstOutside, timeAt } from '../clock-cells.js';
import { type TimeBounds, boundsOnClock, greatestTime, leastTime } from '../time-bounds.js';
import { BarTable } from './bar-table.js';
import type { BarsRequest } from './bars-request.js';
import type { Grid, Span } from './grid.js';
import { type BarRows, OpenBar } from './open-bar.js';

/** Rows of a source, and the words of their times. */
export interface TimedRows extends BarRows {
  readonly words: Int32Array;
}

export class TimeBars {
  readonly table: BarTable;
  readonly bar: OpenBar;
  readonly #grid: Grid;
  readonly #clock: Clock;
  readonly #clockIndex: number;
  /** The span that the last row was in, and its ends as words. */
  #span: Span | undefined;
  #bounds: TimeBounds | undefined;
  /** Where the table has the bar of that span; -1: nowhere yet. */
  #at = -1;

  constructor({ clock, clockIndex, fields }: BarsRequest, grid: Grid) {
    this.#grid = grid;
    this.#clock = clock;
    this.#clockIndex = clockIndex;
    this.table = new BarTable(clock, fields);
    this.bar = new OpenBar(fields);
  }

  /** Rows [from, to), in order of arrival. */
  add(rows: TimedRows, from: number, to: number): void {
    const { words } = rows;
    for (let row = from; row < to; ) {
      const end = this.#bounds === undefined ? row : firstOutside(words, this.#bounds, row, to);
      if (end === row) {
        this.#enter(timeAt(words, row, this.#clock.signed));
        continue;
      }
      if (this.#span?.isBar === true) this.bar.add(rows, row, end);
      row = end;
    }
  }

  /** Goes to the span that a time lies in. */
  #enter(time: bigint): void {
    this.leave();
    const span = this.#grid.at(time);
    this.#span = span;
    this.#bounds = boundsOnClock(this.#clock, this.#clockIndex, span.start, span.end - 1n);
    if (!span.isBar) return;
    this.#at = this.table.find(this.#cut(span.start));
    if (this.#at >= 0) this.table.load(this.#at, this.bar);
    else this.bar.clear();
  }

  /** Puts the bar that is under way into the table. */
  leave(): void {
    const span = this.#span;
    if (span?.isBar === true && this.bar.count > 0) {
      if (this.#at < 0) this.#at = this.table.append(this.#cut(span.start), this.#cut(span.end));
      this.table.store(this.#at, this.bar);
    }
    this.#span = this.#bounds = undefined;
    this.bar.count = 0;
  }

  /** A time as the clock's type can hold it: the first bar and the last may reach beyond it. */
  #cut(time: bigint): bigint {
    const least = leastTime(this.#clock);
    const greatest = greatestTime(this.#clock);
    return time < least ? least : time > greatest ? greatest : time;
  }
}
