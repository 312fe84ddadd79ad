import { type Clock, DeepwaterError, type Field, type Schema, describeValue, didYouMean } from '@deepwater/core/engine';
import { resolutionIn } from './resolution.js';

/** Which bars to make of the records of a feed as they come. */
export interface BarOptions {
  /** Length of a bar: `'100ms'`, `'1s'`, `'1m'`, `'1h'`, `'1d'`. Bars begin at whole multiples of it since 1970, UTC. */
  readonly resolution: string;
  /** The field that has the price. Default `price`. */
  readonly price?: string;
  /** The field that has the size. Default `size` where the feed has one; without it there is no volume and no vwap. */
  readonly size?: string;
}

/** A time bar: what the records with start <= time < end say. */
export interface Bar {
  readonly feed: string;
  readonly resolution: string;
  /** In the unit of the feed's clock: a number for us and ms, a bigint for ns. */
  readonly start: number | bigint;
  readonly end: number | bigint;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  /** Records. */
  readonly count: number;
  /** Sum of sizes. */
  readonly volume?: number;
  /** Sum of price times size, over volume; undefined also where the volume is 0. */
  readonly vwap?: number;
}

type Row = Readonly<Record<string, unknown>>;

/**
 * Makes time bars of records as they come, in one pass. A bar is complete when a record of a later one comes: the feed's own
 * times decide, so live and history give the same bars. Spans without records have no bar. Records that come after their bar
 * is complete, or whose price or size is not a number, are left out and counted.
 */
export class LiveBars {
  /** Records that came when their bar was complete already. */
  late = 0;
  /** Records without a price or size that is a number. */
  unusable = 0;
  readonly #clock: string;
  readonly #price: (row: Row) => number;
  readonly #size: ((row: Row) => number) | undefined;
  readonly #width: bigint;
  readonly #inBigints: boolean;
  #begun = false;
  #start: number | bigint = 0;
  #end: number | bigint = 0;
  #open = 0;
  #high = 0;
  #low = 0;
  #close = 0;
  #count = 0;
  #volume = 0;
  #value = 0;

  /** @throws DeepwaterError DW_OPTION_INVALID, DW_FIELD_UNKNOWN */
  constructor(private readonly feed: string, schema: Schema, private readonly options: BarOptions) {
    const clock = schema.clocks[0] as Clock;
    this.#clock = clock.name;
    this.#inBigints = schema.fields[clock.fieldIndex]?.as === 'bigint';
    this.#width = resolutionIn(options.resolution, clock.unit);
    this.#price = numberOf(fieldOf(feed, schema, 'price', options.price ?? 'price'));
    const hasSize = options.size !== undefined || schema.fields.some((field) => field.name === 'size');
    this.#size = hasSize ? numberOf(fieldOf(feed, schema, 'size', options.size ?? 'size')) : undefined;
  }

  /** Takes a record. @returns the bar that it shows to be complete, if there is one */
  add(row: Row): Bar | undefined {
    const price = this.#price(row);
    const size = this.#size === undefined ? 0 : this.#size(row);
    if (Number.isNaN(price) || Number.isNaN(size)) {
      this.unusable++;
      return undefined;
    }
    const time = row[this.#clock] as number | bigint;
    if (this.#begun && time < this.#end) {
      if (time >= this.#start) this.#take(price, size);
      else this.late++;
      return undefined;
    }
    const complete = this.#begun ? this.#bar() : undefined;
    this.#begin(time, price);
    this.#take(price, size);
    return complete;
  }

  #take(price: number, size: number): void {
    if (price > this.#high) this.#high = price;
    if (price < this.#low) this.#low = price;
    this.#close = price;
    this.#count++;
    this.#volume += size;
    this.#value += price * size;
  }

  #begin(time: number | bigint, price: number): void {
    const exact = BigInt(time);
    // Rounded down, for times before 1970 as well.
    const start = exact - (((exact % this.#width) + this.#width) % this.#width);
    this.#begun = true;
    this.#start = this.#inBigints ? start : Number(start);
    this.#end = this.#inBigints ? start + this.#width : Number(start + this.#width);
    this.#open = this.#high = this.#low = price;
    this.#count = this.#volume = this.#value = 0;
  }

  #bar(): Bar {
    const sized = this.#size !== undefined;
    return {
      feed: this.feed, resolution: this.options.resolution, start: this.#start, end: this.#end,
      open: this.#open, high: this.#high, low: this.#low, close: this.#close, count: this.#count,
      ...(sized ? { volume: this.#volume } : {}),
      ...(sized && this.#volume !== 0 ? { vwap: this.#value / this.#volume } : {}),
    };
  }
}

const NUMERIC = /^(u?int\d+|float\d+|decimal)$/;

/** A field as a number, whatever its values are otherwise: decimals may be texts, or bigints that count 10^-scale. */
function numberOf({ name, type, as, scale = 0 }: Field): (row: Row) => number {
  if (type === 'decimal' && as === 'bigint') return (row) => Number(row[name]) / 10 ** scale;
  return as === 'number' ? (row) => row[name] as number : (row) => Number(row[name]);
}

function fieldOf(feed: string, schema: Schema, option: string, name: unknown): Field {
  const usable = schema.fields.filter(({ type }) => NUMERIC.test(type));
  const numeric = usable.map((field) => field.name);
  const found = usable.find((field) => field.name === name);
  if (found !== undefined) return found;
  const known = schema.fields.map((field) => field.name);
  throw new DeepwaterError(
    'DW_FIELD_UNKNOWN',
    `Bars of feed ${feed}: ${option} is ${describeValue(name)}${typeof name === 'string' ? didYouMean(name, known) : ''}, and must be a field with numbers: ${numeric.join(', ')}.`,
    { values: { feed, [option]: describeValue(name), known: numeric } },
  );
}
