import { deflateRawSync, gzipSync } from 'node:zlib';
import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { importFiles } from '../dist/index.js';
import { emptyPlatform, fileWith, recordsOf } from './support/stores.js';

/** A zip with one entry, as the dumps are. */
function zipOf(name: string, text: string): Buffer {
  const bytes = Buffer.from(text);
  const packed = deflateRawSync(bytes);
  const local = Buffer.alloc(30 + name.length);
  local.writeUInt32LE(0x04034b50, 0);
  local.writeUInt16LE(8, 8);
  local.writeUInt16LE(name.length, 26);
  local.write(name, 30);
  const entry = Buffer.alloc(46 + name.length);
  entry.writeUInt32LE(0x02014b50, 0);
  entry.writeUInt16LE(8, 10);
  entry.writeUInt32LE(crc32(bytes), 16);
  entry.writeUInt32LE(packed.length, 20);
  entry.writeUInt32LE(bytes.length, 24);
  entry.writeUInt16LE(name.length, 28);
  entry.write(name, 46);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(entry.length, 12);
  end.writeUInt32LE(local.length + packed.length, 16);
  return Buffer.concat([local, packed, entry, end]);
}

const SPOT = '123,42000.10000000,0.00100000,42.00010000,1704067200123,True,True\n124,42000.11000000,0.50000000,21000.05500000,1704067200124,False,True\n';

describe('Binance', () => {
  test('spot without a header, in its zip; futures with one; microseconds since 2025', async () => {
    const platform = await emptyPlatform();
    const report = await importFiles(platform, [
      fileWith('BTCUSDT-trades-2024-01-01.zip', zipOf('BTCUSDT-trades-2024-01-01.csv', SPOT)),
      fileWith('BTCUSDT-trades-2025-01-01.csv', SPOT.replaceAll('17040672001', '17356896001').replaceAll('123,True', '123456,True').replaceAll('124,False', '124456,False')),
      fileWith('ETHUSDT-trades-2024-01-01.csv', 'id,price,qty,quote_qty,time,is_buyer_maker\n7,2300.1,1.5,3450.15,1704067200001,true\n'),
      fileWith('BTCUSD_PERP-trades-2024-01-01.csv', 'id,price,qty,base_qty,time,is_buyer_maker\n8,42000.1,10,0.0238,1704067200002,false\n'),
      fileWith('BTCUSDT-aggTrades-2024-01-01.csv', '9,42000.1,0.2,100,102,1704067200003,true,true\n'),
      fileWith('BTCUSDT-bookTicker-2024-01-01.csv', 'update_id,best_bid_price,best_bid_qty,best_ask_price,best_ask_qty,transaction_time,event_time\n5,42000.1,3.5,42000.2,0,1704067200004,1704067200009\n'),
    ]);
    expect(report.files.map(({ layout }) => layout)).toEqual(Array.from({ length: 6 }, () => 'binance'));
    expect(await recordsOf(platform, 'binance.BTCUSDT.trades')).toEqual([
      [1704067200123000, 1704067200123000, 123, 'S', '42000.10000000', '0.00100000'], [1704067200124000, 1704067200124000, 124, 'B', '42000.11000000', '0.50000000'],
      [1735689600123456, 1735689600123456, 123, 'S', '42000.10000000', '0.00100000'], [1735689600124456, 1735689600124456, 124, 'B', '42000.11000000', '0.50000000'],
    ]);
    expect(await recordsOf(platform, 'binance-usdm.ETHUSDT.trades')).toEqual([[1704067200001000, 1704067200001000, 7, 'S', '2300.10000000', '1.50000000']]);
    expect(await recordsOf(platform, 'binance-coinm.BTCUSD_PERP.trades')).toEqual([[1704067200002000, 1704067200002000, 8, 'B', '42000.10000000', '10.00000000']]);
    expect(await recordsOf(platform, 'binance-agg.BTCUSDT.trades')).toEqual([[1704067200003000, 1704067200003000, 9, 'S', '42000.10000000', '0.20000000']]);
    expect(await recordsOf(platform, 'binance-usdm.BTCUSDT.quotes')).toEqual([[1704067200004000, 1704067200004000, 5, '42000.10000000', '3.50000000', '42000.20000000', '0.00000000']]);
    expect(platform.feedInfo('binance.BTCUSDT.trades').instrument).toEqual({ exchange: 'binance', market: 'spot', symbol: 'BTCUSDT', tickType: 'trade' });
  });

  test('prices that are not positive, digits that do not fit and sides that are none are rejected by line', async () => {
    const platform = await emptyPlatform();
    const rows = ['1,0,1,1,1704067200123,true', '2,-5,1,1,1704067200123,true', '3,1,-1,1,1704067200123,true', '4,1.123456789,1,1,1704067200123,true', '5,1,1,1,1704067200123,maybe', '6,1,1,1,12,true', '7,1e3,1,1,1704067200123,true', '8,1,1,1', ',1,1,1,1704067200123,true', '9,1,1,1,1704067200123,true,extra'];
    const report = await importFiles(platform, [fileWith('XRPUSDT-trades-2024-01-01.csv', `id,price,qty,quote_qty,time,is_buyer_maker\n${rows.join('\n')}\n`)]);
    expect(report.rejects.map(({ line, reason }) => [line, reason])).toEqual([
      [2, 'price "0" is not positive'], [3, 'price "-5" is not positive'], [4, 'size "-1" is negative'], [5, 'price "1.123456789": does not fit a decimal with 8 digits behind the point'],
      [6, 'side is "maybe", which is none of "true", "True", "TRUE", "false", "False", "FALSE"'], [7, 'time "12" is before 1971: is its unit another one?'],
      [9, '4 columns, where there are to be 6'], [10, 'id is empty'], [11, '7 columns, where there are to be 6'],
    ]);
    // An exponent is a number as any other.
    expect(await recordsOf(platform, 'binance-usdm.XRPUSDT.trades')).toEqual([[1704067200123000, 1704067200123000, 7, 'S', '1000.00000000', '1.00000000']]);
  });
});

