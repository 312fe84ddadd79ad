import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { DECIMAL, type DuckDBDecimalValue, UBIGINT, VARCHAR } from '@duckdb/node-api';
import { describe, expect, test } from 'vitest';
import { parseDecimal } from '@deepwater/core';
import { FeedReader } from '@deepwater/query';
import { duckValue, openDuck } from './support/duckdb.js';
import { quotient } from './support/naive-aggregate.js';
import { feed } from './support/small-feed.js';

const RECORDING = new URL('../../../examples/sample-data/gemini-csv/gemini__eth-usd__2021-07-01__trade.csv.gz', import.meta.url);

const spec = {
  name: 'eth',
  fields: [
    { name: 'price', type: 'decimal', scale: 2 },
    { name: 'size', type: 'decimal', scale: 8 },
    { name: 'maker', type: 'char' },
    { name: 'ts', type: 'uint64' },
  ],
  timestamp: 'ts',
} as const;

/** A day of trades of ETH-USD at Gemini: price, size, whether the buyer was the maker, time in us. */
function trades(): [string, string, string, bigint][] {
  const [, ...lines] = gunzipSync(readFileSync(RECORDING)).toString().trim().split('\n');
  return lines.map((line) => {
    const [time, price, size, maker] = line.split(',') as [string, string, string, string];
    return [price, size, maker, parseDecimal(time, 6)];
  });
}

describe('a real day of trades', () => {
  const day = trades();
  const fixture = feed(spec, { capacityRows: 9000, blockRows: 1024, ringSlots: 65_536 });
  for (const trade of day) fixture.write(...trade);
  fixture.drain(day.length - 1500);
  const reader = new FeedReader<typeof spec>(fixture.source);
  const [start, end] = [day[0]![3], day.at(-1)![3] + 1n];

  test.each([
    ['all of it', {}, 'true'],
    ['what takers bought above a price', { maker: '0', price: { gt: '2150.005' } }, "maker = '0' and price > 2150.005"],
    ['all but the usual sizes', { not: { size: { between: ['0.01', '1'] } }, or: [{ price: { lt: 2100 } }, { maker: { in: ['1'] } }] }, "not size between 0.01 and 1 and (price < 2100 or maker = '1')"],
    ['an hour of it', { ts: { gte: new Date(1_625_100_000_000), lt: new Date(1_625_103_600_000) } }, 'ts >= 1625100000000000 and ts < 1625103600000000'],
  ])('has the totals that DuckDB has, to the last digit: %s', async (_, where, sql) => {
    const duck = await openDuck();
    try {
      await duck.table('t', { price: DECIMAL(18, 2), size: DECIMAL(18, 8), maker: VARCHAR, ts: UBIGINT }, day.map(([price, size, maker, ts]) => [
        duckValue({ type: 'decimal', scale: 2 }, parseDecimal(price, 2)), duckValue({ type: 'decimal', scale: 8 }, parseDecimal(size, 8)), maker, ts,
      ]));
      const [row] = await duck.rows(`select count(*) as n, sum(price) as price, sum(size) as size, sum(cast(price as decimal(18, 2)) * size) as value, min(price) as low, max(price) as high,
        quantile_disc(price, 0.9) as tail from t where ${sql}`);
      const expected = row as Record<string, DuckDBDecimalValue>;
      const found = await reader.aggregate(start, end, {
        where: where as never,
        aggregates: { n: 'count', price: { sum: 'price' }, size: { sum: 'size' }, vwap: { vwap: ['price', 'size'] }, low: { min: 'price' }, high: { max: 'price' }, tail: { quantile: 'price', at: 0.9, method: 'disc' } },
      });
      expect(found.n).toBeGreaterThan(0);
      expect({ ...found, n: BigInt(found.n), vwap: undefined }).toEqual({
        n: expected['n'], vwap: undefined, ...Object.fromEntries(['price', 'size', 'low', 'high', 'tail'].map((name) => [name, expected[name]!.toString()])),
      });
      expect(found.vwap).toBe(quotient(expected['value']!.value, expected['size']!.value * 100n));
      expect(reader.rangeSync(start, end, { where: where as never, columns: ['ts'] })).toHaveLength(found.n);
    } finally {
      duck.close();
    }
  });
});
