import { type Channel, type Exchange, FeedSink, type IngestStatus, type SymbolStatus, binanceUsdm, coinbase, recordFeedName, recordFeedSpec } from '@deepwater/exchanges';
import type { Platform } from 'deepwater';
import { describe, expect, test } from 'vitest';
import { type PlatformSourceOptions, platformSource } from '../dist/dashboard/feeds/platform-source.js';
import type { DashboardEvent, TapeTrade } from '../dist/dashboard/source.js';
import { openPlatform } from './support.js';
import { Rendered } from './support/rendered.js';
import { scriptedSource } from './support/scripted-source.mjs';

const STARTED_MS = 1_764_000_000_000;
const us = (ms: number) => (STARTED_MS + ms) * 1000;

/** A platform with the feeds of an ingest, and what writes them. */
async function ingested(symbols: readonly string[], channels: readonly Channel[], options: Partial<PlatformSourceOptions> = {}, exchange: Exchange = binanceUsdm, amounts: 'decimal' | 'float64' = 'decimal') {
  const platform = await openPlatform();
  const writers = new Map<string, Record<string, Awaited<ReturnType<Platform['createWriter']>>>>();
  for (const symbol of symbols) {
    const of: Record<string, Awaited<ReturnType<Platform['createWriter']>>> = {};
    for (const channel of channels) {
      const { name } = await platform.createFeed({ ...recordFeedSpec(exchange, symbol, channel, { amounts }), chunkSizeMb: 1 });
      of[channel] = await platform.createWriter(name);
    }
    writers.set(symbol, of);
  }
  const sink = new FeedSink((symbol) => writers.get(symbol) as never, { amounts });
  const statuses = symbols.map((symbol): SymbolStatus => ({
    symbol, connection: 1, state: 'live', refused: undefined, gaps: 0, resyncs: 0, bad: 0, feeds: channels.map((channel) => ({ channel, feed: recordFeedName(exchange, symbol, channel), records: 0, ratePerS: 0, ringFill: 0 })),
  }));
  const status: IngestStatus = { ...scriptedSource({ symbols: [] }).status(), startedMs: STARTED_MS, channels, symbols: statuses };
  let nowMs = STARTED_MS;
  const events: DashboardEvent[] = [];
  const source = platformSource(platform, { status: () => status, metrics: scriptedSource().metrics, stop: async () => {} }, { events: () => events, now: () => nowMs, ...options });
  return { platform, sink, source, statuses, status, events, later: (ms: number) => { nowMs += ms; }, now: () => nowMs };
}

const prices = (trades: readonly TapeTrade[]) => trades.map(({ symbol, price }) => `${symbol} ${Number(price)}`);

describe('the tape of a platform’s feeds', () => {
  test('has the newest trades of all feeds in the order they came, and goes on', async () => {
    const { sink, source, statuses } = await ingested(['A', 'B', 'C'], ['trades']);
    for (let n = 0; n < 30; n++) sink.of('ABC'[n % 3]!).trade(us(n - 5), us(n), n, n % 2 === 0 ? 'B' : 'S', `${n}.50`, '0.25');
    await expect.poll(() => prices(source.tape(4, statuses))).toEqual(['C 26.5', 'A 27.5', 'B 28.5', 'C 29.5']);
    expect(source.tape(4, statuses).at(-1)).toEqual({ symbol: 'C', ts: us(24), recv: us(29), side: 'S', price: expect.stringMatching(/^29\.50*$/), size: expect.stringMatching(/^0\.250*$/) });
    sink.of('B').trade(us(30), us(30), 30, ' ', '30', '1');
    expect(prices(source.tape(4, statuses))).toEqual(['A 27.5', 'B 28.5', 'C 29.5', 'B 30']);
    // More in between than it holds.
    for (let n = 31; n < 500; n++) sink.of('A').trade(us(n), us(n), n, 'B', String(n), '1');
    expect(prices(source.tape(4, statuses))).toEqual(['A 496', 'A 497', 'A 498', 'A 499']);
  });

  test('of some symbols has what they had before', async () => {
    const { sink, source, statuses } = await ingested(['A', 'B'], ['trades', 'quotes']);
    for (let n = 0; n < 100; n++) sink.of(n < 3 ? 'B' : 'A').trade(us(n), us(n), n, 'B', String(n), '1');
    await expect.poll(() => prices(source.tape(5, statuses))).toEqual(['A 95', 'A 96', 'A 97', 'A 98', 'A 99']);
    expect(prices(source.tape(5, statuses.slice(1)))).toEqual(['B 0', 'B 1', 'B 2']);
    expect(prices(source.tape(2, statuses))).toEqual(['A 98', 'A 99']);
  });

  test('has no trades of another run', async () => {
    const { sink, source, statuses } = await ingested(['A'], ['trades', 'quotes']);
    sink.of('A').trade(us(-2), us(-1), 1, 'B', '1', '1');
    sink.of('A').quote(us(-2), us(-1), 1, '1', '1', '2', '1');
    sink.of('A').trade(us(0), us(0), 2, 'B', '2', '1');
    await expect.poll(() => prices(source.tape(10, statuses))).toEqual(['A 2']);
    await expect.poll(() => source.top(statuses[0]!)).toMatchObject({ last: expect.stringMatching(/^2(\.0*)?$/) });
    expect(source.top(statuses[0]!)?.bid).toBeUndefined();
  });

  test('asks many feeds, of which most are quiet, in few milliseconds', async () => {
    const symbols = Array.from({ length: 60 }, (_, n) => `S${n}`);
    const { sink, source, statuses } = await ingested(symbols, ['trades']);
    for (const symbol of symbols) for (let n = 0; n < 200; n++) sink.of(symbol).trade(us(n), us(n), n, 'B', '1', '1');
    await expect.poll(() => source.tape(50, statuses).length, { interval: 5 }).toBe(50);
    const times = Array.from({ length: 20 }, () => {
      sink.of('S1').trade(us(1000), us(1000), 1, 'B', '1', '1');
      const began = performance.now();
      source.tape(50, statuses);
      return performance.now() - began;
    }).sort((a, b) => a - b);
    console.log(`a look at 60 feeds: ${times[10]!.toFixed(2)} ms`);
    expect(times[10]).toBeLessThan(25);
  });
});