describe('Tardis', () => {
  const HEAD = 'exchange,symbol,timestamp,local_timestamp,';

  test('trades of several symbols, ids that are texts, a feed for each', async () => {
    const platform = await emptyPlatform();
    await importFiles(platform, [
      fileWith('a.csv.gz', gzipSync(`${HEAD}id,side,price,amount\nbinance-futures,BTCUSDT,1600000000000001,1600000000000009,11,buy,10000.5,0.25\nbinance-futures,ETHUSDT,1600000000000002,1600000000000010,12,sell,350,1\nbinance-futures,BTCUSDT,1600000000000003,1600000000000011,13,unknown,10000.4,1e-3\n`)),
      fileWith('b.csv', `${HEAD}id,side,price,amount\nderibit,BTC-PERPETUAL,1600000000000001,1600000000000009,BTC-77,sell,10000.5,10\n`),
    ]);
    expect(await recordsOf(platform, 'binance-usdm.BTCUSDT.trades')).toEqual([[1600000000000001, 1600000000000009, 11, 'B', '10000.50000000', '0.25000000'], [1600000000000003, 1600000000000011, 13, ' ', '10000.40000000', '0.00100000']]);
    expect(await recordsOf(platform, 'binance-usdm.ETHUSDT.trades')).toEqual([[1600000000000002, 1600000000000010, 12, 'S', '350.00000000', '1.00000000']]);
    expect(await recordsOf(platform, 'deribit.BTC-PERPETUAL.trades')).toEqual([[1600000000000001, 1600000000000009, 'BTC-77', 'S', '10000.50000000', '10.00000000']]);
  });

  test('changes of books: snapshots begin at index points, messages end with their last row', async () => {
    const platform = await emptyPlatform();
    const row = (recv: number, snapshot: boolean, side: string, price: number, amount: number): string => `okex,BTC-USDT,${1600000000000000 + recv - 1},${1600000000000000 + recv},${snapshot},${side},${price},${amount}`;
    const rows = [row(5, true, 'bid', 10, 1), row(5, true, 'ask', 11, 2), row(6, false, 'bid', 10, 0), row(7, false, 'ask', 11, 1), row(7, false, 'ask', 12, 3), row(8, true, 'bid', 9, 1), row(9, true, 'bid', 8, 1), row(9, false, 'bid', 8, 0)];
    await importFiles(platform, [fileWith('book.csv', `${HEAD}is_snapshot,side,price,amount\n${rows.join('\n')}`)]);
    const found = await recordsOf(platform, 'okex.BTC-USDT.book');
    expect(found.map(([, recv, , , side, flags, price, size]) => [(recv as number) % 100, side, flags, Number(price), Number(size)])).toEqual([
      [5, 'B', 1, 10, 1], [5, 'A', 3, 11, 2], [6, 'B', 2, 10, 0], [7, 'A', 0, 11, 1], [7, 'A', 2, 12, 3], [8, 'B', 3, 9, 1], [9, 'B', 1, 8, 1], [9, 'B', 2, 8, 0],
    ]);
    const reader = await platform.createReader('okex.BTC-USDT.book');
    expect((await reader.indexPoints(0, Number.MAX_SAFE_INTEGER)).map(({ sequence }) => sequence)).toEqual([0, 5, 6]);
  });

  test('ladders, level by level, and quotes with one side', async () => {
    const platform = await emptyPlatform();
    await importFiles(platform, [
      fileWith('l.csv', `${HEAD}asks[0].price,asks[0].amount,bids[0].price,bids[0].amount,asks[1].price,asks[1].amount,bids[1].price,bids[1].amount\nftx,BTC/USD,1600000000000001,1600000000000002,11,1,10,2,12,3,,\nftx,BTC/USD,1600000000000003,1600000000000004,,,10,2,,,9,1\n`),
      fileWith('q.csv', `${HEAD}ask_amount,ask_price,bid_price,bid_amount\nftx,BTC/USD,1600000000000001,1600000000000002,1,11,10,2\nftx,BTC/USD,1600000000000003,1600000000000004,,,10,2\n`),
    ]);
    expect((await recordsOf(platform, 'ftx.BTC-USD.book')).map(([ts, , , , side, flags, price, size]) => [(ts as number) % 10, side, flags, Number(price), Number(size)])).toEqual([
      [1, 'B', 1, 10, 2], [1, 'A', 1, 11, 1], [1, 'A', 3, 12, 3], [3, 'B', 1, 10, 2], [3, 'B', 3, 9, 1],
    ]);
    expect(platform.feedInfo('ftx.BTC-USD.book').indexPoints).toBe(2);
    expect(await recordsOf(platform, 'ftx.BTC-USD.quotes')).toEqual([[1600000000000001, 1600000000000002, 0, '10.00000000', '2.00000000', '11.00000000', '1.00000000'], [1600000000000003, 1600000000000004, 0, '10.00000000', '2.00000000', '0.00000000', '0.00000000']]);
  });
});

test('times out of a day in which the clock is set are of both offsets', async () => {
  const platform = await emptyPlatform();
  const file = fileWith('20240310_spy_minute_trade.csv', '3600000,10000,10000,10000,10000,1\n10800000,10000,10000,10000,10000,1\n34200000,10000,10000,10000,10000,1\n');
  await importFiles(platform, [file], { exchange: 'usa', layout: 'lean' });
  // 01:00 is UTC-5, 03:00 and 09:30 are UTC-4.
  expect((await recordsOf(platform, 'usa.SPY.bars-1m')).map(([ts]) => ts)).toEqual([Date.UTC(2024, 2, 10, 6) * 1000, Date.UTC(2024, 2, 10, 7) * 1000, Date.UTC(2024, 2, 10, 13, 30) * 1000]);
});

test('files may be imported in the order of their first records', async () => {
  const platform = await emptyPlatform();
  const files = [3, 1, 2].map((n) => fileWith(`f${n}.csv`, `ts,n\n${1_700_000_000 + n},${n}\n`));
  await importFiles(platform, files, { feed: 'sorted', order: 'time' });
  expect((await recordsOf(platform, 'sorted')).map(([, n]) => n)).toEqual([1, 2, 3]);
});
