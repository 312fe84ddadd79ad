import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
// What is not public is tested through its module: these are read by hand, so every kind of wrong text counts.
import { numeric, priceOf, scanDecimal, sizeOf, tradedSizeOf, wholeOf } from '../dist/amounts.js';
import { epochMillisUs, epochSecondsUs, rfc3339Us } from '../dist/frame-time.js';

const LATE = 4_102_444_800_000_000;
const reasonOf = (call: () => unknown): string => {
  try {
    return `took ${String(call())}`;
  } catch (error) {
    return (error as { reason: string }).reason;
  }
};

describe('amounts', () => {
  test('every decimal is worth what Number reads, every other text is refused', () => {
    fc.assert(fc.property(fc.stringMatching(/^[0-9]{1,7}(\.[0-9]{1,8})?$/), (text) => scanDecimal(text) === Number(text)), { numRuns: 2000 });
    fc.assert(fc.property(fc.string({ maxLength: 12 }), (text) => scanDecimal(text) >= 0 === /^\d+(\.\d+)?$/.test(text)), { numRuns: 2000 });
    for (const text of ['', '.', '1.', '.5', '1..2', '1.2.3', '1e5', '+1', '-1', ' 1', '1 ', 'NaN', 'Infinity', '0x10', '１', '1'.repeat(41)]) expect(scanDecimal(text), text).toBe(-1);
    for (const text of ['0', '0.0', '0.00000000', '000']) expect(scanDecimal(text), text).toBe(0);
  });

  test('what is wrong with one is said in a few words that are always the same', () => {
    const values = [undefined, null, '', 'abc', '0', '0.00', '-1.5', {}, [1], true, '1e5', 'NaN', '1'.repeat(41), '+1', '-x'];
    const reasons = ['price missing', 'price missing', 'price is not a number', 'price is not a number', 'price is not positive', 'price is not positive', 'price is not positive',
      ...Array.from({ length: 8 }, () => 'price is not a number')];
    expect(values.map((value) => reasonOf(() => priceOf(value)))).toEqual(reasons);
    expect(values.map((value) => reasonOf(() => numeric.priceOf(value)))).toEqual(reasons);
    expect(['-0.1', '1,5', undefined].map((value) => reasonOf(() => sizeOf(value)))).toEqual(['size is negative', 'size is not a number', 'size missing']);
    // Numbers, only where an exchange sends them.
    expect([5, NaN].flatMap((value) => [priceOf, sizeOf, tradedSizeOf].map((read) => reasonOf(() => read(value))))).toEqual(['price', 'size', 'size', 'price', 'size', 'size'].map((what) => `${what} is not a text`));
    expect([0, -2, NaN, Infinity].map((value) => reasonOf(() => numeric.priceOf(value)))).toEqual(['price is not positive', 'price is not positive', 'price is not a number', 'price is not a number']);
    expect([0, -2, NaN, -Infinity].map((value) => reasonOf(() => numeric.sizeOf(value)))).toEqual(['took 0', 'size is negative', 'size is not a number', 'size is not a number']);
    expect([1e-8, 0, '0.0'].map((value) => reasonOf(() => numeric.tradedSizeOf(value)))).toEqual(['took 1e-8', 'size is not positive', 'size is not positive']);
    expect(sizeOf('0.000')).toBe('0.000');
    expect(reasonOf(() => tradedSizeOf('0.000'))).toBe('size is not positive');
    expect(['12', 12, '9007199254740991'].map((value) => wholeOf(value, 'id'))).toEqual([12, 12, Number.MAX_SAFE_INTEGER]);
    expect(['1.0', '-1', 1.5, '9007199254740993', 'x', undefined].map((value) => reasonOf(() => wholeOf(value, 'id')))).toEqual([
      'id is not a whole number', 'id is not a whole number', 'id is not a whole number', 'id is not a whole number', 'id is not a whole number', 'id missing']);
  });
});

