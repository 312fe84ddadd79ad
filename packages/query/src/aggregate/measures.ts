/** What is gathered for each kind of measure: how from a strip, and how two parts become one. */
import type { Field, Schema } from '@deepwater/core/engine';
import { is64, isFloat } from '../cell-kinds.js';
import { firstInMask, lastInMask } from '../kernels/masks.js';
import { SCRATCH } from '../kernels/scratch.js';
import { type FloatSum, NO_SUM, addSums } from './float-sum.js';
import { type Moments, addMoments, momentsOf } from './moments.js';
import type { Measure } from './request.js';
import { type ActiveStrip, signOf } from './strip.js';

/** A cell as it is stored: texts as bytes. */
export type Cell = number | bigint | Uint8Array;

/** What was gathered of some rows: plain data. undefined where no row had anything to give. */
export type MeasurePart =
  | FloatSum
  | bigint
  | { readonly min: number | bigint; readonly max: number | bigint }
  | { readonly cell: Cell }
  | Moments
  | { readonly value: FloatSum | bigint; readonly size: FloatSum | bigint }
  | readonly number[]
  | KeptValues;

/** Values for quantiles, in blocks as they were found. */
export interface KeptValues {
  readonly count: number;
  readonly blocks: (Float64Array | BigInt64Array | BigUint64Array)[];
}

/** One measure over the rows of one piece. */
export interface Gathering {
  take(strip: ActiveStrip): void;
  part(): MeasurePart | undefined;
}

const DIGIT = 2n ** 32n;

export function gather(measure: Measure, schema: Schema): Gathering {
  const field = schema.columns[measure.column] as Field;
  switch (measure.kind) {
    case 'sum': return isFloat(field) ? floatSum(field) : wholeSum(field);
    case 'extremes': return is64(field) ? wideExtremes(field) : extremes(field);
    case 'first': case 'last': return endCell(field, measure.kind);
    case 'moments': return momentsOf(field);
    case 'vwap': {
      const size = schema.columns[measure.size] as Field;
      return isFloat(field) || isFloat(size) ? floatVwap(field, size) : wholeVwap(field, size);
    }
    case 'histogram': return histogram(field, measure.edges);
    case 'values': return values(field);
  }
}

function floatSum(field: Field): Gathering {
  let total = NO_SUM;
  return {
    take(strip) { total = addSums(total, { sum: strip.source.kernels.sumF64(strip.floats(field), strip.n, strip.mask), lost: 0 }); },
    part: () => total,
  };
}

function wholeSum(field: Field): Gathering {
  let total = 0n;
  return {
    take(strip) { total += sumOfStrip(strip, field); },
    part: () => total,
  };
}

/** Exact: what a strip adds up to fits a float64, in words where the cells have 64 bits. */
function sumOfStrip(strip: ActiveStrip, field: Field): bigint {
  const { kernels } = strip.source;
  if (!is64(field)) return BigInt(kernels.sumF64(strip.floats(field), strip.n, strip.mask));
  kernels.sum64(strip.cellsAt(field), strip.n, strip.mask, signOf(field), strip.resultAt);
  const [low, high] = strip.results(2) as unknown as [number, number];
  return BigInt(low) + BigInt(high) * DIGIT;
}

function extremes(field: Field): Gathering {
  let min = Infinity;
  let max = -Infinity;
  return {
    take(strip) {
      strip.source.kernels.extremesF64(strip.floats(field), strip.n, strip.mask, strip.resultAt);
      const [low, high] = strip.results(2) as unknown as [number, number];
      min = Math.min(min, low);
      max = Math.max(max, high);
    },
    part: () => (min > max ? undefined : { min, max }),
  };
}

function wideExtremes(field: Field): Gathering {
  let found: { min: bigint; max: bigint } | undefined;
  return {
    take(strip) {
      strip.source.kernels.extremes64(strip.cellsAt(field), strip.n, strip.mask, signOf(field), strip.resultAt);
      const [min, max] = strip.source.memory[signOf(field) === 1 ? 'i64' : 'u64'](strip.resultAt, 2) as unknown as [bigint, bigint];
      found = found === undefined ? { min, max } : { min: min < found.min ? min : found.min, max: max > found.max ? max : found.max };
    },
    part: () => found,
  };
}

function endCell(field: Field, which: 'first' | 'last'): Gathering {
  let found: Cell | undefined;
  return {
    take(strip) {
      if (which === 'first' && found !== undefined) return;
      const within = strip.mask === 0 ? (which === 'first' ? 0 : strip.n - 1) : (which === 'first' ? firstInMask : lastInMask)(strip.source.mask(0), strip.n);
      const row = strip.from + within;
      const column = strip.source.column(field);
      found = field.cell === 'bytes' ? Uint8Array.from(column.subarray(row * field.width, (row + 1) * field.width) as Uint8Array) : column[row];
    },
    part: () => (found === undefined ? undefined : { cell: found }),
  };
}

