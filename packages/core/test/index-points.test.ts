import fc from 'fast-check';
import { expect, test } from 'vitest';
import { countIndexPoints } from '../dist/index.js';
import { assertProperty } from './schema-arbitraries.js';

test('index points are the cells that are 1, wherever the column begins and ends', () => {
  const cells = fc.array(fc.oneof({ weight: 20, arbitrary: fc.constant(0) }, { weight: 3, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: fc.nat(255) }), { maxLength: 100 });
  assertProperty(fc.property(cells, fc.nat(9), fc.boolean(), (values, offset, shared) => {
    const buffer = shared ? new SharedArrayBuffer(128) : new ArrayBuffer(128);
    new Uint8Array(buffer).fill(1);
    const column = new Uint8Array(buffer, offset, values.length);
    column.set(values);
    expect(countIndexPoints(column)).toBe(values.filter((value) => value === 1).length);
  }));
});
