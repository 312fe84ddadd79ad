import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ImportOptions, importFiles } from '../dist/index.js';
import { emptyPlatform, fileWith, recordsOf, temporaryDirectory } from './support/stores.js';

const SPEC = { name: 't', fields: [{ name: 'ts', type: 'uint64' }, { name: 'price', type: 'decimal', scale: 4 }, { name: 'size', type: 'float64' }, { name: 'who', type: 'string', bytes: 8 }, { name: 'n', type: 'int32' }], timestamp: 'ts', retentionHours: 0 } as const;
const T0 = 1_700_000_000_000_000;

async function tried(content: string | Uint8Array, options: ImportOptions = {}, name = 't.csv') {
  const platform = await emptyPlatform();
  const report = await importFiles(platform, [fileWith(name, content)], { spec: SPEC, ...options });
  return { report, platform, rows: platform.listFeeds().some((feed) => feed.name === 't') ? await recordsOf(platform, 't') : [] };
}
const refused = (content: string | Uint8Array, options: ImportOptions = {}, name?: string) => tried(content, options, name).then(() => 'nothing', (error: { code?: string; message: string }) => `${error.code}: ${error.message}`);

describe('CSV as it comes', () => {
  test('quotes, delimiters and line feeds in them, CRLF, a mark in front, empty lines, no line feed at the end', async () => {
    const { rows, report } = await tried(`\uFEFF"ts","price","size","who","n"\r\n${T0},"1.5",2,"a ""b""",3\r\n\r\n  \r\n"${T0 + 1}",1,2.5,"x\ny",-4\r\n${T0 + 2},1,.5,,0`);
    expect(report.rejected).toBe(0);
    expect(rows).toEqual([[T0, '1.5000', 2, 'a "b"', 3], [T0 + 1, '1.0000', 2.5, 'x\ny', -4], [T0 + 2, '1.0000', 0.5, '', 0]]);
  });

  test('semicolons, tabs and bars are told apart; columns in another order, and more of them', async () => {
    for (const delimiter of [';', '\t', '|']) {
      const { rows } = await tried([['n', 'extra', 'who', 'size', 'price', 'ts'], [7, 'x', 'me', 2, '1.25', T0]].map((row) => row.join(delimiter)).join('\n'));
      expect(rows).toEqual([[T0, '1.2500', 2, 'me', 7]]);
    }
  });

  test('times in every unit, and as ISO 8601', async () => {
    const times = ['1700000000', '1700000000.000001', '1700000000000', '1700000000000.5', '1700000000000000', '1700000000000000123', '2023-11-14T22:13:20Z', '2023-11-14 22:13:20.123456789', '2023-11-14T23:13:20+01:00'];
    const wanted = [T0, T0 + 1, T0, T0 + 500, T0, T0, T0, T0 + 123456, T0];
    for (const [n, time] of times.entries()) {
      const { rows } = await tried(`ts,price,size,who,n\n${time},1,1,a,1\n`);
      expect(rows[0]?.[0], time).toBe(wanted[n]);
    }
  });

  test('rows that are none are told by line and reason; the others are in', async () => {
    const { report, rows } = await tried(['ts,price,size,who,n', `${T0},1,1,a,1`, `${T0},x,1,a,1`, `${T0},1.23456,1,a,1`, `${T0},1,1,too long a text,1`, `${T0},1,1,a,2147483648`, '0,1,1,a,1', `${T0}000,1,1,a,1`, `-5,1,1,a,1`, `${T0},1,1,a`, `${T0},,1,a,1`, `${T0},1,,a,1`, `"${T0},1`].join('\n'));
    expect(report.rejects.map(({ line, reason }) => [line, reason])).toEqual([
      [3, 'price "x": is not a number'], [4, 'price "1.23456": does not fit a decimal with 4 digits behind the point'], [5, 'who "too long a text" has 15 bytes, and the field 8'],
      [6, 'n "2147483648" does not fit int32'], [7, 'time "0" is before 1971: is its unit another one?'], [8, `time "${T0}000" is after 2099: is its unit another one?`],
      [9, '"-5" is no time (us)'], [10, '4 columns, where there are to be 5'], [11, 'price is empty'], [13, 'a quote that is not closed'],
    ]);
    expect(rows).toEqual([[T0, '1.0000', 1, 'a', 1], [T0, '1.0000', NaN, 'a', 1]]);
  });

  test('bytes that are no UTF-8', async () => {
    const { report, rows } = await tried(Buffer.concat([Buffer.from(`ts,price,size,who,n\n${T0},1,1,`), Buffer.from([0xff, 0xfe]), Buffer.from(`,1\n${T0},1,1,é,1\n`)]));
    expect(report.rejects).toMatchObject([{ line: 2, reason: 'bytes that are no UTF-8' }]);
    expect(rows).toEqual([[T0, '1.0000', 1, 'é', 1]]);
  });

  test('a line of 100 MB is one reject, and what follows is read', async () => {
    const { report, rows } = await tried(Buffer.concat([Buffer.from(`ts,price,size,who,n\n${T0},1,1,a,1\n`), Buffer.alloc(100_000_000, 'x'), Buffer.from(`\n${T0 + 1},1,1,b,1\n`)]));
    expect(report.rejects).toMatchObject([{ line: 3 }]);
    expect(report.rejects[0]!.reason).toMatch(/longer than 1,048,576 bytes/);
    expect(rows).toEqual([[T0, '1.0000', 1, 'a', 1], [T0 + 1, '1.0000', 1, 'b', 1]]);
  });

  test('numbers are read as JavaScript and the decimals of the store read them, on the fast path and beside it', async () => {
    const number = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }).map(String), fc.tuple(fc.bigInt({ min: 0n, max: 10n ** 19n }), fc.nat(9)).map(([digits, places]) => { const text = digits.toString().padStart(places + 1, '0'); return `${text.slice(0, text.length - places)}.${text.slice(text.length - places)}`; }),
      fc.constantFrom('0', '-0', '5.', '.5', '007', '1e5', '-1E-3', '9007199254740993', '0.1', '+1', '123456789.123456789', '18446744073709551616'),
    );
    await fc.assert(fc.asyncProperty(fc.array(fc.tuple(number, fc.boolean()), { minLength: 1, maxLength: 60 }), async (values) => {
      const { rows } = await tried(`ts,price,size,who,n\n${values.map(([text, quoted]) => `${T0},1,${quoted ? `"${text}"` : text},a,1`).join('\n')}\n`, { maxRejects: 0 });
      expect(rows.map((row) => row[2])).toEqual(values.map(([text]) => Number(text)));
    }), { numRuns: 8 });
  });
});

