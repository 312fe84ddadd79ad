/** Bars of exact numbers as the kernel of assembly/bars-exact.ts has them: columns of 8-byte cells, `room` each; sums are two cells. */
import type { BarData } from './bar-table.js';

/** Start, end, four prices, the count, and two cells for each of four sums. */
export const EXACT_CELLS = 15;
const PLAIN = ['start', 'end', 'open', 'high', 'low', 'close'] as const;
/** The columns of sums. */
export const SUMS = ['volume', 'value', 'buyVolume', 'sellVolume'] as const;
const SUM_MAX = 2n ** 125n;

/** Whether the sums of a bar have a place in two cells. */
export function sumsFit(data: BarData, at: number): boolean {
  return SUMS.every((name) => {
    const sum = data[name][at] ?? 0;
    return typeof sum === 'number' ? Number.isSafeInteger(sum) : sum < SUM_MAX && sum > -SUM_MAX;
  });
}

/** Puts a bar in front of the kernel's. Ask `sumsFit` first. */
export function lendExact(data: BarData, at: number, buffer: ArrayBufferLike, offset: number, room: number): void {
  const cells = new BigInt64Array(buffer, offset, EXACT_CELLS * room);
  PLAIN.forEach((name, k) => { cells[k * room] = data[name][at] as bigint; });
  new Float64Array(buffer, offset, EXACT_CELLS * room)[PLAIN.length * room] = data.count[at] as number;
  SUMS.forEach((name, k) => {
    const sum = BigInt(data[name][at] ?? 0);
    const column = PLAIN.length + 1 + 2 * k;
    // A column of 64 bits keeps the low bits of what is put there.
    cells[column * room] = sum;
    cells[(column + 1) * room] = sum >> 64n;
  });
}

/** Takes bars [from, from + bars) of the kernel's to places from `at` on. */
export function takeExact(data: BarData, buffer: ArrayBufferLike, offset: number, room: number, from: number, bars: number, at: number): void {
  const place = (column: number): number => offset + (column * room + from) * 8;
  PLAIN.forEach((name, k) => {
    const column = data[name];
    if (column instanceof BigUint64Array) column.set(new BigUint64Array(buffer, place(k), bars), at);
    else (column as BigInt64Array).set(new BigInt64Array(buffer, place(k), bars), at);
  });
  data.count.set(new Float64Array(buffer, place(PLAIN.length), bars), at);
  SUMS.forEach((name, k) => {
    const sums = data[name];
    const column = PLAIN.length + 1 + 2 * k;
    const low = new BigInt64Array(buffer, place(column), bars);
    const high = new BigInt64Array(buffer, place(column + 1), bars);
    const lowWords = new BigUint64Array(buffer, place(column), bars);
    const sum = (i: number): bigint => {
      const small = low[i] as bigint;
      const above = high[i] as bigint;
      // Most sums fit one cell; the other has their sign then.
      return above === (small < 0n ? -1n : 0n) ? small : (above << 64n) + (lowWords[i] as bigint);
    };
    if (Array.isArray(sums)) for (let i = 0; i < bars; i++) sums[at + i] = sum(i);
    else if (sums.length > 0) for (let i = 0; i < bars; i++) sums[at + i] = Number(low[i]);
  });
}
