import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import type { Platform } from 'deepwater';
import { describe, expect, test } from 'vitest';
import { exportFeed, importFiles } from '../dist/index.js';
import { emptyPlatform, recordsOf, temporaryDirectory } from './support/stores.js';

const ALL = {
  name: 'all', timestamp: 'ts', clocks: ['ns', 'back', 'ms'], mode: 'IF', retentionHours: 0,
  fields: [
    { name: 'ts', type: 'uint64' }, { name: 'ns', type: 'int64', unit: 'ns' }, { name: 'back', type: 'int64' }, { name: 'ms', type: 'uint64', unit: 'ms' }, { name: 'side', type: 'char' },
    { name: 'i8', type: 'int8' }, { name: 'i16', type: 'int16' }, { name: 'i32', type: 'int32' }, { name: 'i64', type: 'int64' }, { name: 'u8', type: 'uint8' }, { name: 'u16', type: 'uint16' },
    { name: 'u32', type: 'uint32' }, { name: 'u64', type: 'uint64' }, { name: 'n', type: 'int64', as: 'number' }, { name: 'f32', type: 'float32' }, { name: 'f64', type: 'float64' }, { name: 'pad', type: '_3' },
    { name: 'yes', type: 'bool' }, { name: 'd0', type: 'decimal', scale: 0 }, { name: 'd8', type: 'decimal', scale: 8 }, { name: 'd18', type: 'decimal', scale: 18 },
    { name: 'text', type: 'string', bytes: 24 }, { name: 'venue', type: 'symbol' },
  ],
} as const;

const SAFE = Number.MAX_SAFE_INTEGER;
/** Text without zero bytes, that fits. */
const text = fc.string({ unit: 'binary', maxLength: 6 }).map((value) => Buffer.from(value.replaceAll('\0', '0')).toString());
/** Texts that CSV has to be careful with. */
const awkward = fc.constantFrom('', ' ', '"', ',', '\n', 'a\r\nb', '""', ' lead', 'trail ', '"q"', 'NaN', '1', 'true', '#', 'é', '日本', '\t');
const decimal = (scale: number) => fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((value) => {
  const digits = (value < 0n ? -value : value).toString().padStart(scale + 1, '0');
  return `${value < 0n ? '-' : ''}${digits.slice(0, digits.length - scale)}${scale === 0 ? '' : `.${digits.slice(digits.length - scale)}`}`;
});
const row = fc.tuple(
  fc.integer({ min: 0, max: SAFE }), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.integer({ min: -SAFE, max: SAFE }), fc.integer({ min: 0, max: SAFE }),
  fc.constantFrom('B', 'S', ' ', 'x', '"', ',', '\n', 'é', '\u0000', '0'),
  fc.integer({ min: -128, max: 127 }), fc.integer({ min: -32768, max: 32767 }), fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 65535 }), fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.integer({ min: -SAFE, max: SAFE }),
  fc.float(), fc.double(), fc.boolean(), decimal(0), decimal(8), decimal(18), fc.oneof(text, awkward), fc.oneof(text, awkward),
);

async function filled(platform: Platform, rows: readonly unknown[][], marks: ReadonlySet<number>): Promise<void> {
  await platform.createFeed(ALL);
  const writer = await platform.createWriter('all');
  rows.forEach((values, n) => {
    if (marks.has(n)) writer.markIndex();
    writer.writeTuple(values as never);
  });
  await writer.close();
}

const FORMATS = [['all.csv', { timeUnit: 'clock' }], ['all.csv.gz', { timeUnit: 'clock' }], ['all.jsonl', { timeUnit: 'clock' }], ['all.parquet', {}]] as const;

describe('an export that is imported gives an equal feed', () => {
  test.each(FORMATS)('%s: all field types, with index points, whatever the values', async (name, options) => {
    await fc.assert(fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 40 }), fc.array(fc.nat(39), { maxLength: 5 }), async (rows, marked) => {
      const from = await emptyPlatform();
      const to = await emptyPlatform(1);
      await filled(from, rows, new Set(marked));
      const file = join(temporaryDirectory(), name);
      const report = await exportFeed(from, 'all', file);
      expect(report).toMatchObject({ records: rows.length, indexPoints: new Set(marked.filter((n) => n < rows.length)).size });
      const imported = await importFiles(to, [file], { ...options, ...(name.endsWith('.parquet') ? {} : { spec: report.spec }), maxRejects: 0 });
      expect(imported.added).toBe(rows.length);
      expect(await recordsOf(to, 'all')).toEqual(await recordsOf(from, 'all'));
      expect(to.feedInfo('all').schemaHash).toBe(from.feedInfo('all').schemaHash);
      const points = async (platform: Platform) => (await (await platform.createReader('all')).indexPoints(0n, 2n ** 63n)).map(({ sequence }) => sequence);
      expect(await points(to)).toEqual(await points(from));
    }), { numRuns: 6 });
  });
});