describe('what cannot be imported says why, and leaves nothing', () => {
  test('files', async () => {
    const platform = await emptyPlatform();
    const folder = temporaryDirectory();
    const none = join(folder, 'none.csv');
    await expect(importFiles(platform, [none])).rejects.toMatchObject({ code: 'DW_IMPORT_UNREADABLE' });
    await expect(importFiles(platform, [folder])).rejects.toMatchObject({ code: 'DW_IMPORT_LAYOUT', message: expect.stringContaining('is no store') as string });
    const closed = fileWith('closed.csv', 'ts,n\n1,2\n');
    chmodSync(closed, 0o000);
    if (process.getuid!() !== 0) await expect(importFiles(platform, [closed])).rejects.toMatchObject({ code: 'DW_IMPORT_UNREADABLE' });
    const good = fileWith('good.csv', `ts,n\n${T0},1\n`);
    // One that is not there is told before the others are begun.
    await expect(importFiles(platform, [good, none])).rejects.toMatchObject({ code: 'DW_IMPORT_UNREADABLE' });
    await expect(importFiles(platform, [good, good])).rejects.toMatchObject({ code: 'DW_IMPORT_UNREADABLE', message: expect.stringContaining('twice') as string });
    mkdirSync(join(folder, 'x'));
    expect(platform.listFeeds()).toEqual([]);
  });

  test('content', async () => {
    expect(await refused('')).toMatch(/^DW_IMPORT_LAYOUT: .* is empty\. Nothing of it was written\.$/);
    expect(await refused('\n\n')).toMatch(/^DW_IMPORT_LAYOUT/);
    expect(await refused(Buffer.from([0x41, 0, 0x42, 0, 1, 2, 3]))).toMatch(/^DW_IMPORT_LAYOUT/);
    const lines = `ts,price,size,who,n\n${`${T0},1,1,a,1\n`.repeat(5000)}`;
    const packed = gzipSync(lines);
    expect(await refused(packed.subarray(0, packed.length - 20), {}, 't.csv.gz')).toMatch(/^DW_IMPORT_UNREADABLE: .*unexpected end of file.* Nothing of it was written\./);
    // Short ones, too.
    expect(await refused(gzipSync('ts,price,size,who,n\n'.repeat(1000)).subarray(0, 60), {}, 't.csv.gz')).toMatch(/^DW_IMPORT_UNREADABLE/);
    expect(await refused(`ts,price\n${T0},1\n`)).toMatch(/^DW_IMPORT_COLUMNS: No column of the file is field size/);
    expect(await refused(lines, { columns: { ts: 'nowhere' } })).toMatch(/^DW_IMPORT_COLUMNS: The file has no column nowhere/);
    expect(await refused(lines, { layout: 'tardis' })).toMatch(/^DW_IMPORT_LAYOUT/);
    expect(await refused(lines, { layout: 'binance' })).toMatch(/^DW_IMPORT_LAYOUT/);
    expect(await refused(lines, { layout: 'lean' })).toMatch(/^DW_IMPORT_LAYOUT/);
    expect(await refused(lines, { layout: 'parquet' })).toMatch(/^DW_IMPORT_UNREADABLE/);
    expect(await refused(lines, { layout: 'capture', exchange: 'binance' })).toMatch(/^DW_IMPORT_LAYOUT/);
    expect(await refused('{"ts":1\n', {}, 't.jsonl')).toMatch(/^DW_IMPORT_LAYOUT/);
    expect(await refused('[[1,2],[3,4]', { columns: { ts: '1' } }, 't.json')).toMatch(/^DW_IMPORT/);
    expect(await refused(lines, { nonsense: 1 } as never)).toMatch(/^DW_OPTION_INVALID/);
  });

  test('too many rejects, in a file that is small, and in one that is not: nothing, or what is said', async () => {
    const bad = Array.from({ length: 30 }, (_, n) => `${T0 + n},${n % 2 === 0 ? 'x' : '1'},1,a,1`).join('\n');
    expect(await refused(`ts,price,size,who,n\n${bad}\n`, { maxRejects: 10 })).toMatch(/^DW_IMPORT_REJECTS: .*: 11 rows were rejected, and at most 10 may be; the last is line 22: price "x": is not a number\. Nothing of it was written\.$/);
    // 40 bytes a record: the bad row is behind what is parsed ahead.
    const long = `ts,price,size,who,n\n${`${T0},1,1,a,1\n`.repeat(1_200_000)}${T0},x,1,a,1\n`;
    const platform = await emptyPlatform();
    const file = fileWith('t.csv', long);
    await expect(importFiles(platform, [file], { spec: SPEC, maxRejects: 0, check: true })).rejects.toMatchObject({ code: 'DW_IMPORT_REJECTS', message: expect.stringMatching(/Nothing of it was written\.$/) as string });
    expect(platform.listFeeds()).toEqual([]);
    const error = await importFiles(platform, [file], { spec: SPEC, maxRejects: 0 }).catch((thrown: { message: string }) => thrown) as { message: string };
    const [, there] = /Its first records were written and stay: ([\d,]+) in t\./.exec(error.message) ?? [];
    expect(Number(there!.replaceAll(',', ''))).toBe(platform.feedInfo('t').records.next);
    // With more of them allowed it goes on behind those.
    expect(await importFiles(platform, [file], { spec: SPEC, maxRejects: 1 })).toMatchObject({ rejected: 1, records: 1_200_000 });
    expect(platform.feedInfo('t').records.next).toBe(1_200_000);
  });

  test('a trial run writes nothing, and says what there would be', async () => {
    const { report, platform } = await tried(`ts,price,size,who,n\n${T0},1,1,a,1\n${T0},x,1,a,1\n`, { dryRun: true });
    expect(report).toMatchObject({ records: 1, added: 0, rejected: 1, files: [{ state: 'tried', feeds: [{ feed: 't', records: 1, added: 0 }] }] });
    expect(platform.listFeeds()).toEqual([]);
  });

  test('JSON lines: what is none is told by its line', async () => {
    const { report, rows } = await tried(['{"ts":1700000000000000,"price":1.10,"size":null,"who":"a\\u00e9","n":1}', '[1,2]', 'x', '{"ts":1700000000000001,"price":"2","size":1e2,"who":"","n":2,"more":{"a":[1,"]"]}}', '{"ts":1}'].join('\n'), {}, 't.jsonl');
    expect(report.rejects.map(({ line }) => line)).toEqual([2, 3, 5]);
    expect(rows).toEqual([[T0, '1.1000', NaN, 'aé', 1], [T0 + 1, '2.0000', 100, '', 2]]);
  });
});

test('a feed that is being written is left alone', async () => {
  const platform = await emptyPlatform();
  await platform.createFeed(SPEC);
  const writer = await platform.createWriter('t');
  await expect(importFiles(platform, [fileWith('t.csv', `ts,price,size,who,n\n${T0},1,1,a,1\n`)], { feed: 't' })).rejects.toMatchObject({ code: 'DW_WRITER_EXISTS' });
  await writer.close();
});
