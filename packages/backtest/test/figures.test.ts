import type { Fill } from '@deepwater/strategy';
import { describe, expect, test } from 'vitest';
import { paramGrid } from '../dist/param-grid.js';
import { EquitySampler, VALUES_MAX } from '../dist/run/equity-sampler.js';
import { FillTotals, drawdownOf, ratiosOf, statisticsOf } from '../dist/run/statistics.js';
import { TradeLog } from '../dist/run/trade-log.js';
import { SEED } from '../../../test/support/seed.js';

console.log(`backtest figures: seed ${SEED}`);
let state = SEED;
const random = (): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;

const DAY = 86_400_000_000;
const curveOf = (values: number[], intervalUs = DAY) => ({ intervalUs, times: values.map((_, i) => i * intervalUs), values });

describe('ratios', () => {
  test('are those of a calculation by hand', () => {
    // Returns 10 %, -10 %, 20 %: mean 1/15, deviations 1/30, -1/6, 2/15; sample variance (1/900 + 25/900 + 16/900) / 2 = 7/300.
    const { sharpe, sortino } = ratiosOf(curveOf([100, 110, 99, 118.8]));
    expect(sharpe).toBeCloseTo((1 / 15 / Math.sqrt(7 / 300)) * Math.sqrt(365.25), 9);
    // One loss of 10 % among three: root of 0.01 / 3.
    expect(sortino).toBeCloseTo((1 / 15 / Math.sqrt(0.01 / 3)) * Math.sqrt(365.25), 9);
    // Four times as many intervals in a year: twice the ratio.
    expect(ratiosOf(curveOf([100, 110, 99, 118.8], DAY / 4)).sharpe).toBeCloseTo(2 * sharpe!, 9);
  });

  test('have no value without two returns, without a deviation, without a loss, and where equity was not above 0', () => {
    expect(ratiosOf(curveOf([]))).toEqual({ sharpe: null, sortino: null });
    expect(ratiosOf(curveOf([100, 110]))).toEqual({ sharpe: null, sortino: null });
    expect(ratiosOf(curveOf([100, 100, 100]))).toEqual({ sharpe: null, sortino: null });
    expect(ratiosOf(curveOf([100, 101, 103])).sortino).toBeNull();
    expect(ratiosOf(curveOf([100, -1, 103]))).toEqual({ sharpe: null, sortino: null });
  });

  test('are those of naive formulas on seeded curves', () => {
    for (let round = 0; round < 50; round++) {
      const values = [1000];
      for (let i = 0; i < 100; i++) values.push(values[i]! * (0.95 + random() / 10));
      const returns = values.slice(1).map((value, i) => value / values[i]! - 1);
      const mean = returns.reduce((a, b) => a + b) / 100;
      const variance = (returns.reduce((a, b) => a + b * b, 0) - 100 * mean * mean) / 99;
      const { sharpe, sortino } = ratiosOf(curveOf(values, 3_600_000_000));
      expect(sharpe).toBeCloseTo((mean / Math.sqrt(variance)) * Math.sqrt(8766), 6);
      expect(sortino).toBeCloseTo((mean / Math.sqrt(returns.filter((value) => value < 0).reduce((a, b) => a + b * b, 0) / 100)) * Math.sqrt(8766), 6);
    }
  });
});

