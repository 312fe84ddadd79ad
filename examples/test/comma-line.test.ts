import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CommaLine } from '../dist/sources/comma-line.js';

const cells = new CommaLine();

/** fast-check prints the seed of a run that fails. */
const digits = (max: number) => fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: max }).map((list) => list.join(''));

describe('CommaLine', () => {
  test('reads fields in order, each with its method, and then the end', () => {
    cells.start('14417034,1674200,210,Q,2000,0');
    expect([cells.whole(), cells.whole(), cells.whole()]).toEqual([14417034, 1674200, 210]);
    expect(cells.charCode()).toBe('Q'.charCodeAt(0));
    expect(cells.hex32()).toBe(0x2000);
    expect(cells.flag()).toBe(0);
    cells.end();
  });

  test('decimal gives the very double that Number gives', () => {
    fc.assert(
      fc.property(digits(18), digits(24), fc.boolean(), (whole, fraction, negative) => {
        const text = `${negative ? '-' : ''}${whole}.${fraction}`;
        expect(cells.start(`${text},7`).decimal()).toBe(Number(text));
        expect(cells.whole()).toBe(7); // and stands at the next field
      }),
      { numRuns: 2000 },
    );
  });

  test('decimal gives back every double from its shortest text', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(cells.start(String(value)).decimal()).toBe(value === 0 ? 0 : value);
      }),
      { numRuns: 2000 },
    );
  });

  test('scaled is exact where multiplying doubles is not', () => {
    expect(8.2045 * 1e6).not.toBe(8_204_500);
    expect(cells.start('8.2045').scaled(6)).toBe(8_204_500);
    expect(cells.start('1625097621.647').scaled(6)).toBe(1_625_097_621_647_000);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 99_999_999 }), fc.integer({ min: 0, max: 999_999 }), (whole, millionths) => {
        const text = `${whole}.${String(millionths).padStart(6, '0')}`;
        expect(cells.start(text).scaled(6)).toBe(whole * 1_000_000 + millionths);
      }),
    );
  });

  test.each([
    ['a word', 'abc', (c: CommaLine) => c.whole()],
    ['nothing', '', (c: CommaLine) => c.whole()],
    ['an empty field', ',1', (c: CommaLine) => c.whole()],
    ['a minus', '-1', (c: CommaLine) => c.whole()],
    ['a fraction for a whole number', '1.5', (c: CommaLine) => c.whole()],
    ['more than 2^53', '9007199254740992', (c: CommaLine) => c.whole()],
    ['more decimals than asked for', '1.2345', (c: CommaLine) => c.scaled(3)],
    ['a second point', '1.2.3', (c: CommaLine) => c.decimal()],
    ['nothing, as a decimal', '', (c: CommaLine) => c.decimal()],
    ['blanks, as a decimal', ' ,', (c: CommaLine) => c.decimal()],
    ['infinity', 'Infinity', (c: CommaLine) => c.decimal()],
    ['33 bits of hexadecimal', '100000000', (c: CommaLine) => c.hex32()],
    ['no hexadecimal', '2G', (c: CommaLine) => c.hex32()],
    ['no hexadecimal digits', ',', (c: CommaLine) => c.hex32()],
    ['two characters', 'QQ', (c: CommaLine) => c.charCode()],
    ['a character that is not ASCII', 'é', (c: CommaLine) => c.charCode()],
    ['no character', ',', (c: CommaLine) => c.charCode()],
    ['no character at the end', '', (c: CommaLine) => c.charCode()],
    ['a flag of 2', '2', (c: CommaLine) => c.flag()],
  ])('%s is an error', (_what, text, read) => {
    expect(() => read(cells.start(text))).toThrow();
  });

  test('a field too many and a field too few are errors', () => {
    cells.start('1,2').whole();
    expect(() => cells.end()).toThrow("more fields than expected in '1,2'");
    cells.start('1').whole();
    expect(() => cells.whole()).toThrow();
  });
});
