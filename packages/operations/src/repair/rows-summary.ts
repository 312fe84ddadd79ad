import type { BlockDescriptor, ClockRange } from '@deepwater/core';

/** What blocks in a row say together of the times in them: between what they lie, and whether they are in order. */
export class RowsSummary {
  ranges: ClockRange[] = [];
  #sorted: number;

  constructor(clockCount: number) {
    this.#sorted = 2 ** clockCount - 1;
  }

  /** Bit i: in order on clock i. */
  get sortedMask(): number {
    return this.#sorted;
  }

  add({ sortedMask, ranges }: BlockDescriptor): void {
    const before = this.ranges;
    this.#sorted &= sortedMask;
    this.ranges = ranges.map((range, clock) => {
      const whole = before[clock];
      if (whole === undefined) return range;
      if (range.min < whole.max) this.#sorted &= ~(1 << clock);
      return { min: range.min < whole.min ? range.min : whole.min, max: range.max > whole.max ? range.max : whole.max };
    });
  }
}
