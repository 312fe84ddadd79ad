import type { Clock } from '../schema/index.js';

/**
 * Times in the raw form of files: 64 bits, signed or not, in the clock's unit. They are compared as bigint on the
 * control path and as two words in scans.
 */
export function readClock(view: DataView, offset: number, clock: Clock): bigint {
  return clock.signed ? view.getBigInt64(offset, true) : view.getBigUint64(offset, true);
}

export function writeClock(view: DataView, offset: number, clock: Clock, value: bigint): void {
  if (clock.signed) view.setBigInt64(offset, value, true);
  else view.setBigUint64(offset, value, true);
}

/** The least and greatest time of some rows on one clock. */
export interface ClockRange {
  readonly min: bigint;
  readonly max: bigint;
}

/** Reads one [min, max] pair per clock, 16 bytes each. */
export function readClockRanges(view: DataView, offset: number, clocks: readonly Clock[]): ClockRange[] {
  return clocks.map((clock, i) => ({
    min: readClock(view, offset + 16 * i, clock),
    max: readClock(view, offset + 16 * i + 8, clock),
  }));
}

export function writeClockRanges(view: DataView, offset: number, clocks: readonly Clock[], ranges: readonly ClockRange[]): void {
  clocks.forEach((clock, i) => {
    const range = ranges[i] as ClockRange;
    writeClock(view, offset + 16 * i, clock, range.min);
    writeClock(view, offset + 16 * i + 8, clock, range.max);
  });
}
