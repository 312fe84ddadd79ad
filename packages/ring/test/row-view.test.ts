import { describe, expect, test } from 'vitest';
import { compileSchema, parseFeedSpec } from '@deepwater/core';
import { type RowHelpers, rowRunClass } from '../dist/index.js';
import { thrownBy } from './ring-fixtures.js';

const helpers: RowHelpers = {
  texts: [], chars: [], decimal: String, decimalNumber: Number, newSymbol: () => '', text: () => '',
  tooWide: (field, high, low) => { throw new Error(`field ${field}: ${high} ${low}`); },
};
const schemaOf = (...fields: object[]) => compileSchema(parseFeedSpec({ name: 'views', timestamp: 'ts', fields: [...fields, { name: 'ts', type: 'uint64' }] }));

describe('the flyweight', () => {
  test('is one class for all feeds of a schema', () => {
    expect(rowRunClass(schemaOf({ name: 'x', type: 'float64' }))).toBe(rowRunClass(schemaOf({ name: 'x', type: 'float64' })));
    expect(rowRunClass(schemaOf({ name: 'x', type: 'float64' }))).not.toBe(rowRunClass(schemaOf({ name: 'y', type: 'float64' })));
  });

  test('gives fields their own names, whatever these are', () => {
    const names = ['sequence', 'constructor', 'toJSON', 'length', 'row', 'prototype', 'class', 'hasOwnProperty'];
    const run = new (rowRunClass(schemaOf(...names.map((name) => ({ name, type: 'float64' })))))(helpers);
    const buffer = new ArrayBuffer(1024);
    new Float64Array(buffer).set(names.map((_, i) => i + 0.5));
    run.attach(buffer, 0, 1024);
    run.show(2 ** 40, 1);
    const row = run.row(0) as Record<string, unknown>;
    names.forEach((name, i) => { expect(row[name]).toBe(i + 0.5); });
    expect(run.tuple(0)).toEqual([...names.map((_, i) => i + 0.5), 0]);
  });

  test('gives 64-bit times as exact numbers, and no others', () => {
    const run = new (rowRunClass(schemaOf({ name: 'signed', type: 'int64', as: 'number' })))(helpers);
    const buffer = new ArrayBuffer(64);
    const cells = new BigInt64Array(buffer);
    run.attach(buffer, 0, 64);
    run.show(2 ** 52, 4);
    const row = run.row(0) as { signed: number; ts: number; sequence: number };
    for (const value of [0n, -1n, 2n ** 53n - 1n, -(2n ** 53n) + 1n, 2n ** 32n, -(2n ** 32n)]) {
      cells[0] = value;
      expect(row.signed).toBe(Number(value));
    }
    for (const value of [2n ** 53n, -(2n ** 53n), 2n ** 63n - 1n, -(2n ** 63n)]) {
      cells[0] = value;
      expect(() => row.signed).toThrow(/^field 0/);
    }
    expect((run.row(3) as { sequence: number }).sequence).toBe(2 ** 52 + 3);
    for (const i of [-1, 4, 1.5e9, NaN]) expect(thrownBy(() => run.row(i))).toMatchObject({ code: 'DW_RANGE_INVALID' });
  });
});
