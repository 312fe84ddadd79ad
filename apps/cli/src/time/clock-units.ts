import type { Clock } from 'deepwater';

export type Unit = Clock['unit'];

/** Digits after the second that times of a clock have. */
export const DIGITS: Readonly<Record<Unit, number>> = { ms: 3, us: 6, ns: 9 };

export const unitsPerSecond = (unit: Unit): number => 10 ** DIGITS[unit];
