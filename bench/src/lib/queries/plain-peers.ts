import { Float64, Vector, makeData } from 'apache-arrow';
import { type Contender, asGiven, timed } from './race.js';
import type { SidedColumns } from './ticks.js';

/** A tick as most programs have it. */
export interface Tick {
  readonly price: number;
  readonly size: number;
  readonly timestamp: number;
  readonly side: string;
}

/** Objects are asked about the first ticks only: all of them would take gigabytes of heap. */
const OBJECT_ROWS = 1_000_000;

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

export const arraysContender = (ask: () => ArrayLike<number>): Contender => ({ name: 'a plain loop over typed arrays', ask: timed(ask, asGiven) });

/** @param expected of the ticks that there are as objects */
export function objectsContender(objects: readonly Tick[], ask: (objects: readonly Tick[]) => ArrayLike<number>, expected: ArrayLike<number>): Contender {
  return { name: `a plain loop over ${objects.length.toLocaleString('en')} objects`, ask: timed(() => ask(objects), asGiven), rows: objects.length, expected };
}
