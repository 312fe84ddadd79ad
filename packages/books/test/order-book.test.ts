import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BOOK_FLAGS, OrderBook } from '../dist/index.js';

type Side = 'B' | 'A';

/** A book kept in the plainest way: bigints by bigint, sorted whenever somebody asks. */
class PlainBook {
  readonly sides = { B: new Map<bigint, bigint>(), A: new Map<bigint, bigint>() };

  set(side: Side, price: bigint, size: bigint): void {
    if (size === 0n) this.sides[side].delete(price);
    else this.sides[side].set(price, size);
  }

  levels(side: Side): [bigint, bigint][] {
    return [...this.sides[side]].sort(([a], [b]) => ((side === 'B' ? b < a : a < b) ? -1 : 1));
  }
}

const text = (cell: bigint): string => {
  const digits = (cell < 0n ? -cell : cell).toString().padStart(9, '0');
  return `${cell < 0n ? '-' : ''}${digits.slice(0, -8)}.${digits.slice(-8)}`;
};
const exactly = (levels: [bigint, bigint][]) => levels.map(([price, size]) => ({ price: text(price), size: text(size) }));

const INT64_MAX = 2n ** 63n - 1n;
/** Prices near each other, so that they meet again, and the borders of words and of what numbers hold. */
const PRICES = fc.oneof(
  { weight: 8, arbitrary: fc.bigInt(6_000_000_000_000n, 6_000_000_000_040n) },
  fc.constantFrom(0n, 1n, -1n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 31n, -(2n ** 31n), -(2n ** 32n), 2n ** 53n, 2n ** 53n + 1n, INT64_MAX, INT64_MAX - 1n, -INT64_MAX, -INT64_MAX - 1n),
);
const SIZES = fc.oneof({ weight: 3, arbitrary: fc.constant(0n) }, { weight: 5, arbitrary: fc.bigInt(1n, 10n ** 12n) }, fc.constantFrom(1n, 2n ** 32n, 2n ** 53n + 1n, INT64_MAX));
const LEVEL = fc.tuple(fc.constantFrom<Side>('B', 'A'), PRICES, SIZES);

