import { describe, expect, test } from 'vitest';
import { failure, feed, trades, watched } from './support/small-feed.js';

/** As from JavaScript: anything for anything. */
type Anything = Record<string, (...parameters: unknown[]) => unknown>;

function reader(): Anything {
  const fixture = feed({ ...trades, clocks: [], fields: [...trades.fields, { name: 'sent', type: 'uint64' }] });
  for (let i = 0; i < 10; i++) fixture.write(i, 1, 1000 + i, BigInt(i));
  return watched(fixture).reader as unknown as Anything;
}

describe('input that cannot be used is an error with its code, from both forms', () => {
  const cases: [string, string, unknown[], string, RegExp][] = [
    ['an end before the start', 'range', [10, 9], 'DW_RANGE_INVALID', /ends \(9\) before it starts \(10\)/],
    ['a start of NaN', 'range', [NaN, 9], 'DW_RANGE_INVALID', /start is NaN/],
    ['a fraction', 'range', [1.5, 9], 'DW_RANGE_INVALID', /start is 1\.5/],
    ['infinity', 'range', [0, Infinity], 'DW_RANGE_INVALID', /end is Infinity/],
    ['no start', 'range', [], 'DW_RANGE_INVALID', /start is undefined/],
    ['no end', 'range', [1], 'DW_RANGE_INVALID', /end is undefined/],
    ['a text', 'range', ['1', 2], 'DW_RANGE_INVALID', /start is "1"/],
    ['null', 'range', [null, 2], 'DW_RANGE_INVALID', /start is null/],
    ['an invalid Date', 'range', [new Date(NaN), 2], 'DW_RANGE_INVALID', /invalid Date/],
    ['an unknown format', 'range', [1, 2, { format: 'tuples' }], 'DW_FORMAT_UNKNOWN', /did you mean tuple\?/],
    ['a format of files', 'range', [1, 2, { format: 'parquet' }], 'DW_FORMAT_UNKNOWN', /Use tuple, object, columns/],
    ['a misspelt option', 'range', [1, 2, { colums: ['price'] }], 'DW_OPTION_INVALID', /did you mean columns\?/],
    ['an option of another read', 'range', [1, 2, { batchRows: 1 }], 'DW_OPTION_INVALID', /no option "batchRows"/],
    ['options that are no object', 'range', [1, 2, 'columns'], 'DW_OPTION_INVALID', /Options are "columns"/],
    ['an unknown column', 'range', [1, 2, { columns: ['prize'] }], 'DW_FIELD_UNKNOWN', /did you mean price/],
    ['a column twice', 'range', [1, 2, { columns: ['price', 'price'] }], 'DW_OPTION_INVALID', /twice/],
    ['no columns', 'range', [1, 2, { columns: [] }], 'DW_OPTION_INVALID', /at least one field/],
    ['columns that are no list', 'range', [1, 2, { columns: 'price' }], 'DW_OPTION_INVALID', /columns is "price"/],
    ['columns of raw records', 'range', [1, 2, { format: 'raw', columns: ['price'] }], 'DW_OPTION_INVALID', /whole records/],
    ['a negative limit', 'range', [1, 2, { limit: -1 }], 'DW_OPTION_INVALID', /limit is -1/],
    ['a limit in parts', 'range', [1, 2, { limit: 1.5 }], 'DW_OPTION_INVALID', /limit is 1\.5/],
    ['a clock that is none', 'range', [1, 2, { by: 'sent' }], 'DW_OPTION_INVALID', /no clock of the feed/],
    ['no seconds', 'latest', [0], 'DW_OPTION_INVALID', /seconds above 0/],
    ['negative seconds', 'latest', [-1], 'DW_OPTION_INVALID', /not -1/],
    ['seconds that are NaN', 'latest', [NaN], 'DW_OPTION_INVALID', /not NaN/],
    ['a now that is none', 'latest', [1, { now: 'today' }], 'DW_RANGE_INVALID', /now is "today"/],
    ['less than no records', 'last', [-1], 'DW_RANGE_INVALID', /not -1/],
    ['half a record', 'last', [0.5], 'DW_RANGE_INVALID', /not 0\.5/],
    ['a limit where the count is one', 'last', [5, { limit: 3 }], 'DW_OPTION_INVALID', /no option "limit"/],
    ['columns of one record', 'at', [5, { format: 'columns' }], 'DW_FORMAT_UNKNOWN', /tuple and object/],
    ['a time that is none', 'before', ['5'], 'DW_RANGE_INVALID', /time is "5"/],
    ['a sequence that is none', 'readFrom', [-5, 10], 'DW_RANGE_INVALID', /sequence takes/],
    ['a maximum that is none', 'readFrom', [5, '10'], 'DW_RANGE_INVALID', /max takes/],
  ];
  test.each(cases)('%s: %s', async (_, method, parameters, code, message) => {
    const subject = reader();
    for (const form of [method, `${method}Sync`]) {
      const error = await failure(() => subject[form]?.(...parameters));
      expect(error.code).toBe(code);
      expect(error.message).toMatch(message);
    }
  });

  test('batches refuse at once', () => {
    expect(() => reader()['batches']?.(1, 2, { batchRows: 0 })).toThrow(/batchRows is 0/);
    expect(() => reader()['batchesSync']?.(2, 1)).toThrow(/before it starts/);
    expect(() => reader()['batches']?.(1, 2, { format: 'tuple' })).toThrow(/no option "format"/);
  });
});

