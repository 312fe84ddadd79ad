import { chmodSync, cpSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Platform, splitWindow } from '../dist/index.js';
import { START, TRADES, openPlatform, temporaryDirectory, trade } from './support.js';

const SECOND = 1_000_000;
const shapeOf = ({ first, next, records, ended, reason, start, end }: { first: number; next: number; records: number; ended: string; reason?: string; start: unknown; end: unknown }): unknown[] =>
  [first, next, records, ended, reason, start, end];

describe('segments of a store', () => {
  it('are listed while the feed is written: the last one is open and ends at the head, ring or not', async () => {
    const platform = await openPlatform();
    const writer = await platform.createWriter(await platform.createFeed(TRADES));
    const reader = await platform.createReader('trades');
    expect(await reader.segments()).toEqual([]);
    for (let n = 0; n < 100; n++) writer.writeValues(...trade(n));
    writer.markSegment({ reason: 'socket closed' });
    expect((await reader.segments()).map(shapeOf)).toEqual([[0, 100, 100, 'marked', 'socket closed', START, START + 99_001]]);
    for (let n = 200; n < 210; n++) writer.writeValues(...trade(n));
    const expected = [[0, 100, 100, 'marked', 'socket closed', START, START + 99_001], [100, 110, 10, 'open', undefined, START + 200_000, START + 209_001]];
    expect((await reader.segments()).map(shapeOf)).toEqual(expected);
    await writer.flush();
    expect(reader.segmentsSync().map(shapeOf)).toEqual(expected);
    expect(reader.segmentsSync()[0]!.closedAt!.getTime()).toBeGreaterThan(Date.now() - 60_000);
    expect(await reader.gaps()).toEqual([{ start: START + 99_001, end: START + 200_000, cause: 'marked', reason: 'socket closed' }]);
    expect(await reader.gaps({ minimum: '1s' })).toEqual([]);
    expect(reader.segmentsSync({ start: START + 150_000 }).map(({ first }) => first)).toEqual([100]);
    expect(reader.segmentsSync({ end: START + 200_000 }).map(({ first }) => first)).toEqual([0]);
    expect(await reader.suggestedRange()).toEqual({ start: START, end: START + 99_001 });
    expect(await reader.suggestedRange({ bridge: '1s' })).toEqual({ start: START, end: START + 209_001 });
    await writer.close();
    expect(reader.segmentsSync().at(-1)).toMatchObject({ ended: 'closed', next: 110 });
    await platform.close();
  });

  it('are read where nothing can be written', async () => {
    const directory = temporaryDirectory();
    const base = join(directory, 'data');
    const platform = await openPlatform(base);
    const writer = await platform.createWriter(await platform.createFeed(TRADES));
    for (let n = 0; n < 10; n++) writer.writeValues(...trade(n));
    await platform.close();
    const copy = join(directory, 'copy');
    cpSync(base, copy, { recursive: true });
    for (const path of [join(copy, 'feeds', 'trades'), join(copy, 'feeds', 'trades', 'chunks'), copy]) chmodSync(path, 0o500);
    try {
      const readOnly = await Platform.open(copy, { readOnly: true });
      const reader = await readOnly.createReader('trades');
      expect(reader.segmentsSync().map(({ records, ended }) => [records, ended])).toEqual([[10, 'closed']]);
      await readOnly.close();
    } finally {
      for (const path of [copy, join(copy, 'feeds', 'trades'), join(copy, 'feeds', 'trades', 'chunks')]) chmodSync(path, 0o700);
    }
  });

  it('are not of memory feeds, and options are checked', async () => {
    const platform = await openPlatform();
    await platform.createFeed({ ...TRADES, name: 'live', persist: false });
    await platform.createFeed(TRADES);
    const [live, trades] = [await platform.createReader('live'), await platform.createReader('trades')];
    for (const call of [() => live.segments(), () => live.gaps(), () => live.coverage(0, 1), () => live.suggestedRange(), () => platform.commonWindows(['live', 'trades'])]) {
      await expect(call()).rejects.toMatchObject({ code: 'DW_FEED_NOT_PERSISTED' });
    }
    for (const call of [
      () => trades.segments({ from: 1 } as never), () => trades.gaps({ minimum: '5 minutes' }), () => trades.suggestedRange({ choose: 'best' as never }),
      () => trades.segments({ by: 'price' }), () => platform.commonWindows([]), () => platform.commonWindows('trades' as never), () => trades.gaps({ silence: 5 as never }),
    ]) await expect(call()).rejects.toMatchObject({ code: 'DW_OPTION_INVALID' });
    await expect(trades.coverage(5, 4)).rejects.toMatchObject({ code: 'DW_RANGE_INVALID' });
    expect(await trades.coverage(5, 5)).toEqual({ start: 5, end: 5, windows: [], fraction: 0 });
    expect(await trades.gaps({ start: 5, end: 50 })).toEqual([{ start: 5, end: 50, cause: 'none' }]);
    expect(await trades.suggestedRange()).toBeUndefined();
    await platform.close();
  });
});

describe('windows of several feeds', () => {
  it('are what all of them cover, whatever the units of their clocks', async () => {
    const platform = await openPlatform();
    const feed = (name: string, unit: 'ns' | 'us' | 'ms') => ({ name, fields: [{ name: 'x', type: 'float64' }, { name: 't', type: 'int64', unit }], timestamp: 't' }) as const;
    const scale = { ns: 1_000_000_000n, us: 1_000_000n, ms: 1000n };
    /** Writes segments of times in seconds. */
    const write = async (name: string, unit: 'ns' | 'us' | 'ms', spans: [number, number][]): Promise<void> => {
      const writer = await platform.createWriter(await platform.createFeed(feed(name, unit)));
      for (const [from, to] of spans) {
        for (const at of [from, to]) writer.writeValues(1, (unit === 'ns' ? BigInt(at) * scale.ns : Number(BigInt(at) * scale[unit])) as never);
        writer.markSegment();
      }
      await writer.close();
    };
    await write('a', 'us', [[0, 100], [200, 300]]);
    await write('b', 'ns', [[50, 250], [290, 400]]);
    await write('c', 'ms', [[-10, 95], [210, 500]]);
    expect(await platform.commonWindows(['a', 'b', 'c'])).toEqual([
      { start: 50 * SECOND, end: 95 * SECOND + 1000 }, { start: 210 * SECOND, end: 250 * SECOND }, { start: 290 * SECOND, end: 300 * SECOND + 1 },
    ]);
    expect(await platform.commonWindows(['c', { feed: 'b', by: 't' }, 'a'], { minimum: '40s' })).toEqual([{ start: 50_000, end: 95_001 }, { start: 210_000, end: 250_000 }]);
    expect(await platform.commonWindows(['b', 'a'], { start: 60_000_000_000n, end: 70_000_000_000n })).toEqual([{ start: 60_000_000_000n, end: 70_000_000_000n }]);
    expect(await platform.suggestedRange(['a', 'b', 'c'])).toEqual({ start: 50 * SECOND, end: 95 * SECOND + 1000 });
    expect(await platform.suggestedRange(['a', 'b', 'c'], { choose: 'newest', minimum: '20s' })).toEqual({ start: 210 * SECOND, end: 250 * SECOND });
    expect(await platform.suggestedRange(['a', 'b', 'c'], { bridge: '2m' })).toEqual({ start: 50 * SECOND, end: 300 * SECOND + 1 });
    const window = (await platform.suggestedRange(['a', 'b']))!;
    const { train, validation } = splitWindow(window, { train: 0.8 });
    expect([train.end, validation.end]).toEqual([validation.start, window.end]);
    await platform.close();
  });
});
