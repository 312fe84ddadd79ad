import { deflateRawSync, gzipSync } from 'node:zlib';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readCaptures } from '../dist/index.js';
import { hasSharedData, NO_DATA, shared } from '../../../test/support/recordings.js';

const directory = mkdtempSync(join(tmpdir(), 'captures-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const file = (name: string, content: string | Buffer): string => {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
};

/** A zip of one entry, written by hand; the checksum of its content is not looked at. */
function zipOf(content: string): Buffer {
  const packed = deflateRawSync(content);
  const local = Buffer.alloc(30 + 4 + packed.length);
  local.writeUInt32LE(0x04034b50, 0);
  local.writeUInt16LE(4, 26);
  local.write('name', 30);
  packed.copy(local, 34);
  const entry = Buffer.alloc(46 + 4);
  entry.writeUInt32LE(0x02014b50, 0);
  entry.writeUInt16LE(8, 10);
  entry.writeUInt32LE(packed.length, 20);
  const end = Buffer.alloc(22 + 5);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(local.length, 16);
  return Buffer.concat([local, entry, end]);
}

describe('formats', () => {
  test('lines with a time in µs or ns; what has no stream is a REST reply', () => {
    const path = file('lines.gz', gzipSync('1700000000000001 {"stream":"a","data":1}\n1700000000000002 {"lastUpdateId":5}\n1700000000000003999 {"stream":"a","data":2}\n'));
    const capture = readCaptures([path]);
    expect(capture.received).toEqual([{ us: 1_700_000_000_000_001, connection: 0, text: '{"stream":"a","data":1}' }, { us: 1_700_000_000_000_003, connection: 0, text: '{"stream":"a","data":2}' }]);
    expect(capture.replies).toEqual([{ us: 1_700_000_000_000_002, url: '', body: '{"lastUpdateId":5}' }]);
  });

  test('cryptofeed’s text format, with a connection that was made twice', () => {
    const path = file('text', [
      'configuration: {}', 'wss://x/ <-> 1.5', 'wss://x/ <- 1.6: {"ask":1}', '1.7: {"told":1}', 'https://x/depth?a=b -> 1.75: {"body":1}', 'wss://x/ <-> 2.5', '2.6: [1]', '', '',
    ].join('\n'));
    expect(readCaptures([path])).toMatchObject({
      connections: ['wss://x/', 'wss://x/'],
      sent: [{ us: 1_600_000, connection: 0, text: '{"ask":1}' }],
      received: [{ us: 1_700_000, connection: 0, text: '{"told":1}' }, { us: 2_600_000, connection: 1, text: '[1]' }],
      replies: [{ us: 1_750_000, url: 'https://x/depth?a=b', body: '{"body":1}' }],
    });
  });

  test('format 2: connections have names', () => {
    const path = file('jsonl', [
      { t: 'header', format: 2 }, { t: 'http', conn: 'h', ts: 1, url: 'https://x/', data: 'y' }, { t: 'connect', conn: 'a', ts: 1.5, addr: 'wss://a' }, { t: 'connect', conn: 'b', ts: 1.5, addr: 'wss://b' },
      { t: 'recv', conn: 'b', ts: 2, data: 'of b' }, { t: 'send', conn: 'a', ts: 2.25, addr: 'wss://a', data: 'to a' }, { t: 'recv', conn: 'a', ts: 2.5, data: 'of a' },
    ].map((line) => JSON.stringify(line)).join('\n'));
    expect(readCaptures([path])).toMatchObject({
      connections: ['wss://a', 'wss://b'], sent: [{ connection: 0, text: 'to a' }], replies: [{ us: 1_000_000, url: 'https://x/', body: 'y' }],
      received: [{ us: 2_000_000, connection: 1, text: 'of b' }, { us: 2_500_000, connection: 0, text: 'of a' }],
    });
  });

  test('a daily book in its zip', () => {
    const line = '{"topic":"orderbook.500.X","type":"snapshot","ts":1733011200691,"data":{}}';
    expect(readCaptures([file('book.zip', zipOf(`${line}\n`))])).toMatchObject({ connections: ['wss://stream.bybit.com/v5/public/linear'], received: [{ us: 1_733_011_200_691_000, text: line }] });
  });

  test('several files are one session: by time, connections numbered on, times never going back', () => {
    const one = file('one', 'wss://1 <-> 1\n1.0: a\n3.0: b\n2.0: c\n');
    const two = file('two', 'wss://2 <-> 1\n2.5: d\n3.0: e\n');
    const capture = readCaptures([one, two]);
    expect(capture.received.map(({ us, connection, text }) => [us, connection, text])).toEqual([[1e6, 0, 'a'], [2.5e6, 1, 'd'], [3e6, 0, 'b'], [3e6, 0, 'c'], [3e6, 1, 'e']]);
  });

  test('what is no capture is said so, with file and line', () => {
    const refuses = (path: string, message: RegExp): void => {
      expect(() => readCaptures([path])).toThrow(expect.objectContaining({ code: 'DW_OPTION_INVALID', message: expect.stringMatching(message) }));
    };
    refuses(join(directory, 'nowhere'), /nowhere cannot be read/);
    refuses(file('empty', ''), /none of the formats/);
    refuses(file('poem', 'To be, or not to be\n'), /none of the formats/);
    refuses(file('broken-lines', '1700000000000001 {"stream":"a"}\nnonsense\n'), /line 2 of .*broken-lines/);
    refuses(file('broken-text', '1.0: a\nnonsense\n'), /line 2/);
    refuses(file('broken-jsonl', '{"t":"header","format":2}\n{"t":\n'), /line 2 .* JSON/);
    refuses(file('format-3', '{"t":"header","format":3}\n'), /line 1 .* format 2/);
    refuses(file('broken.gz', gzipSync('abc').subarray(0, 12)), /cannot be read/);
    refuses(file('broken.zip', zipOf('abc').subarray(0, 30)), /no end record/);
    refuses(file('broken.zst', Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 1, 2, 3])), /cannot be read/);
  });
});

describe.skipIf(!hasSharedData)(`real captures${NO_DATA}`, () => {
  test.each([
    ['exchanges-raw-ws/BINANCE-ee25be.0.gz', 4716, 3, 1], ['exchanges-raw-ws/BYBIT.jsonl.zst', 3227, 2, 2], ['exchanges-raw-ws/COINBASE.jsonl.zst', 1030, 1, 1],
    ['exchanges-raw-ws/COINBASE.ws.28.0.products-A.gz', 6038, 0, 1], ['exchanges-raw-ws/KRAKEN-c197c0.0.gz', 14636, 0, 1], ['exchanges-raw-ws/KRAKEN-82ac16.0.gz', 142, 0, 1],
    ['exchanges-raw-ws/KRAKEN-4b7396.0.gz', 152, 0, 1], ['binance-raw-ws/usdm-btcusdt_20230404.dat.gz', 13383, 1, 1], ['order-book/bybit-xrpusdt-ob500-20241201.data.zip', 50, 0, 1],
  ])('%s: %i frames, %i replies, %i connections', (name, frames, replies, connections) => {
    const capture = readCaptures([shared(name)]);
    expect([capture.received.length, capture.replies.length, capture.connections.length]).toEqual([frames, replies, connections]);
  });
});
