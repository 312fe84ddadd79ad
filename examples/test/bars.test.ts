/** Real days of trades as bars: equal to what DuckDB makes of the same trades, to the last digit, and close to the vendor's own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BIGINT, DECIMAL, DOUBLE, DuckDBDecimalValue, VARCHAR } from '@duckdb/node-api';
import { afterAll, describe, expect, test } from 'vitest';
import { Platform, type Bar, type ExactBar } from 'deepwater';
import { SAMPLE_DATA } from '../dist/folders.js';
import { geminiTrades } from '../dist/sources/gemini.js';
import { leanEquityTrades } from '../dist/sources/lean-equity.js';
import { readLines } from '../dist/sources/lines.js';
import type { TickSource } from '../dist/sources/tick-source.js';
import { openDuck } from '../../packages/query/test/support/duckdb.js';
import { recordings } from './support/recordings.js';

const directories: string[] = [];
afterAll(() => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

const FAR = 4e15;
const RESOLUTIONS = { '1s': 1_000_000, '1m': 60_000_000, '5m': 300_000_000 } as const;

interface Trades {
  readonly price: number[];
  readonly size: number[];
  /** Empty where the recording does not say. */
  readonly side: string[];
  readonly time: number[];
}

async function tradesOf(source: TickSource): Promise<Trades> {
  const trades: Trades = { price: [], size: [], side: [], time: [] };
  for await (const { rows, columns } of source.batches()) {
    for (let row = 0; row < rows; row++) {
      trades.price.push(columns['price']?.[row] as number);
      trades.size.push(columns['size']?.[row] as number);
      trades.time.push(columns['timestamp_us']?.[row] as number);
      if (columns['side'] !== undefined) trades.side.push(String.fromCharCode(columns['side'][row] as number));
    }
  }
  return trades;
}

/** A store with the trades twice: prices and sizes as floats, and as decimals. */
async function storeOf(trades: Trades, priceScale: number, sizeScale: number): Promise<Platform> {
  const directory = mkdtempSync(join(tmpdir(), 'deepwater-bars-'));
  directories.push(directory);
  const platform = await Platform.open(join(directory, 'data'), { logLevel: 'silent' });
  const others = [{ name: 'side', type: 'char' }, { name: 'ts', type: 'uint64' }] as const;
  const floats = await platform.createFeed({
    name: 'floats', fields: [{ name: 'price', type: 'float64' }, { name: 'size', type: 'float64' }, ...others], timestamp: 'ts', chunkSizeMb: 1, retentionHours: 0,
  });
  const exact = await platform.createFeed({
    name: 'exact', fields: [{ name: 'price', type: 'decimal', scale: priceScale }, { name: 'size', type: 'decimal', scale: sizeScale }, ...others], timestamp: 'ts', chunkSizeMb: 1, retentionHours: 0,
  });
  const [one, other] = [await platform.createWriter(floats), await platform.createWriter(exact)];
  trades.time.forEach((time, i) => {
    const [price, size] = [trades.price[i] as number, trades.size[i] as number];
    const side = trades.side[i] ?? '-';
    one.writeValues(price, size, side, time);
    other.writeValues(price.toFixed(priceScale), size.toFixed(sizeScale), side, time);
  });
  await one.close();
  await other.close();
  return platform;
}

/** The bars of DuckDB over the same trades, in the order of their times. */
async function duckBars(trades: Trades, priceScale: number, sizeScale: number): Promise<Record<'floats' | 'exact', (resolution: keyof typeof RESOLUTIONS) => Promise<unknown[]>> & { close(): void }> {
  const duck = await openDuck();
  const scaled = (x: number, scale: number): DuckDBDecimalValue => new DuckDBDecimalValue(BigInt(x.toFixed(scale).replace('.', '')), 18, scale);
  const common = { seq: BIGINT, side: VARCHAR, ts: BIGINT };
  const commonOf = (i: number): [bigint, string, bigint] => [BigInt(i), trades.side[i] ?? '-', BigInt(trades.time[i] as number)];
  await duck.table('floats', { ...common, price: DOUBLE, size: DOUBLE }, trades.price.map((price, i) => [...commonOf(i), price, trades.size[i] as number]));
  await duck.table('exact', { ...common, price: DECIMAL(18, priceScale), size: DECIMAL(18, sizeScale) },
    trades.price.map((price, i) => [...commonOf(i), scaled(price, priceScale), scaled(trades.size[i] as number, sizeScale)]));
  const asked = async (table: string, resolution: keyof typeof RESOLUTIONS): Promise<unknown[]> => {
    const width = RESOLUTIONS[resolution];
    const value = table === 'exact' ? `cast(price as decimal(19, ${priceScale})) * cast(size as decimal(19, ${sizeScale}))` : 'price * size';
    const rows = await duck.rows(`
      select ts - ts % ${width} as start, arg_min(price, seq) as open, max(price) as high, min(price) as low, arg_max(price, seq) as close, count(*) as count,
        sum(size) as volume, sum(${value}) as value, sum(case when side = 'B' then size else 0 end) as buy, sum(case when side = 'S' then size else 0 end) as sell
      from (from ${table} order by seq) group by 1 order by 1`);
    return rows.map(({ start, open, high, low, close, count, volume, value: paid, buy, sell }) => {
      const given = (cell: unknown): unknown => (table === 'exact' ? String(cell) : cell);
      return [Number(start), given(open), given(high), given(low), given(close), Number(count), given(volume), given(paid), given(buy), given(sell)];
    });
  };
  return { floats: (resolution) => asked('floats', resolution), exact: (resolution) => asked('exact', resolution), close: () => { duck.close(); } };
}

