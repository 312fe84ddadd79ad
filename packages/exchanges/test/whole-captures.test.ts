/**
 * Real recordings through server, socket, adapter, ring and chunks: what is read back from the store is what the frames say, message for message. The frames are
 * those that were recorded beside (`recordRaw`), and these are those of the recording. `CAPTURES=all` (npm run soak -- captures) takes the long ones, too.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Capture, readCaptures } from '@deepwater/captures';
import { type ReplayOptions, startReplayServer } from '@deepwater/replay-server';
import { Platform } from 'deepwater';
import { describe, expect, test } from 'vitest';
import { type Exchange, Ingest, type RecordedEvent, binance, binanceAgg, binanceCoinm, binanceUsdm, bybit, bybitLinear, coinbase, coinbaseExchange, kraken, krakenV1, recordFeedName } from '../dist/index.js';
import { captureFile, noCaptures, withCaptures } from './support/captures.js';
import { firstDifference } from './support/fake-host.js';
import { type Said, saidByBinance, saidByBybit, saidByCoinbase, saidByCoinbaseExchange, saidByKraken, saidByKrakenV1 } from './support/said.js';

interface Case {
  readonly exchange: Exchange;
  readonly venue: ReplayOptions['venue'];
  readonly files: readonly string[];
  readonly symbols: readonly string[];
  readonly below?: string;
  readonly channels?: readonly string[];
  readonly said: (capture: Capture, symbols: readonly string[]) => Map<string, Said>;
  /** Only where everything is wanted. */
  readonly long?: true;
  /** What is left out of a frame to compare it with the recording's: numbers that the server counts for each connection. */
  readonly own?: RegExp;
  /** A frame of the recording that is wanted. */
  readonly wanted?: (text: string) => boolean;
}

