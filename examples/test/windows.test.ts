import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { planWindows, type Window } from '../dist/main-job/windows.js';

/** What a range gives: the records of [start, end), in the order written. */
const rowsIn = (times: Float64Array | BigUint64Array, { start, end }: Window): number[] =>
  Array.from(times.keys()).filter((row) => times[row] >= start && times[row] < end);

describe('windows', () => {
  test('read one after the other give every record once and in order, even where times repeat and go back', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 40 })), fc.integer({ min: 0, max: 30 }), fc.integer({ min: 1, max: 10 }), (steps, disorder, wanted) => {
        let clock = 1000;
        const times = Float64Array.from(steps, (step) => (clock += step % 4) - (step > 30 ? disorder : 0));
        const windows = planWindows(times, wanted);
        expect(windows.flatMap((window) => rowsIn(times, window))).toEqual([...times.keys()]);
        for (const window of windows) {
          const rows = rowsIn(times, window);
          expect([rows[0], rows.length]).toEqual([window.firstRow, window.rows]);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('are as long as wanted where times only rise', () => {
    const times = Float64Array.from({ length: 1000 }, (_, i) => 5000 + i);
    expect(planWindows(times, 300)).toEqual([
      { start: 5000, end: 5300, firstRow: 0, rows: 300 },
      { start: 5300, end: 5600, firstRow: 300, rows: 300 },
      { start: 5600, end: 5900, firstRow: 600, rows: 300 },
      { start: 5900, end: 6000, firstRow: 900, rows: 100 },
    ]);
  });

  test('do not cut between records of one time', () => {
    expect(planWindows(Float64Array.of(1, 7, 7, 7, 9), 2).map(({ rows }) => rows)).toEqual([4, 1]);
  });

  test('are bigints where the clock counts nanoseconds', () => {
    expect(planWindows(BigUint64Array.of(10n, 20n, 30n), 2)).toEqual([
      { start: 10n, end: 30n, firstRow: 0, rows: 2 },
      { start: 30n, end: 31n, firstRow: 2, rows: 1 },
    ]);
  });

  test('of no records are none', () => {
    expect(planWindows(new Float64Array(0), 10)).toEqual([]);
  });
});