describe('the best of a symbol’s market', () => {
  test('comes from its quotes and its trades, to the last digit', async () => {
    const { sink, source, statuses } = await ingested(['A'], ['trades', 'quotes', 'book']);
    expect(source.top(statuses[0]!)).toBeUndefined();
    sink.of('A').trade(us(1), us(1), 1, 'S', '0.00000123', '1');
    sink.of('A').quote(us(1), us(1), 1, '0.00000122', '12345678.5', '0.00000124', '7');
    await expect.poll(() => source.top(statuses[0]!)).toEqual({ last: '0.00000123', lastSide: 'S', bid: '0.00000122', bidSize: expect.stringMatching(/^12345678\.50*$/), ask: '0.00000124', askSize: expect.stringMatching(/^7(\.0*)?$/) });
    sink.of('A').quote(us(2), us(2), 2, '3', '0', '4', '1');
    expect(source.top(statuses[0]!)).toMatchObject({ bid: expect.stringMatching(/^3(\.0*)?$/), bidSize: undefined, last: '0.00000123' });
  });

  test('of float64 feeds is numbers, shown without an exponent', async () => {
    const { sink, source, statuses, status, now } = await ingested(['A'], ['trades', 'quotes'], {}, coinbase, 'float64');
    sink.of('A').trade(us(1), us(1), 1, 'S', 1.5e-7, 2);
    await expect.poll(() => source.top(statuses[0]!)?.last).toBe(1.5e-7);
    const shown = new Rendered(Object.defineProperty({ ...source, status: () => status }, 'nowMs', { get: now }) as never, { columns: 80, rows: 24 });
    expect(shown.text).toContain('0.00000015');
  });

  test('comes from a book where there are no quotes, which is kept no longer than it is looked at', async () => {
    const opened: string[] = [];
    let closed = 0;
    const followBook = (feed: string) => {
      opened.push(feed);
      return { best: () => (opened.length > 0 ? { bid: '1', bidSize: '2', ask: '3' } : undefined), close: () => { closed += 1; } };
    };
    const { source, statuses, later } = await ingested(['A', 'B', 'C'], ['trades', 'book'], { followBook });
    const [a, b] = statuses as [SymbolStatus, SymbolStatus];
    expect(source.top(a)).toEqual({ bid: '1', bidSize: '2', ask: '3' });
    source.top(a);
    source.top(b);
    expect(opened).toEqual(['binance-usdm.A.book', 'binance-usdm.B.book']);
    for (let n = 0; n < 4; n++) {
      later(3000);
      source.top(b);
    }
    expect(closed).toBe(1);
    source.top(a);
    expect(opened).toHaveLength(3);
    source.close();
    expect(closed).toBe(3);
  });

  test('is unknown where there is neither', async () => {
    const { source, statuses } = await ingested(['A'], ['book']);
    expect(source.top(statuses[0]!)).toBeUndefined();
  });
});

test('a feed that cannot be read is told once among the events, and tried again', async () => {
  const { platform, source, statuses, events, later } = await ingested(['A'], ['trades']);
  const missing: SymbolStatus = { ...statuses[0]!, symbol: 'Z', feeds: [{ ...statuses[0]!.feeds[0]!, feed: 'binance-usdm.Z.trades' }] };
  events.push({ timeMs: STARTED_MS - 1, text: 'before' }, { timeMs: STARTED_MS + 1e6, text: 'after' });
  await expect.poll(() => {
    source.tape(5, [missing]);
    return source.events().length;
  }).toBe(3);
  expect(source.events().map(({ text }) => text)).toEqual(['before', expect.stringContaining('binance-usdm.Z.trades cannot be read'), 'after']);
  const sink = new FeedSink(() => ({ trades: writer as never }));
  await platform.createFeed(recordFeedSpec(binanceUsdm, 'Z', 'trades'));
  const writer = await platform.createWriter('binance-usdm.Z.trades');
  sink.of('Z').trade(us(1), us(1), 1, 'B', '5', '1');
  source.tape(5, [missing]);
  later(6000);
  await expect.poll(() => prices(source.tape(5, [missing]))).toEqual(['Z 5']);
  expect(source.events()).toHaveLength(3);
});
