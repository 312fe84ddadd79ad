import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, inflateRawSync } from 'node:zlib';
import type { Platform } from 'deepwater';
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { describe, expect, test } from 'vitest';
import { CaptureWriter, readCaptures } from '@deepwater/captures';
import { NO_DATA, hasSharedData, linesOf, shared } from '../../../test/support/recordings.js';
import { type ImportOptions, importFiles } from '../dist/index.js';
import { ALL_FILES, emptyPlatform, temporaryDirectory } from './support/stores.js';

/** The lines of the entries of a zip, by an own look at its directory. */
function zipLines(name: string): Map<string, string[]> {
  const zip = readFileSync(name);
  const entries = new Map<string, string[]>();
  let at = zip.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  at = zip.readUInt32LE(at + 16);
  while (zip.readUInt32LE(at) === 0x02014b50) {
    const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((field) => zip.readUInt16LE(at + field)) as [number, number, number];
    const local = zip.readUInt32LE(at + 42);
    const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
    // The stream says itself where it ends.
    const text = zip.readUInt16LE(at + 10) === 0 ? zip.subarray(start, start + zip.readUInt32LE(at + 24)) : inflateRawSync(zip.subarray(start));
    entries.set(zip.toString('latin1', at + 46, at + 46 + nameBytes), text.toString('latin1').split('\n').map((line) => line.replace('\r', '')).filter((line) => line !== ''));
    at += 46 + nameBytes + extraBytes + commentBytes;
  }
  return entries;
}

const zipRows = (name: string): string[][] => [...zipLines(name).values()].flat().map((line) => line.split(','));

/** Columns of a whole feed, as numbers, bigints or texts. */
async function columnsOf(platform: Platform, feed: string): Promise<Record<string, unknown[]>> {
  const reader = await platform.createReader(feed);
  const columns: Record<string, unknown[]> = Object.fromEntries(reader.fieldNames.map((name) => [name, []]));
  const { first, next } = reader.bounds();
  for (let at = first; at < next;) {
    const { records, next: then } = await reader.readFrom(at, 200_000);
    for (const record of records as unknown as unknown[][]) reader.fieldNames.forEach((name, n) => { columns[name]!.push(record[n]); });
    at = then;
  }
  return columns;
}

/** The cells of a whole feed, column by column, as they are stored. */
async function cellsOf(platform: Platform, feed: string): Promise<Record<string, Buffer>> {
  const reader = await platform.createReader(feed);
  const { first, next } = reader.bounds();
  const cells: Record<string, Buffer[]> = Object.fromEntries(reader.fieldNames.map((name) => [name, []]));
  for (let at = first; at < next;) {
    const { records, next: then } = await reader.readFrom(at, 200_000, 'columns');
    for (const [name, column] of Object.entries(records as unknown as Record<string, Uint8Array>)) cells[name]?.push(Buffer.from(column.slice().buffer));
    at = then;
  }
  return Object.fromEntries(Object.entries(cells).map(([name, parts]) => [name, Buffer.concat(parts)]));
}

async function imported(files: string[], options: ImportOptions = {}, place: 0 | 1 = 0): Promise<Platform> {
  const platform = await emptyPlatform(place);
  const report = await importFiles(platform, files, { maxRejects: 0, ...options });
  expect(report).toMatchObject({ rejected: 0, aborted: false });
  expect((await importFiles(platform, files, { maxRejects: 0, ...options })).added).toBe(0);
  return platform;
}

const fixed = (text: string | number, digits = 8): string => {
  const [whole, fraction = ''] = String(text).split('.');
  return `${whole}.${fraction.padEnd(digits, '0')}`;
};
/** Milliseconds with decimals as microseconds, digit by digit. */
const micros = (ms: string, midnight: number): number => {
  const [whole, fraction = ''] = ms.split('.');
  return (midnight + Number(whole)) * 1000 + Number(fraction.slice(0, 3).padEnd(3, '0'));
};
const NEW_YORK_SUMMER = 4 * 3_600_000;
/** The first place at which two columns differ. */
const differs = (found: readonly unknown[], wanted: readonly unknown[]): string | undefined => {
  if (found.length !== wanted.length) return `${found.length} values, not ${wanted.length}`;
  const at = wanted.findIndex((value, n) => value !== found[n]);
  return at < 0 ? undefined : `${at}: ${String(found[at])}, not ${String(wanted[at])}`;
};

