import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitWindow } from '@deepwater/query';
import { assertProperty } from './support/seed.js';

const code = (code: string): unknown => expect.objectContaining({ code });

describe('splitWindow', () => {
  it('cuts a window into training and validation, in the window’s own kind of time', () => {
    expect(splitWindow({ start: 1000, end: 2000 }, { train: 0.8 })).toEqual({ train: { start: 1000, end: 1800 }, validation: { start: 1800, end: 2000 } });
    expect(splitWindow({ start: 10n ** 18n, end: 10n ** 18n + 10n }, { train: 0.5 })).toEqual({ train: { start: 10n ** 18n, end: 10n ** 18n + 5n }, validation: { start: 10n ** 18n + 5n, end: 10n ** 18n + 10n } });
    const [a, b] = [new Date('2025-01-01'), new Date('2025-01-11')];
    expect(splitWindow({ start: a, end: b }, { train: 0.7 }).validation.start).toEqual(new Date('2025-01-08'));
  });

  it('leaves the gap out between the two, and takes it from both', () => {
    expect(splitWindow({ start: 0, end: 1100 }, { train: 0.8, gap: 100 })).toEqual({ train: { start: 0, end: 800 }, validation: { start: 900, end: 1100 } });
    expect(splitWindow({ start: 0, end: 36_000_000_000 }, { train: 0.5, gap: '1h', unit: 'us' }).validation.start).toBe(16_200_000_000 + 3_600_000_000);
    expect(splitWindow({ start: 0n, end: 36_000_000_000_000n }, { train: 0.5, gap: '1h' }).validation.start).toBe(16_200_000_000_000n + 3_600_000_000_000n);
  });

  it('parts are never empty, lie in the window, and do not overlap', () => {
    assertProperty(fc.property(fc.bigInt(-(2n ** 60n), 2n ** 60n), fc.bigInt(1n, 2n ** 50n), fc.double({ min: 0.001, max: 0.999, noNaN: true }), fc.bigInt(0n, 2n ** 40n), (start, length, train, gap) => {
      const window = { start, end: start + length };
      let parts;
      try {
        parts = splitWindow(window, { train, gap });
      } catch (error) {
        expect(error).toEqual(code('DW_RANGE_INVALID'));
        return;
      }
      expect(parts.train.start).toBe(window.start);
      expect(parts.train.end).toBeGreaterThan(parts.train.start);
      expect(parts.validation.start - parts.train.end).toBe(gap);
      expect(parts.validation.end).toBe(window.end);
      expect(parts.validation.end).toBeGreaterThan(parts.validation.start);
    }), 300);
  });

  it('refuses what it cannot do', () => {
    for (const train of [0, 1, 1.5, NaN, '0.8']) expect(() => splitWindow({ start: 0, end: 10 }, { train: train as number })).toThrow(code('DW_OPTION_INVALID'));
    expect(() => splitWindow({ start: 0, end: 10 }, { train: 0.5, gap: 10 })).toThrow(code('DW_RANGE_INVALID'));
    expect(() => splitWindow({ start: 0, end: 10 }, { train: 0.5, gap: '1h' })).toThrow(code('DW_OPTION_INVALID'));
    expect(() => splitWindow({ start: 0, end: 10 }, { train: 0.5, gap: -1 })).toThrow(code('DW_OPTION_INVALID'));
    expect(() => splitWindow({ start: 0.5, end: 10 }, { train: 0.5 })).toThrow(code('DW_RANGE_INVALID'));
    expect(() => splitWindow({ start: 0, end: 10 }, { train: 0.5, test: 0.2 } as never)).toThrow(code('DW_OPTION_INVALID'));
  });
});
