import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DecimalDigits } from '../../core/dist/index.js';
import type { Platform } from 'deepwater';
import { openPlatform } from '../../../test/support/platforms.js';
import { SEED } from '../../../test/support/seed.js';
import { ScannedLevels } from '../dist/scan/scanned-levels.js';
import { BOOK_FLAGS, BadFrame, type Channel, FeedSink, type RecordFeedOptions, binanceUsdm, bybitLinear, krakenV1, recordFeedName, recordFeedSpec } from '../dist/index.js';

/** A store with the feeds of a symbol, and a sink into them. */
async function feedsOf(exchange: typeof binanceUsdm, symbol: string, options: RecordFeedOptions = {}) {
  const platform = await openPlatform(undefined, { logLevel: 'silent' });
  const channels: Channel[] = ['trades', 'book', 'quotes', 'heartbeats'];
  const writers: Partial<Record<Channel, Awaited<ReturnType<Platform['createWriter']>>>> = {};
  for (const channel of channels) {
    await platform.createFeed(recordFeedSpec(exchange, symbol, channel, options));
    writers[channel] = await platform.createWriter(recordFeedName(exchange, symbol, channel));
  }
  const sink = new FeedSink((asked) => {
    expect(asked).toBe(symbol);
    return writers;
  }, { amounts: options.amounts, digits: true });
  const read = async (channel: Channel) => {
    await writers[channel]!.flush();
    const reader = await platform.createReader(recordFeedName(exchange, symbol, channel));
    return { reader, records: reader.rangeSync(0, 2 ** 52) as unknown[][] };
  };
  return { sink, read, platform };
}

test('prices and sizes are kept as the exchange wrote them, to the last digit', async () => {
  const { sink, read } = await feedsOf(binanceUsdm, 'BTCUSDT');
  const btc = sink.of('BTCUSDT');
  btc.trade(1_700_000_000_000_001, 1_700_000_000_000_900, 5_266_583_935, 'S', '61800.30', '0.00600001');
  btc.quote(1_700_000_000_000_002, 1_700_000_000_000_901, 7, '61800.20', '2.507', '61800.30', '0');
  btc.heartbeat(1_700_000_000_000_003, 1_700_000_000_000_902, 12);
  expect((await read('trades')).records).toEqual([[1_700_000_000_000_001, 1_700_000_000_000_900, 5_266_583_935, 'S', '61800.30000000', '0.00600001']]);
  expect((await read('quotes')).records).toEqual([[1_700_000_000_000_002, 1_700_000_000_000_901, 7, '61800.20000000', '2.50700000', '61800.30000000', '0.00000000']]);
  expect((await read('heartbeats')).records).toEqual([[1_700_000_000_000_003, 1_700_000_000_000_902, 12]]);
  expect(sink.lastTrade('BTCUSDT')).toBe(5_266_583_935);
});

test('a snapshot begins at an index point, and each message ends with a record that says so', async () => {
  const { sink, read } = await feedsOf(binanceUsdm, 'BTCUSDT', { amounts: 'float64' });
  const btc = sink.of('BTCUSDT');
  const message = (ts: number, snapshot: boolean, number: number, levels: ['A' | 'B', string, string][]) => {
    btc.beginBook(ts, ts + 5, snapshot, number, number + 1);
    for (const level of levels) btc.level(...level);
    btc.endBook();
  };
  message(1000, true, 1, [['B', '99', '1'], ['B', '98', '2'], ['A', '101', '3']]);
  message(1010, false, 3, []);
  message(1020, false, 5, [['A', '101', '0']]);
  message(1030, true, 9, [['B', '97', '1']]);
  const { reader, records } = await read('book');
  const { SNAPSHOT, LAST } = BOOK_FLAGS;
  expect(records).toEqual([
    [1000, 1005, 1, 2, 'B', SNAPSHOT, 99, 1], [1000, 1005, 1, 2, 'B', SNAPSHOT, 98, 2], [1000, 1005, 1, 2, 'A', SNAPSHOT | LAST, 101, 3],
    [1020, 1025, 5, 6, 'A', LAST, 101, 0], [1030, 1035, 9, 10, 'B', SNAPSHOT | LAST, 97, 1],
  ]);
  const points = await reader.indexPoints(0, 2 ** 52);
  expect(points.map(({ sequence }) => sequence)).toEqual([0, 4]);
});