describe.skipIf(!hasSharedData)(`files of real venues${NO_DATA}`, () => {
  test('Lean: all trades of SPY in some days, in New York’s clock, equal ones and all', async () => {
    const days = ALL_FILES ? ['20131007', '20131008', '20131009', '20131010'] : ['20131007', '20131008'];
    const platform = await imported(days.map((day) => shared(`lean/equity/usa/tick/spy/${day}_trade.zip`)));
    const found = await columnsOf(platform, 'usa.SPY.trades');
    const rows = days.map((day) => [Date.UTC(2013, 9, Number(day.slice(6))) + NEW_YORK_SUMMER, zipRows(shared(`lean/equity/usa/tick/spy/${day}_trade.zip`))] as const);
    expect(rows.map(([, each]) => each.length)).toEqual([250_601, 451_545, 439_677, 460_032].slice(0, days.length));
    expect(found['ts']).toHaveLength(ALL_FILES ? 1_601_855 : 702_146);
    const all = rows.flatMap(([midnight, each]) => each.map((row) => [micros(row[0]!, midnight), ...row.slice(1)]));
    expect(differs(found['ts']!, all.map(([ts]) => ts))).toBeUndefined();
    expect(differs(found['recv']!, found['ts']!)).toBeUndefined();
    expect(differs(found['price']!, all.map(([, price]) => fixed(Number(price) / 10_000)))).toBeUndefined();
    expect(differs(found['size']!, all.map(([, , size]) => fixed(size!)))).toBeUndefined();
    expect(differs(found['venue']!, all.map(([, , , venue]) => venue))).toBeUndefined();
    expect(differs(found['condition']!, all.map(([, , , , condition]) => condition))).toBeUndefined();
    expect(found['side']!.every((side) => side === ' ')).toBe(true);
    const ofThe8th = all.slice(250_601, 250_601 + 451_545).reduce((sum, [, , size]) => sum + Number(size), 0);
    expect(ofThe8th).toBe(178_346_557);
    const reader = await platform.createReader('usa.SPY.trades');
    const sum = (await reader.range(BigInt(Date.UTC(2013, 9, 8, 4)) * 1000n, BigInt(Date.UTC(2013, 9, 9, 4)) * 1000n, { columns: ['size'] })).reduce((total, [size]) => total + Number(size), 0);
    expect(sum).toBe(178_346_557);
  });

  test('Lean: quotes of equities, currencies and gold; futures by contract; bars', async () => {
    const fx = 'lean/forex/oanda/tick/eurusd';
    const currencies = readdirSync(shared(fx)).sort().slice(0, ALL_FILES ? Infinity : 2).map((name) => `${fx}/${name}`);
    const gold = (ALL_FILES ? ['20140502', '20140504', '20140505'] : ['20140504', '20140505']).map((day) => `lean/cfd/oanda/tick/xauusd/${day}_quote.zip`);
    const others = ['lean/equity/usa/tick/ibm/20131008_quote.zip', 'lean/forex/fxcm/tick/eurusd/20140505_quote.zip', 'lean/future/comex/tick/gc/20131007_trade.zip', 'lean/future/comex/tick/gc/20131008_trade.zip',
      'lean/equity/usa/minute/shy/20080307_trade.zip', 'lean/equity/usa/minute/shy/20080310_trade.zip', 'lean/equity/usa/second/ibm/20131008_quote.zip', 'lean/equity/usa/hour/spy.zip'];
    const platform = await imported([...currencies, ...gold, ...others].map(shared));
    for (const [feed, names] of [['oanda.EURUSD.quotes', currencies], ['oanda.XAUUSD.quotes', gold]] as const) {
      const rows = names.flatMap((name) => {
        const day = /(\d{4})(\d{2})(\d{2})_quote/.exec(name)!;
        return zipRows(shared(name)).map(([ms, ...rest]) => [micros(ms!, Date.UTC(Number(day[1]), Number(day[2]) - 1, Number(day[3]))), ...rest]);
      });
      const found = await columnsOf(platform, feed);
      expect(differs(found['ts']!, rows.map(([ts]) => ts)), feed).toBeUndefined();
      expect(differs(found['bid']!, rows.map(([, bid]) => fixed(bid!))), feed).toBeUndefined();
      expect(differs(found['ask']!, rows.map(([, , ask]) => fixed(ask!))), feed).toBeUndefined();
    }
    // One side a row, the other one is 0; one of them is suspicious.
    const quotes = await columnsOf(platform, 'usa.IBM.quotes');
    expect(quotes['bid']).toHaveLength(125_750);
    expect(quotes['bid']!.every((bid, n) => (bid === '0.00000000') !== (quotes['ask']![n] === '0.00000000'))).toBe(true);
    expect(quotes['suspicious']!.filter((each) => each)).toHaveLength(zipRows(shared(others[0]!)).filter((row) => row[7] === '1').length);
    // A clock five hours behind, all year.
    const fxcm = await columnsOf(platform, 'fxcm.EURUSD.quotes');
    expect([fxcm['ts']![0], fxcm['ts']!.length]).toEqual([(Date.UTC(2014, 4, 5, 5) + 3074) * 1000, 58_143]);
    const contracts = platform.listFeeds().filter(({ name }) => name.startsWith('comex.GC'));
    expect(contracts.reduce((sum, { records }) => sum + records.next, 0)).toBe(40_192 + 52_322);
    expect(contracts.find(({ name }) => name === 'comex.GC201312.trades')).toBeDefined();
    // Both sessions open at 09:30 in New York: UTC-5 before, UTC-4 behind.
    const shy = await columnsOf(platform, 'usa.SHY.bars-1m');
    expect(shy['ts']).toHaveLength(336 + 316);
    expect(shy['ts']).toContain(Date.UTC(2008, 2, 7, 14, 30) * 1000);
    expect(shy['ts']).toContain(Date.UTC(2008, 2, 10, 13, 30) * 1000);
    const hours = await columnsOf(platform, 'usa.SPY.bars-1h');
    expect(hours['ts']).toHaveLength(40_832);
    expect([hours['ts']![0], hours['ts']!.at(-1)]).toEqual([Date.UTC(1998, 0, 2, 14) * 1000, Date.UTC(2021, 2, 31, 19) * 1000]);
    expect(hours['volume']!.reduce<number>((sum, volume) => sum + Number(volume), 0)).toBe(zipRows(shared('lean/equity/usa/hour/spy.zip')).reduce((sum, row) => sum + Number(row[5]), 0));
    expect((await columnsOf(platform, 'usa.IBM.quote-bars-1s'))['askSize']).toHaveLength(12_801);
  });

  test('Gemini and Bitstamp, by the names of their columns', async () => {
    const trades = 'gemini-csv/gemini__eth-usd__2021-07-01__trade.csv.gz';
    const depth = 'gemini-csv/gemini__eth-usd__2021-07-01__market-depth.csv.gz';
    const platform = await imported([shared(trades)], { exchange: 'gemini', symbol: 'ETHUSD', channels: ['trades'], columns: { ts: 'time_seconds', side: 'is_buyer_maker' } });
    const found = await columnsOf(platform, 'gemini.ETHUSD.trades');
    const rows = linesOf(trades).slice(1).map((line) => line.split(','));
    expect(rows).toHaveLength(25_222);
    expect(differs(found['ts']!, rows.map(([time]) => Number(time!.replace('.', '').padEnd(16, '0'))))).toBeUndefined();
    expect(differs(found['price']!, rows.map(([, price]) => fixed(price!)))).toBeUndefined();
    expect(differs(found['size']!, rows.map(([, , size]) => fixed(size!)))).toBeUndefined();
    expect(differs(found['side']!, rows.map(([, , , maker]) => (maker === '1' ? 'S' : 'B')))).toBeUndefined();
    await importFiles(platform, [shared(depth)], { exchange: 'gemini', symbol: 'ETHUSD', channels: ['quotes'], split: '_', maxRejects: 0, columns: { ts: 'time_seconds', bid: 'bid_price_bid_size[0]', bidSize: 'bid_price_bid_size[1]', ask: 'ask_price_ask_size[0]', askSize: 'ask_price_ask_size[1]' } });
    const quotes = await columnsOf(platform, 'gemini.ETHUSD.quotes');
    const levels = linesOf(depth).slice(1).map((line) => line.split(/[,_]/));
    expect(differs(quotes['bid']!, levels.map(([, bid]) => fixed(bid!)))).toBeUndefined();
    expect(differs(quotes['askSize']!, levels.map((row) => fixed(row[4]!)))).toBeUndefined();
    const orders = 'order-book/bitstamp-btcusd-orders-20260502.csv.gz';
    await importFiles(platform, [shared(orders), shared('us-equities-minute-utc/nt-spy-minute-2011-03.csv.gz')], { maxRejects: 0 });
    const bitstamp = await columnsOf(platform, 'bitstamp-btcusd-orders-20260502');
    const lines = linesOf(orders).slice(1).map((line) => line.split(','));
    expect(lines).toHaveLength(314_057);
    expect(differs(bitstamp['id']!, lines.map(([id]) => BigInt(id!)))).toBeUndefined();
    expect(differs(bitstamp['exchange_timestamp']!, lines.map((row) => Number(row[2]) * 1000))).toBeUndefined();
    expect(differs(bitstamp['action']!, lines.map((row) => row[5]))).toBeUndefined();
    expect(differs(bitstamp['volume']!, lines.map((row) => Number(row[4])))).toBeUndefined();
    expect(platform.feedInfo('nt-spy-minute-2011-03').records.next).toBe(17_577);
  });

  test('one data set as JSON and as Parquet, and the other files of Parquet', async () => {
    const options = { exchange: 'poloniex', symbol: 'XRP/ETH', channels: ['trades'] as const };
    const json = await imported([shared('parquet-arrow/XRP_ETH-trades.json.gz')], { ...options, columns: { ts: '1', id: '2', side: '4', price: '5', size: '6' } });
    const parquet = await imported([shared('parquet-arrow/XRP_ETH-trades.parquet')], { ...options, columns: { ts: 'timestamp', size: 'amount' } }, 1);
    const [a, b] = [await columnsOf(json, 'poloniex.XRP-ETH.trades'), await columnsOf(parquet, 'poloniex.XRP-ETH.trades')];
    expect(a['id']).toHaveLength(12_477);
    for (const [name, values] of Object.entries(a)) expect(differs(values, b[name]!), name).toBeUndefined();
    const raw = JSON.parse(gunzipSync(readFileSync(shared('parquet-arrow/XRP_ETH-trades.json.gz'))).toString()) as [number, string, null, string, number, number][];
    expect(differs(a['price']!, raw.map((row) => row[4].toFixed(8)))).toBeUndefined();
    expect(differs(a['side']!, raw.map((row) => (row[3] === 'buy' ? 'B' : 'S')))).toBeUndefined();
    expect(differs(a['ts']!, raw.map((row) => row[0] * 1000))).toBeUndefined();
    const names = readdirSync(shared('parquet-arrow')).filter((name) => name.endsWith('.parquet') && !name.startsWith('XRP')).slice(0, ALL_FILES ? Infinity : 3);
    const platform = await imported(names.map((name) => shared(`parquet-arrow/${name}`)));
    for (const name of names) {
      const bytes = readFileSync(shared(`parquet-arrow/${name}`));
      const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
      const rows = await parquetReadObjects({ file, compressors }) as Record<string, unknown>[];
      const found = await columnsOf(platform, name.replace('.parquet', ''));
      expect(differs(found['timestamp']!, rows.map(({ timestamp }) => Number(timestamp) * 1000)), name).toBeUndefined();
      const price = Object.keys(rows[0]!).find((column) => /price|^bid$/i.test(column))!;
      expect(differs(found[price]!.map(String), rows.map((row) => String(row[price] ?? NaN))), name).toBeUndefined();
    }
  });

  test('captures give what a live recording gives: both halves of one that was cut at midnight, without a gap', async () => {
    const halves = ['binance-raw-ws/usdm-btcusdt_20240718.gz', 'binance-raw-ws/usdm-btcusdt_20240719.gz'];
    const platform = await emptyPlatform();
    const report = await importFiles(platform, halves.map(shared), { exchange: 'binance-usdm', maxRejects: 0 });
    expect(report.notes).toEqual([]);
    interface Data { e: string; T: number; t: number; p: string; q: string; m: boolean; u: number; b: unknown; B: string; a: unknown; A: string; U: number }
    const frames = halves.flatMap(linesOf).map((line) => [Number(line.slice(0, 16)), JSON.parse(line.slice(20)) as { data?: Data }] as const);
    const of = (kind: string) => frames.filter(([, { data }]) => data?.e === kind).map(([us, { data }]) => [us, data!] as const);
    const trades = await columnsOf(platform, 'binance-usdm.BTCUSDT.trades');
    expect(trades['id']).toHaveLength(974 + 9727);
    expect(differs(trades['id']!, of('trade').map(([, { t }]) => t))).toBeUndefined();
    expect(differs(trades['recv']!, of('trade').map(([us]) => us))).toBeUndefined();
    expect(differs(trades['ts']!, of('trade').map(([, { T }]) => T * 1000))).toBeUndefined();
    expect(differs(trades['price']!, of('trade').map(([, { p }]) => fixed(p)))).toBeUndefined();
    expect(differs(trades['side']!, of('trade').map(([, { m }]) => (m ? 'S' : 'B')))).toBeUndefined();
    const quotes = await columnsOf(platform, 'binance-usdm.BTCUSDT.quotes');
    expect(differs(quotes['update']!, of('bookTicker').map(([, { u }]) => u))).toBeUndefined();
    expect(differs(quotes['askSize']!, of('bookTicker').map(([, { A }]) => fixed(A)))).toBeUndefined();
    const book = await columnsOf(platform, 'binance-usdm.BTCUSDT.book');
    const lasts = [...new Set(book['last'])];
    const snapshot = lasts[0] as number;
    const kept = of('depthUpdate').filter(([, { u }]) => u >= snapshot);
    expect(differs(lasts.slice(1), kept.map(([, { u }]) => u).filter((u) => u !== snapshot))).toBeUndefined();
    const levels = kept.reduce((sum, [, { a, b }]) => sum + (a as unknown[]).length + (b as unknown[]).length, 0);
    expect(book['flags']!.filter((flags) => ((flags as number) & 1) === 0)).toHaveLength(levels);
    expect(platform.feedInfo('binance-usdm.BTCUSDT.book').indexPoints).toBe(1);
    // The first half alone first, then both: the same.
    const other = await emptyPlatform(1);
    await importFiles(other, [shared(halves[0]!)], { exchange: 'binance-usdm' });
    await importFiles(other, halves.map(shared), { exchange: 'binance-usdm' });
    for (const channel of ['book', 'trades']) {
      const [wanted, again] = [await cellsOf(platform, `binance-usdm.BTCUSDT.${channel}`), await cellsOf(other, `binance-usdm.BTCUSDT.${channel}`)];
      expect(wanted['ts']!.length).toBe(8 * platform.feedInfo(`binance-usdm.BTCUSDT.${channel}`).records.next);
      for (const [name, cells] of Object.entries(wanted)) expect(again[name]!.equals(cells), `${channel} ${name}`).toBe(true);
    }
  });

  test('captures of the exchanges that have adapters, told by their addresses', async () => {
    const wanted = { 'BINANCE-ee25be.0.gz': ['binance-agg.BTCUSDT.trades', 1227], 'COINBASE.ws.28.0.products-A.gz': ['coinbase-exchange.SKL-USD.book', 4747], 'KRAKEN-82ac16.0.gz': ['kraken-v1.XBT-USD.trades', 22], 'BYBIT.jsonl.zst': ['bybit-linear.BTCUSDT.trades', 67] } as const;
    for (const [name, [feed, records]] of Object.entries(wanted)) {
      const platform = await emptyPlatform();
      const report = await importFiles(platform, [shared(`exchanges-raw-ws/${name}`)], { maxRejects: 0 });
      expect(report.files[0], name).toMatchObject({ layout: 'capture', rejected: 0 });
      expect(report.notes.filter(({ text }) => /^(gap|checksum)/.test(text)), name).toEqual([]);
      expect(platform.feedInfo(feed).records.next, name).toBe(records);
    }
    const platform = await emptyPlatform();
    // As told by its frames: there are no single trades in it.
    await importFiles(platform, [shared('exchanges-raw-ws/BINANCE-ee25be.0.gz')], { exchange: 'binance', channels: ['trades'] });
    expect(platform.listFeeds().map(({ name }) => name).sort()).toEqual(['BTCUSDT', 'DOTUSDT', 'ETHUSDT'].map((symbol) => `binance-agg.${symbol}.trades`));
    await expect(importFiles(platform, [shared('exchanges-raw-ws/DERIBIT-5dd9ce.0.gz')])).rejects.toMatchObject({ code: 'DW_IMPORT_LAYOUT' });
  });

  test('a recording of ours, an hour a file, gives what one file gives: connections go on from file to file', async () => {
    const name = shared('exchanges-raw-ws/COINBASE.jsonl.zst');
    const whole = await imported([name]);
    const { received, connections } = readCaptures([name]);
    const [begin, end] = [received[0]!.us, received.at(-1)!.us];
    const directory = temporaryDirectory();
    const writer = new CaptureWriter({ directory, name: 'coinbase', fileMs: (end - begin) / 4000, onError: (error) => { throw error; } });
    writer.connected(1, connections[0]!, begin);
    for (const { text, us } of received) writer.received(1, text, us);
    await writer.close();
    const files = readdirSync(directory).sort().map((file) => join(directory, file));
    expect(files.length).toBeGreaterThan(3);
    expect(readCaptures(files)).toMatchObject({ connections: [connections[0]] });
    const platform = await imported(files, {}, 1);
    const feeds = whole.listFeeds().map((feed) => feed.name).sort();
    expect(feeds.length).toBeGreaterThan(1);
    expect(platform.listFeeds().map((feed) => feed.name).sort()).toEqual(feeds);
    for (const feed of feeds) {
      const [wanted, found] = [await cellsOf(whole, feed), await cellsOf(platform, feed)];
      for (const [column, cells] of Object.entries(wanted)) expect(found[column]!.equals(cells), `${feed} ${column}`).toBe(true);
      expect(platform.feedInfo(feed).indexPoints, feed).toBe(whole.feedInfo(feed).indexPoints);
    }
    // A later hour alone would be read otherwise, without the books of those before it: what is in is not taken again.
    await expect(importFiles(platform, files.slice(1, 2))).rejects.toMatchObject({ code: 'DW_IMPORT_CHANGED' });
  });

  test('a day of Bybit’s book, 500 levels deep: every level of every message', async () => {
    const file = 'order-book/bybit-xrpusdt-ob500-20241201.data.zip';
    const platform = await imported([shared(file)]);
    interface Message { type: string; data: { b: [string, string][]; a: [string, string][] } }
    const messages = [...zipLines(shared(file)).values()].flat().map((line) => JSON.parse(line) as Message);
    expect([messages.length, messages[0]!.data.b.length]).toEqual([50, 500]);
    const book = await columnsOf(platform, 'bybit-linear.XRPUSDT.book');
    for (const [side, key] of [['B', 'b'], ['A', 'a']] as const) {
      const rows = book['side']!.flatMap((each, n) => (each === side ? [n] : []));
      const levels = messages.flatMap(({ data }) => data[key]);
      expect(differs(rows.map((n) => book['price']![n]), levels.map(([price]) => fixed(price)))).toBeUndefined();
      expect(differs(rows.map((n) => book['size']![n]), levels.map(([, size]) => fixed(size)))).toBeUndefined();
    }
    expect(platform.feedInfo('bybit-linear.XRPUSDT.book').indexPoints).toBe(1);
  });
});
