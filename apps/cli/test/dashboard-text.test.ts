import fc from 'fast-check';
import stringWidth from 'string-width';
import { describe, expect, test } from 'vitest';
import { amountText, countText, difference, fitAmount, plainAmount } from '../dist/dashboard/text/amounts.js';
import { bar, sparkline } from '../dist/dashboard/text/bars.js';
import { cut, fill, safeText, widthOf } from '../dist/dashboard/text/cells.js';
import { clockText, latencyText, spanText } from '../dist/dashboard/text/times.js';

describe('amounts', () => {
  test('have every digit that counts, thousands set apart, and no zeros behind them', () => {
    const cases = { '0012345.67000': '12,345.67', '1000': '1,000', '0.00000001': '0.00000001', '-1234.50': '-1,234.5', '0.000': '0', '-0.0': '0', '123456789012345678.12345678': '123,456,789,012,345,678.12345678', '': '–', 'NaN': '–' };
    for (const [given, shown] of Object.entries(cases)) expect(amountText(given), given).toBe(shown);
    expect([1e21, 1.5e-7, 5e-324, -2.5e22, 2n ** 63n, NaN, undefined].map(amountText)).toEqual(['1,000,000,000,000,000,000,000', '0.00000015', `0.${'0'.repeat(323)}5`, '-25,000,000,000,000,000,000,000', '9,223,372,036,854,775,808', '–', '–']);
  });

  test('of numbers are plain digits of the same number', () => {
    fc.assert(fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      expect(plainAmount(value)).toMatch(/^-?\d+(\.\d+)?$/);
      expect(Number(plainAmount(value))).toBe(value === 0 ? 0 : value);
    }));
  });

  test('are taken from one another to the last digit', () => {
    expect(difference('0.3', '0.1')).toBe('0.2');
    expect(difference('100000000.00000001', '100000000.00000002')).toBe('-0.00000001');
    expect(difference('1', '-2')).toBe('3');
    expect(difference('x', '1')).toBeUndefined();
    fc.assert(fc.property(fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n }), fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n }), (a, b) => {
      const text = (value: bigint): string => `${value < 0n ? '-' : ''}${(value < 0n ? -value : value).toString().padStart(9, '0').replace(/(\d{8})$/, '.$1')}`;
      expect(difference(text(a), text(b))).toBe(text(a - b));
    }));
  });

  test('that do not fit lose digits behind the point, and say so; before it they lose none', () => {
    expect([12, 9, 8, 7, 6].map((width) => fitAmount('1,234.56789', width))).toEqual(['1,234.56789', '1,234.56…', '1,234.5…', '1,234…', '1,234…']);
    expect([5, 4, 3].map((width) => fitAmount('1,234.56789', width))).toEqual(['1.2e3', '1e3', '1e3']);
    expect(fitAmount('123,456,789', 8)).toBe('1.2346e8');
    expect(fitAmount('123,456,789', 2)).toBe('##');
    fc.assert(fc.property(fc.double({ noNaN: true, min: -1e300, max: 1e300 }), fc.integer({ min: 1, max: 30 }), (value, width) => {
      const shown = fitAmount(amountText(value), width);
      expect(shown.length).toBeLessThanOrEqual(width);
      const read = Number(shown.replaceAll(',', '').replace('…', ''));
      // What is shown is never of another magnitude.
      if (!shown.includes('#')) expect(Math.abs(read - value)).toBeLessThanOrEqual(Math.max(1, Math.abs(value) / 2));
    }));
  });

  test('counts are short where there is no room', () => {
    expect([0, 999, 12_345, 1_234_567, 2 ** 53, NaN].map((count) => countText(count, 6))).toEqual(['0', '999', '12,345', '1.23 M', '9.0e15', '–']);
    expect(countText(1_234_567)).toBe('1,234,567');
  });
});

describe('cells', () => {
  test('a text takes exactly as many as it is given', () => {
    expect([fill('abc', 5), fill('abc', 5, 'right'), fill('abcdef', 4), fill('比特币', 4), fill('比特币', 6), fill('x', 0)]).toEqual(['abc  ', '  abc', 'abc…', '比… ', '比特币', '']);
    fc.assert(fc.property(fc.string({ unit: 'grapheme', maxLength: 30 }), fc.integer({ min: 0, max: 40 }), (text, width) => {
      expect(widthOf(fill(safeText(text), width))).toBe(width);
      expect(widthOf(cut(safeText(text), width))).toBeLessThanOrEqual(width);
    }));
  });

  test('ours is the width that others find', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme', maxLength: 30 }), (text) => {
      const safe = safeText(text);
      expect(stringWidth(safe)).toBeLessThanOrEqual(widthOf(safe));
    }));
  });

  test('what moves the cursor, or joins letters, is written out or left out', () => {
    expect(safeText('a\u001b[2Jb\nc')).toBe('a\\u{1b}[2Jb\\u{a}c');
    expect(safeText('\u202eabc')).toBe('\\u{202e}abc');
    expect(safeText('x\u0334y')).toBe('xy');
  });
});

describe('times and pictures', () => {
  test('latencies have three digits that count and a unit, below nothing, too', () => {
    expect([0, -0.2, 7.4, 999.6, 12_345, -12_345, 999_600, 1.2e6, 59.9e6, 100e6, 7200e6, 1e15, undefined, NaN].map(latencyText)).toEqual(
      ['0 µs', '0 µs', '7 µs', '1.00 ms', '12.3 ms', '-12.3 ms', '1.00 s', '1.20 s', '59.9 s', '2 min', '2.0 h', '11,574 d', '–', '–']);
  });

  test('times of the day are UTC, before 1970, too', () => {
    expect([clockText(1_764_000_000_123), clockText(1_764_000_000_123, false), clockText(-1), clockText(NaN)]).toEqual(['16:00:00.123', '16:00:00', '23:59:59.999', '–']);
    expect([-5, 59_999, 61_000, 3_723_000, 273_900_000].map(spanText)).toEqual(['0 s', '59 s', '1:01', '1:02:03', '3 d 04:05']);
  });

  test('pictures of numbers', () => {
    expect(sparkline([0, 1, 50, 100], 6)).toBe('  ▁▂▅█');
    expect(sparkline([1, 2, 3], 2)).toBe('▆█');
    expect([sparkline([], 3), sparkline([0, 0], 2), sparkline([NaN, -1, Infinity], 3), sparkline([1], 0)]).toEqual(['   ', '▁▁', '▁▁▁', '']);
    expect([0, 0.5, 1, 7, -1, NaN].map((part) => bar(part, 4))).toEqual(['····', '██··', '████', '████', '····', '····']);
  });
});
