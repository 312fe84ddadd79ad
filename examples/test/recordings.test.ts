import { basename } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findSources } from '../dist/sources/find-sources.js';
import type { TickSource } from '../dist/sources/tick-source.js';
import { recordings, source } from './support/recordings.js';

/** Records of each file, as counted when the recordings were collected. */
const PER_FILE: Record<string, Record<string, number>> = {
  spy_trades: { '20131007_trade.zip': 250_601, '20131008_trade.zip': 451_545, '20131009_trade.zip': 439_677, '20131010_trade.zip': 460_032 },
  'bac_trades': { '20131008_trade.zip': 125_872, '20131009_trade.zip': 122_832 },
  'bac_quotes': { '20131008_quote.zip': 576_096, '20131009_quote.zip': 644_880 },
  'ibm_trades': {
    '20131007_trade.zip': 24_293, '20131008_trade.zip': 33_381, '20131009_trade.zip': 27_042, '20131010_trade.zip': 22_415,
    '20131011_trade.zip': 19_264,
  },
  'ibm_quotes': {
    '20131007_quote.zip': 109_067, '20131008_quote.zip': 125_750, '20131009_quote.zip': 135_492, '20131010_quote.zip': 105_428,
    '20131011_quote.zip': 99_852,
  },
  'oanda_eurusd_quotes': {
    '20140501_quote.zip': 24_179, '20140502_quote.zip': 49_341, '20140504_quote.zip': 1164, '20140505_quote.zip': 25_177,
    '20140506_quote.zip': 44_864, '20140507_quote.zip': 41_367, '20140508_quote.zip': 87_833, '20140509_quote.zip': 47_634,
    '20140511_quote.zip': 2643, '20140512_quote.zip': 30_642, '20140513_quote.zip': 61_784, '20140514_quote.zip': 46_110,
    '20140515_quote.zip': 70_165,
  },
  'oanda_xauusd_quotes': { '20140502_quote.zip': 265_015, '20140504_quote.zip': 9889, '20140505_quote.zip': 186_204 },
  'binance_cm_btcusd_perp_trades': { 'cm-btcusd_perp_20240808.gz': 2286, 'cm-btcusd_perp_20240809.gz': 2949 },
  'binance_cm_btcusd_perp_quotes': { 'cm-btcusd_perp_20240808.gz': 19_136, 'cm-btcusd_perp_20240809.gz': 29_219 },
  'binance_spot_btcusdt_trades': { 'spot-btcusdt_20230405.dat.gz': 3144, 'spot-btcusdt_20240808.gz': 9757, 'spot-btcusdt_20240809.gz': 10_147 },
  'binance_spot_btcusdt_quotes': { 'spot-btcusdt_20230405.dat.gz': 8015, 'spot-btcusdt_20240808.gz': 28_040, 'spot-btcusdt_20240809.gz': 45_134 },
  'binance_usdm_btcusdt_trades': {
    'usdm-btcusdt_20230404.dat.gz': 2197, 'usdm-btcusdt_20230405.dat.gz': 10_738, 'usdm-btcusdt_20240718.gz': 974,
    'usdm-btcusdt_20240719.gz': 9727, 'usdm-btcusdt_20240808.gz': 21_313,
  },
  'binance_usdm_btcusdt_quotes': {
    'usdm-btcusdt_20230404.dat.gz': 6765, 'usdm-btcusdt_20230405.dat.gz': 37_440, 'usdm-btcusdt_20240718.gz': 7113,
    'usdm-btcusdt_20240719.gz': 45_147, 'usdm-btcusdt_20240808.gz': 66_089,
  },
  'gemini_eth-usd_trades': { 'gemini__eth-usd__2021-07-01__trade.csv.gz': 25_222 },
};

const sum = (counts: Record<string, number>): number => Object.values(counts).reduce((total, count) => total + count, 0);

const counted = new Map<string, Record<string, number>>();

/** Records of each file of a feed; every file is read once for all tests. */
async function countPerFile(feed: TickSource): Promise<Record<string, number>> {
  const counts = counted.get(feed.name) ?? {};
  if (counted.has(feed.name)) return counts;
  for await (const { file, rows } of feed.batches()) counts[basename(file)] = (counts[basename(file)] ?? 0) + rows;
  counted.set(feed.name, counts);
  return counts;
}

describe('the whole recordings', () => {
  test('give these feeds', (context) => {
    expect(findSources(recordings(context)).map(({ name }) => name).sort()).toEqual(Object.keys(PER_FILE).sort());
  });

  for (const name of Object.keys(PER_FILE)) {
    test(`${name}: every file has its records`, async (context) => {
      expect(await countPerFile(source(recordings(context), name))).toEqual(PER_FILE[name]);
    });
  }

  test('are 1,601,855 trades of SPY and 73,232 of Binance', async (context) => {
    const folder = recordings(context);
    const total = async (name: string): Promise<number> => sum(await countPerFile(source(folder, name)));
    expect(await total('spy_trades')).toBe(1_601_855);
    const binance = ['cm_btcusd_perp', 'spot_btcusdt', 'usdm_btcusdt'].map((name) => total(`binance_${name}_trades`));
    expect((await Promise.all(binance)).reduce((all, trades) => all + trades)).toBe(73_232);
  });

  test('SPY traded 178,346,557 shares on 2013-10-08', async (context) => {
    let shares = 0;
    for await (const { file, rows, columns } of source(recordings(context), 'spy_trades').batches()) {
      if (basename(file) !== '20131008_trade.zip') continue;
      for (let i = 0; i < rows; i++) shares += columns['size'][i] as number;
    }
    expect(shares).toBe(178_346_557);
  });

  for (const name of Object.keys(PER_FILE).filter((feed) => /^binance_.*_trades$/.test(feed))) {
    test(`${name}: trade ids have no gap within a capture, nor from one file of it to the next`, async (context) => {
      const gaps: string[] = [];
      let last: { file: string; id: number } | undefined;
      for await (const { file, rows, columns, lines } of source(recordings(context), name).batches()) {
        for (let i = 0; i < rows; i++) {
          const id = columns['trade_id'][i] as number;
          if (last !== undefined && id !== last.id + 1) gaps.push(`${basename(last.file)} > ${basename(file)}:${lines[i]}`);
          last = { file, id };
        }
      }
      // Captures of different days are different captures; those cut at midnight run on.
      const starts: Record<string, string[]> = {
        binance_cm_btcusd_perp_trades: [],
        binance_spot_btcusdt_trades: ['spot-btcusdt_20230405.dat.gz > spot-btcusdt_20240808.gz'],
        binance_usdm_btcusdt_trades: [
          'usdm-btcusdt_20230405.dat.gz > usdm-btcusdt_20240718.gz',
          'usdm-btcusdt_20240719.gz > usdm-btcusdt_20240808.gz',
        ],
      };
      expect(gaps.map((gap) => gap.replace(/:\d+$/, ''))).toEqual(starts[name]);
    });
  }
});
