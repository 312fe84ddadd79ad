import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DeepwaterError } from '../dist/errors/index.js';
import { DecimalDigits, decimalFromNumber, decimalToNumber, formatDecimal, parseDecimal, quickDecimal } from '../dist/schema/index.js';
import { assertProperty } from './schema-arbitraries.js';

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;
const scales = fc.integer({ min: 0, max: 18 });
const int64s = fc.bigInt({ min: INT64_MIN, max: INT64_MAX });

function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (DeepwaterError.isDeepwaterError(error)) return error.code;
    throw error;
  }
  return 'none';
}

describe('parsing', () => {
  test.each([
    ['123.45', 2, 12345n],
    ['123.45', 4, 1234500n],
    ['-0.01', 2, -1n],
    ['+7', 0, 7n],
    ['.5', 1, 5n],
    ['3.', 1, 30n],
    ['0', 18, 0n],
    ['-0', 2, 0n],
    ['000123.4500', 2, 12345n],
    ['1e-8', 8, 1n],
    ['1.5e3', 0, 1500n],
    ['1500E-2', 0, 15n],
    ['0e99999', 2, 0n],
    ['9223372036854775807', 0, INT64_MAX],
    ['-9223372036854775808', 0, INT64_MIN],
    ['-9.223372036854775808', 18, INT64_MIN],
  ])('%s at scale %d', (text, scale, scaled) => expect(parseDecimal(text, scale)).toBe(scaled));

  test.each(['', ' ', '.', '-', '+.', 'e5', '1e', '1e+', '1.2.3', '1,5', ' 1', '1 ', '1\n', '0x10', '1_000', 'NaN', 'Infinity', '١', '1'.repeat(129)])(
    '%j is not a decimal',
    (text) => expect(codeOf(() => parseDecimal(text, 2))).toBe('DW_VALUE_TYPE'),
  );

  test.each([
    ['0.001', 2],
    ['1e-9', 8],
    ['1e-99999', 18],
    ['9223372036854775808', 0],
    ['-9223372036854775809', 0],
    ['92233720368547758.08', 2],
    ['10', 18],
    ['1e19', 0],
    ['1e99999', 0],
  ])('%s does not fit scale %d', (text, scale) => {
    expect(codeOf(() => parseDecimal(text, scale))).toBe('DW_VALUE_RANGE');
  });

  test('the error says how many digits there are and how many the field keeps', () => {
    expect(() => parseDecimal('1.234', 2)).toThrow('The decimal "1.234" has 3 digits after the point and the field keeps 2');
    expect(() => parseDecimal('1e30', 2)).toThrow('the largest is 92233720368547758.07');
  });

  test('any text is a decimal or an error with a code', () => {
    const texts = fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom('0', '1', '9', '.', '-', '+', 'e', ' ') }));
    assertProperty(fc.property(texts, scales, (text, scale) => void codeOf(() => parseDecimal(text, scale))), 2000);
  });
});

describe('formatting', () => {
  test.each([
    [12345n, 2, '123.45'],
    [12300n, 2, '123.00'],
    [5n, 3, '0.005'],
    [-5n, 3, '-0.005'],
    [0n, 2, '0.00'],
    [-7n, 0, '-7'],
    [INT64_MIN, 18, '-9.223372036854775808'],
  ])('%s at scale %d is %s', (scaled, scale, text) => expect(formatDecimal(scaled, scale)).toBe(text));

  test('exactly `scale` digits follow the point, and parsing gives the same int64 back', () => {
    assertProperty(
      fc.property(int64s, scales, (scaled, scale) => {
        const text = formatDecimal(scaled, scale);
        expect(text).toMatch(scale === 0 ? /^-?\d+$/ : new RegExp(`^-?\\d+\\.\\d{${scale}}$`));
        expect(parseDecimal(text, scale)).toBe(scaled);
      }),
      2000,
    );
  });

  test('an exponent only moves the point', () => {
    assertProperty(
      fc.property(int64s, scales, (scaled, scale) => {
        expect(parseDecimal(`${scaled}e-${scale}`, scale)).toBe(scaled);
      }),
    );
  });
});

