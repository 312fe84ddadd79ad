import { Bool, Float64, Table, TimestampMillisecond, Uint64, Utf8, vectorFromArray } from 'apache-arrow';
import { DeepwaterError } from 'deepwater';
import { parquetReadObjects } from 'hyparquet';
import { describe, expect, test } from 'vitest';
import { arrowLayout, checkColumnarOutput } from '../dist/output/columnar.js';
import type { Output } from '../dist/output/output.js';
import { writeParquet } from '../dist/output/parquet.js';
import { Progress } from '../dist/output/progress.js';

describe('bytes', () => {
  test('are refused to a terminal, and told where to go', () => {
    for (const format of ['arrow', 'parquet'] as const) {
      expect(() => { checkColumnarOutput(format, { kind: 'terminal' }); }).toThrow(DeepwaterError);
      expect(() => { checkColumnarOutput(format, { kind: 'terminal' }); }).toThrow(/--output/);
      for (const kind of ['pipe', 'file'] as const) expect(() => { checkColumnarOutput(format, { kind }); }).not.toThrow();
    }
  });

  test('of Arrow are a stream in a pipe and a file in a file', () => {
    expect(arrowLayout({ kind: 'pipe' })).toBe('stream');
    expect(arrowLayout({ kind: 'file' })).toBe('file');
  });
});

describe('parquet', () => {
  test('takes whatever comes in columns, nulls and slices of larger batches included', async () => {
    const whole = new Table({
      bar: vectorFromArray([1.5, null, -2, 4], new Float64()),
      count: vectorFromArray([1n, 2n, null, 2n ** 64n - 1n], new Uint64()),
      up: vectorFromArray([true, false, true, null], new Bool()),
      venue: vectorFromArray(['XNAS', null, 'XLON', 'XNAS']),
      note: vectorFromArray(['', 'é', null, 'x'], new Utf8()),
      time: vectorFromArray([0, 1, null, 3], new TimestampMillisecond()),
    });
    const pieces: Uint8Array[] = [];
    const output = { kind: 'file', closed: new AbortController().signal, write: async (bytes: Uint8Array) => { pieces.push(bytes); } } as unknown as Output;
    await writeParquet(output, whole.schema, [...whole.batches, ...whole.slice(1, 4).batches]);
    const bytes = Buffer.concat(pieces);
    const rows = await parquetReadObjects({ file: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer });
    const expected = [
      { bar: 1.5, count: 1n, up: true, venue: 'XNAS', note: '', time: new Date(0) },
      { bar: null, count: 2n, up: false, venue: null, note: 'é', time: new Date(1) },
      { bar: -2, count: null, up: true, venue: 'XLON', note: null, time: null },
      { bar: 4, count: 2n ** 64n - 1n, up: null, venue: 'XNAS', note: 'x', time: new Date(3) },
    ];
    expect(rows).toEqual([...expected, ...expected.slice(1)]);
  });
});

describe('progress', () => {
  const run = (isTTY: boolean, steps: readonly (readonly [ms: number, rows: number, bytes: number])[]): string[] => {
    let now = 1000;
    const lines: string[] = [];
    const progress = new Progress({ isTTY, write: (text) => lines.push(text) }, () => now);
    for (const [ms, rows, bytes] of steps) {
      now += ms;
      progress.add(rows, bytes);
    }
    progress.end();
    return lines;
  };

  test('is told to people, a few times a second, and taken away at the end', () => {
    expect(run(true, [[500, 10, 0], [1500, 1990, 2048], [10, 1000, 0], [1990, 7000, 0]])).toEqual([
      '\r\u001b[K2,000 records, 1,000 a second, 2.0 KiB', '\r\u001b[K10,000 records, 2,500 a second, 2.0 KiB', '\r\u001b[K',
    ]);
  });

  test('is told neither of short work nor to anybody else', () => {
    expect(run(true, [[900, 10, 10]])).toEqual([]);
    expect(run(false, [[5000, 10, 10], [5000, 10, 10]])).toEqual([]);
  });
});
