import type { ColumnsOf, FeedSpecInput } from '@deepwater/core';
import type { Platform } from 'deepwater';
import { FIRST_TIME_US, wordsOf } from '../records.js';

const PRICE = { name: 'price', type: 'float64' } as const;
const SIZE = { name: 'size', type: 'float64' } as const;
const TIMESTAMP = { name: 'timestamp', type: 'uint64' } as const;
const FEED = { timestamp: 'timestamp', retentionHours: 0 } as const;

/**
 * The ticks that the query lines are about: 24 bytes, each value a function of the tick's number. Prices drift and jitter,
 * sizes and sides are scattered, times are irregular: 2.9 million ticks a day, 2,000 a minute, 33 a second. Prices and sizes are
 * sums of few powers of two, so that sums of them and of their products are exact in any order and all peers agree to the last bit.
 */
const TICKS = { ...FEED, name: 'ticks', fields: [PRICE, SIZE, TIMESTAMP] } as const satisfies FeedSpecInput;

/** With a side, one byte. */
const SIDED = { ...FEED, name: 'sided', fields: [PRICE, SIZE, TIMESTAMP, { name: 'side', type: 'char' }] } as const satisfies FeedSpecInput;

/** Prices and sizes as decimals: integers of 64 bits that count hundredths and thousandths. */
const DECIMALS = {
  ...FEED, name: 'decimals', fields: [{ name: 'price', type: 'decimal', scale: 2 }, { name: 'size', type: 'decimal', scale: 3 }, TIMESTAMP],
} as const satisfies FeedSpecInput;

export type TickSpec = typeof TICKS;
export type SidedSpec = typeof SIDED;
export type DecimalSpec = typeof DECIMALS;
export type TickColumns = Readonly<ColumnsOf<TickSpec>>;
export type SidedColumns = Readonly<ColumnsOf<SidedSpec>>;

/** Mean distance of ticks, microseconds. */
const TICK_US = 30_000;
/** Times are off their even spacing by less than this. */
const JITTER_US = 2 ** 14;
const PRICE_UNIT = 0.25;

/** Scattered bits for a number below 2^31: 0 to 2 jitter the price, 3 to 5 are the feed, 8 to 14 the size, 15 to 28 the time, 31 the side. */
export function scattered(n: number): number {
  let bits = Math.imul(n, 0x1e3779b1);
  bits = Math.imul(bits ^ (bits >>> 15), 0x45d9f3b);
  return (bits ^ (bits >>> 13)) >>> 0;
}

export const tickPrice = (n: number): number => 100 + PRICE_UNIT * (((n >>> 8) & 1023) + (scattered(n) & 7));
export const tickSize = (n: number): number => 1 + ((scattered(n) >>> 8) & 127);
export const tickTime = (n: number): number => FIRST_TIME_US + n * TICK_US + ((scattered(n) >>> 15) & (JITTER_US - 1));
/** Which of eight feeds a tick is in where they are spread over several. */
export const tickFeed = (n: number): number => (scattered(n) >>> 3) & 7;
export const tickSide = (n: number): 'B' | 'S' => (scattered(n) >>> 31 === 1 ? 'B' : 'S');

/** The time after the ticks [0, rows), before tick number `rows`. */
export const endTime = (rows: number): number => FIRST_TIME_US + rows * TICK_US;

/** The same as SQL expressions over an integer n: DuckDB makes its table by itself. */
export const TICK_SQL = (() => {
  const product = (value: string, factor: number): string => `((${value}) * ${factor} & 4294967295)`;
  const first = product('n', 0x1e3779b1);
  const second = product(`xor(${first}, ${first} >> 15)`, 0x45d9f3b);
  const bits = `xor(${second}, ${second} >> 13)`;
  return {
    price: `100 + ${PRICE_UNIT}::double * (((n >> 8) & 1023) + (${bits} & 7))`,
    size: `(1 + ((${bits} >> 8) & 127))::double`,
    timestamp: `(${FIRST_TIME_US} + n * ${TICK_US} + ((${bits} >> 15) & ${JITTER_US - 1}))::ubigint`,
    side: `case when ${bits} >> 31 = 1 then 'B' else 'S' end`,
    feed: `(${bits} >> 3) & 7`,
  };
})();

/** These ticks as columns. */
export function columnsOfTicks(numbers: ArrayLike<number>): SidedColumns {
  const rows = numbers.length;
  const columns = { price: new Float64Array(rows), size: new Float64Array(rows), timestamp: new BigUint64Array(rows), side: new Uint8Array(rows) };
  const words = wordsOf(columns.timestamp);
  for (let i = 0; i < rows; i++) {
    const n = numbers[i];
    const time = tickTime(n);
    columns.price[i] = tickPrice(n);
    columns.size[i] = tickSize(n);
    columns.side[i] = tickSide(n).charCodeAt(0);
    words[2 * i] = time;
    words[2 * i + 1] = Math.floor(time / 2 ** 32);
  }
  return columns;
}

/** The numbers of the ticks [0, rows), or of some of them. */
export function tickNumbers(rows: number, wanted: (n: number) => boolean = () => true): Uint32Array {
  const numbers = new Uint32Array(rows);
  let found = 0;
  for (let n = 0; n < rows; n++) if (wanted(n)) numbers[found++] = n;
  return numbers.subarray(0, found);
}

/** Cells of a decimal column: each value in units of 10^-scale. */
function decimalCells(values: Float64Array, scale: number): BigInt64Array {
  const cells = new BigInt64Array(values.length);
  const words = new Uint32Array(cells.buffer);
  for (let i = 0; i < values.length; i++) words[2 * i] = values[i] * 10 ** scale; // below 2^32, so the high word stays 0
  return cells;
}

export type TickKind = 'ticks' | 'sided' | 'decimals';

const ROWS_A_CALL = 1_000_000;

/** Makes a feed that holds these ticks, in sealed chunks of 64 MB. */
export async function fillTicks(platform: Platform, kind: TickKind, numbers: Uint32Array, name: string = kind): Promise<void> {
  await platform.createFeed({ ...(kind === 'ticks' ? TICKS : kind === 'sided' ? SIDED : DECIMALS), name });
  const writer = await platform.createWriter(name);
  for (let at = 0; at < numbers.length; at += ROWS_A_CALL) {
    const { side, ...columns } = columnsOfTicks(numbers.subarray(at, at + ROWS_A_CALL));
    if (kind === 'ticks') writer.writeColumns(columns);
    else if (kind === 'sided') writer.writeColumns({ ...columns, side });
    else writer.writeColumns({ price: decimalCells(columns.price, 2), size: decimalCells(columns.size, 3), timestamp: columns.timestamp });
  }
  await writer.close();
}