describe('numbers', () => {
  test('a number is taken by its shortest text', () => {
    expect(decimalFromNumber(0.1, 1)).toBe(1n);
    expect(decimalFromNumber(123.45, 2)).toBe(12345n);
    expect(decimalFromNumber(1e-7, 8)).toBe(10n);
    expect(decimalFromNumber(1e18, 0)).toBe(10n ** 18n);
    expect(decimalFromNumber(-0, 2)).toBe(0n);
    expect(codeOf(() => decimalFromNumber(0.1 + 0.2, 8))).toBe('DW_VALUE_RANGE');
    expect(codeOf(() => decimalFromNumber(1e21, 0))).toBe('DW_VALUE_RANGE');
  });

  test.each([NaN, Infinity, -Infinity])('%d is refused', (x) => {
    expect(codeOf(() => decimalFromNumber(x, 2))).toBe('DW_VALUE_RANGE');
  });

  test('a decimal of up to 15 digits survives being a number', () => {
    const limit = 10n ** 15n - 1n;
    assertProperty(
      fc.property(fc.bigInt({ min: -limit, max: limit }), scales, (scaled, scale) => {
        expect(decimalFromNumber(decimalToNumber(scaled, scale), scale)).toBe(scaled);
      }),
      2000,
    );
  });

  test('the number read is the nearest to the decimal', () => {
    assertProperty(
      fc.property(int64s, scales, (scaled, scale) => {
        // JavaScript reads decimal texts correctly rounded (ECMA-262, StringToNumber), so it is the model.
        expect(decimalToNumber(scaled, scale) + 0).toBe(Number(formatDecimal(scaled, scale)) + 0);
      }),
      2000,
    );
  });

  test('so it is of products and of sums, which have up to twice the scale and more than 64 bits', () => {
    const some = fc.oneof(fc.bigInt({ min: -10_000n, max: 10_000n }), fc.bigInt({ min: -(2n ** 140n), max: 2n ** 140n }));
    assertProperty(
      fc.property(some, fc.integer({ min: 0, max: 36 }), (scaled, scale) => {
        expect(decimalToNumber(scaled, scale) + 0).toBe(Number(formatDecimal(scaled, scale)) + 0);
      }),
      2000,
    );
  });
});

describe('the quick way', () => {
  const quickOrNot = (text: string, scale: number): void => {
    const quick = quickDecimal(text, scale);
    if (Number.isNaN(quick)) return;
    expect(Number.isSafeInteger(quick)).toBe(true);
    expect(BigInt(quick)).toBe(parseDecimal(text, scale));
  };

  test('says what the other says, or nothing', () => {
    assertProperty(fc.property(fc.oneof(
      fc.stringMatching(/^-?\d{0,20}(\.\d{0,20})?$/), fc.stringMatching(/^[-+.e0-9]{0,8}$/), fc.string({ maxLength: 6 }), int64s.map(String), fc.double().map(String),
    ), scales, quickOrNot));
    for (const text of ['', '-', '.', '-.', '1.2.3', '--1', '1-', '+1', '1e3', ' 1', '１', '9007199254740992', '90071992547409.93', '12345678901234567890123']) expect(quickDecimal(text, 2)).toBeNaN();
    for (const text of ['9007199254740991', '-9007199254740991']) expect(quickDecimal(text, 0)).toBe(Number(text));
  });

  test('takes every price and size below 2^53 that is written with digits', () => {
    assertProperty(fc.property(fc.maxSafeInteger(), scales, (value, scale) => {
      const text = formatDecimal(BigInt(value), scale);
      expect(quickDecimal(text, scale)).toBe(value);
    }));
  });
});

describe('a decimal that has been read', () => {
  const digits = fc.oneof(fc.integer({ min: 0, max: 100_000 }), fc.nat({ max: Number.MAX_SAFE_INTEGER }));

  test('is stored as its text is, at every scale that a number is enough for', () => {
    assertProperty(fc.property(digits, scales, scales, (value, decimals, scale) => {
      const decimal = new DecimalDigits(value, decimals);
      const text = formatDecimal(BigInt(value), decimals);
      expect(String(decimal)).toBe(text);
      const exact = scale >= decimals ? BigInt(value) * 10n ** BigInt(scale - decimals) : undefined;
      const fits = exact !== undefined && exact <= BigInt(Number.MAX_SAFE_INTEGER);
      expect(decimal.scaled(scale)).toBe(fits ? Number(exact) : NaN);
      if (fits) expect(parseDecimal(text, scale)).toBe(exact);
    }));
  });

  test('is the number that its text is', () => {
    assertProperty(fc.property(digits, scales, (value, decimals) => {
      expect(new DecimalDigits(value, decimals).toNumber()).toBe(Number(formatDecimal(BigInt(value), decimals)));
    }));
  });
});
