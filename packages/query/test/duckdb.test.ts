import { DOUBLE, INTEGER } from '@duckdb/node-api';
import { expect, test } from 'vitest';
import { duckType, duckValue, openDuck } from './support/duckdb.js';

test('DuckDB adds doubles up in the order of the rows, group by group', async () => {
  const duck = await openDuck();
  try {
    // Sums whose last digits depend on the order.
    const rows = Array.from({ length: 10_000 }, (_, i) => [i % 3, Math.sin(i) * 10 ** (i % 7)] as const);
    await duck.table('t', { g: INTEGER, x: DOUBLE }, rows);
    const sums = [0, 0, 0];
    for (const [g, x] of rows) sums[g] = (sums[g] as number) + x;
    const found = await duck.rows('select g, sum(x) as s from t group by g order by g');
    expect(found.map(({ s }) => s)).toEqual(sums);
  } finally {
    duck.close();
  }
});

test('decimals go in as the integers that they are stored as, and come out exact', async () => {
  const duck = await openDuck();
  try {
    const field = { type: 'decimal', scale: 8 } as const;
    await duck.table('d', { x: duckType(field) }, [[duckValue(field, 123_456_789_012_345_678n)], [duckValue(field, -1n)]]);
    const [row] = await duck.rows('select cast(sum(x) as varchar) as s from d');
    expect(row?.['s']).toBe('1234567890.12345677');
  } finally {
    duck.close();
  }
});