describe('drawdown', () => {
  test('is that of a calculation by hand: in money, as a share of its own high, and in time', () => {
    // From 120 to 90 is 30; from 60 to 40 would be a greater share of less. Below 120 from the third value to the seventh.
    expect(drawdownOf(curveOf([100, 120, 90, 95, 110, 119, 120, 121]))).toEqual({ maxDrawdown: 30, maxDrawdownShare: 0.25, maxDrawdownUs: 5 * DAY });
    expect(drawdownOf(curveOf([100, 90, 80]))).toEqual({ maxDrawdown: 20, maxDrawdownShare: expect.closeTo(0.2, 12), maxDrawdownUs: 2 * DAY });
    expect(drawdownOf(curveOf([1, 2, 3]))).toEqual({ maxDrawdown: 0, maxDrawdownShare: 0, maxDrawdownUs: 0 });
    expect(drawdownOf(curveOf([0, -5]))).toEqual({ maxDrawdown: 5, maxDrawdownShare: null, maxDrawdownUs: DAY });
  });

  test('is that of a look at every pair of values', () => {
    for (let round = 0; round < 50; round++) {
      const values = Array.from({ length: 60 }, () => 100 + Math.floor(random() * 40));
      let [fall, share, longest] = [0, 0, 0];
      for (let i = 0; i < values.length; i++) {
        for (let j = i + 1; j < values.length; j++) {
          fall = Math.max(fall, values[i]! - values[j]!);
          share = Math.max(share, 1 - values[j]! / values[i]!);
        }
        // How long until it is at that value again, where it goes below at all and was not there before.
        if (values.slice(0, i).some((value) => value > values[i]!) || !(values[i + 1]! < values[i]!)) continue;
        const back = values.findIndex((value, j) => j > i && value >= values[i]!);
        longest = Math.max(longest, (back < 0 ? values.length - 1 : back) - i);
      }
      const found = drawdownOf(curveOf(values));
      expect([found.maxDrawdown, found.maxDrawdownUs / DAY]).toEqual([fall, longest]);
      expect(found.maxDrawdownShare).toBeCloseTo(share, 12);
    }
  });
});

/** Fills of one feed by a naive account: position and what is realised by average cost. */
function fillsOf(steps: readonly [Fill['side'], number, number, number][], feed = 'trades', time = 0): Fill[] {
  let position = 0;
  let average = 0;
  return steps.map(([side, size, price, fee], i) => {
    const signed = side === 'buy' ? size : -size;
    const closes = position !== 0 && position > 0 !== signed > 0 ? Math.min(size, Math.abs(position)) : 0;
    const realized = closes * (price - average) * Math.sign(position);
    const after = position + signed;
    if (closes === 0) average = (average * Math.abs(position) + price * size) / (Math.abs(position) + size);
    else if (after !== 0 && after > 0 !== position > 0) average = price;
    position = after;
    return { id: i + 1, feed, side, type: 'market', price, size, fee, liquidity: 'taker', time: time + i, sequence: i, submittedAt: 0, position, realized };
  });
}

describe('trades', () => {
  test('go from flat to flat; one that goes through to the other side ends there, and its fee is shared', () => {
    const log = new TradeLog(100);
    for (const fill of fillsOf([['buy', 2, 100, 1], ['buy', 2, 110, 1], ['sell', 1, 120, 1], ['sell', 5, 115, 5], ['buy', 2, 120, 2], ['buy', 1, 100, 1]])) log.add(fill);
    expect(log.kept).toEqual([
      { feed: 'trades', side: 'long', entryTime: 0, exitTime: 3, size: 4, entryPrice: 105, exitPrice: (120 + 3 * 115) / 4, profit: 15 + 30 - 3 - 3, fees: 6, fills: 4 },
      { feed: 'trades', side: 'short', entryTime: 3, exitTime: 4, size: 2, entryPrice: 115, exitPrice: 120, profit: -10 - 2 - 2, fees: 4, fills: 2 },
    ]);
    expect(log.open).toEqual([{ feed: 'trades', side: 'long', entryTime: 5, exitTime: null, size: 1, entryPrice: 100, exitPrice: null, profit: -1, fees: 1, fills: 1 }]);
    expect([log.closed, log.wins, log.grossProfit, log.grossLoss]).toEqual([2, 1, 39, 14]);
  });

  test('account for every profit and fee of seeded fills, and are counted beyond those that are kept', () => {
    for (let round = 0; round < 30; round++) {
      const log = new TradeLog(5);
      const totals = new FillTotals();
      const steps = Array.from({ length: 200 }, () => [random() < 0.5 ? 'buy' : 'sell', 1 + Math.floor(random() * 4), 90 + Math.floor(random() * 20), Math.floor(random() * 3)] as [Fill['side'], number, number, number]);
      const fills = fillsOf(steps);
      for (const fill of fills) {
        log.add(fill);
        totals.add(fill);
      }
      const sum = (value: (fill: Fill) => number): number => fills.reduce((total, fill) => total + value(fill), 0);
      const open = log.open.reduce((total, { profit }) => total + profit, 0);
      expect(log.grossProfit - log.grossLoss + open).toBeCloseTo(sum(({ realized, fee }) => realized - fee), 6);
      expect([totals.count, totals.fees, totals.turnover]).toEqual([200, sum(({ fee }) => fee), sum(({ price, size }) => price * size)]);
      expect(log.kept.length).toBe(Math.min(5, log.closed));
      // A position is held from each fill to the next where it is not 0.
      expect(totals.exposedUs(200)).toBe(fills.filter(({ position }) => position !== 0).length);
    }
  });
});

