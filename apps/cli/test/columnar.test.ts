import { DeepwaterError } from 'deepwater';
import { describe, expect, test } from 'vitest';
import { arrowLayout, checkColumnarOutput } from '../dist/output/columnar.js';
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
