import { Float64, Vector, makeData } from 'apache-arrow';
import type { SidedColumns } from './ticks.js';

/** A tick as most programs have it. */
export interface Tick {
  readonly price: number;
  readonly size: number;
  readonly timestamp: number;
  readonly side: string;
}

/** Objects are asked about the first ticks only: all of them would take gigabytes of heap. */
export const OBJECT_ROWS = 1_000_000;

/** The first ticks as objects, OBJECT_ROWS at most. */
export function tickObjects({ price, size, timestamp, side }: SidedColumns): Tick[] {
  return Array.from({ length: Math.min(price.length, OBJECT_ROWS) }, (_, i) => ({
    price: price[i], size: size[i], timestamp: Number(timestamp[i]), side: side[i] === 66 ? 'B' : 'S',
  }));
}

/** An Arrow vector over the cells, without a copy. */
export function arrowVector(cells: Float64Array): Vector<Float64> {
  return new Vector([makeData({ type: new Float64(), data: cells })]);
}
