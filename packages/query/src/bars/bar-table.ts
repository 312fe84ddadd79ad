/** Bars as columns that grow. */
import type { Clock } from '@deepwater/core/engine';
import type { BarFields } from './bar-fields.js';
import { lendExact, sumsFit, takeExact } from './exact-cells.js';
import type { OpenBar } from './open-bar.js';

type Times = BigInt64Array | BigUint64Array;
/** Numbers; or the stored integers of decimals. */
type Prices = Float64Array | BigInt64Array | BigUint64Array;
/** Numbers, or bigints, which have room for every sum of 64-bit integers. */
type Sums = Float64Array | bigint[];

/** The columns of bars: plain data, which can be posted to other threads. */
export interface BarData {
  rows: number;
  start: Times;
  end: Times;
  open: Prices;
  high: Prices;
  low: Prices;
  close: Prices;
  count: Float64Array;
  volume: Sums;
  value: Sums;
  buyVolume: Sums;
  sellVolume: Sums;
}

const ROWS_FIRST = 256;
const COLUMNS = ['start', 'end', 'open', 'high', 'low', 'close', 'count', 'volume', 'value', 'buyVolume', 'sellVolume'] as const;

/** No columns for what the fields do not have: those stay empty. */
export function newBarData(clock: Clock, fields: BarFields, rows: number): BarData {
  const times = (): Times => (clock.signed ? new BigInt64Array(rows) : new BigUint64Array(rows));
  const prices = (): Prices =>
    !fields.exactPrice ? new Float64Array(rows) : fields.price.cell === 'u64' ? new BigUint64Array(rows) : new BigInt64Array(rows);
  const sums = (exact: boolean, there: boolean): Sums => (exact ? [] : new Float64Array(there ? rows : 0));
  const sized = fields.size !== undefined;
  const sided = fields.side !== undefined;
  return {
    rows: 0, start: times(), end: times(), open: prices(), high: prices(), low: prices(), close: prices(), count: new Float64Array(rows),
    volume: sums(fields.exactSize, sized), value: sums(fields.exactValue, sized),
    buyVolume: sums(fields.exactSize, sided), sellVolume: sums(fields.exactSize, sided),
  };
}

export class BarTable {
  readonly data: BarData;
  /** The bar with the greatest start; -1 where there is none. */
  last = -1;
  /** Whether bars were appended in the order of their times. */
  #ordered = true;
  #room = ROWS_FIRST;
  readonly #byStart = new Map<bigint, number>();
  /** Bars that are in the map. */
  #mapped = 0;

  constructor(private readonly clock: Clock, private readonly fields: BarFields) {
    this.data = newBarData(clock, fields, ROWS_FIRST);
  }

  get rows(): number {
    return this.data.rows;
  }

