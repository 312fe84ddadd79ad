/** Bars that end with an amount: of records, of volume, of value, or of an imbalance of these. One bar at a time, in order of arrival. */
import { timeAt } from '../clock-cells.js';
import { BarTable } from './bar-table.js';
import type { BarKind, BarsRequest, Measure } from './bars-request.js';
import { OpenBar, numberOf } from './open-bar.js';
import type { TimedRows } from './time-bars.js';

export class AmountBars {
  readonly table: BarTable;
  readonly bar: OpenBar;
  readonly #signed: boolean;
  readonly #of: Measure;
  readonly #threshold: number | bigint;
  readonly #imbalance: Imbalance | undefined;
  readonly #limit: number;
  #first = 0n;
  #last = 0n;

  constructor({ clock, fields, limit }: BarsRequest, kind: Exclude<BarKind, { by: 'time' }>) {
    this.table = new BarTable(clock, fields);
    this.bar = new OpenBar(fields);
    this.#signed = clock.signed;
    this.#of = kind.of;
    this.#threshold = kind.threshold;
    this.#limit = limit;
    this.#imbalance = kind.by === 'imbalance' ? new Imbalance(this.bar, kind.of, kind.threshold) : undefined;
  }

  /** There are as many bars as are wanted. */
  get done(): boolean {
    return this.table.rows >= this.#limit;
  }

  /** Rows [from, to), in order of arrival. */
  add(rows: TimedRows, from: number, to: number): void {
    const { bar } = this;
    const { price, size, side, words } = rows;
    let newest = -1;
    for (let row = from; row < to && !this.done; row++) {
      const cell = price[row] as number | bigint;
      const sign = side === undefined ? 0 : side.signOf(side.cells[row] as number);
      if (!bar.addOne(cell, size?.[row], sign)) continue;
      newest = row;
      if (bar.count === 1) this.#first = timeAt(words, row, this.#signed);
      if (!(this.#imbalance?.reached(cell, size?.[row], side === undefined ? undefined : sign) ?? this.#reached())) continue;
      this.#last = timeAt(words, row, this.#signed);
      this.leave();
    }
    if (newest >= 0) this.#last = timeAt(words, newest, this.#signed);
  }

  #reached(): boolean {
    const { bar } = this;
    return (this.#of === 'ticks' ? bar.count : this.#of === 'volume' ? bar.volume : bar.value) >= this.#threshold;
  }

  /** Puts the bar that is under way into the table, and begins the next. */
  leave(): void {
    if (this.bar.count === 0 || this.done) return;
    const at = this.table.append(this.#first, this.#last);
    this.table.store(at, this.bar);
    this.bar.clear();
    this.#imbalance?.clear();
  }
}

/** The sum of signed ticks, sizes or values of a bar. */
class Imbalance {
  readonly #exact: boolean;
  #sum: number | bigint;
  /** By the tick rule; it goes on from bar to bar. */
  #direction = 0;
  #before: number | bigint | undefined;

  constructor(private readonly bar: OpenBar, private readonly of: Measure, private readonly threshold: number | bigint) {
    this.#exact = typeof threshold === 'bigint';
    this.#sum = this.#exact ? 0n : 0;
  }

  clear(): void {
    this.#sum = this.#exact ? 0n : 0;
  }

  /** Adds a record. @returns whether the threshold has been reached */
  reached(price: number | bigint, size: number | bigint | undefined, side: number | undefined): boolean {
    const sign = side ?? this.#tick(price);
    if (sign === 0) return false;
    if (this.#exact) {
      const amount = this.of === 'volume' ? BigInt(size as bigint) : BigInt(price) * BigInt(size as bigint);
      this.#sum = (this.#sum as bigint) + (sign > 0 ? amount : -amount);
    } else {
      this.#sum = (this.#sum as number) + sign * this.#amount(price, size);
    }
    return this.#sum >= this.threshold || -this.#sum >= this.threshold;
  }

  #amount(price: number | bigint, size: number | bigint | undefined): number {
    if (this.of === 'ticks') return 1;
    const { priceScale, sizeScale } = this.bar.fields;
    const units = numberOf(size as number | bigint, sizeScale);
    return this.of === 'volume' ? units : numberOf(price, priceScale) * units;
  }

  #tick(price: number | bigint): number {
    if (this.#before !== undefined && price !== this.#before) this.#direction = price > this.#before ? 1 : -1;
    this.#before = price;
    return this.#direction;
  }
}