describe('levels', () => {
  test('are those of a plain map of bigints, whatever comes, by single levels and by columns', () => {
    fc.assert(fc.property(fc.array(LEVEL, { maxLength: 400 }), fc.integer({ min: 0, max: 400 }), (changes, cut) => {
      const [one, columns, plain] = [new OrderBook({ priceScale: 8, sizeScale: 8 }), new OrderBook({ priceScale: 8, sizeScale: 8 }), new PlainBook()];
      for (const [at, [side, price, size]] of changes.entries()) {
        if (at % 3 === 0) one.apply(side, text(price), text(size));
        else one.apply(side, price, size);
        plain.set(side, price, size);
      }
      const rows = { side: Uint8Array.from(changes, ([side]) => side.charCodeAt(0)), price: BigInt64Array.from(changes, ([, price]) => price), size: BigInt64Array.from(changes, ([, , size]) => size) };
      columns.applyColumns(rows, 0, Math.min(cut, changes.length));
      columns.applyColumns(rows, Math.min(cut, changes.length));
      for (const book of [one, columns]) {
        for (const side of ['B', 'A'] as const) {
          const expected = exactly(plain.levels(side));
          expect(book.exactLevels(side)).toEqual(expected);
          expect(book.exactLevels(side, 3)).toEqual(expected.slice(0, 3));
          expect(book.depth(side)).toBe(expected.length);
          expect(book.levels(side)).toEqual(expected.map(({ price, size }) => ({ price: Number(price), size: Number(size) })));
        }
      }
    }), { numRuns: 300 });
  });

  test('of numbers are in the order of the numbers, below 0 too', () => {
    const prices = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer({ min: -5, max: 5 }), fc.constantFrom(0, -0, Number.MIN_VALUE, -Number.MIN_VALUE));
    fc.assert(fc.property(fc.array(fc.tuple(prices, fc.constantFrom(0, -0, 1, 0.1, 1e300)), { maxLength: 200 }), (changes) => {
      const book = new OrderBook();
      const plain = new Map<number, number>();
      for (const [price, size] of changes) {
        book.apply('B', price, size);
        book.apply('A', price, size);
        if (size === 0) plain.delete(price);
        else plain.set(price === 0 ? 0 : price, size);
      }
      const sorted = [...plain].map(([price, size]) => ({ price, size })).sort((a, b) => a.price - b.price);
      expect(book.levels('A')).toEqual(sorted);
      expect(book.levels('B')).toEqual(sorted.reverse());
    }), { numRuns: 300 });
  });

  test('of sixty thousand a side stay in order, from the best, from the worst and mixed', () => {
    const count = 60_000;
    const orders = [(i: number) => i, (i: number) => count - 1 - i, (i: number) => (i * 7919) % count];
    for (const order of orders) {
      const book = new OrderBook({ priceScale: 2, sizeScale: 0 });
      for (let i = 0; i < count; i++) book.apply('A', BigInt(100_000 + order(i)), BigInt(order(i) + 1));
      for (let i = 0; i < count; i += 2) book.apply('A', BigInt(100_000 + i), 0n);
      expect(book.depth('A')).toBe(count / 2);
      expect(book.exactLevels('A', 2)).toEqual([{ price: '1000.01', size: '2' }, { price: '1000.03', size: '4' }]);
      const prices = new Float64Array(count);
      const sizes = new Float64Array(count);
      expect(book.levelsInto('A', prices, sizes)).toBe(count / 2);
      for (let i = 0; i < count / 2; i++) if (sizes[i] !== 2 * i + 2 || Math.round(prices[i]! * 100) !== 100_001 + 2 * i) expect.fail(`level ${i}`);
    }
  });

  test('that are none are refused, and leave the book as it was', () => {
    const decimals = new OrderBook({ priceScale: 2, sizeScale: 2 });
    decimals.apply('B', '1.00', '1');
    for (const level of [['B', '1.001', '1'], ['B', '1', '-1'], ['X', '1', '1'], ['B', 'one', '1'], ['B', 2n ** 63n, 1n]] as const) {
      expect(() => { decimals.apply(level[0] as Side, level[1], level[2]); }, String(level)).toThrow(expect.objectContaining({ code: expect.stringMatching(/^DW_VALUE_/) as string }) as Error);
    }
    expect(decimals.exactLevels('B')).toEqual([{ price: '1.00', size: '1.00' }]);
    const numbers = new OrderBook();
    for (const [price, size] of [[NaN, 1], [Infinity, 1], [1, NaN], [1, Infinity], [1, -1], [1, -Infinity]] as const) expect(() => { numbers.apply('A', price, size); }).toThrow(expect.objectContaining({ code: 'DW_VALUE_RANGE' }) as Error);
    expect(numbers.depth('A')).toBe(0);
    expect(() => { numbers.applyColumns({ side: Uint8Array.of(66), price: BigInt64Array.of(1n), size: BigInt64Array.of(1n) }); }).toThrow(expect.objectContaining({ code: 'DW_VALUE_TYPE' }) as Error);
    expect(() => new OrderBook({ priceScale: 19 })).toThrow(expect.objectContaining({ code: 'DW_OPTION_INVALID' }) as Error);
  });
});

