import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseTime } from '../dist/time/parse-time.js';
import { timeText } from '../dist/time/time-text.js';

const seed = Date.now() & 0x7fffffff;
console.log(`cli time: seed ${seed}`);

const UNITS = ['ms', 'us', 'ns'] as const;
const NOW_MS = Date.UTC(2025, 1, 1, 12);

describe('a time as text', () => {
  test.each([
    [1738368000123, 'ms', '2025-02-01T00:00:00.123Z'],
    [1738368000123456, 'us', '2025-02-01T00:00:00.123456Z'],
    [1738368000123456789n, 'ns', '2025-02-01T00:00:00.123456789Z'],
    [0, 'us', '1970-01-01T00:00:00.000000Z'],
    [-1, 'us', '1969-12-31T23:59:59.999999Z'],
    [-1738368000000000001n, 'ns', '1914-11-30T23:59:59.999999999Z'],
    [2 ** 53 - 1, 'ms', '9007199254740991'],
    [2n ** 64n - 1n, 'us', '18446744073709551615'],
  ] as const)('of %s %s is %s', (time, unit, text) => {
    expect(timeText(time, unit)).toBe(text);
  });

  test('is read back as the time it was made of', () => {
    // Years 1 to 9999, which ISO 8601 writes with four digits.
    const limits = { ms: 253_402_300_799_999n, us: 253_402_300_799_999_999n, ns: 253_402_300_799_999_999_999n };
    fc.assert(
      fc.property(fc.constantFrom(...UNITS), fc.double({ min: -0.24, max: 1, noNaN: true }), fc.bigInt({ min: 0n, max: 10n ** 9n }), (unit, part, offset) => {
        const time = (limits[unit] * BigInt(Math.round(part * 1e9))) / 10n ** 9n - offset;
        expect(parseTime(timeText(time, unit), '--start', unit)).toBe(time);
      }),
      { seed },
    );
  });
});

describe('a time of the command line', () => {
  const us = (text: string): bigint => parseTime(text, '--start', 'us', NOW_MS);
  const date = (...parts: Parameters<typeof Date.UTC>): bigint => BigInt(Date.UTC(...parts)) * 1000n;

  test.each([
    ['1738368000000000', 1738368000000000n],
    ['-5', -5n],
    ['0', 0n],
    ['now', BigInt(NOW_MS) * 1000n],
    ['NOW', BigInt(NOW_MS) * 1000n],
    ['-1h', BigInt(NOW_MS - 3_600_000) * 1000n],
    ['+90s', BigInt(NOW_MS + 90_000) * 1000n],
    ['-1d12h', BigInt(NOW_MS - 129_600_000) * 1000n],
    ['-1.5m', BigInt(NOW_MS - 90_000) * 1000n],
    ['-2w', BigInt(NOW_MS - 1_209_600_000) * 1000n],
    ['-250ms', BigInt(NOW_MS - 250) * 1000n],
    ['2025-02-01', date(2025, 1, 1)],
    ['2025-02-01T09:30', date(2025, 1, 1, 9, 30)],
    ['2025-02-01 09:30:05', date(2025, 1, 1, 9, 30, 5)],
    ['2025-02-01T09:30:05.5Z', date(2025, 1, 1, 9, 30, 5, 500)],
    ['2025-02-01T09:30:05.123456z', date(2025, 1, 1, 9, 30, 5, 123) + 456n],
    ['2025-02-01T09:30+02:00', date(2025, 1, 1, 7, 30)],
    ['2025-02-01T09:30:00-0500', date(2025, 1, 1, 14, 30)],
    ['2024-02-29', date(2024, 1, 29)],
  ])('%s is understood', (text, expected) => {
    expect(us(text)).toBe(expected);
  });

  test('between two units of the clock counts as the later one, on both sides of 1970', () => {
    expect(us('2025-02-01T00:00:00.000000001Z')).toBe(date(2025, 1, 1) + 1n);
    expect(us('1969-12-31T23:59:59.999999500Z')).toBe(0n);
    expect(parseTime('2025-02-01T00:00:00.000000001Z', '--start', 'ns')).toBe(date(2025, 1, 1) * 1000n + 1n);
    expect(parseTime('2025-02-01T00:00:00.0001Z', '--start', 'ms')).toBe(date(2025, 1, 1) / 1000n + 1n);
  });

  test.each(['', 'yesterday', '1h', '-1y', '--1h', '-h', '1.5', '1e9', '0x10', '2025-02-30', '2025-13-01', '2025-02-01T25:00', '2025-02-01T', '25-02-01', '2025-02-01T09:30:05.1234567890Z', `-${'9'.repeat(400)}h`])('%j is refused', (text) => {
    expect(() => us(text)).toThrow(expect.objectContaining({ code: 'DW_RANGE_INVALID', values: { option: '--start', given: text } }));
  });
});
