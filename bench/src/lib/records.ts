import type { ColumnsOf, FeedSpecInput } from '@deepwater/core';

/**
 * The record that every line is about: 24 bytes, each value a function of the record's number, so that a reader can say
 * whether it got what was written. Prices and sizes are sums of few powers of two: adding them up is exact.
 */
export const RECORD_BYTES = 24;
export const FIRST_TIME_US = 1_738_368_000_000_000;

const SPEC = {
  name: 'bench',
  fields: [
    { name: 'price', type: 'float64' },
    { name: 'size', type: 'float64' },
    { name: 'timestamp', type: 'uint64' },
  ],
  timestamp: 'timestamp',
  retentionHours: 0,
} as const satisfies FeedSpecInput;

/** For `createWriter<BenchSpec>` and `createReader<BenchSpec>`. */
export type BenchSpec = typeof SPEC;

/** How a feed of a benchmark may differ from the defaults. */
export type BenchFeedOptions = Pick<FeedSpecInput, 'chunkSizeMb' | 'ringRecords'>;

export function benchFeed(name: string, options: BenchFeedOptions = {}): FeedSpecInput {
  return { ...SPEC, name, ...options };
}

export const priceOf = (n: number): number => 100 + (n & 1023) * 0.25;
export const sizeOf = (n: number): number => 1 + (n & 127);
export const timeOf = (n: number): number => FIRST_TIME_US + n;

/** Columns of a feed of `benchFeed`, as batches and ranges give them. */
export type BenchColumns = Readonly<ColumnsOf<BenchSpec>>;

/** Records [from, from + rows) as columns. */
export function columnsOf(from: number, rows: number): BenchColumns {
  const price = new Float64Array(rows);
  const size = new Float64Array(rows);
  const timestamp = new BigUint64Array(rows);
  const words = wordsOf(timestamp);
  for (let i = 0; i < rows; i++) {
    const time = timeOf(from + i);
    price[i] = priceOf(from + i);
    size[i] = sizeOf(from + i);
    words[2 * i] = time;
    words[2 * i + 1] = Math.floor(time / 2 ** 32);
  }
  return { price, size, timestamp };
}

/** 64-bit cells as pairs of words, low one first: no bigint is made to look at them. */
export function wordsOf(cells: BigUint64Array): Uint32Array {
  return new Uint32Array(cells.buffer, cells.byteOffset, cells.length * 2);
}

/** What is wrong with columns that should hold the records from number `from` on; undefined where nothing is. */
export function wrongColumns(columns: BenchColumns, from: number): string | undefined {
  const { price, size, timestamp } = columns;
  const rows = price.length;
  if (size.length !== rows || timestamp.length !== rows) return `columns of ${rows}, ${size.length} and ${timestamp.length} rows`;
  const words = wordsOf(timestamp);
  for (let i = 0; i < rows; i++) {
    const n = from + i;
    const time = timeOf(n);
    if (price[i] !== priceOf(n) || size[i] !== sizeOf(n) || words[2 * i] !== time >>> 0 || words[2 * i + 1] !== Math.floor(time / 2 ** 32)) {
      return `record ${n} is (${price[i]}, ${size[i]}, ${timestamp[i]}), not (${priceOf(n)}, ${sizeOf(n)}, ${time})`;
    }
  }
  return undefined;
}

/** What adding up columns gives: prices, sizes, and the low words of the timestamps modulo 2^32. */
export interface Sums {
  price: number;
  size: number;
  time: number;
}

/** Adds every value of some columns to the sums. */
export function addUp(columns: BenchColumns, sums: Sums): void {
  const { price, size } = columns;
  const words = wordsOf(columns.timestamp);
  let prices = 0;
  let sizes = 0;
  let times = 0;
  for (let i = 0; i < price.length; i++) {
    prices += price[i];
    sizes += size[i];
    times = (times + words[2 * i]) | 0;
  }
  sums.price += prices;
  sums.size += sizes;
  sums.time = (sums.time + times) | 0;
}

/** What the records [from, to) add up to, by arithmetic. */
export function expectedSums(from: number, to: number): Sums {
  const rows = BigInt(to - from);
  const times = rows * BigInt(FIRST_TIME_US) + ((BigInt(to) * BigInt(to - 1)) / 2n - (BigInt(from) * BigInt(from - 1)) / 2n);
  return {
    price: 100 * (to - from) + 0.25 * (sumOfCycle(to, 1024) - sumOfCycle(from, 1024)),
    size: to - from + sumOfCycle(to, 128) - sumOfCycle(from, 128),
    time: Number(BigInt.asIntN(32, times)),
  };
}

/** The sum of `n mod period` over n below `end`. */
function sumOfCycle(end: number, period: number): number {
  const rest = end % period;
  return Math.floor(end / period) * ((period * (period - 1)) / 2) + (rest * (rest - 1)) / 2;
}

/** What is wrong with sums; undefined where nothing is. */
export function wrongSums(sums: Sums, expected: Sums): string | undefined {
  if (sums.price === expected.price && sums.size === expected.size && sums.time === expected.time) return undefined;
  return `sums are (${sums.price}, ${sums.size}, ${sums.time}), not (${expected.price}, ${expected.size}, ${expected.time})`;
}
