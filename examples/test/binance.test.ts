import { gunzipSync, gzipSync } from 'node:zlib';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { SAMPLE_DATA } from '../dist/folders.js';
import { binanceCapture, binanceFuturesQuotes, binanceSpotQuotes, binanceTrades } from '../dist/sources/binance.js';
import { rowsOf } from './support/rows.js';
import { temporaryFile } from './support/archives.js';

const SPOT = join(SAMPLE_DATA, 'binance-raw-ws/spot-btcusdt_20240808.first-14000-lines.gz');
const USDM = join(SAMPLE_DATA, 'binance-raw-ws/usdm-btcusdt_20240808.first-12000-lines.gz');

/** The frames of a stream the slow way: every line parsed whole. */
function frames(path: string, stream: string): { line: number; receive: string; data: Record<string, unknown> }[] {
  const lines = gunzipSync(readFileSync(path)).toString().split('\n').filter((text) => text !== '');
  return lines.flatMap((text, index) => {
    const [receive] = text.split(' ', 1);
    const frame = JSON.parse(text.slice(receive.length)) as { stream?: string; data: Record<string, unknown> };
    return frame.stream?.endsWith(`@${stream}`) ? [{ line: index + 1, receive, data: frame.data }] : [];
  });
}

describe.each([['spot', SPOT, 2591], ['usdm', USDM, 1920]] as const)('trades of %s', (market, path, count) => {
  test('are all there, each with every value of its frame', async () => {
    const rows = await rowsOf(binanceTrades(market, 'btcusdt', [path]));
    expect(rows).toHaveLength(count);
    expect(rows).toEqual(frames(path, 'trade').map(({ line, receive, data }) => ({
      line,
      price: Number(data.p),
      size: Number(data.q),
      side: data.m === true ? 'S' : 'B',
      trade_id: data.t,
      event_us: Number(data.E) * 1000,
      receive_ns: BigInt(receive),
      timestamp_us: Number(data.T) * 1000,
    })));
  });
});

test('futures quotes are all there, each with every value of its frame', async () => {
  const rows = await rowsOf(binanceFuturesQuotes('usdm', 'btcusdt', [USDM]));
  expect(rows).toHaveLength(9178);
  expect(rows).toEqual(frames(USDM, 'bookTicker').map(({ line, receive, data }) => ({
    line,
    bid: Number(data.b), bid_size: Number(data.B), ask: Number(data.a), ask_size: Number(data.A),
    update_id: data.u,
    event_us: Number(data.E) * 1000,
    receive_ns: BigInt(receive),
    timestamp_us: Number(data.T) * 1000,
  })));
});

test('spot quotes are all there, by receive time', async () => {
  const rows = await rowsOf(binanceSpotQuotes('btcusdt', [SPOT]));
  expect(rows).toHaveLength(10_158);
  expect(rows).toEqual(frames(SPOT, 'bookTicker').map(({ line, receive, data }) => ({
    line,
    bid: Number(data.b), bid_size: Number(data.B), ask: Number(data.a), ask_size: Number(data.A),
    update_id: data.u,
    receive_ns: BigInt(receive),
  })));
});

const TRADE = '{"stream":"btcusdt@trade","data":{"e":"trade","E":1680652800000,"s":"BTCUSDT","t":7,"p":"28165.47","q":"0.5","T":1680652799999,"m":true}}';

test('a receive time of 16 digits is in microseconds, one of 19 in nanoseconds', async () => {
  const path = temporaryFile('a.gz', gzipSync(`1680652800004107 ${TRADE}\n1680652800004107123 ${TRADE}\n`));
  const rows = await rowsOf(binanceTrades('spot', 'btcusdt', [path]));
  expect(rows.map((row) => row.receive_ns)).toEqual([1680652800004107000n, 1680652800004107123n]);
});

test.each([
  ['a price that is no number', TRADE.replace('28165.47', '28165,47'), "'28165,47' is not a number"],
  ['a price that is missing', TRADE.replace('"p":"28165.47",', ''), "'undefined' is not a number"],
  ['an empty size', TRADE.replace('0.5', ''), "'' is not a number"],
  ['a trade without id', TRADE.replace('"t":7,', ''), 'undefined is not a whole number'],
  ['a trade without side', TRADE.replace(',"m":true', ''), 'a trade without a side'],
  ['a frame that is cut short', TRADE.slice(0, -2), 'JSON'],
])('%s is an error that names file and line', async (_what, frame, message) => {
  const path = temporaryFile('a.gz', gzipSync(`1680652800004107 ${TRADE}\n1680652800004107 ${frame}\n`));
  const error: unknown = await rowsOf(binanceTrades('spot', 'btcusdt', [path])).catch((reason: unknown) => reason);
  expect(String(error)).toContain(`${path}:2: `);
  expect(String(error)).toContain(message);
});

test('a receive time that is neither is an error', async () => {
  const path = temporaryFile('a.gz', gzipSync(`16806528000 ${TRADE}\n`));
  await expect(rowsOf(binanceTrades('spot', 'btcusdt', [path]))).rejects.toThrow("'16806528000' is not a receive time");
});

test('captures are told by their names', () => {
  expect(binanceCapture('x/usdm-btcusdt_20230404.dat.gz')).toEqual({ market: 'usdm', symbol: 'btcusdt', date: '20230404' });
  expect(binanceCapture('cm-btcusd_perp_20240808.gz')).toEqual({ market: 'cm', symbol: 'btcusd_perp', date: '20240808' });
  expect(binanceCapture(SPOT)).toEqual({ market: 'spot', symbol: 'btcusdt', date: '20240808' });
  expect(binanceCapture('README.md')).toBeNull();
});
