/** The kernels of `ScanKernels` that add up float64, in plain loops and in the same order. */
import type { ScanKernels } from './scan-kernels.js';
import type { ScanMemory } from './scan-memory.js';

/** Whether a row counts. */
export type Counts = (row: number) => boolean;

/** @param mask address; 0 is every row */
export function countsOf(memory: ScanMemory, mask: number, n: number): Counts {
  if (mask === 0) return () => true;
  const words = memory.mask(mask, n);
  return (row) => (((words[row >>> 5] as number) >>> (row & 31)) & 1) === 1;
}

export function plainSums(memory: ScanMemory): Pick<ScanKernels, 'sumF64' | 'dotF64' | 'deviationsF64' | 'extremesF64' | 'histogramF64' | 'keepF64'> {
  return {
    sumF64(at, n, mask = 0) {
      const cells = memory.f64(at, n);
      return inEightLanes(n, countsOf(memory, mask, n), (row) => cells[row] as number);
    },
    dotF64(at, other, n, mask, result) {
      const a = memory.f64(at, n);
      const b = memory.f64(other, n);
      const counts = countsOf(memory, mask, n);
      memory.f64(result, 2).set([
        inEightLanes(n, counts, (row) => (a[row] as number) * (b[row] as number)),
        inEightLanes(n, counts, (row) => b[row] as number),
      ]);
    },
    deviationsF64(at, n, mask, mean, result) {
      const cells = memory.f64(at, n);
      const counts = countsOf(memory, mask, n);
      const sums = [0, 0, 0, 0];
      const squares = [0, 0, 0, 0];
      for (let row = 0; row < n; row++) {
        const d = counts(row) ? (cells[row] as number) - mean : 0;
        sums[row & 3] = (sums[row & 3] as number) + d;
        squares[row & 3] = (squares[row & 3] as number) + d * d;
      }
      memory.f64(result, 2).set([sums, squares].map(([a, b, c, d]) => ((a as number) + (c as number)) + ((b as number) + (d as number))));
    },
    extremesF64(at, n, mask, result) {
      const cells = memory.f64(at, n);
      const counts = countsOf(memory, mask, n);
      let min = Infinity;
      let max = -Infinity;
      for (let row = 0; row < n; row++) {
        if (!counts(row)) continue;
        const x = cells[row] as number;
        if (x < min) min = x;
        if (x > max) max = x;
      }
      memory.f64(result, 2).set([min + 0, max + 0]);
    },
    histogramF64(at, n, mask, edges, edgeCount, into) {
      countBins(memory.f64(at, n), memory.f64(edges, edgeCount), countsOf(memory, mask, n), memory.u32(into, edgeCount + 2));
    },
    keepF64(at, n, mask, out) {
      const cells = memory.f64(at, n);
      const to = memory.f64(out, n);
      const counts = countsOf(memory, mask, n);
      let kept = 0;
      for (let row = 0; row < n; row++) if (counts(row) && !Number.isNaN(cells[row])) to[kept++] = cells[row] as number;
      return kept;
    },
  };
}

/** Eight lanes side by side, then pairwise. */
function inEightLanes(n: number, counts: Counts, value: (row: number) => number): number {
  const lanes = new Float64Array(8);
  for (let row = 0; row < n; row++) if (counts(row)) lanes[row & 7] = (lanes[row & 7] as number) + value(row);
  const [a, b, c, d, e, f, g, h] = lanes as unknown as [number, number, number, number, number, number, number, number];
  return ((a + c) + (e + g)) + ((b + d) + (f + h));
}

/** Adds to counters: cells in front of the first edge, between each two, behind the last, and NaN. */
export function countBins<T extends number | bigint>(cells: ArrayLike<T>, edges: ArrayLike<T>, counts: Counts, counters: Uint32Array): void {
  for (let row = 0; row < cells.length; row++) {
    if (!counts(row)) continue;
    const x = cells[row] as T;
    const bin = Number.isNaN(x) ? edges.length + 1 : edgesUpTo(edges, x);
    counters[bin] = (counters[bin] as number) + 1;
  }
}

/** How many of some ascending edges are at or below a value. */
export function edgesUpTo<T extends number | bigint>(edges: ArrayLike<T>, x: T): number {
  let low = 0;
  let high = edges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((edges[middle] as T) <= x) low = middle + 1;
    else high = middle;
  }
  return low;
}