describe('statistics', () => {
  test('are those of a calculation by hand', () => {
    const fills = fillsOf([['buy', 1, 100, 1], ['sell', 1, 120, 1], ['sell', 1, 120, 1], ['buy', 1, 130, 1]]);
    const log = new TradeLog(10);
    const totals = new FillTotals();
    for (const fill of fills) {
      log.add(fill);
      totals.add(fill);
    }
    expect(statisticsOf(1000, 1006, curveOf([1000, 1018, 1006]), totals, log, 0, 8)).toMatchObject({
      cash: 1000, equity: 1006, profit: 6, return: expect.closeTo(0.006, 12), maxDrawdown: 12, trades: 2, winRate: 0.5, profitFactor: 18 / 12, averageTrade: 3,
      fills: 4, turnover: 470, fees: 4, exposure: 0.25,
    });
    expect(statisticsOf(0, 0, curveOf([]), new FillTotals(), new TradeLog(1), 0, 0)).toMatchObject({ return: null, winRate: null, profitFactor: null, averageTrade: null, exposure: null, sharpe: null });
  });
});

describe('the equity curve', () => {
  test('has the equity before the record that comes at or after each multiple of the interval, and the last at the end', () => {
    const sampler = new EquitySampler(100, 10);
    // Times, and the equity before the record of that time.
    for (const [time, equity] of [[5, 100], [9, 101], [10, 102], [12, 103], [38, 104], [35, 105], [41, 106]] as const) if (time >= sampler.next) sampler.pass(time, equity);
    expect(sampler.finish(107)).toEqual({ intervalUs: 10, times: [0, 10, 20, 30, 40, 50], values: [100, 102, 104, 104, 106, 107] });
    expect(new EquitySampler(100).finish(100)).toEqual({ intervalUs: 1000, times: [], values: [] });
  });

  test('is as fine as its length allows, with the values that a fixed interval would have given', () => {
    for (let round = 0; round < 20; round++) {
      const sampler = new EquitySampler(0);
      const records: [number, number][] = [];
      const span = 10 ** (3 + random() * 11);
      for (let i = 0, time = 1_738_368_000_000_000 + Math.floor(random() * 1e12); i < 500; i++) {
        time += Math.floor((random() * span) / 500);
        records.push([time, i + 1]);
        // The value before the record is that after the one before it.
        if (time >= sampler.next) sampler.pass(time, i);
      }
      const { intervalUs, times, values } = sampler.finish(500);
      expect(values.length).toBeLessThanOrEqual(VALUES_MAX + 1);
      for (const [i, time] of times.entries()) {
        expect(time % intervalUs).toBe(0);
        expect(values[i]).toBe(records.filter(([at]) => at < time).length);
      }
      expect(times[0]! <= records[0]![0] && times.at(-1)! > records.at(-1)![0] && times.at(-2)! <= records.at(-1)![0]).toBe(true);
    }
  });
});

describe('a grid of parameters', () => {
  test('has every combination, the last parameter changing fastest', () => {
    expect(paramGrid({ a: [1, 2], b: ['x', 'y'], c: [true] })).toEqual([
      { a: 1, b: 'x', c: true }, { a: 1, b: 'y', c: true }, { a: 2, b: 'x', c: true }, { a: 2, b: 'y', c: true },
    ]);
    expect(paramGrid({})).toEqual([{}]);
    for (const wrong of [{ a: [] }, { a: 5 }, null, { a: Array(2000).fill(0), b: Array(2000).fill(0) }]) {
      expect(() => paramGrid(wrong as never)).toThrow(expect.objectContaining({ code: 'DW_OPTION_INVALID' }));
    }
  });
});
