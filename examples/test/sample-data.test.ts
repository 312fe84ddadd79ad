import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { SAMPLE_DATA } from '../dist/folders.js';
import { findSources } from '../dist/sources/find-sources.js';
import { source } from './support/recordings.js';

const README = readFileSync(join(SAMPLE_DATA, 'README.md'), 'utf8');
const FILES = readdirSync(SAMPLE_DATA, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name).slice(SAMPLE_DATA.length));

const RECORDS: Record<string, number> = {
  spy_trades: 60_000,
  'oanda_eurusd_quotes': 24_179,
  'binance_spot_btcusdt_trades': 2591,
  'binance_spot_btcusdt_quotes': 10_158,
  'binance_usdm_btcusdt_trades': 1920,
  'binance_usdm_btcusdt_quotes': 9178,
  'gemini_eth-usd_trades': 25_222,
};

test('the sample is what its README says, line for line', () => {
  const sums = [...README.matchAll(/^([0-9a-f]{64}) {2}(\S+)$/gm)].map(([, sum, path]) => ({ sum, path }));
  expect(sums.map(({ path }) => path).sort()).toEqual(FILES.filter((path) => path.endsWith('.gz')).sort());
  for (const { sum, path } of sums) {
    expect(createHash('sha256').update(gunzipSync(readFileSync(join(SAMPLE_DATA, path)))).digest('hex'), path).toBe(sum);
  }
});

test('the sample is small, and every licence that its README names is there', () => {
  expect(FILES.reduce((bytes, path) => bytes + statSync(join(SAMPLE_DATA, path)).size, 0)).toBeLessThan(1_500_000);
  const licences = [...README.matchAll(/\]\((licences\/[^)]+)\)/g)].map(([, path]) => path);
  expect([...new Set(licences)].sort()).toEqual(FILES.filter((path) => path.startsWith('licences/')).sort());
});

describe('the feeds of the sample', () => {
  test('are these', () => {
    expect(findSources(SAMPLE_DATA).map(({ name }) => name).sort()).toEqual(Object.keys(RECORDS).sort());
  });

  test.each(Object.entries(RECORDS))('%s has %i records', async (name, count) => {
    expect(await source(SAMPLE_DATA, name).count()).toBe(count);
  });

  test.each(Object.keys(RECORDS))('the times of %s never go back', async (name) => {
    const { spec, batches } = { spec: source(SAMPLE_DATA, name).spec, batches: source(SAMPLE_DATA, name).batches() };
    let last: number | bigint = 0;
    let steps = 0;
    for await (const { columns, rows } of batches) {
      const times = columns[spec.timestamp];
      for (let i = 0; i < rows; i++) {
        if (times[i] < last) expect.fail(`${name}: ${times[i]} after ${last}`);
        if (times[i] > last) steps++;
        last = times[i];
      }
    }
    expect(steps).toBeGreaterThan(500);
  });
});