describe('times at the edge', () => {
  test('an empty range is empty, and bounds beyond the clock are cut off', () => {
    const subject = reader();
    expect(subject['rangeSync']?.(5, 5)).toEqual([]);
    expect(subject['rangeSync']?.(-5, 2000)).toHaveLength(10);
    expect(subject['rangeSync']?.(0, 2n ** 70n)).toHaveLength(10);
    expect(subject['rangeSync']?.(-(2n ** 70n), -5)).toEqual([]);
    expect(subject['rangeSync']?.(0, 1e300)).toHaveLength(10);
    expect(subject['atSync']?.(-1)).toBeUndefined();
    expect(subject['rangeSync']?.(0, 2000, { limit: 0 })).toEqual([]);
  });

  test('nanoseconds take bigints; a number only where it is exact', async () => {
    const fixture = feed({ ...trades, timestampUnit: 'ns' });
    const start = 1_700_000_000_123_456_789n;
    for (let i = 0; i < 5; i++) fixture.write(i, 1, start + BigInt(i));
    const { reader: ns } = watched(fixture);
    expect(ns.rangeSync(start + 1n, start + 3n)).toEqual([[1, 1, start + 1n], [2, 1, start + 2n]]);
    expect((await failure(() => ns.range(Number(start), start))).message).toMatch(/not exact there; give a bigint/);
    expect(ns.rangeSync(0, 5)).toEqual([]);
    expect(ns.rangeSync(new Date(1_699_999_999_000), new Date(1_700_000_001_000))).toHaveLength(5);
  });

  test('the ends of the 64-bit clocks are times like others', () => {
    const fixture = feed({ ...trades, timestampUnit: 'ns', fields: [trades.fields[0], { name: 'ts', type: 'uint64' }, { name: 'local', type: 'int64' }], clocks: ['local'] });
    const least = -(2n ** 63n);
    const most = 2n ** 63n - 1n;
    for (const [ts, local] of [[0n, least], [2n ** 64n - 1n, most], [2n ** 63n, 0n], [2n ** 32n, -1n]]) fixture.write(1, ts, local);
    const check = (): void => {
      const { reader: ends } = watched(fixture);
      const times = (start: bigint, end: bigint, by: string): unknown[] => ends.rangeSync(start, end, { by, columns: [by] as never }).map(([time]: unknown[]) => time);
      expect(times(2n ** 63n, 2n ** 64n, 'ts')).toEqual([2n ** 64n - 1n, 2n ** 63n]);
      expect(times(0n, 2n ** 32n + 1n, 'ts')).toEqual([0n, 2n ** 32n]);
      expect(times(least, 0n, 'local')).toEqual([least, -1n]);
      expect(times(-1n, most + 1n, 'local')).toEqual([most, 0n, -1n]);
      expect(ends.atSync(2n ** 64n, { by: 'ts' })?.[1]).toBe(2n ** 64n - 1n);
      expect(ends.beforeSync(0n, { by: 'ts' })).toBeUndefined();
      expect(ends.newest({ by: 'local', now: most })).toMatchObject({ time: most, wild: 0 });
    };
    check();
    fixture.drain();
    check();
    fixture.seal();
    check();
  });
});

describe('a closed reader', () => {
  test('ends the reads that are under way, and lets go of their chunks', async () => {
    const fixture = feed(undefined, { capacityRows: 4096 });
    for (let i = 0; i < 60_000; i++) {
      if (i % 4096 === 0) fixture.drain();
      fixture.write(i, 1, i);
    }
    const { reader: subject } = watched(fixture);
    const started = subject.range(0, 60_000, { format: 'object' });
    await subject.close();
    expect((await failure(() => started)).code).toBe('DW_READER_CLOSED');
    expect(watched(fixture).reader.rangeSync(0, 60_000)).toHaveLength(60_000);
  });

  test('refuses everything, and closing twice is fine', async () => {
    const fixture = feed();
    fixture.write(1, 2, 3);
    const { reader: subject } = watched(fixture);
    const batches = subject.batches(0, 10);
    await subject.close();
    await subject.close();
    for (const call of [() => subject.rangeSync(0, 1), () => subject.latest(), () => subject.last(1), () => subject.at(1), () => subject.bounds(), () => subject.newest(), () => subject.explain(0, 1), () => batches.next()]) {
      expect((await failure(call)).code).toBe('DW_READER_CLOSED');
    }
  });
});