/** Levels as a frame has them. */
const scannedOf = (levels: readonly (readonly ['A' | 'B', price: DecimalDigits, size: DecimalDigits])[]): ScannedLevels => {
  const scanned = new ScannedLevels();
  for (const [side, price, size] of levels) scanned.add(side, 'then', price.digits, price.decimals, size.digits, size.decimals);
  return scanned;
};

test('levels that were scanned are written as those given one by one, in any company', async () => {
  const amount = fc.tuple(fc.nat({ max: 10 ** 9 }), fc.integer({ min: 0, max: 8 })).map(([digits, decimals]) => new DecimalDigits(digits, decimals));
  const level = fc.tuple(fc.constantFrom('A' as const, 'B' as const), amount, amount);
  const message = fc.record({ snapshot: fc.boolean(), before: fc.array(level, { maxLength: 2 }), scanned: fc.array(level, { maxLength: 5 }), after: fc.array(level, { maxLength: 2 }) });
  for (const amounts of ['decimal', 'float64'] as const) {
    const [ours, theirs] = [await feedsOf(binanceUsdm, 'BTCUSDT', { amounts }), await feedsOf(binanceUsdm, 'BTCUSDT', { amounts })];
    const [scanning, plain] = [ours.sink.of('BTCUSDT'), theirs.sink.of('BTCUSDT')];
    const oneByOne = (sink: typeof plain, levels: readonly (readonly ['A' | 'B', DecimalDigits, DecimalDigits])[]) => { for (const [side, price, size] of levels) sink.level(side, String(price), String(size)); };
    let ts = 1000;
    for (const { snapshot, before, scanned, after } of fc.sample(message, { seed: SEED, numRuns: 300 })) {
      for (const sink of [scanning, plain]) {
        sink.beginBook(ts, ts + 5, snapshot, ts, ts);
        oneByOne(sink, before);
        if (sink === scanning) sink.levels!(scannedOf(scanned), 0, scanned.length);
        else oneByOne(sink, scanned);
        oneByOne(sink, after);
        sink.endBook();
      }
      ts += 10;
    }
    const [read, wanted] = [await ours.read('book'), await theirs.read('book')];
    expect(wanted.records.length).toBeGreaterThan(500);
    expect(read.records).toEqual(wanted.records);
    expect((await read.reader.indexPoints(0, 2 ** 52)).map(({ sequence }) => sequence)).toEqual((await wanted.reader.indexPoints(0, 2 ** 52)).map(({ sequence }) => sequence));
  }
});

test('levels that were scanned are given as texts to writers that may keep them', () => {
  const kept: unknown[][] = [];
  const book = { writeValues: (...values: unknown[]) => { kept.push(values.slice(4)); }, markIndex: () => undefined };
  for (const amounts of ['decimal', 'float64'] as const) {
    const btc = new FeedSink(() => ({ book }), { amounts }).of('BTCUSDT');
    btc.beginBook(1, 2, false, 0, 0);
    btc.levels!(scannedOf([['B', new DecimalDigits(150, 2), new DecimalDigits(3, 0)], ['A', new DecimalDigits(2, 0), new DecimalDigits(0, 1)]]), 0, 2);
    btc.endBook();
  }
  expect(kept).toEqual([['B', 0, '1.50', '3'], ['A', BOOK_FLAGS.LAST, '2', '0.0'], ['B', 0, 1.5, 3], ['A', BOOK_FLAGS.LAST, 2, 0]]);
});

