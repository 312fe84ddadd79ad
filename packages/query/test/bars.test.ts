import { describe, expect, test, vi } from 'vitest';
import { SymbolDictionaryReader } from '@deepwater/core';
import { type Bar, type BarsOptions, FeedReader, type ReaderWarning } from '@deepwater/query';
import { failure, feed, trades, watched } from './support/small-feed.js';

const MINUTE = 60_000_000;
/** 2025-02-03T14:30:00Z, a Monday: 09:30 in New York. */
const OPEN = Date.UTC(2025, 1, 3, 14, 30) * 1000;

/** A feed of trades at times in µs: [time, price, size]. */
function filled(rows: readonly (readonly [number, number, number])[], options?: Parameters<typeof feed>[1]): FeedReader {
  const fixture = feed(trades, options);
  for (const [time, price, size] of rows) fixture.write(price, size, time);
  fixture.drain();
  return new FeedReader(fixture.source);
}

const shown = (bars: readonly Bar[]): unknown[] => bars.map(({ start, end, open, high, low, close, count, volume }) => [Number(start) - OPEN, Number(end) - OPEN, open, high, low, close, count, volume]);

describe('bars', () => {
  test('as objects and as columns', () => {
    const reader = filled([[OPEN, 10, 1], [OPEN + 1, 12, 3], [OPEN + MINUTE, 11, 0]]);
    const options = { resolution: '1m' } as const;
    expect(reader.barsSync(OPEN, OPEN + 2 * MINUTE, options)).toEqual([
      { feed: 'trades', resolution: '1m', start: OPEN, end: OPEN + MINUTE, open: 10, high: 12, low: 10, close: 12, count: 2, volume: 4, value: 46, vwap: 11.5 },
      { feed: 'trades', resolution: '1m', start: OPEN + MINUTE, end: OPEN + 2 * MINUTE, open: 11, high: 11, low: 11, close: 11, count: 1, volume: 0, value: 0 },
    ]);
    expect(reader.barsSync(OPEN, OPEN + 2 * MINUTE, { ...options, format: 'columns' })).toEqual({
      rows: 2, start: BigUint64Array.of(BigInt(OPEN), BigInt(OPEN + MINUTE)), end: BigUint64Array.of(BigInt(OPEN + MINUTE), BigInt(OPEN + 2 * MINUTE)),
      open: Float64Array.of(10, 11), high: Float64Array.of(12, 11), low: Float64Array.of(10, 11), close: Float64Array.of(12, 11), count: Float64Array.of(2, 1),
      volume: Float64Array.of(4, 0), value: Float64Array.of(46, 0), vwap: Float64Array.of(11.5, NaN),
    });
  });

  test('the same asynchronously, and none of an empty range', async () => {
    const reader = filled([[OPEN, 10, 1]]);
    expect(await reader.bars(OPEN, OPEN + 1, { resolution: '1s' })).toEqual(reader.barsSync(OPEN, OPEN + 1, { resolution: '1s' }));
    expect(await reader.bars(OPEN + 1, OPEN + 1, { resolution: '1s' })).toEqual([]);
    expect(reader.barsSync(0, 10, { ticks: 5, format: 'columns' }).rows).toBe(0);
  });

  test('a range that begins or ends within a bar has what of it lies in the range', () => {
    const reader = filled([[OPEN, 10, 1], [OPEN + 10, 11, 1], [OPEN + 20, 12, 1]]);
    expect(shown(reader.barsSync(OPEN + 5, OPEN + 15, { resolution: '1m' }))).toEqual([[0, MINUTE, 11, 11, 11, 11, 1, 1]]);
  });

  test('gaps are filled with the close before, as far as the last bar', () => {
    const reader = filled([[OPEN, 10, 1], [OPEN + 1, 12, 3], [OPEN + 3 * MINUTE, 11, 5]]);
    const options = { resolution: '1m', fill: 'previous' } as const;
    const bars = reader.barsSync(0, 1e16, options);
    expect(shown(bars)).toEqual([
      [0, MINUTE, 10, 12, 10, 12, 2, 4],
      [MINUTE, 2 * MINUTE, 12, 12, 12, 12, 0, 0],
      [2 * MINUTE, 3 * MINUTE, 12, 12, 12, 12, 0, 0],
      [3 * MINUTE, 4 * MINUTE, 11, 11, 11, 11, 1, 5],
    ]);
    expect(bars[1]).toMatchObject({ value: 0, vwap: undefined });
    expect(reader.barsSync(0, 1e16, { ...options, limit: 3 })).toEqual(bars.slice(0, 3));
    expect(reader.barsSync(0, 1e16, { ...options, limit: 0 })).toEqual([]);
    expect([...reader.barsSync(0, 1e16, { ...options, format: 'columns' }).close]).toEqual([12, 12, 12, 11]);
  });

  test('gaps of more bars than memory holds are an error that says so, unless a limit is given', async () => {
    const reader = filled([[1, 10, 1], [9e15, 11, 5]]);
    const options = { resolution: '1ms', fill: 'previous' } as const;
    const { code, message } = await failure(() => reader.barsSync(0, 1e16, options));
    expect(code).toBe('DW_LIMIT_EXCEEDED');
    expect(message).toContain('8388608');
    expect(reader.barsSync(0, 1e16, { ...options, limit: 5 })).toHaveLength(5);
    expect(reader.barsSync(0, 1e16, { resolution: '1ms' })).toHaveLength(2);
  });

  test('sessions of New York are 09:30 to 16:00 there, in winter and in summer', () => {
    // Clocks went forward on Sunday, 2025-03-09: 14:30 UTC became 13:30.
    const friday = Date.UTC(2025, 2, 7) * 1000;
    const hour = 60 * MINUTE;
    const times = [friday + 14.49 * hour, friday + 14.5 * hour, friday + 20.99 * hour, friday + 21 * hour, friday + 36 * hour, friday + 72 * hour + 13.49 * hour, friday + 72 * hour + 13.5 * hour, friday + 72 * hour + 19.99 * hour, friday + 72 * hour + 20 * hour];
    const reader = filled(times.map((time, i) => [Math.round(time), i, 1] as const));
    const session = { timeZone: 'America/New_York', open: '09:30', close: '16:00' } as const;
    expect(reader.barsSync(0, 1e16, { resolution: 'session', session }).map(({ start, end, open, close, count }) => [start, end, open, close, count])).toEqual([
      [friday + 14.5 * hour, friday + 21 * hour, 1, 2, 2],
      [friday + 72 * hour + 13.5 * hour, friday + 72 * hour + 20 * hour, 6, 7, 2],
    ]);
    // Hours count from the opening; the last is cut off by the close.
    const hours = reader.barsSync(0, 1e16, { resolution: '1h', session, fill: 'previous' });
    expect(hours.map(({ start }) => (Number(start) - friday) / hour)).toEqual([14.5, 15.5, 16.5, 17.5, 18.5, 19.5, 20.5, 85.5, 86.5, 87.5, 88.5, 89.5, 90.5, 91.5]);
    expect(Number(hours[6]?.end) - friday).toBe(21 * hour);
  });

  test('a session may go over midnight, and be on some days only', () => {
    const sunday = Date.UTC(2025, 1, 2) * 1000;
    const hour = 60 * MINUTE;
    // Globex: Sunday 17:00 to Monday 16:00 in Chicago, and so on until Friday; UTC-6.
    const session = { timeZone: 'America/Chicago', open: '17:00', close: '16:00', days: ['sun', 'mon', 'tue', 'wed', 'thu'] } as const;
    const reader = filled([22.5, 23, 24 + 21.9, 24 + 22.5, 24 + 23, 6 * 24 + 12].map((at, i) => [Math.round(sunday + at * hour), i, 1] as const));
    expect(reader.barsSync(0, 1e16, { resolution: 'session', session }).map(({ start, end, open, close }) => [(Number(start) - sunday) / hour, (Number(end) - sunday) / hour, open, close])).toEqual([
      [23, 46, 1, 2], [47, 70, 4, 4],
    ]);
  });

  test('a session that the clocks skip is none, and one that they repeat is as long as it took', () => {
    const spring = Date.UTC(2025, 2, 9) * 1000;
    const autumn = Date.UTC(2025, 10, 2) * 1000;
    const hour = 60 * MINUTE;
    const reader = filled([[spring + 6.9 * hour, 1, 1], [spring + 7.5 * hour, 2, 1], [autumn + 5.5 * hour, 3, 1], [autumn + 6.5 * hour, 4, 1], [autumn + 7.5 * hour, 5, 1]]);
    // 02:00 to 03:00 was not there on March 9; 01:00 to 02:00 came twice on November 2.
    const days = ['sun'] as const;
    const timeZone = 'America/New_York';
    expect(reader.barsSync(0, 1e16, { resolution: 'session', session: { timeZone, open: '02:00', close: '03:00', days } })).toMatchObject([{ open: 5, close: 5 }]);
    expect(reader.barsSync(0, 1e16, { resolution: 'session', session: { timeZone, open: '01:00', close: '02:00', days } })).toMatchObject([{ open: 1, close: 1 }, { open: 3, close: 4 }]);
  });

  test('records whose price or size is NaN are in no bar, and the reader is told how many', () => {
    const fixture = feed();
    for (let i = 0; i < 100; i++) fixture.write(i % 10 === 3 ? NaN : i, i % 25 === 4 ? NaN : 1, OPEN + i);
    fixture.drain();
    for (const options of [{ resolution: '1m' }, { resolution: '1ms' }, { ticks: 1000 }]) {
      const { reader, warnings } = watched(fixture);
      expect(reader.barsSync(0, 1e16, options)).toMatchObject([{ count: 86, open: 0, close: 99, volume: 86 }]);
      expect(warnings).toMatchObject([{ code: 'DW_BARS_UNUSABLE', values: { feed: 'trades', records: 14, fields: ['price', 'size'] } }] satisfies Partial<ReaderWarning>[]);
    }
  });

  test('a bar of nothing but NaN is none', () => {
    const reader = filled([[OPEN, NaN, 1], [OPEN + MINUTE, 1, 1], [OPEN + 2 * MINUTE, 1, NaN]]);
    expect(shown(reader.barsSync(0, 1e16, { resolution: '1m' }))).toEqual([[MINUTE, 2 * MINUTE, 1, 1, 1, 1, 1, 1]]);
  });

  test('infinities, and zeros of either sign, are as a plain loop has them', () => {
    const prices = [0, -0, 3, -0, Infinity, -Infinity, -0, 0];
    const reader = filled(prices.map((price, i) => [OPEN + Math.floor(i / 2) * MINUTE, price, 0] as const));
    const bars = reader.barsSync(0, 1e16, { resolution: '1m' });
    expect(bars.map(({ high, low }) => [high, low])).toEqual([[0, 0], [3, -0], [Infinity, -Infinity], [-0, -0]]);
    expect(bars[2]?.value).toBeNaN();
  });

  test('the same of records that lie in order, in blocks of order, and in none', () => {
    const rows = Array.from({ length: 3000 }, (_, i) => [OPEN + Math.floor(i / 7) * 1000, 100 + Math.sin(i), 1 + (i % 5)] as const);
    const inOrder = filled(rows, { capacityRows: 4096, blockRows: 512 });
    // Blocks that are in order, one before the other.
    const blocks = [...rows.slice(512, 1024), ...rows.slice(0, 512), ...rows.slice(1024)];
    const bars = inOrder.barsSync(0, 1e16, { resolution: '10ms' });
    expect(bars).toHaveLength(43);
    expect(bars.reduce((sum, { count }) => sum + count, 0)).toBe(3000);
    const ends = new Set([51, 52].map((i) => OPEN + i * 10_000));
    const others = filled(blocks, { capacityRows: 4096, blockRows: 512 }).barsSync(0, 1e16, { resolution: '10ms' });
    // Bars whose records come in the same order have the same digits.
    const untouched = (bar: Bar): boolean => Math.floor((512 / 7) / 10) * 10_000 + OPEN !== bar.start && Math.floor((1024 / 7) / 10) * 10_000 + OPEN !== bar.start && !ends.has(Number(bar.start));
    expect(others.filter(untouched)).toEqual(bars.filter(untouched));
    expect(others.map(({ start, high, low, count }) => [start, high, low, count])).toEqual(bars.map(({ start, high, low, count }) => [start, high, low, count]));
  });

  test('sides: of bools, symbols and numbers, by what is given; and none at all', () => {
    const fixture = feed({
      name: 'sided',
      fields: [
        { name: 'price', type: 'float64' }, { name: 'size', type: 'float64' }, { name: 'maker', type: 'bool' }, { name: 'taker', type: 'symbol' }, { name: 'sign', type: 'int8' },
        { name: 'wide', type: 'int32' }, { name: 'ts', type: 'uint64' },
      ],
      timestamp: 'ts',
    });
    const rows = [[true, 'sell', -1, -100_000], [false, 'buy', 1, 100_000], [false, 'buy', 1, 100_000], [true, 'cross', 0, 0]] as const;
    rows.forEach(([maker, taker, sign, wide], i) => { fixture.write(10, 2 ** i, maker, taker, sign, wide, OPEN + i); });
    fixture.drain();
    const reader = new FeedReader(fixture.source);
    const volumes = (side: BarsOptions['side']): unknown[] => reader.barsSync(0, 1e16, { resolution: '1m', side }).map(({ volume, buyVolume, sellVolume }) => [volume, buyVolume, sellVolume]);
    expect(volumes({ field: 'maker', buy: false, sell: true })).toEqual([[15, 6, 9]]);
    expect(volumes({ field: 'taker', buy: ['buy', 'never seen'], sell: 'sell' })).toEqual([[15, 6, 1]]);
    expect(volumes({ field: 'sign', buy: 1, sell: -1 })).toEqual([[15, 6, 1]]);
    expect(volumes({ field: 'wide', buy: 100_000, sell: -100_000 })).toEqual([[15, 6, 1]]);
    expect(volumes(undefined)).toEqual([[15, undefined, undefined]]);
  });

  test('a buy whose symbol is new when bars are made is in all of their sums, or in none', () => {
    const fixture = feed({
      name: 'sided', fields: [{ name: 'price', type: 'float64' }, { name: 'size', type: 'float64' }, { name: 'taker', type: 'symbol' }, { name: 'ts', type: 'uint64' }], timestamp: 'ts',
    });
    fixture.write(10, 1, 'sell', OPEN);
    const reader = new FeedReader(fixture.source);
    const volumes = (): unknown[] => reader.barsSync(0, 1e16, { resolution: '1m', side: { field: 'taker', buy: 'buy', sell: 'sell' } }).map(({ volume, buyVolume, sellVolume }) => [volume, buyVolume, sellVolume]);
    const { reload } = SymbolDictionaryReader.prototype;
    // It is written just when the dictionary has been read.
    const spy = vi.spyOn(SymbolDictionaryReader.prototype, 'reload').mockImplementationOnce(function read(this: SymbolDictionaryReader) {
      reload.call(this);
      fixture.write(10, 2, 'buy', OPEN + 1);
    });
    expect(volumes()).toEqual([[1, 0, 1]]);
    spy.mockRestore();
    expect(volumes()).toEqual([[3, 2, 1]]);
  });

  test('columns of decimals have the exact integers; a volume beyond 64 bits is an error there, and exact in objects', async () => {
    const fixture = feed({
      name: 'exact', fields: [{ name: 'price', type: 'decimal', scale: 2 }, { name: 'size', type: 'decimal', scale: 18 }, { name: 'ts', type: 'uint64' }], timestamp: 'ts',
    });
    fixture.write('10.01', '9', 1);
    fixture.write('10.02', '0.000000000000000001', 2);
    fixture.write('10.00', '9', MINUTE);
    fixture.write('10.00', '9', MINUTE);
    const reader = new FeedReader(fixture.source);
    const { open, high, low, close, volume } = reader.barsSync(0, MINUTE, { resolution: '1m', format: 'columns' });
    expect({ open, high, low, close, volume }).toEqual({
      open: BigInt64Array.of(1001n), high: BigInt64Array.of(1002n), low: BigInt64Array.of(1001n), close: BigInt64Array.of(1002n), volume: BigInt64Array.of(9_000_000_000_000_000_001n),
    });
    expect(await failure(() => reader.barsSync(0, 1e16, { resolution: '1m', format: 'columns' }))).toMatchObject({ code: 'DW_VALUE_RANGE' });
    expect(reader.barsSync(0, 1e16, { resolution: '1m', exact: true })[1]).toMatchObject({ open: '10.00', volume: '18.000000000000000000', value: '180.00000000000000000000', vwap: 10 });
    // Amounts as exact texts: reached to the last digit.
    expect(reader.barsSync(0, 1e16, { volume: '9.000000000000000001', exact: true }).map(({ volume }) => volume)).toEqual(['9.000000000000000001', '18.000000000000000000']);
  });

  test('a limit of bars by ticks is read no further than needed, and the first bars are those', () => {
    const reader = filled(Array.from({ length: 1000 }, (_, i) => [OPEN + i, i, 1] as const));
    expect(shown(reader.barsSync(0, 1e16, { ticks: 300, limit: 2 }))).toEqual([[0, 299, 0, 299, 0, 299, 300, 300], [300, 599, 300, 599, 300, 599, 300, 300]]);
    expect(reader.barsSync(0, 1e16, { ticks: 300 }).map(({ count }) => count)).toEqual([300, 300, 300, 100]);
  });

  const mistakes: [string, unknown, string, string][] = [
    ['no kind', {}, 'DW_OPTION_INVALID', 'give one of resolution, ticks, volume, dollar, imbalance'],
    ['two kinds', { ticks: 5, resolution: '1m' }, 'DW_OPTION_INVALID', 'resolution and ticks'],
    ['an unknown option', { resolutoin: '1m' }, 'DW_OPTION_INVALID', 'resolution'],
    ['a resolution that means nothing', { resolution: '5 minutes' }, 'DW_OPTION_INVALID', "'1m'"],
    ['a resolution that is no time', { resolution: '0s' }, 'DW_OPTION_INVALID', '0s'],
    ['a resolution of years', { resolution: '900d' }, 'DW_OPTION_INVALID', '366d'],
    ['negative ticks', { ticks: -1 }, 'DW_OPTION_INVALID', '-1'],
    ['half a tick', { ticks: 0.5 }, 'DW_OPTION_INVALID', '0.5'],
    ['a negative volume', { volume: -5 }, 'DW_OPTION_INVALID', 'above 0'],
    ['an endless volume', { dollar: Infinity }, 'DW_OPTION_INVALID', 'Infinity'],
    ['a volume that is no number', { volume: '1e5' }, 'DW_OPTION_INVALID', '1e5'],
    ['an imbalance of nothing', { imbalance: { of: 'cash', threshold: 5 } }, 'DW_OPTION_INVALID', 'ticks or volume or dollar'],
    ['an imbalance without a threshold', { imbalance: { of: 'ticks' } }, 'DW_OPTION_INVALID', 'threshold'],
    ['fill by ticks', { ticks: 5, fill: 'previous' }, 'DW_OPTION_INVALID', 'fill goes with resolution'],
    ['an unknown fill', { resolution: '1m', fill: 'zero' }, 'DW_OPTION_INVALID', 'none or previous'],
    ['sessions by ticks', { ticks: 5, session: [] }, 'DW_OPTION_INVALID', 'session goes with resolution'],
    ['sessions that are not said', { resolution: 'session' }, 'DW_OPTION_INVALID', 'timeZone'],
    ['a zone that is none', { resolution: 'session', session: { timeZone: 'America/NewYork', open: '09:30', close: '16:00' } }, 'DW_OPTION_INVALID', 'America/New_York'],
    ['a time of day that is none', { resolution: 'session', session: { timeZone: 'UTC', open: '9:30', close: '16:00' } }, 'DW_OPTION_INVALID', '09:30'],
    ['a day that is none', { resolution: 'session', session: { timeZone: 'UTC', open: '09:30', close: '16:00', days: ['monday'] } }, 'DW_OPTION_INVALID', 'mon'],
    ['sessions that overlap', { resolution: 'session', session: [[0, 10], [5, 20]] }, 'DW_OPTION_INVALID', 'overlap'],
    ['a session that closes first', { resolution: 'session', session: [[10, 10]] }, 'DW_OPTION_INVALID', 'open < close'],
    ['a session that is no time', { resolution: 'session', session: [['a', 10]] }, 'DW_RANGE_INVALID', 'session[0][0]'],
    ['an unknown price', { resolution: '1m', price: 'prize' }, 'DW_FIELD_UNKNOWN', 'price'],
    ['a size that is no number', { resolution: '1m', size: 'side' }, 'DW_FIELD_UNKNOWN', 'a field with numbers'],
    ['a side that is not there', { resolution: '1m', side: 'sidee' }, 'DW_FIELD_UNKNOWN', 'side'],
    ['a side without its values', { resolution: '1m', side: 'ok' }, 'DW_OPTION_INVALID', "{ field: 'ok', buy: …, sell: … }"],
    ['a side of values of another type', { resolution: '1m', side: { field: 'ok', buy: 'yes', sell: 'no' } }, 'DW_OPTION_INVALID', 'bool'],
    ['a side that is both', { resolution: '1m', side: { field: 'ok', buy: true, sell: [false, true] } }, 'DW_OPTION_INVALID', 'both'],
    ['a clock that is none', { resolution: '1m', by: 'price' }, 'DW_OPTION_INVALID', 'ts'],
    ['an unknown format', { resolution: '1m', format: 'tuple' }, 'DW_FORMAT_UNKNOWN', 'object or columns'],
    ['exact columns', { resolution: '1m', format: 'columns', exact: true }, 'DW_OPTION_INVALID', 'exact'],
    ['a negative limit', { resolution: '1m', limit: -1 }, 'DW_OPTION_INVALID', 'limit'],
  ];
  test.each(mistakes)('%s is a mistake', async (_name, options, code, said) => {
    const fixture = feed({
      name: 'mistaken',
      fields: [{ name: 'price', type: 'float64' }, { name: 'size', type: 'float64' }, { name: 'side', type: 'char' }, { name: 'ok', type: 'bool' }, { name: 'ts', type: 'uint64' }], timestamp: 'ts',
    });
    const found = await failure(() => new FeedReader(fixture.source).barsSync(0, 1, options as BarsOptions));
    expect(found.code).toBe(code);
    expect(found.message).toContain(said);
  });

  test('volume, value and their imbalance need a size', async () => {
    const fixture = feed({ name: 'quotes', fields: [{ name: 'bid', type: 'float64' }, { name: 'ts', type: 'uint64' }], timestamp: 'ts' });
    const reader = new FeedReader(fixture.source);
    for (const options of [{ volume: 5 }, { dollar: 5 }, { imbalance: { of: 'volume', threshold: 5 } }] as const) {
      expect(await failure(() => reader.barsSync(0, 1, { ...options, price: 'bid' } as unknown as BarsOptions))).toMatchObject({ code: 'DW_OPTION_INVALID' });
    }
    fixture.write(5, 1);
    expect(reader.barsSync(0, 9, { resolution: '1s', price: 'bid' })).toEqual([{ feed: 'quotes', resolution: '1s', start: 0, end: 1_000_000, open: 5, high: 5, low: 5, close: 5, count: 1 }]);
    expect(await failure(() => reader.barsSync(0, 9, { resolution: '1s' }))).toMatchObject({ code: 'DW_FIELD_UNKNOWN' });
  });
});