describe('exports', () => {
  const bars = { name: 'ticks', fields: [{ name: 'ts', type: 'uint64' }, { name: 'price', type: 'decimal', scale: 2 }, { name: 'who', type: 'symbol' }], timestamp: 'ts', retentionHours: 0 } as const;
  const T0 = 1_700_000_000_000_000;

  async function ticks(rows: number): Promise<Platform> {
    const platform = await emptyPlatform();
    await platform.createFeed(bars);
    const writer = await platform.createWriter('ticks');
    for (let n = 0; n < rows; n++) writer.writeValues(T0 + n, `${n}.25`, n % 2 === 0 ? 'a' : 'b');
    await writer.close();
    return platform;
  }

  test('a range, some columns, a filter; every line as it is to be', async () => {
    const platform = await ticks(10);
    const file = join(temporaryDirectory(), 'ticks.csv');
    expect(await exportFeed(platform, 'ticks', file, { start: T0 + 2, end: T0 + 8, columns: ['price', 'ts'], where: { who: 'a' } })).toMatchObject({ records: 3, format: 'csv' });
    expect(readFileSync(file, 'utf8')).toBe(`price,ts\n2.25,${T0 + 2}\n4.25,${T0 + 4}\n6.25,${T0 + 6}\n`);
    const lines = join(dirname(file), 'ticks.jsonl.gz');
    await exportFeed(platform, 'ticks', lines, { end: T0 + 1 });
    expect(gunzipSync(readFileSync(lines)).toString()).toBe(`{"ts":${T0},"price":"0.25","who":"a"}\n`);
  });

  test('a file is there whole or not at all', async () => {
    const platform = await ticks(300_000);
    const file = join(temporaryDirectory(), 'ticks.csv');
    writeFileSync(file, 'what was there');
    const stop = new AbortController();
    await expect(exportFeed(platform, 'ticks', file, { signal: stop.signal, onProgress: ({ records }) => { if (records > 100_000) stop.abort(); } })).rejects.toThrow(/abort/);
    expect(readFileSync(file, 'utf8')).toBe('what was there');
    expect(readdirSync(dirname(file))).toEqual(['ticks.csv']);
    await expect(exportFeed(platform, 'ticks', join(dirname(file), 'none', 'x.csv'))).rejects.toMatchObject({ code: 'DW_OUTPUT_FAILED' });
    await expect(exportFeed(platform, 'ticks', join(dirname(file), 'x.xls'))).rejects.toMatchObject({ code: 'DW_OPTION_INVALID' });
    await expect(exportFeed(platform, 'none', file)).rejects.toMatchObject({ code: 'DW_FEED_UNKNOWN' });
    expect(existsSync(join(dirname(file), 'x.xls'))).toBe(false);
  });

  test('an empty feed gives a header, or no lines, or no rows', async () => {
    const platform = await ticks(0);
    const folder = temporaryDirectory();
    await exportFeed(platform, 'ticks', join(folder, 'a.csv'));
    await exportFeed(platform, 'ticks', join(folder, 'a.jsonl'));
    await exportFeed(platform, 'ticks', join(folder, 'a.parquet'));
    expect(readFileSync(join(folder, 'a.csv'), 'utf8')).toBe('ts,price,who\n');
    expect(statSync(join(folder, 'a.jsonl')).size).toBe(0);
    expect(readFileSync(join(folder, 'a.parquet')).subarray(-4).toString()).toBe('PAR1');
  });

  test('the same twice is the same bytes', async () => {
    const platform = await ticks(1000);
    const folder = temporaryDirectory();
    const digest = (name: string): string => createHash('sha256').update(readFileSync(join(folder, name))).digest('hex');
    for (const name of ['a.parquet', 'b.parquet']) await exportFeed(platform, 'ticks', join(folder, name));
    expect(digest('a.parquet')).toBe(digest('b.parquet'));
  });
});
