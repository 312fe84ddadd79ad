import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TradeRun } from '../dist/trade-run.js';

test('in whatever order ids come, each is new once, and what never came is what the holes say', () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: 100, max: 140 }), { minLength: 1, maxLength: 80 }), (ids) => {
    const run = new TradeRun(99);
    const seen = new Set<number>();
    for (const id of ids) {
      const newest = Math.max(99, ...seen);
      expect(run.take(id)).toBe(!seen.has(id));
      expect(run.hole).toBe(id > newest + 1 ? newest + 1 : 0);
      seen.add(id);
    }
  }), { numRuns: 500 });
});

test('before anything is known the first trade begins, and nothing before it is new', () => {
  const run = new TradeRun();
  expect([run.take(50), run.hole, run.take(49), run.take(51)]).toEqual([true, 0, false, true]);
  const anchored = new TradeRun();
  for (const id of [10, 12, 11]) anchored.anchor(id);
  expect([anchored.take(12), anchored.take(13), anchored.hole, anchored.take(15), anchored.hole]).toEqual([false, true, 0, true, 14]);
});

test('what is known to exist is missing until it comes', () => {
  const run = new TradeRun(5);
  expect([run.miss(5), run.miss(8), run.hole, run.take(9), run.hole, run.take(7), run.take(7), run.miss(9)]).toEqual([false, true, 6, true, 0, true, false, false]);
  expect(new TradeRun().miss(8)).toBe(false);
});

test('of too many holes the oldest are forgotten', () => {
  const run = new TradeRun(1);
  for (let id = 3; id <= 3 + 2 * 70; id += 2) run.take(id);
  expect([run.take(2), run.take(142)]).toEqual([false, true]);
});
