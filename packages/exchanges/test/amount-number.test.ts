import fc from 'fast-check';
import { expect, test } from 'vitest';
import { numberOfAmount } from '../dist/records/amount-number.js';

test('a decimal of any length is the number that it is to Number, to the last bit', () => {
  const digits = fc.stringMatching(/^[0-9]{1,17}$/);
  const decimal = fc.oneof(digits, fc.tuple(digits, digits).map(([whole, decimals]) => `${whole}.${decimals}`), fc.stringMatching(/^[0-9]{1,8}\.[0-9]{1,8}$/));
  fc.assert(fc.property(decimal, (text) => Object.is(numberOfAmount(text), Number(text))), { numRuns: 50_000 });
});

test('and so is anything else', () => {
  for (const text of ['', '.', '5.', '.5', '-1', '+1', '1e5', ' 1', '1.2.3', '0x10', 'NaN', 'Infinity', '1,5', '٣', '0', '0.0', '00.10', '999999999999999', '9007199254740993', '9007199254740.993', '0.000000000000001']) {
    expect(numberOfAmount(text), text).toBe(Number(text));
  }
  fc.assert(fc.property(fc.string({ maxLength: 18 }), (text) => Object.is(numberOfAmount(text), Number(text))), { numRuns: 20_000 });
  for (const number of [0, 0.1, -1, NaN, 1e300]) expect(numberOfAmount(number)).toBe(number);
});