function floatVwap(field: Field, size: Field): Gathering {
  let value = NO_SUM;
  let volume = NO_SUM;
  return {
    take(strip) {
      strip.source.kernels.dotF64(strip.floats(field), strip.floats(size), strip.n, strip.mask, strip.resultAt);
      const [products, sizes] = strip.results(2) as unknown as [number, number];
      value = addSums(value, { sum: products, lost: 0 });
      volume = addSums(volume, { sum: sizes, lost: 0 });
    },
    part: () => ({ value, size: volume }),
  };
}

function wholeVwap(field: Field, size: Field): Gathering {
  let value = 0n;
  let volume = 0n;
  // What is narrower was made wide with a sign.
  const sign = (each: Field): number => (each.cell === 'u64' ? 0 : 1);
  return {
    take(strip) {
      strip.source.kernels.dot64(strip.wholes(field), strip.wholes(size), strip.n, strip.mask, sign(field), sign(size), strip.resultAt);
      let digit = 1n;
      const [a, b, c, d, low, high] = strip.results(6) as unknown as [number, number, number, number, number, number];
      for (const part of [a, b, c, d]) {
        value += BigInt(part) * digit;
        digit *= DIGIT;
      }
      volume += BigInt(low) + BigInt(high) * DIGIT;
    },
    part: () => ({ value, size: volume }),
  };
}

function histogram(field: Field, edges: readonly (number | bigint)[]): Gathering {
  const totals = new Array<number>(edges.length + 2).fill(0);
  return {
    take(strip) {
      const { kernels, memory } = strip.source;
      const edgesAt = strip.source.scratchAt(SCRATCH.CELLS);
      const countsAt = strip.source.scratchAt(SCRATCH.COUNTS);
      const counts = memory.u32(countsAt, totals.length).fill(0);
      if (is64(field)) {
        const cells = signOf(field) === 1 ? memory.i64(edgesAt, edges.length) : memory.u64(edgesAt, edges.length);
        cells.set(edges as readonly bigint[]);
        kernels.histogram64(strip.cellsAt(field), strip.n, strip.mask, signOf(field), edgesAt, edges.length, countsAt);
      } else {
        memory.f64(edgesAt, edges.length).set(edges as readonly number[]);
        kernels.histogramF64(strip.floats(field), strip.n, strip.mask, edgesAt, edges.length, countsAt);
      }
      for (let i = 0; i < totals.length; i++) totals[i] = (totals[i] as number) + (counts[i] as number);
    },
    part: () => totals,
  };
}

/** The values themselves, NaN left out: what quantiles are chosen from. */
function values(field: Field): Gathering {
  const blocks: (Float64Array | BigInt64Array | BigUint64Array)[] = [];
  let count = 0;
  const keep = (block: Float64Array | BigInt64Array | BigUint64Array): void => {
    count += block.length;
    if (block.length > 0) blocks.push(block);
  };
  return {
    take(strip) {
      const { kernels, memory } = strip.source;
      if (is64(field)) {
        const cells = strip.cellsAt(field);
        const kept = strip.mask === 0 ? cells : strip.spare();
        if (strip.mask !== 0) kernels.keep64(cells, strip.n, strip.mask, kept);
        keep((signOf(field) === 1 ? memory.i64(kept, strip.count) : memory.u64(kept, strip.count)).slice());
        return;
      }
      const cells = strip.floats(field);
      const out = strip.spare();
      keep(memory.f64(out, kernels.keepF64(cells, strip.n, strip.mask, out)).slice());
    },
    part: () => ({ count, blocks }),
  };
}

/** Two parts as one; the second follows the first. */
export function mergeParts(measure: Measure, a: MeasurePart | undefined, b: MeasurePart | undefined): MeasurePart | undefined {
  if (a === undefined) return b;
  if (b === undefined) return a;
  switch (measure.kind) {
    case 'sum':
      return addUp(a as FloatSum | bigint, b as FloatSum | bigint);
    case 'extremes': {
      const [left, right] = [a, b] as { min: number | bigint; max: number | bigint }[] as [{ min: number; max: number }, { min: number; max: number }];
      return { min: right.min < left.min ? right.min : left.min, max: right.max > left.max ? right.max : left.max };
    }
    case 'first':
      return a;
    case 'last':
      return b;
    case 'moments':
      return addMoments(a as Moments, b as Moments);
    case 'vwap': {
      const [left, right] = [a, b] as { value: FloatSum | bigint; size: FloatSum | bigint }[] as [{ value: bigint; size: bigint }, { value: bigint; size: bigint }];
      return { value: addUp(left.value, right.value), size: addUp(left.size, right.size) };
    }
    case 'histogram':
      return (a as readonly number[]).map((count, i) => count + ((b as readonly number[])[i] as number));
    case 'values': {
      const [left, right] = [a, b] as [KeptValues, KeptValues];
      return { count: left.count + right.count, blocks: left.blocks.concat(right.blocks) };
    }
  }
}

function addUp(a: FloatSum | bigint, b: FloatSum | bigint): FloatSum | bigint {
  return typeof a === 'bigint' ? a + (b as bigint) : addSums(a, b as FloatSum);
}
