import { type Clock, type Field, type Schema, UNITS_PER_SECOND, decimalFromNumber, parseDecimal } from '@deepwater/core/engine';
import { WILD_SECONDS } from '../time-bounds.js';
import type { Bar, BarFieldOptions } from './bar.js';
import { type BarFields, type BarSide, barFields } from './bar-fields.js';
import { type BarNames, barOf } from './bar-results.js';
import { floorMod } from './grid.js';
import { OpenBar } from './open-bar.js';
import { resolutionIn } from './resolution.js';

/** Which bars to make of the records of a feed as they come. */
export interface BarOptions extends BarFieldOptions {
  /** Length of a bar: `'100ms'`, `'1s'`, `'1m'`, `'1h'`, `'1d'`. Bars begin at whole multiples of it since 1970, UTC. */
  readonly resolution: string;
}

type Row = Readonly<Record<string, unknown>>;

/**
 * Makes time bars of records as they come, in one pass. A bar is complete when a record of a later one comes: the feed's own
 * times decide, so live and history give the same bars. Spans without records have no bar. Records that come after their bar
 * is complete, whose price or size is not a number, or whose time is more than an hour ahead of this machine's clock (one such
 * would make all that follow late) are left out and counted.
 */
export class LiveBars {
  /** Records that came when their bar was complete already. */
  late = 0;
  /** Records without a price or size that is a number. */
  unusable = 0;
  /** Records whose time lies in the future. */
  wild = 0;
  readonly #clock: string;
  readonly #fields: BarFields;
  readonly #price: (row: Row) => number | bigint;
  readonly #size: (row: Row) => number | bigint | undefined;
  readonly #sign: (row: Row) => number;
  readonly #width: bigint;
  readonly #inBigints: boolean;
  /** Latest time that is believed, in the unit of the clock. */
  #believed = -Infinity;
  readonly #perSecond: number;
  #begun = false;
  /** The bar that is being made, or the first one, lacks records. */
  #incomplete = false;
  /** Records were lost since the last one. */
  #gap = false;
  #givenTo = -Infinity;
  #start: number | bigint = 0;
  #end: number | bigint = 0;
  readonly #bar: OpenBar;
  readonly #names: BarNames;

  /** @throws DeepwaterError DW_OPTION_INVALID, DW_FIELD_UNKNOWN */
  constructor(feed: string, schema: Schema, options: BarOptions) {
    const clock = schema.clocks[0] as Clock;
    this.#clock = clock.name;
    this.#perSecond = UNITS_PER_SECOND[clock.unit];
    this.#inBigints = schema.fields[clock.fieldIndex]?.as === 'bigint';
    this.#width = resolutionIn(options.resolution, clock.unit);
    const fields = barFields(feed, schema, options);
    this.#fields = fields;
    this.#names = { feed, resolution: options.resolution, exact: false };
    this.#bar = new OpenBar(fields);
    this.#price = cellOf(fields.price, fields.exactPrice);
    this.#size = fields.size === undefined ? () => undefined : cellOf(fields.size, fields.exactSize);
    this.#sign = fields.side === undefined ? () => 0 : signOf(fields.side);
  }

  /** Takes a record. @returns the bar that it shows to be complete, if there is one */
  add(row: Row): Bar | undefined {
    const price = this.#price(row);
    const size = this.#size(row);
    // NaN, which alone is not equal to itself.
    if (price !== price || size !== size) {
      this.unusable++;
      return undefined;
    }
    const time = row[this.#clock] as number | bigint;
    if (this.#begun && time < this.#end) {
      this.#gap = false;
      if (time >= this.#start) this.#bar.addOne(price, size, this.#sign(row));
      else this.late++;
      return undefined;
    }
    if (this.#isWild(time)) {
      this.wild++;
      return undefined;
    }
    const complete = this.#begun && !this.#incomplete && Number(this.#end) > this.#givenTo ? this.#complete() : undefined;
    if (this.#begun) this.#incomplete = this.#gap;
    this.#gap = false;
    this.#begin(time);
    this.#bar.addOne(price, size, this.#sign(row));
    return complete;
  }

  /** Records were lost: the bar that is under way is not whole, nor is the one of the next record. Neither is given. */
  lose(): void {
    this.#incomplete = true;
    this.#gap = true;
  }

  /** Records that no bar counts. */
  get leftOut(): number {
    return this.late + this.unusable + this.wild;
  }

  /** When the bar of a time begins. */
  startOf(time: bigint): bigint {
    return time - floorMod(time, this.#width);
  }

  /**
   * Takes records from before those that are to make bars, so that the first bar is whole.
   * @param whole whether nothing before them is missing; else the first bar is not given
   * @param givenTo bars that end by then have been given already
   */
  warmUp(rows: Iterable<Row>, whole: boolean, givenTo: number): void {
    this.#incomplete = !whole;
    this.#givenTo = givenTo;
    for (const row of rows) this.add(row);
    this.late = this.unusable = this.wild = 0;
  }

  #isWild(time: number | bigint): boolean {
    if (time <= this.#believed) return false;
    this.#believed = (Date.now() / 1000 + WILD_SECONDS) * this.#perSecond;
    return time > this.#believed;
  }

  #begin(time: number | bigint): void {
    const start = this.startOf(BigInt(time));
    this.#begun = true;
    this.#start = this.#inBigints ? start : Number(start);
    this.#end = this.#inBigints ? start + this.#width : Number(start + this.#width);
    this.#bar.clear();
  }

  #complete(): Bar {
    return barOf(this.#bar, this.#start, this.#end, this.#fields, this.#names) as Bar;
  }
}

/** A field of records as the cell that is stored: where values are exact a bigint, of decimals the count of 10^-scale. */
function cellOf({ name, type, as, scale = 0 }: Field, exact: boolean): (row: Row) => number | bigint {
  if (!exact) return (row) => row[name] as number;
  if (as === 'bigint') return (row) => row[name] as bigint;
  if (type !== 'decimal') return (row) => BigInt(row[name] as number);
  return as === 'number' ? (row) => decimalFromNumber(row[name] as number, scale) : (row) => parseDecimal(row[name] as string, scale);
}

function signOf({ field: { name }, buy, sell }: BarSide): (row: Row) => number {
  const buys = new Set<unknown>(buy);
  const sells = new Set<unknown>(sell);
  return (row) => (buys.has(row[name]) ? 1 : sells.has(row[name]) ? -1 : 0);
}
