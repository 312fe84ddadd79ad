import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Arrivals } from '../dist/lib/bus/arrivals.js';
import { Slots, SLOTS_BYTES } from '../dist/lib/bus/slots.js';
import { Histogram } from '../dist/lib/histogram.js';
import { addUp, columnsOf, expectedSums, priceOf, timeOf, wordsOf, wrongColumns, wrongSums } from '../dist/lib/records.js';
import { type Report, holds, markdownOf } from '../dist/lib/report.js';
import { inTurn, sampleOf } from '../dist/lib/sample.js';

describe('a latency histogram', () => {
  it('gives quantiles at most one part in 128 above the truth, never below, and the exact maximum', () => {
    fc.assert(fc.property(
      fc.array(fc.oneof(fc.nat(300), fc.nat(100_000), fc.nat(2 ** 31 - 1)), { minLength: 1, maxLength: 500 }),
      fc.double({ min: 0.001, max: 1, noNaN: true }),
      (values, q) => {
        const histogram = new Histogram();
        for (const value of values) histogram.record(value);
        const sorted = [...values].sort((a, b) => a - b);
        const truth = sorted[Math.ceil(values.length * q) - 1]!;
        const found = histogram.quantile(q);
        expect(found).toBeGreaterThanOrEqual(truth);
        expect(found).toBeLessThanOrEqual(truth * (1 + 1 / 128));
        expect(histogram.max).toBe(sorted.at(-1));
        expect(histogram.total).toBe(values.length);
      },
    ));
  });

  it('takes what is out of its range as its ends', () => {
    const histogram = new Histogram();
    histogram.record(-5);
    expect(histogram.quantile(1)).toBe(0);
    histogram.record(1e12);
    expect(histogram.max).toBe(2 ** 31 - 1);
  });
});

describe('the records of the benchmarks', () => {
  it('add up to what arithmetic says, wherever they begin', () => {
    fc.assert(fc.property(fc.nat(2 ** 30), fc.integer({ min: 1, max: 3000 }), (from, rows) => {
      const columns = columnsOf(from, rows);
      expect(wrongColumns(columns, from)).toBeUndefined();
      const sums = { price: 0, size: 0, time: 0 };
      addUp(columns, sums);
      expect(wrongSums(sums, expectedSums(from, from + rows))).toBeUndefined();
      expect(Number(columns.timestamp[rows - 1])).toBe(timeOf(from + rows - 1));
    }));
  });

  it('are told from others by any single value', () => {
    fc.assert(fc.property(fc.nat(1e6), fc.nat(99), fc.constantFrom('price', 'size', 'low', 'high'), (from, row, what) => {
      const columns = columnsOf(from, 100);
      if (what === 'price') columns.price[row]! += 0.25;
      else if (what === 'size') columns.size[row]! -= 1;
      else wordsOf(columns.timestamp)[2 * row + (what === 'low' ? 0 : 1)]! ^= 1;
      expect(wrongColumns(columns, from)).toContain(`record ${from + row} is`);
      if (what === 'high') return; // the sums leave the high words out
      const sums = { price: 0, size: 0, time: 0 };
      addUp(columns, sums);
      expect(wrongSums(sums, expectedSums(from, from + 100))).toContain('sums are');
    }));
  });
});

describe('a subscriber of a hop', () => {
  it('sees every record that goes through the bare slots, and counts those that count', () => {
    const slots = new Slots(new SharedArrayBuffer(SLOTS_BYTES), false);
    for (let n = 0; n < 30; n++) slots.publishAndWake(priceOf(n), 0, timeOf(n));
    const arrivals = new Arrivals(20, 10);
    slots.receive(arrivals, true);
    expect(arrivals.complete).toBe(true);
    expect(arrivals.result()).toMatchObject({ problems: [] });
    expect(arrivals.result().p50Ns).toBeGreaterThan(0);
  });

  it('says which record is wrong, twice there, or missing', () => {
    const wrong = new Arrivals(3);
    wrong.take(priceOf(0), 0, timeOf(0));
    wrong.take(priceOf(0), 0, timeOf(0));
    expect(wrong.result().problems[0]).toContain('instead of record 1 came');
    const few = new Arrivals(3);
    few.take(priceOf(0), 0, timeOf(0));
    expect(few.complete).toBe(false);
    expect(few.result().problems).toEqual(['1 records, not 3']);
  });
});

describe('runs in turn', () => {
  it('have everybody once a round, and everybody first equally often', async () => {
    const order: string[] = [];
    const samples = await inTurn(6, { a: () => order.push('a'), b: () => order.push('b'), c: () => order.push('c') });
    expect(order.join('')).toBe('abcbcacababcbcacab');
    expect(samples.a).toEqual(sampleOf([1, 6, 8, 10, 15, 17]));
    expect(samples.a.runs).toBe(6);
  });
});

describe('the report', () => {
  const report = (problems: string[], failure?: string): Report => ({
    date: '2026-11-20T12:00:00.000Z', quick: false, loadBefore: 2, loadAfter: 0.5, stolen: 0.125,
    machine: { cpu: 'a processor', cores: 2, node: '20', v8: '11', kernel: 'Linux', memoryBytes: 2 ** 34, memoryFreeBytes: 2 ** 33, clockCostNs: sampleOf([30]) },
    outcomes: [{
      name: 'writing', seconds: 1, loadBefore: 0, loadAfter: 0, stolen: 0, ...(failure === undefined ? {} : { failure }),
      lines: [{
        id: 'writing-fast', what: 'writing', unit: 'M/s', sample: sampleOf([1, 2, 3]), target: { text: '≥ 1 M/s', met: true },
        peers: [{ name: 'dd', sample: sampleOf([4]) }], problems, notes: [],
      }],
    }],
  });

  it('shows figure, target, peer and ratio, and that the machine was busy and disturbed', () => {
    const text = markdownOf(report([]));
    expect(text).toContain('| `writing-fast` | writing | 2.00 M/s | 1.00 to 3.00 (3) | ≥ 1 M/s | yes | dd: 4.00 M/s | 0.500 |');
    expect(text).toContain('1 of 1 targets met');
    expect(text).toContain('busy at the start');
    expect(text).toContain('12.5 % of the processors for other guests (**disturbed**)');
    expect(holds(report([]))).toBe(true);
  });

  it('gives no figure for a line with wrong values, and does not hold', () => {
    const text = markdownOf(report(['record 7 is wrong']));
    expect(text).toContain('| `writing-fast` | writing | **INVALID** |');
    expect(text).toContain('record 7 is wrong');
    expect(text).not.toContain('2.00 M/s');
    expect(text).toContain('0 of 0 targets met');
    expect(holds(report(['record 7 is wrong']))).toBe(false);
  });

  it('does not hold when a benchmark ended early', () => {
    expect(markdownOf(report([], 'it was killed'))).toContain('**`writing` FAILED:** it was killed');
    expect(holds(report([], 'it was killed'))).toBe(false);
  });
});
