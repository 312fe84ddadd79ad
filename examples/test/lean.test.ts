import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { leanEquityQuotes, leanEquityTrades } from '../dist/sources/lean-equity.js';
import { isLeanFile, leanDate } from '../dist/sources/lean-file.js';
import { oandaCfdQuotes, oandaForexQuotes } from '../dist/sources/lean-fx.js';
import { temporaryFile, zip } from './support/archives.js';
import { rowsOf } from './support/rows.js';

const DAY_US = 86_400_000_000;
const us = (iso: string): number => Date.parse(iso) * 1000;

test('an equity trade keeps price, shares, venue, condition flags and mark, at its time in UTC', async () => {
  const path = temporaryFile('20131008_trade.zip', zip({ 'a.csv': '14417034,1674200,210,Q,2000,0\n71998962,1659537,100,P,20002020,1' }));
  expect(await rowsOf(leanEquityTrades('spy', [path]))).toEqual([
    { line: 1, price: 167.42, size: 210, venue: 'Q', condition: 0x2000, suspicious: false, timestamp_us: us('2013-10-08T08:00:17.034Z') },
    { line: 2, price: 165.9537, size: 100, venue: 'P', condition: 0x20002020, suspicious: true, timestamp_us: us('2013-10-08T23:59:58.962Z') },
  ]);
});

test('an equity quote keeps its one side and zeros for the other', async () => {
  const path = temporaryFile('20131209_quote.csv.gz', gzipSync('14400640,1800100,200,0,0,P,1,0\n14400640,0,0,1826200,100,P,101,0\n'));
  const origin = { venue: 'P', suspicious: false, timestamp_us: us('2013-12-09T09:00:00.640Z') }; // UTC-5: winter
  expect(await rowsOf(leanEquityQuotes('ibm', [path]))).toEqual([
    { line: 1, bid: 180.01, bid_size: 200, ask: 0, ask_size: 0, condition: 1, ...origin },
    { line: 2, bid: 0, bid_size: 0, ask: 182.62, ask_size: 100, condition: 0x101, ...origin },
  ]);
});

test('a forex quote is at milliseconds after midnight UTC, each file from its own date', async () => {
  const first = temporaryFile('20140501_quote.zip', zip({ 'a.csv': '292,1.38676,1.38686\r\n86371310,1.38693,1.38706\r\n' }));
  const second = temporaryFile('20140502_quote.zip', zip({ 'a.csv': '292,1.38676,1.38686' }));
  const rows = await rowsOf(oandaForexQuotes('eurusd', [first, second]));
  expect(rows[0]).toEqual({ line: 1, bid: 1.38676, ask: 1.38686, timestamp_us: us('2014-05-01T00:00:00.292Z') });
  expect(rows[1]).toEqual({ line: 2, bid: 1.38693, ask: 1.38706, timestamp_us: us('2014-05-01T23:59:31.310Z') });
  expect(rows[2]).toEqual({ line: 1, bid: 1.38676, ask: 1.38686, timestamp_us: us('2014-05-01T00:00:00.292Z') + DAY_US });
});

test('a gold quote keeps the tenths of a microsecond of its time', async () => {
  const path = temporaryFile('20140502_quote.zip', zip({ 'a.csv': '46.2042,1284.065,1284.405\n75558740.535,1299,1300.2' }));
  const midnightNs = BigInt(Date.parse('2014-05-02T00:00:00Z')) * 1_000_000n;
  expect(await rowsOf(oandaCfdQuotes('xauusd', [path]))).toEqual([
    { line: 1, bid: 1284.065, ask: 1284.405, timestamp_ns: midnightNs + 46_204_200n },
    { line: 2, bid: 1299, ask: 1300.2, timestamp_ns: midnightNs + 75_558_740_535_000n },
  ]);
});

describe('a line that is not a record', () => {
  test.each([
    ['a header', 'time,price,size,venue,condition,suspicious'],
    ['a field too few', '14417034,1674200,210,Q,2000'],
    ['a field too many', '14417034,1674200,210,Q,2000,0,0'],
    ['a price with a fraction', '14417034,167.42,210,Q,2000,0'],
    ['shares beyond 32 bits', '14417034,1674200,4294967296,Q,2000,0'],
    ['a time after the end of the day', '86400000,1674200,210,Q,2000,0'],
    ['an empty line', ''],
  ])('%s is an error that names file and line', async (_what, line) => {
    const path = temporaryFile('20131008_trade.zip', zip({ 'a.csv': `14417034,1674200,210,Q,2000,0\n${line}\n` }));
    await expect(rowsOf(leanEquityTrades('spy', [path]))).rejects.toThrow(`${path}:2: `);
  });
});

test('files are told by their names', () => {
  expect(leanDate('spy/20131008_trade.zip')).toBe('20131008');
  expect(leanDate('20131008_trade.first-60000-lines.csv.gz')).toBe('20131008');
  expect(isLeanFile('20131008_trade.zip', 'trade')).toBe(true);
  expect(isLeanFile('20131008_trade.zip', 'quote')).toBe(false);
  expect(isLeanFile('spy.zip', 'trade')).toBe(false);
  expect(() => leanDate('spy.zip')).toThrow('does not begin with a date');
});
