/**
 * Set up before every test file: lists and typed arrays of many values are compared by Node.js first, which is many times faster than
 * looking at every value as `toEqual` does. What Node.js finds equal, value for value, `toEqual` would too; all else is left to it.
 */
import { isDeepStrictEqual } from 'node:util';
import { expect } from 'vitest';

const MANY = 50;

const isLarge = (value: unknown): value is ArrayLike<unknown> => (Array.isArray(value) || (ArrayBuffer.isView(value) && 'length' in value)) && (value as ArrayLike<unknown>).length >= MANY;

expect.addEqualityTesters([
  (a: unknown, b: unknown): true | undefined => (isLarge(a) && isLarge(b) && isDeepStrictEqual(a, b) ? true : undefined),
]);
