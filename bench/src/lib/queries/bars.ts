import type { BarColumns } from '@deepwater/query';
import { wordsOf } from '../records.js';
import type { Tick } from './plain-peers.js';
import { type TickColumns, tickPrice, tickSize, tickTime } from './ticks.js';

/** Numbers of a bar, in this order. */
const BAR_FIELDS = ['start', 'open', 'high', 'low', 'close', 'volume', 'vwap', 'count'] as const;
const FIELDS = BAR_FIELDS.length;

/** How ticks become bars: a new one at each multiple of `width`, µs, or with the first tick after one has come to `units` of volume. */
export type BarRule = { readonly width: number; readonly units?: undefined } | { readonly width?: undefined; readonly units: number };

/** Bars made tick by tick, eight numbers each. */
export class PlainBars {
  readonly #bars: number[] = [];
  #at = -FIELDS;
  #end = -Infinity;
  #value = 0;

  constructor(private readonly rule: BarRule) {}

  add(time: number, price: number, size: number): void {
    const bars = this.#bars;
    const { width, units } = this.rule;
    if (this.#at < 0 || (width === undefined ? bars[this.#at + 5] >= units : time >= this.#end)) this.#begin(width === undefined ? time : time - (time % width), price);
    const at = this.#at;
    if (price > bars[at + 2]) bars[at + 2] = price;
    if (price < bars[at + 3]) bars[at + 3] = price;
    bars[at + 4] = price;
    bars[at + 5] += size;
    this.#value += price * size;
    bars[at + 7] += 1;
  }

  /** No more ticks come. */
  end(): Float64Array {
    if (this.#at >= 0) this.#bars[this.#at + 6] = this.#value / this.#bars[this.#at + 5];
    return Float64Array.from(this.#bars);
  }

  #begin(start: number, price: number): void {
    if (this.#at >= 0) this.#bars[this.#at + 6] = this.#value / this.#bars[this.#at + 5];
    this.#at += FIELDS;
    this.#bars.push(start, price, price, price, price, 0, 0, 0);
    this.#end = start + (this.rule.width ?? 0);
    this.#value = 0;
  }
}

/** The bars of the ticks [0, rows), by the arithmetic that makes the ticks. */
export function expectedBars(rows: number, rule: BarRule): Float64Array {
  const bars = new PlainBars(rule);
  for (let n = 0; n < rows; n++) bars.add(tickTime(n), tickPrice(n), tickSize(n));
  return bars.end();
}

/** What a plain loop over objects takes. */
export function barsOfTicks(ticks: readonly Tick[], rule: BarRule): Float64Array {
  const bars = new PlainBars(rule);
  for (const { timestamp, price, size } of ticks) bars.add(timestamp, price, size);
  return bars.end();
}

/** What a plain loop over typed arrays takes: time bars with everything in local variables. */
export function timeBarsOfColumns({ price, size, timestamp }: TickColumns, width: number): Float64Array {
  const words = wordsOf(timestamp);
  const rows = price.length;
  const bars: number[] = [];
  let [start, end, open, high, low, close, volume, value, count] = [0, -Infinity, 0, 0, 0, 0, 0, 0, 0];
  for (let i = 0; i < rows; i++) {
    const time = words[2 * i + 1] * 2 ** 32 + words[2 * i];
    const p = price[i];
    const s = size[i];
    if (time >= end) {
      if (count > 0) bars.push(start, open, high, low, close, volume, value / volume, count);
      start = time - (time % width);
      end = start + width;
      open = high = low = p;
      volume = value = count = 0;
    }
    if (p > high) high = p;
    if (p < low) low = p;
    close = p;
    volume += s;
    value += p * s;
    count++;
  }
  if (count > 0) bars.push(start, open, high, low, close, volume, value / volume, count);
  return Float64Array.from(bars);
}

type Cells = ArrayLike<number> | ArrayLike<bigint>;

/**
 * Bars in columns as eight numbers each.
 * @param priceUnits cells of price columns in one, where they are decimals; `sizeUnits` the same of volumes
 */
export function barNumbers(columns: Readonly<Record<string, Cells>>, priceUnits = 1, sizeUnits = 1): Float64Array {
  const { length } = columns.start;
  const bars = new Float64Array(length * FIELDS);
  const units = { start: 1, open: priceUnits, high: priceUnits, low: priceUnits, close: priceUnits, volume: sizeUnits, vwap: 1, count: 1 };
  BAR_FIELDS.forEach((field, f) => {
    for (let i = 0; i < length; i++) bars[i * FIELDS + f] = Number(columns[field][i]) / units[field];
  });
  return bars;
}

/** What readers give as columns; every column that is looked at has to be there. */
export function barNumbersOf({ start, open, high, low, close, volume, vwap, count }: BarColumns, priceUnits = 1, sizeUnits = 1): Float64Array {
  if (volume === undefined || vwap === undefined) throw new TypeError('bars without volume');
  return barNumbers({ start, open, high, low, close, volume, vwap, count }, priceUnits, sizeUnits);
}

/** Which number of which bar is at a place of these. */
export const barLabel = (place: number): string => `${BAR_FIELDS[place % FIELDS]} of bar ${Math.floor(place / FIELDS)}`;

/** Time bars in SQL. `first` and `last` go by the order of rows, which one thread keeps; several need the times. */
export function timeBarsSql(width: number, threads: number): string {
  const [open, close] = threads === 1 ? ['first(price)', 'last(price)'] : ['arg_min(price, timestamp)', 'arg_max(price, timestamp)'];
  return `select timestamp - timestamp % ${width} as start, ${open} as open, max(price) as high, min(price) as low, ${close} as close,
    sum(size)::double as volume, sum(price * size)::double / sum(size)::double as vwap, count(*) as count from ticks group by 1 order by 1`;
}