const cells = ({ start, open, high, low, close, count, volume, value, buyVolume, sellVolume }: Bar | ExactBar): unknown[] =>
  [start, open, high, low, close, count, volume, value, buyVolume, sellVolume];

/** A quotient of decimal texts, by long division to more digits than a number has. */
function quotient(value: string, volume: string): number {
  const digits = (text: string): [bigint, number] => [BigInt(text.replace('.', '')), text.length - text.indexOf('.') - 1];
  const [a, scaleA] = digits(value);
  const [b, scaleB] = digits(volume.includes('.') ? volume : `${volume}.`);
  const places = 40;
  const text = String((a * 10n ** BigInt(places + scaleB - scaleA + 20)) / b).padStart(places + 21, '0');
  return Number(`${text.slice(0, -places - 20)}.${text.slice(-places - 20)}`);
}

async function expectDuckBars(source: TickSource, priceScale: number, sizeScale: number): Promise<void> {
  const trades = await tradesOf(source);
  const platform = await storeOf(trades, priceScale, sizeScale);
  const duck = await duckBars(trades, priceScale, sizeScale);
  try {
    const floats = await platform.createReader('floats');
    const exact = await platform.createReader('exact');
    for (const resolution of Object.keys(RESOLUTIONS) as (keyof typeof RESOLUTIONS)[]) {
      const bars = await floats.bars(0, FAR, { resolution });
      expect(bars.map(cells)).toEqual(await duck.floats(resolution));
      expect(bars.every(({ vwap, value, volume }) => vwap === (value as number) / (volume as number))).toBe(true);
      const exactBars = await exact.bars(0, FAR, { resolution, exact: true });
      expect(exactBars.map(cells)).toEqual(await duck.exact(resolution));
      expect(exactBars.filter(({ vwap, value, volume }) => vwap !== quotient(value as string, volume as string))).toEqual([]);
      expect(exactBars.reduce((sum, { count }) => sum + count, 0)).toBe(trades.time.length);
    }
  } finally {
    duck.close();
    await platform.close();
  }
}

describe('a real day of trades in bars of 1 s, 1 m and 5 m is DuckDB’s, to the last digit', () => {
  test('ETH-USD on Gemini, with sides', () => expectDuckBars(geminiTrades([join(SAMPLE_DATA, 'gemini-csv/gemini__eth-usd__2021-07-01__trade.csv.gz')]), 2, 6));

  test('SPY on all venues', async (context) => {
    await expectDuckBars(leanEquityTrades('spy', [join(recordings(context), 'lean/equity/usa/tick/spy/20131008_trade.zip')]), 4, 0);
  }, 240_000);
});

test('SPY’s minutes are the vendor’s: the same minutes and, but for a few at the open, the same volumes', async (context) => {
  const root = recordings(context);
  const trades = await tradesOf(leanEquityTrades('spy', [join(root, 'lean/equity/usa/tick/spy/20131008_trade.zip')]));
  const platform = await storeOf(trades, 4, 0);
  try {
    const reader = await platform.createReader('exact');
    const session = { timeZone: 'America/New_York', open: '09:30', close: '16:00' } as const;
    const bars = await reader.bars(0, FAR, { resolution: '1m', session, exact: true });
    const vendor: { minute: number; prices: number[]; volume: string }[] = [];
    for await (const lines of readLines(join(root, 'lean/equity/usa/minute/spy/20131008_trade.zip'))) {
      for (const line of lines) {
        const [ms = 0, ...rest] = line.split(',').map(Number);
        const minute = ms / 60_000;
        if (minute >= 570 && minute < 960) vendor.push({ minute, prices: rest.slice(0, 4), volume: String(rest[4]) });
      }
    }
    // New York was at UTC-4.
    const midnight = Date.UTC(2013, 9, 8, 4) * 1000;
    expect(bars.map(({ start }) => (Number(start) - midnight) / 60e6)).toEqual(vendor.map(({ minute }) => minute));
    const agree = bars.filter(({ volume }, i) => volume === vendor[i]?.volume).length;
    expect(agree).toBeGreaterThanOrEqual(387);
    // The vendor leaves trades with some sale conditions out of the prices.
    const samePrices = bars.filter(({ open, high, low, close }, i) =>
      [open, high, low, close].every((price, k) => Math.round(Number(price) * 10_000) === vendor[i]?.prices[k])).length;
    expect(samePrices).toBeGreaterThanOrEqual(220);
  } finally {
    await platform.close();
  }
}, 240_000);