const raw = (...names: string[]): string[] => names.map((name) => `binance-raw-ws/${name}`);
const BTC = ['BTCUSDT'];
const CASES: readonly Case[] = [
  { exchange: binanceUsdm, venue: 'binance', files: raw('usdm-btcusdt_20240718.gz', 'usdm-btcusdt_20240719.gz'), symbols: BTC, said: saidByBinance, long: true },
  { exchange: binanceUsdm, venue: 'binance', files: raw('usdm-btcusdt_20240718.gz'), symbols: BTC, said: saidByBinance },
  { exchange: binanceUsdm, venue: 'binance', files: raw('usdm-btcusdt_20230404.dat.gz', 'usdm-btcusdt_20230405.dat.gz'), symbols: BTC, said: saidByBinance, long: true },
  { exchange: binanceUsdm, venue: 'binance', files: raw('usdm-btcusdt_20240808.gz'), symbols: BTC, said: saidByBinance, long: true },
  { exchange: binance, venue: 'binance', files: raw('spot-btcusdt_20230405.dat.gz'), symbols: BTC, said: saidByBinance },
  { exchange: binance, venue: 'binance', files: raw('spot-btcusdt_20240808.gz', 'spot-btcusdt_20240809.gz'), symbols: BTC, said: saidByBinance, long: true },
  { exchange: binanceCoinm, venue: 'binance', files: raw('cm-btcusd_perp_20240808.gz', 'cm-btcusd_perp_20240809.gz'), symbols: ['BTCUSD_PERP'], said: saidByBinance, long: true },
  { exchange: binanceAgg, venue: 'binance', files: ['exchanges-raw-ws/BINANCE-ee25be.0.gz'], symbols: ['DOTUSDT', 'BTCUSDT', 'ETHUSDT'], said: saidByBinance },
  { exchange: coinbase, venue: 'coinbase', files: ['exchanges-raw-ws/COINBASE.jsonl.zst'], symbols: ['BTC-USD', 'ETH-USD'], said: saidByCoinbase, own: /"sequence_num":\d+/, wanted: (text) => /^\{"channel":"(market_trades|l2_data|ticker)"/.test(text) },
  {
    exchange: coinbaseExchange, venue: 'coinbase-exchange', files: ['exchanges-raw-ws/COINBASE.ws.28.0.products-A.gz'], said: saidByCoinbaseExchange,
    symbols: ['SKL-USD', 'SKL-BTC', 'BAND-BTC', 'NU-GBP', 'CRV-EUR'],
  },
  {
    exchange: krakenV1, venue: 'kraken-v1', files: ['c197c0', '82ac16', '4b7396'].map((id) => `exchanges-raw-ws/KRAKEN-${id}.0.gz`), said: saidByKrakenV1,
    symbols: ['ALGO/XBT', 'LSK/USD', 'XBT/USD', 'ICX/USD', 'AUD/USD', 'KAVA/USD', 'DASH/EUR', 'FIL/XBT', 'WAVES/ETH', 'USDC/GBP'],
  },
  {
    exchange: kraken, venue: 'kraken', files: ['c197c0', '82ac16', '4b7396'].map((id) => `exchanges-raw-ws/KRAKEN-${id}.0.gz`), below: '/v2', said: saidByKraken,
    symbols: ['ALGO/BTC', 'LSK/USD', 'BTC/USD', 'ICX/USD'],
  },
  { exchange: bybitLinear, venue: 'bybit', files: ['exchanges-raw-ws/BYBIT.jsonl.zst'], symbols: ['BTCUSDT', 'ETHUSDT'], below: '/v5/public/linear', said: saidByBybit },
  { exchange: bybit, venue: 'bybit', files: ['exchanges-raw-ws/BYBIT.jsonl.zst'], symbols: ['BTCUSDT', 'ETHUSDT'], below: '/v5/public/spot', channels: ['trades', 'book'], said: saidByBybit },
  { exchange: bybitLinear, venue: 'bybit', files: ['order-book/bybit-xrpusdt-ob500-20241201.data.zip'], symbols: ['XRPUSDT'], below: '/v5/public/linear', channels: ['book'], said: saidByBybit },
];

async function recorded({ exchange, venue, files, symbols, below = '', channels = ['trades', 'book', 'quotes'], said }: Case) {
  const root = mkdtempSync(path.join(tmpdir(), 'deepwater-whole-'));
  const platform = await Platform.open(path.join(root, 'data'), { logLevel: 'silent' });
  const server = await startReplayServer({ venue, captures: files.map(captureFile), startQuietMs: 200 });
  const events: RecordedEvent[] = [];
  const errors: unknown[] = [];
  try {
    const ingest = await Ingest.start(platform, {
      source: exchange, symbols, channels, urls: { ws: `${server.url.ws}${below}`, rest: server.url.rest }, recordRaw: path.join(root, 'raw'),
      onEvent: (event) => { events.push(event); }, onError: (error) => { errors.push(error); },
    });
    await server.done;
    // Snapshots of several books are asked for one after the other.
    const booksThere = (): boolean => ingest.status().symbols.every(({ feeds }) => feeds.every(({ channel, records }) => channel !== 'book' || records > 0));
    for (let before = -1; before !== ingest.metrics().frames || !booksThere();) {
      before = ingest.metrics().frames;
      await new Promise((resolve) => { setTimeout(resolve, 200); });
    }
    const { bad, gaps, checksums, missing } = ingest.metrics();
    await ingest.stop();
    const frames = readCaptures(readdirSync(path.join(root, 'raw')).map((file) => path.join(root, 'raw', file)));
    const expected = said(frames, symbols);
    const found = new Map<string, Said>();
    for (const symbol of symbols) {
      const lines = async (channel: string): Promise<string[]> => {
        if (!channels.includes(channel)) return [];
        const reader = await platform.createReader(recordFeedName(exchange, symbol, channel as 'book'));
        return (await reader.range(0, 2 ** 52) as unknown[][]).map((record) => record.join(' '));
      };
      found.set(symbol, { trades: await lines('trades'), quotes: await lines('quotes'), book: await lines('book') });
    }
    return { frames, expected, found, events, errors, bad, gaps, checksums, missing };
  } finally {
    await server.close();
    await platform.close();
    rmSync(root, { recursive: true, force: true });
  }
}

const all = process.env['CAPTURES'] === 'all';

describe.skipIf(noCaptures !== undefined)(withCaptures('a whole recording'), () => {
  for (const one of CASES.filter(({ long }) => all || long === undefined)) {
    test(`${one.exchange.title}, ${one.files.map((file) => path.basename(file)).join(' and ')}: what is read back is what the frames say`, async () => {
      const { frames, expected, found, events, errors, ...counts } = await recorded(one);
      expect(errors).toEqual([]);
      expect(counts).toEqual({ bad: {}, gaps: 0, checksums: 0, missing: 0 });
      expect(events.filter(({ kind }) => ['disconnected', 'refused', 'bad', 'gap'].includes(kind))).toEqual([]);
      let records = 0;
      for (const [symbol, { trades, quotes, book }] of expected) {
        const its = found.get(symbol) as Said;
        expect(firstDifference(its.trades, trades), `${symbol} trades`).toBeUndefined();
        expect(firstDifference(its.book, book), `${symbol} book`).toBeUndefined();
        if (its.quotes.length > 0) expect(firstDifference(its.quotes, quotes), `${symbol} quotes`).toBeUndefined();
        records += its.trades.length + its.book.length + its.quotes.length;
      }
      expect(records).toBeGreaterThan(0);
      if (one.wanted === undefined && one.venue !== 'binance') return;
      // The frames that came are those of the recording, one after the other; what nobody asked for was not sent.
      const wanted = one.wanted ?? ((text: string) => /"stream":"[^"]*@(trade|aggTrade|bookTicker|depth)/.test(text));
      // A book's stream is named as it was asked for, whatever its speed was.
      const plain = (text: string): string => text.replace(one.own ?? /"stream":"[^"]*"/, '');
      const sent = readCaptures(one.files.map(captureFile)).received.filter(({ text }) => wanted(text)).map(({ text }) => plain(text));
      expect(firstDifference(frames.received.filter(({ text }) => wanted(text)).map(({ text }) => plain(text)), sent), 'frames').toBeUndefined();
    }, 180_000);
  }
});
