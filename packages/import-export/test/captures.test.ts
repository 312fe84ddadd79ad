/** Captures as they come: several connections, parts of a recording, what a recorder or a disk made of them. Whole ones are in recordings.test.ts. */
import { once } from 'node:events';
import { createWriteStream, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { CaptureWriter, readCaptures } from '@deepwater/captures';
import { importFiles } from '../dist/index.js';
import { emptyPlatform, fileWith, recordsOf, temporaryDirectory } from './support/stores.js';

describe('captures', () => {
  const trade = (id: number): string => `${1_700_000_000_000_000 + id} {"stream":"btcusdt@trade","data":{"e":"trade","E":1700000000000,"s":"BTCUSDT","t":${id},"p":"1.5","q":"2","T":1700000000000,"m":false,"X":"MARKET"}}\n`;
  const OPTIONS = { exchange: 'binance-usdm' } as const;

  test('a line that is none, and a frame that cannot be read, are rejected by their lines', async () => {
    const platform = await emptyPlatform();
    const lines = `${trade(1)}\nnonsense\n${trade(2).replace('"p":"1.5"', '"p":"x"')}${trade(3)}`;
    const report = await importFiles(platform, [fileWith('t.dat', lines)], OPTIONS);
    expect(report.rejects).toMatchObject([{ line: 3, reason: expect.stringContaining('a time of 16 or 19 digits') as string }, { line: 4 }]);
    expect((await recordsOf(platform, 'binance-usdm.BTCUSDT.trades'))).toHaveLength(2);
    await expect(importFiles(platform, [fileWith('t.dat', `nonsense\n${trade(1)}`)], { ...OPTIONS, layout: 'capture' })).rejects.toMatchObject({ code: 'DW_IMPORT_LAYOUT', message: expect.stringMatching(/is no capture/) as string });
  });

  test('a file that its recorder was killed over is taken to the end of its last whole line, once', async () => {
    const platform = await emptyPlatform();
    const members = [1, 2, 3].map((n) => gzipSync(trade(2 * n - 1) + trade(2 * n)));
    const whole = Buffer.concat(members);
    const file = fileWith('t.gz', whole.subarray(0, whole.length - members[2]!.length + 120));
    const report = await importFiles(platform, [file], OPTIONS);
    expect(report).toMatchObject({ rejected: 0, notes: [{ text: expect.stringMatching(/breaks off/) as string }] });
    expect(report.added).toBeGreaterThanOrEqual(4);
    expect(report.added).toBeLessThan(6);
    expect((await importFiles(platform, [file], OPTIONS)).added).toBe(0);
  });

  test('a part of a recording that has symbols which the one before it had not', async () => {
    const platform = await emptyPlatform();
    const other = trade(7).replace('btcusdt', 'ethusdt').replace('BTCUSDT', 'ETHUSDT');
    const report = await importFiles(platform, [fileWith('1.dat', trade(1)), fileWith('2.dat', trade(2) + other)], OPTIONS);
    expect(report).toMatchObject({ added: 3, rejected: 0, notes: [] });
    expect(await recordsOf(platform, 'binance-usdm.ETHUSDT.trades')).toHaveLength(1);
  });

  test('a book whose snapshot comes in the next part, before any frame there', async () => {
    const directory = temporaryDirectory();
    const writer = new CaptureWriter({ directory, name: 'binance', fileMs: 1000, onError: (error) => { throw error; } });
    const us = (ms: number): number => (1_700_000_000_000 + ms) * 1000;
    const update = (first: number, last: number, before: number): string => JSON.stringify({ stream: 'btcusdt@depth', data: { e: 'depthUpdate', E: 1_700_000_000_000, T: 1_700_000_000_000, s: 'BTCUSDT', U: first, u: last, pu: before, b: [['1.0', String(last)]], a: [] } });
    for (const connection of [1, 2]) writer.connected(connection, 'wss://fstream.binance.com/stream', us(0));
    writer.received(1, trade(1).slice(17, -1), us(1));
    writer.received(2, update(10, 12, 9), us(2));
    // A channel that this connection had not in the first part.
    writer.received(1, JSON.stringify({ stream: 'btcusdt@bookTicker', data: { e: 'bookTicker', u: 3, s: 'BTCUSDT', b: '1.0', B: '1', a: '2.0', A: '1', T: 1_700_000_000_000, E: 1_700_000_000_000 } }), us(1001));
    writer.replied('https://fapi.binance.com/fapi/v1/depth?symbol=BTCUSDT&limit=1000', JSON.stringify({ lastUpdateId: 11, E: 1_700_000_000_000, T: 1_700_000_000_000, bids: [['1.0', '1']], asks: [['2.0', '1']] }), us(1002));
    writer.received(2, update(13, 14, 12), us(1003));
    await writer.close();
    const files = readdirSync(directory).sort().map((name) => join(directory, name));
    expect(files).toHaveLength(2);
    const platform = await emptyPlatform();
    expect(await importFiles(platform, files)).toMatchObject({ rejected: 0 });
    expect(platform.feedInfo('binance-usdm.BTCUSDT.quotes').records.next).toBe(1);
    // Two levels of the snapshot, and one of each update.
    expect(platform.feedInfo('binance-usdm.BTCUSDT.book').records.next).toBe(4);
  });

  test('what a recording misses is a boundary of segments, as it is in a live one', async () => {
    const platform = await emptyPlatform();
    const segments = async (): Promise<unknown[]> => (await (await platform.createReader('binance-usdm.BTCUSDT.trades')).segments()).map(({ first, next, ended, reason }) => [first, next, ended, reason]);
    const connects = (second: number): string => `wss://fstream.binance.com/stream <-> ${1_700_000_000 + second}\n`;
    const frame = (id: number): string => trade(id).replace(/^(\d{10})(\d{6}) /, '$1.$2: ');
    const one = fileWith('1', connects(0) + frame(1) + frame(2) + frame(5) + frame(6) + connects(0) + frame(7) + frame(8));
    await importFiles(platform, [one, fileWith('2', connects(1) + frame(9))]);
    const found = [[0, 2, 'marked', 'gap: 3 expected, 5 found'], [2, 4, 'marked', 'disconnected: another connection was made'], [4, 6, 'marked', 'another recording begins'], [6, 7, 'closed', undefined]];
    expect(await segments()).toEqual(found);
    // The end of an import is a boundary in itself.
    await importFiles(platform, [fileWith('3', connects(2) + frame(10))]);
    expect(await segments()).toEqual([...found, [7, 8, 'closed', undefined]]);
  });

  test('one of more text than a string can hold', async () => {
    const platform = await emptyPlatform();
    // Lines that say nothing, which are quickly read: 560 MB of them.
    const filler = `configuration: ${'x'.repeat(8 << 20)}\n`;
    const text = (id: number): string => trade(id).replace(/^(\d{10})(\d{6}) /, '$1.$2: ');
    const pack = createGzip({ level: 1 });
    const file = fileWith('t.gz', '');
    const written = pipeline(pack, createWriteStream(file));
    pack.write(text(1));
    for (let n = 0; n < 70; n++) if (!pack.write(filler)) await once(pack, 'drain');
    pack.end(text(2));
    await written;
    expect(await importFiles(platform, [file], OPTIONS)).toMatchObject({ added: 2, rejected: 0 });
    expect(readCaptures([file]).received).toHaveLength(2);
  }, 60_000);
});

describe('connections of a capture', () => {
  const FUTURES = 'wss://fstream.binance.com/stream';
  const T = 1_700_000_000;
  const line = (t: string, ts: number, more: object): string => `${JSON.stringify({ t, conn: 'c', ts: T + ts, ...more })}\n`;
  const HEADER = '{"t":"header","format":2}\n';
  const connect = (ts: number, conn = 'c', addr = FUTURES): string => line('connect', ts, { conn, addr });
  const recv = (ts: number, data: object, conn = 'c'): string => line('recv', ts, { conn, data: JSON.stringify(data) });
  const update = (ts: number, symbol: string, id: number, conn = 'c'): string =>
    recv(ts, { stream: `${symbol.toLowerCase()}@depth`, data: { e: 'depthUpdate', E: T * 1000, T: T * 1000, s: symbol, U: id, u: id, pu: id - 1, b: [['1.0', String(id)]], a: [] } }, conn);
  const tradeOf = (ts: number, symbol: string, id: number, conn = 'c'): string =>
    recv(ts, { stream: `${symbol.toLowerCase()}@trade`, data: { e: 'trade', E: (T + ts) * 1000, T: (T + ts) * 1000, s: symbol, t: id, p: '1.5', q: '2', m: false, X: 'MARKET' } }, conn);
  /** A snapshot of two levels. */
  const snapshot = (ts: number, symbol: string, lastUpdateId: number, host = 'fapi.binance.com/fapi/v1'): string =>
    line('http', ts, { conn: 'h', url: `https://${host}/depth?symbol=${symbol}&limit=1000`, data: JSON.stringify({ lastUpdateId, E: T * 1000, T: T * 1000, bids: [['1.0', '1']], asks: [['2.0', '1']] }) });
  const bookOf = async (symbol: string, files: readonly string[], options = {}): Promise<unknown[][]> => {
    const platform = await emptyPlatform();
    expect(await importFiles(platform, files.map((content, n) => fileWith(`${n}.jsonl`, content)), { maxRejects: 0, ...options })).toMatchObject({ rejected: 0 });
    const feed = `binance-usdm.${symbol}.book`;
    return platform.listFeeds().some(({ name }) => name === feed) ? recordsOf(platform, feed) : [];
  };

  test('a symbol without a snapshot does not keep the books of the others waiting', async () => {
    const eth = snapshot(1.2, 'ETHUSDT', 10) + update(2, 'ETHUSDT', 11) + update(3, 'ETHUSDT', 12);
    expect(await bookOf('ETHUSDT', [HEADER + connect(0) + tradeOf(1, 'BTCUSDT', 1) + update(1.1, 'ETHUSDT', 10) + eth])).toHaveLength(5);
    // That has updates, too, and whose request is never answered: as live, the next is asked after a while.
    const late = Array.from({ length: 40 }, (_, n) => update(4 + n, 'ETHUSDT', 13 + n)).join('');
    expect(await bookOf('ETHUSDT', [HEADER + connect(0) + update(1, 'BTCUSDT', 1) + update(1.1, 'ETHUSDT', 10) + eth + late])).toHaveLength(45);
  });

  test('go on from part to part beside those of another exchange, in the order of time', async () => {
    const spot = (part: string): string => part.replaceAll('fstream.binance.com', 'stream.binance.com:9443').replaceAll('"conn":"c"', '"conn":"s"');
    const parts = [HEADER + connect(0) + update(1, 'BTCUSDT', 10) + snapshot(1.5, 'BTCUSDT', 10), HEADER + line('connect', 100, { addr: FUTURES, continued: true }) + update(101, 'BTCUSDT', 11)];
    const wanted = await bookOf('BTCUSDT', parts);
    expect(wanted).toHaveLength(4);
    const spots = [spot(HEADER + connect(50) + tradeOf(50, 'BTCUSDT', 1)), spot(HEADER + connect(150) + tradeOf(150, 'BTCUSDT', 2))];
    expect(await bookOf('BTCUSDT', [...parts, ...spots], { order: 'time' })).toEqual(wanted);
  });

  test('end where the same client connects again: its snapshot is the new one’s alone', async () => {
    const book = await bookOf('BTCUSDT', [HEADER + connect(0) + update(1, 'BTCUSDT', 10) + connect(2) + update(3, 'BTCUSDT', 12) + snapshot(4, 'BTCUSDT', 12) + update(5, 'BTCUSDT', 13)]);
    expect(book).toHaveLength(4);
    expect(book.every((record) => record.includes((T + 3) * 1e6) || record.includes((T + 4) * 1e6) || record.includes((T + 5) * 1e6))).toBe(true);
  });

  test('are there from when they are made: a snapshot may come before the first frame', async () => {
    const content = HEADER + connect(0, 'a') + connect(0, 'b') + tradeOf(1, 'BTCUSDT', 1, 'a') + snapshot(2, 'ETHUSDT', 10) + update(3, 'ETHUSDT', 11, 'b');
    const book = await bookOf('ETHUSDT', [content]);
    expect(book).toHaveLength(3);
    // By the clock of the capture, each time the same.
    expect(await bookOf('ETHUSDT', [content])).toEqual(book);
  });

  test('of a part without addresses that begins with a snapshot', async () => {
    const text = (...lines: string[]): string => `${lines.join('\n')}\n`;
    const at = (frame: string): string => { const { ts, data } = JSON.parse(frame) as { ts: number; data: string }; return `${ts.toFixed(6)}: ${data}`; };
    const reply = (frame: string): string => { const { ts, url, data } = JSON.parse(frame) as { ts: number; url: string; data: string }; return `${url} -> ${ts}: ${data}`; };
    const platform = await emptyPlatform();
    const files = [text(at(update(1, 'BTCUSDT', 10))), text(reply(snapshot(2, 'BTCUSDT', 10)), at(update(3, 'BTCUSDT', 11)))].map((content, n) => fileWith(`${n}.txt`, content));
    await importFiles(platform, files, { exchange: 'binance-usdm', maxRejects: 0 });
    expect(await recordsOf(platform, 'binance-usdm.BTCUSDT.book')).toHaveLength(4);
  });

  test('lines whose fields are none are rejects, and clocks that jump or stand still harm nothing', async () => {
    const platform = await emptyPlatform();
    const bad = ['{"t":"recv","conn":"c","ts":1,"data":{"a":1}}', '{"t":"recv","conn":"c","ts":"x","data":"y"}', '{"t":"recv","conn":"c","ts":1e17,"data":"y"}', '{"t":"recv","conn":7,"ts":1,"data":"y"}', 'null', '7'];
    const years = tradeOf(-400_000_000, 'BTCUSDT', 1) + tradeOf(0, 'BTCUSDT', 2);
    const still = Array.from({ length: 3000 }, (_, n) => tradeOf(-n, 'BTCUSDT', 3 + n)).join('');
    const report = await importFiles(platform, [fileWith('t.jsonl', `${HEADER}${connect(-400_000_001)}${bad.join('\n')}\n${years}${still}`)]);
    expect(report.rejects.map(({ line: at }) => at)).toEqual([3, 4, 5, 6, 7, 8]);
    expect(platform.feedInfo('binance-usdm.BTCUSDT.trades').records.next).toBe(3002);
  });
});
