/** Runs of rows, gone over in strips: long ones as they are, scattered ones together under a mask. */
import { STRIP_ROWS } from './scratch.js';

export interface Strip {
  readonly from: number;
  readonly n: number;
  /** Every row of the strip is in the runs; else `maskOfRuns` says which are. */
  readonly whole: boolean;
  /** Where the runs that the strip begins with lie among the pairs. */
  readonly at: number;
}

/** Rows of a word of a mask: strips begin at multiples of it. */
const WORD_ROWS = 32;

/**
 * Strips lie on a grid of `STRIP_ROWS` rows, one in each place that has rows of the runs, and are cut short at their ends where these have
 * none. In whatever parts runs are gone over: with parts cut on the grid the strips are the same.
 * @param pairs half-open runs in order: from, to, from, to, …
 */
export function* stripsOf(pairs: Int32Array): Generator<Strip, void, void> {
  const end = pairs.at(-1) ?? 0;
  for (let at = 0, row = pairs[0] ?? 0; row < end;) {
    while ((pairs[at + 1] as number) <= row) at += 2;
    row = Math.max(row, pairs[at] as number);
    const from = row - (row % WORD_ROWS);
    const runEnd = pairs[at + 1] as number;
    const most = Math.min(end, row - (row % STRIP_ROWS) + STRIP_ROWS);
    const alone = runEnd >= most || (pairs[at + 2] as number) >= most;
    const to = alone ? Math.min(runEnd, most) : most;
    yield { from, n: to - from, whole: alone && from === row, at };
    row = to;
  }
}

/** Writes which rows of a strip are in the runs. */
export function maskOfRuns(pairs: Int32Array, { from, n, at }: Strip, mask: Int32Array): void {
  mask.fill(0, 0, (n + 31) >>> 5);
  for (let r = at; r < pairs.length && (pairs[r] as number) < from + n; r += 2) {
    setBits(mask, Math.max(0, (pairs[r] as number) - from), Math.min(n, (pairs[r + 1] as number) - from));
  }
}

function setBits(mask: Int32Array, from: number, to: number): void {
  const first = from >>> 5;
  const last = (to - 1) >>> 5;
  const head = -1 << (from & 31);
  const tail = -1 >>> (31 - ((to - 1) & 31));
  if (first === last) {
    mask[first] = (mask[first] as number) | (head & tail);
    return;
  }
  mask[first] = (mask[first] as number) | head;
  mask.fill(-1, first + 1, last);
  mask[last] = (mask[last] as number) | tail;
}
