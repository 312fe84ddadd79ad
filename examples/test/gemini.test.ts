import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { geminiTrades } from '../dist/sources/gemini.js';
import { temporaryFile } from './support/archives.js';
import { rowsOf } from './support/rows.js';

test('a trade keeps price, size and the side of the taker, in microseconds', async () => {
  const text = 'time_seconds,price,size,is_buyer_maker\n1625097621.647,2278.15,0.0409,1\n1625097647.087,2272,3.6456,0\n';
  expect(await rowsOf(geminiTrades([temporaryFile('a.csv.gz', gzipSync(text))]))).toEqual([
    { line: 2, price: 2278.15, size: 0.0409, side: 'S', timestamp_us: 1_625_097_621_647_000 },
    { line: 3, price: 2272, size: 3.6456, side: 'B', timestamp_us: 1_625_097_647_087_000 },
  ]);
});

test('a flag that is neither 0 nor 1 is an error that names file and line', async () => {
  const path = temporaryFile('a.csv.gz', gzipSync('1625097621.647,2278.15,0.0409,true\n'));
  await expect(rowsOf(geminiTrades([path]))).rejects.toThrow(`${path}:1: 'true' is not a number`);
});