test('of levels that were scanned, those before one that no record can hold are written', async () => {
  const { sink, read } = await feedsOf(binanceUsdm, 'BTCUSDT', { priceScale: 2 });
  const btc = sink.of('BTCUSDT');
  const one = new DecimalDigits(1, 0);
  const levels = scannedOf([['B', one, one], ['B', new DecimalDigits(1005, 3), one], ['A', new DecimalDigits(2000, 3), one], ['A', one, one]]);
  btc.beginBook(1000, 1001, true, 1, 2);
  expect(() => { btc.levels!(levels, 0, 4); }).toThrow(/1\.005.*has 3 digits after the point/);
  btc.beginBook(1010, 1011, false, 3, 4);
  btc.levels!(levels, 2, 4);
  btc.endBook();
  expect((await read('book')).records).toEqual([[1000, 1001, 1, 2, 'B', BOOK_FLAGS.SNAPSHOT, '1.00', '1.00000000'], [1010, 1011, 3, 4, 'A', 0, '2.00', '1.00000000'], [1010, 1011, 3, 4, 'A', BOOK_FLAGS.LAST, '1.00', '1.00000000']]);
});

test('what a record cannot hold is the frame’s fault, is not written, and is in nobody’s way', async () => {
  const { sink, read } = await feedsOf(binanceUsdm, 'BTCUSDT', { priceScale: 2 });
  const btc = sink.of('BTCUSDT');
  expect(() => btc.trade(1000, 1001, 1, 'B', '1.005', '1')).toThrow(BadFrame);
  expect(() => btc.trade(-1, 1001, 1, 'B', '1', '1')).toThrow(BadFrame);
  btc.trade(1000, 1001, 2, 'B', '1.00', '1');
  btc.beginBook(1000, 1001, true, 1, 2);
  btc.level('B', '1.005', '1');
  expect(() => btc.level('B', '1.00', '2')).toThrow(BadFrame);
  btc.level('A', '1.01', '3');
  btc.endBook();
  expect((await read('trades')).records.map((record) => record[2])).toEqual([2]);
  const { reader, records } = await read('book');
  expect(records.map((record) => record.slice(4))).toEqual([['B', 1, '1.00', '2.00000000'], ['A', 3, '1.01', '3.00000000']]);
  expect((await reader.indexPoints(0, 2 ** 52)).map(({ sequence }) => sequence)).toEqual([0]);
});

test('a writer that is closed is no fault of the frame', async () => {
  const { sink, platform } = await feedsOf(binanceUsdm, 'BTCUSDT');
  const btc = sink.of('BTCUSDT');
  await platform.close();
  expect(() => btc.trade(1000, 1001, 1, 'B', '1', '1')).toThrow(expect.objectContaining({ code: 'DW_WRITER_CLOSED' }) as Error);
});

test('feeds are named after exchange, symbol and channel, and ids are texts where the exchange’s are', async () => {
  expect(recordFeedName(krakenV1, 'XBT/USD', 'trades')).toBe('kraken-v1.XBT-USD.trades');
  for (const symbol of ['../XBT', 'X T', 'X'.repeat(60), 'Ü']) expect(() => recordFeedName(krakenV1, symbol, 'trades'), symbol).toThrow(expect.objectContaining({ code: 'DW_SYMBOL_UNKNOWN' }) as Error);
  const { sink, read, platform } = await feedsOf(bybitLinear, 'BTCUSDT');
  sink.of('BTCUSDT').trade(1000, 1001, '20f43950-d8dd-5b31-9112-a178eb6023af', 'B', '1', '1');
  expect((await read('trades')).records[0]?.[2]).toBe('20f43950-d8dd-5b31-9112-a178eb6023af');
  expect(platform.feedInfo('bybit-linear.BTCUSDT.trades').spec.instrument).toEqual({ exchange: 'bybit-linear', market: 'linear', symbol: 'BTCUSDT', tickType: 'trade' });
});