  /** Makes room for so many bars more. */
  reserve(bars: number): void {
    const { data } = this;
    if (data.rows + bars <= this.#room) return;
    // Memory that is not touched takes none.
    this.#room = Math.max(4 * this.#room, data.rows + bars);
    const grown = newBarData(this.clock, this.fields, this.#room);
    for (const name of COLUMNS) {
      const from = data[name];
      const to = grown[name];
      if (Array.isArray(from) || Array.isArray(to)) continue;
      // The pair is of one type.
      (to as Float64Array).set((from as Float64Array).subarray(0, Math.min(data.rows, from.length)));
      (data as unknown as Record<string, unknown>)[name] = to;
    }
  }

  /** Appends a bar of times [start, end), for `store` to fill. */
  append(start: bigint, end: bigint): number {
    this.reserve(1);
    const { data } = this;
    const at = data.rows++;
    data.start[at] = start;
    data.end[at] = end;
    this.appended(at);
    return at;
  }

  /** Takes note of a bar whose columns were filled otherwise. */
  appended(at: number): void {
    if (this.last >= 0 && this.startOf(at) < this.startOf(this.last)) this.#ordered = false;
    else this.last = at;
  }

  startOf(at: number): bigint {
    return this.data.start[at] as bigint;
  }

  endOf(at: number): bigint {
    return this.data.end[at] as bigint;
  }

  /** Whether `lend` can give a bar to the kernel. */
  lends(at: number): boolean {
    return !this.fields.exactPrice || sumsFit(this.data, at);
  }

  /** Puts a bar in front of a kernel's: columns of cells of 8 bytes, `room` each. */
  lend(at: number, buffer: ArrayBufferLike, offset: number, room: number): void {
    if (this.fields.exactPrice) {
      lendExact(this.data, at, buffer, offset, room);
      return;
    }
    const times = new BigInt64Array(buffer, offset);
    const numbers = new Float64Array(buffer, offset);
    COLUMNS.forEach((name, k) => {
      const cell = this.data[name][at] ?? 0;
      if (k < 2) times[k * room] = cell as bigint;
      else numbers[k * room] = cell as number;
    });
  }

  /** Takes a kernel's bars. @param under the first is the last one of this table, gone on with */
  take(buffer: ArrayBufferLike, offset: number, room: number, made: number, under: boolean): void {
    if (made === 0) return;
    const { data } = this;
    this.reserve(made);
    const first = under ? this.last : data.rows;
    if (under && first !== data.rows - 1) {
      this.#takeFrom(buffer, offset, room, 0, 1, first);
      this.#takeFrom(buffer, offset, room, 1, made - 1, data.rows);
    } else {
      this.#takeFrom(buffer, offset, room, 0, made, first);
    }
    data.rows += under ? made - 1 : made;
    // They are in order, and later than all that were there.
    if (!under || made > 1) this.last = data.rows - 1;
  }

  #takeFrom(buffer: ArrayBufferLike, offset: number, room: number, from: number, bars: number, at: number): void {
    if (bars === 0) return;
    if (this.fields.exactPrice) {
      takeExact(this.data, buffer, offset, room, from, bars, at);
      return;
    }
    COLUMNS.forEach((name, k) => {
      const column = this.data[name];
      const place = offset + (k * room + from) * 8;
      if (Array.isArray(column) || column.length === 0) return;
      if (column instanceof Float64Array) column.set(new Float64Array(buffer, place, bars), at);
      else if (column instanceof BigInt64Array) column.set(new BigInt64Array(buffer, place, bars), at);
      else column.set(new BigUint64Array(buffer, place, bars), at);
    });
  }

  /** The bar that begins at a time; -1 where there is none. */
  find(start: bigint): number {
    if (this.last < 0) return -1;
    const newest = this.startOf(this.last);
    if (start === newest) return this.last;
    if (start > newest) return -1;
    for (; this.#mapped < this.data.rows; this.#mapped++) this.#byStart.set(this.startOf(this.#mapped), this.#mapped);
    return this.#byStart.get(start) ?? -1;
  }

  store(at: number, bar: OpenBar): void {
    const { data } = this;
    data.open[at] = bar.open;
    data.high[at] = bar.high;
    data.low[at] = bar.low;
    data.close[at] = bar.close;
    data.count[at] = bar.count;
    data.volume[at] = bar.volume;
    data.value[at] = bar.value;
    data.buyVolume[at] = bar.buyVolume;
    data.sellVolume[at] = bar.sellVolume;
  }

  load(at: number, bar: OpenBar): void {
    loadBar(this.data, at, bar);
  }

  /** The bars, and no more of the columns than there are bars. @param byTime in the order of their times; else as they were appended */
  finish(byTime: boolean): BarData {
    const { data } = this;
    const { rows } = data;
    const order = this.#ordered || !byTime ? undefined : Array.from({ length: rows }, (_, at) => at).sort((a, b) => (this.startOf(a) < this.startOf(b) ? -1 : 1));
    return { rows, ...Object.fromEntries(COLUMNS.map((name) => [name, finished(data[name], rows, order)])) } as unknown as BarData;
  }
}

function finished(column: Prices | Sums, rows: number, order: readonly number[] | undefined): Prices | Sums {
  if (order !== undefined && column.length > 0) {
    if (Array.isArray(column)) return order.map((at) => column[at] as bigint);
    const sorted = column.slice(0, rows);
    order.forEach((from, to) => { sorted[to] = column[from] as never; });
    return sorted;
  }
  return Array.isArray(column) ? column : column.subarray(0, Math.min(rows, column.length));
}

export function loadBar(data: BarData, at: number, bar: OpenBar): void {
  bar.clear();
  bar.open = data.open[at] as number | bigint;
  bar.high = data.high[at] as number | bigint;
  bar.low = data.low[at] as number | bigint;
  bar.close = data.close[at] as number | bigint;
  bar.count = data.count[at] as number;
  if (bar.fields.size === undefined) return;
  bar.volume = data.volume[at] as number | bigint;
  bar.value = data.value[at] as number | bigint;
  if (bar.fields.side === undefined) return;
  bar.buyVolume = data.buyVolume[at] as number | bigint;
  bar.sellVolume = data.sellVolume[at] as number | bigint;
}

/** Bars of parts of a range, one part after the other. */
export function joinBars(clock: Clock, fields: BarFields, parts: readonly BarData[]): BarData {
  const [first] = parts;
  if (parts.length === 1 && first !== undefined) return first;
  const rows = parts.reduce((sum, part) => sum + part.rows, 0);
  const joined = newBarData(clock, fields, rows);
  joined.rows = rows;
  for (const name of COLUMNS) {
    const target = joined[name];
    let at = 0;
    for (const part of parts) {
      const column = part[name];
      if (Array.isArray(target)) for (const sum of column) target.push(sum as bigint);
      else (target as Float64Array).set(column as Float64Array, at);
      at += column.length;
    }
  }
  return joined;
}