describe('what a book says', () => {
  const book = new OrderBook({ priceScale: 2, sizeScale: 3 });
  for (const [side, price, size] of [['B', '99.90', '2'], ['B', '99.80', '5.5'], ['B', '99.00', '10'], ['A', '100.10', '6'], ['A', '100.30', '0.5']] as const) book.apply(side, price, size);

  test('best prices, spread, mid and microprice', () => {
    expect([book.bestBid, book.bestAsk]).toEqual([{ price: 99.9, size: 2 }, { price: 100.1, size: 6 }]);
    expect([book.spread, book.mid]).toEqual([0.2, 100]);
    expect(book.microprice).toBeCloseTo((99.9 * 6 + 100.1 * 2) / 8, 12);
    const empty = new OrderBook();
    expect([empty.bestBid, empty.bestAsk, empty.spread, empty.mid, empty.microprice, empty.imbalance()]).toEqual([undefined, undefined, undefined, undefined, undefined, undefined]);
  });

  test('imbalance, sizes up to a price, and what a size would cost', () => {
    expect(book.imbalance()).toBe((2 - 6) / 8);
    expect(book.imbalance(2)).toBe((7.5 - 6.5) / 14);
    expect(book.imbalance(100)).toBe((17.5 - 6.5) / 24);
    expect([book.sizeTo('B', '99.80'), book.sizeTo('B', '99.85'), book.sizeTo('B', '100'), book.sizeTo('B', 0)]).toEqual([7.5, 2, 0, 17.5]);
    expect([book.sizeTo('A', '100.10'), book.sizeTo('A', '100.09'), book.sizeTo('A', 1000)]).toEqual([6, 0, 6.5]);
    expect(book.fill('A', 6.25)).toEqual({ size: 6.25, value: 6 * 100.1 + 0.25 * 100.3, price: (6 * 100.1 + 0.25 * 100.3) / 6.25, worst: 100.3, levels: 2 });
    expect(book.fill('B', 1)).toEqual({ size: 1, value: 99.9, price: 99.9, worst: 99.9, levels: 1 });
    expect(book.fill('A', 7)).toMatchObject({ size: 6.5, worst: 100.3, levels: 2 });
    expect(new OrderBook().fill('A', 7)).toEqual({ size: 0, value: 0, price: undefined, worst: undefined, levels: 0 });
    expect(() => book.fill('A', 0)).toThrow(expect.objectContaining({ code: 'DW_RANGE_INVALID' }) as Error);
  });

  test('sums of decimals have every digit that a number can have', () => {
    const many = new OrderBook({ priceScale: 8, sizeScale: 8 });
    for (let i = 1; i <= 1000; i++) many.apply('B', String(i), '0.1');
    expect(many.sizeTo('B', 0)).toBe(100);
    expect(many.imbalance(1000)).toBe(1);
    const close = new OrderBook({ priceScale: 8, sizeScale: 8 });
    close.apply('B', '90000000000.00000001', '1');
    close.apply('A', '90000000000.00000003', '1');
    expect(close.spread).toBe(0.00000002);
    expect([close.crossed, close.locked]).toEqual([false, false]);
  });

  test('locked and crossed, of decimals and of numbers', () => {
    for (const options of [{ priceScale: 1, sizeScale: 1 }, {}]) {
      const tight = new OrderBook(options);
      tight.apply('B', -1, 1);
      expect([tight.crossed, tight.locked]).toEqual([false, false]);
      tight.apply('A', -0.5, 1);
      expect([tight.crossed, tight.locked, tight.spread]).toEqual([false, false, 0.5]);
      tight.apply('A', -1, 1);
      expect([tight.crossed, tight.locked, tight.spread]).toEqual([false, true, 0]);
      tight.apply('A', -1.5, 1);
      expect([tight.crossed, tight.locked, tight.spread]).toEqual([true, false, -0.5]);
    }
  });

  test('the first level of a snapshot empties the book, the others do not; one that never ended is told', () => {
    const { SNAPSHOT, LAST } = BOOK_FLAGS;
    const flagged = new OrderBook({ priceScale: 0, sizeScale: 0 });
    const rows = (levels: readonly (readonly [number, number])[]) => ({
      side: Uint8Array.from(levels, () => 66), price: BigInt64Array.from(levels, ([price]) => BigInt(price)), size: BigInt64Array.from(levels, () => 1n), flags: Uint8Array.from(levels, ([, flags]) => flags),
    });
    flagged.applyColumns(rows([[1, SNAPSHOT], [2, SNAPSHOT | LAST], [3, LAST], [10, SNAPSHOT], [11, SNAPSHOT]]));
    expect([flagged.levels('B').map(({ price }) => price), flagged.torn]).toEqual([[11, 10], false]);
    flagged.applyColumns(rows([[12, LAST]]));
    expect(flagged.torn).toBe(true);
    flagged.applyFlagged(SNAPSHOT | LAST, 'B', 5, 1);
    expect([flagged.levels('B').map(({ price }) => price), flagged.torn]).toEqual([[5], false]);
  });
});
