/**
 * Mean and squared deviations, so that they can be merged: each strip in two passes over its cells (mean, then deviations from
 * it), strips and parts by the formula of Chan, Golub and LeVeque (1979). Nothing is ever squared that has not had its mean
 * taken off, so values far from 0 keep their digits; of 64-bit cells a number near them all is taken off exactly before they become floats.
 */
import type { Field } from '@deepwater/core/engine';
import { is64 } from '../cell-kinds.js';
import { firstInMask } from '../kernels/masks.js';
import type { Gathering } from './measures.js';
import type { ActiveStrip } from './strip.js';

export interface Moments {
  readonly count: number;
  /** What was taken off every cell. */
  readonly shift: bigint;
  /** Mean of the cells less the shift. */
  readonly mean: number;
  /** Sum of the squared deviations from the mean. */
  readonly squares: number;
}

export function momentsOf(field: Field): Gathering {
  let total: Moments | undefined;
  let shift: bigint | undefined;
  return {
    take(strip) {
      if (is64(field)) shift ??= firstCell(strip, field);
      const at = shift === undefined ? strip.floats(field) : strip.differences(field, shift);
      const part = ofStrip(strip, at, shift ?? 0n);
      total = total === undefined ? part : addMoments(total, part);
    },
    part: () => total,
  };
}

function ofStrip(strip: ActiveStrip, at: number, shift: bigint): Moments {
  const { kernels } = strip.source;
  const near = kernels.sumF64(at, strip.n, strip.mask) / strip.count;
  kernels.deviationsF64(at, strip.n, strip.mask, near, strip.resultAt);
  const [sum, squares] = strip.results(2) as unknown as [number, number];
  // What the rounding of the first mean left over is put right.
  return { count: strip.count, shift, mean: near + sum / strip.count, squares: squares - (sum * sum) / strip.count };
}

export function addMoments(a: Moments, b: Moments): Moments {
  const count = a.count + b.count;
  const delta = Number(b.shift - a.shift) + (b.mean - a.mean);
  return {
    count, shift: a.shift,
    mean: a.mean + delta * (b.count / count),
    squares: a.squares + b.squares + delta * delta * ((a.count / count) * b.count),
  };
}

function firstCell(strip: ActiveStrip, field: Field): bigint {
  const row = strip.mask === 0 ? 0 : firstInMask(strip.source.mask(0), strip.n);
  return strip.source.column(field)[strip.from + row] as bigint;
}
