import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EvenGrid } from '../dist/bars/grid.js';
import { PART_ROWS_MIN, planBorders } from '../dist/bars/split-bars.js';
import { parseBars } from '../dist/bars/bars-request.js';
import { giveBars, readBarsPart } from '../dist/bars/read-bars.js';
import { runNow } from '../dist/slices.js';
import { boundsBetween } from '../dist/time-bounds.js';
import { FeedReader } from '@deepwater/query';
import { build, history } from './support/bar-feed.js';
import { assertProperty } from './support/seed.js';

/** A reader whose context can be reached, as the pool's threads have one. */
class OpenReader extends FeedReader {
  get context(): ReturnType<FeedReader['alive']> { return this.alive(); }
}

describe('bars of parts', () => {
  test('one after the other are the bars of the range, wherever it is cut, after a trip to another thread', () => {
    const cuts = fc.array(fc.integer({ min: -20, max: 1700 }), { maxLength: 4 });
    assertProperty(fc.property(history, cuts, fc.constantFrom('1ms', '7ms', '100ms'), fc.constantFrom('none', 'previous'), fc.option(fc.integer({ min: 0, max: 60 }), { nil: undefined }),
      (past, at, resolution, fill, limit) => {
        const { fixture } = build(past);
        const { epoch, second } = past.shape;
        const reader = new OpenReader(fixture.source);
        const grid = new EvenGrid((BigInt(parseInt(resolution)) * second) / 1000n);
        const options = { resolution, fill, limit } as const;
        const low = epoch - 50n * second;
        const high = epoch + 50n * second;
        const borders = [low, ...new Set(at.map((ms) => grid.at(epoch + (BigInt(ms) * second) / 1000n).start))].sort((a, b) => (a < b ? -1 : 1));
        const request = parseBars(fixture.spec.name, fixture.schema, options);
        const parts = borders.map((start, i) => {
          const bounds = boundsBetween(fixture.schema, request.clockIndex, start, (borders[i + 1] ?? high) - 1n);
          return structuredClone(runNow(readBarsPart(reader.context, request, { bounds })));
        });
        expect(runNow(giveBars(reader.context, request, parts))).toEqual(reader.barsSync(low, high, options));
      }), 60);
  });

  test('are cut where bars begin, with about as many rows in each', () => {
    const grid = new EvenGrid(60n);
    const rows = 10 * PART_ROWS_MIN;
    // In order, and in a mixed order of arrival: the same.
    for (const order of [[0, 1, 2], [2, 0, 1]]) {
      const stretches = order.map((k) => ({ rows, min: BigInt(k * 6000), max: BigInt(k * 6000 + 5999) }));
      expect(planBorders(stretches, { low: 0n, high: 17_999n }, grid, 3)).toEqual([5940n, 11_940n]);
      expect(planBorders(stretches, { low: 0n, high: 17_999n }, grid, 2)).toEqual([8940n]);
      expect(planBorders(stretches, { low: 0n, high: 17_999n }, grid, 1)).toEqual([]);
    }
    // Few rows; and a bar that is longer than all of the range.
    expect(planBorders([{ rows: 1000, min: 0n, max: 17_999n }], { low: 0n, high: 17_999n }, grid, 3)).toEqual([]);
    expect(planBorders([{ rows, min: 5n, max: 50n }], { low: 5n, high: 50n }, grid, 4)).toEqual([]);
  });
});