describe('times', () => {
  test('RFC 3339 is read to the microsecond, as Date reads it to the millisecond', () => {
    fc.assert(fc.property(fc.date({ min: new Date('2009-01-04'), max: new Date('2099-12-31'), noInvalidDate: true }), fc.integer({ min: 0, max: 999_999 }), (date, rest) => {
      const iso = date.toISOString();
      return rfc3339Us(`${iso.slice(0, 23)}${String(rest).padStart(6, '0')}Z`, LATE) === date.getTime() * 1000 + Math.floor(rest / 1000);
    }), { numRuns: 2000 });
    expect(rfc3339Us('2026-08-09T21:05:48Z', LATE)).toBe(Date.parse('2026-08-09T21:05:48Z') * 1000);
    expect(rfc3339Us('2026-08-09T21:05:48.5Z', LATE)).toBe(Date.parse('2026-08-09T21:05:48.5Z') * 1000);
    expect(rfc3339Us('2026-08-09T23:05:48.000001+02:00', LATE)).toBe(Date.parse('2026-08-09T21:05:48Z') * 1000 + 1);
    expect(rfc3339Us('2024-02-29T00:00:00-05:30', LATE)).toBe(Date.parse('2024-02-29T05:30:00Z') * 1000);
  });

  test('what is no time is refused, and so is what cannot be one of a record', () => {
    const wrong = ['', 'x', '2026-08-09', '2026-08-09T21:05:48', '2026-02-29T00:00:00Z', '2026-13-01T00:00:00Z', '2026-00-01T00:00:00Z', '2026-04-31T00:00:00Z', '2026-08-09 21:05:48Z',
      '2026-08-09T24:00:00Z', '2026-08-09T21:60:00Z', '2026-08-09T21:05:61Z', '2026-08-09T21:05:48.Z', '2026-08-09T21:05:48Zz', '2026/08/09T21:05:48Z', '2026-08-09T21:05:48+0200', 5];
    expect(wrong.map((value) => reasonOf(() => rfc3339Us(value, LATE)))).toEqual(wrong.map(() => 'time is not a time'));
    // The same day as one that was read, written wrongly: the day that is kept must not let it through.
    expect(reasonOf(() => rfc3339Us('2024-02-29x00:00:00Z', LATE))).toBe('time is not a time');
    const received = Date.parse('2026-08-09T00:00:00Z') * 1000;
    expect(['1970-01-01T00:00:00Z', '2008-12-31T00:00:00Z', '2026-08-11T00:00:00Z', '9999-12-31T23:59:59Z'].map((value) => reasonOf(() => rfc3339Us(value, received))))
      .toEqual(Array.from({ length: 4 }, () => 'time is implausible'));
    expect(rfc3339Us('2026-08-09T23:59:59Z', received)).toBeGreaterThan(received);
    expect(reasonOf(() => rfc3339Us(undefined, received))).toBe('time missing');
  });

  test('milliseconds and microseconds are told apart by their size', () => {
    expect([1_617_666_423_123, 1_617_666_423_123_456].map((value) => epochMillisUs(value, LATE))).toEqual([1_617_666_423_123_000, 1_617_666_423_123_456]);
    expect([undefined, null, '1617666423123', 1.5, NaN, Infinity, 2 ** 53, {}, 0, -1, 1_617_666_423, 99_999_999_999_999].map((value) => reasonOf(() => epochMillisUs(value, LATE)))).toEqual([
      'time missing', 'time missing', ...Array.from({ length: 6 }, () => 'time is not a time'), ...Array.from({ length: 4 }, () => 'time is implausible')]);
  });

  test('seconds with decimals are read digit by digit', () => {
    fc.assert(fc.property(fc.integer({ min: 1_300_000_000, max: 4_000_000_000 }), fc.integer({ min: 0, max: 999_999 }), (seconds, us) =>
      epochSecondsUs(`${seconds}.${String(us).padStart(6, '0')}`, LATE) === seconds * 1_000_000 + us), { numRuns: 2000 });
    expect([epochSecondsUs('1617666423', LATE), epochSecondsUs('1617666423.1', LATE), epochSecondsUs('1617666423.1234567', LATE)]).toEqual([1617666423000000, 1617666423100000, 1617666423123456]);
    expect(['', '.5', '1617666423.', '1617666423.x', '16x', '-1', 1617666423.1].map((value) => reasonOf(() => epochSecondsUs(value, LATE)))).toEqual(Array.from({ length: 7 }, () => 'time is not a time'));
    expect(['0.000000', '99999999999.0'].map((value) => reasonOf(() => epochSecondsUs(value, LATE)))).toEqual(['time is implausible', 'time is implausible']);
  });
});
