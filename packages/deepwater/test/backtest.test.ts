import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { BacktestOptions, BacktestResult, DeepwaterError, Platform, StrategyOptions } from '../dist/index.js';
import { START, TRADES, failure, openPlatform, temporaryDirectory, trade } from './support.js';
import { Emitted, moduleOf } from './support-strategy.js';
import { SEED } from '../../../test/support/seed.js';

const QUOTES = {
  name: 'quotes',
  fields: [
    { name: 'bid', type: 'float64' }, { name: 'ask', type: 'float64' }, { name: 'venue', type: 'symbol' }, { name: 'level', type: 'decimal', scale: 2 },
    { name: 'note', type: 'string', bytes: 8 }, { name: 'time_ns', type: 'uint64', unit: 'ns' },
  ],
  timestamp: 'time_ns',
  chunkSizeMb: 1,
} as const;

console.log(`backtest tests: seed ${SEED}`);

/** Some numbers from a seed. */
function numbersFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Trades and quotes, some of them late and some at the same time, partly in chunks and partly in the ring. */
async function market(count: number, options = {}): Promise<Platform> {
  const platform = await openPlatform(undefined, options);
  await platform.createFeed(TRADES);
  await platform.createFeed(QUOTES as never);
  const trades = await platform.createWriter('trades');
  const quotes = await platform.createWriter('quotes');
  const random = numbersFrom(SEED);
  for (let n = 0, time = START, price = 400; n < count; n++) {
    time += Math.floor(random() * 2000);
    price += Math.floor(random() * 5) - 2;
    const late = random() < 0.1 ? 1500 : 0;
    trades.writeValues(price / 4, 1 + n % 7, n % 2 === 0 ? 'B' : 'S', time - late);
    if (random() < 0.7) quotes.writeValues(price / 4 - 0.25, price / 4 + 0.25, `V${n % 3}`, '12.34', 'ä', BigInt(time - (random() < 0.5 ? late : 0)) * 1000n);
    if (n === count >> 1) await Promise.all([trades.flush(), quotes.flush()]);
  }
  return platform;
}

/** Fields of a row that make up a line, whatever the feed. */
const LINE = `const line = (row, context) => [context.feed, row.sequence, row.price ?? row.bid, row.side ?? row.venue, row.level, row.note, String(row.timestamp_us ?? row.time_ns), JSON.stringify(row.toJSON(), (k, v) => typeof v === 'bigint' ? String(v) : v)];`;
const TRADER = `
  ${LINE}
  let n = 0;
  export function onRecord(row, context) {
    context.emit(line(row, context));
    n++;
    const { every, size } = context.params ?? { every: 7, size: 1 };
    if (n % every === 0) {
      const side = context.random() < 0.5 ? 'buy' : 'sell';
      const price = row.price ?? (side === 'buy' ? row.bid : row.ask);
      const offset = Math.floor(context.random() * 5) / 4 - 0.5;
      context.broker.submit({ feed: context.feed, side, size, ...(context.random() < 0.6 ? { price: price + offset } : {}) });
    }
    if (n % 23 === 0) for (const { id } of context.broker.openOrders.slice(0, 2)) context.broker.cancel(id);
  }
  export function onFill(fill, context) { context.emit(['fill', { ...fill }, context.broker.equity, context.broker.cash]); }
  export function onBar(bar, context) { context.emit(['bar', { ...bar }, context.broker.position(bar.feed).size]); }`;
const BROKER = { latencyMs: 1, takerFeeBps: 2, makerFeeBps: -0.5, slippageBps: 1, feeds: { quotes: { fills: 'quote-cross' } } } as const;
const OPTIONS = { feeds: ['trades', 'quotes'], start: new Date(START / 1000 + 100), broker: BROKER, bars: { resolution: '50ms', price: 'price' } } as const;

async function live(platform: Platform, module: URL, options: StrategyOptions, count: number): Promise<unknown[]> {
  const strategy = await platform.spawnStrategy(module, options);
  const values = await new Emitted(strategy).until(count);
  await strategy.stop();
  return values;
}

const serialized = (results: readonly BacktestResult[]): string =>
  JSON.stringify(results.map(({ error, ...rest }) => ({ ...rest, error: error === undefined ? null : [error.code, error.message, error.values, (error.cause as Error).stack] })), (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value));

describe('a backtest', () => {
  test.each([['trades'], ['quotes'], ['trades', 'quotes']])('gives the records, bars and fills that the same module is given live over history: %s %s', async (...feeds) => {
    const platform = await market(3000);
    const bars = feeds.length > 1 ? {} : { bars: { resolution: '50ms', ...(feeds[0] === 'quotes' ? { price: 'bid' } : {}) } };
    const module = moduleOf(feeds.length > 1 ? TRADER.replace(/export function onBar[^\n]*/, '') : TRADER);
    const broker = feeds.includes('quotes') ? BROKER : { ...BROKER, feeds: {} };
    const options = { feeds, start: new Date(START / 1000 + 100), broker, seed: SEED, ...bars };
    const [result] = await platform.backtest(module, options);
    expect(result!.error).toBeUndefined();
    expect(result!.emitted.length).toBeGreaterThan(1500);
    expect(result!.fills.length).toBeGreaterThan(50);
    expect(result!.bars > 10).toBe(feeds.length === 1);
    expect(await live(platform, module, options, result!.emitted.length)).toEqual(result!.emitted);
    await platform.close();
  });

  test('makes bars by every option that bars have live', async () => {
    const platform = await market(300);
    const module = moduleOf('export function onBar(bar, context) { context.emit({ ...bar }); }');
    const options = { feeds: ['trades'], start: new Date(START / 1000 + 100), bars: { resolution: '50ms', price: 'price', size: 'size', side: { field: 'side', buy: 'S', sell: 'B' } } } as const;
    const [result] = await platform.backtest(module, options);
    expect(result!.emitted.some((bar) => (bar as { buyVolume: number; sellVolume: number }).buyVolume !== (bar as { sellVolume: number }).sellVolume)).toBe(true);
    expect(await live(platform, module, options, result!.emitted.length)).toEqual(result!.emitted);
    await platform.close();
  });

  test('gives the same bytes with one worker and with two, in whatever order the runs come', async () => {
    const platform = await market(800, { poolThreads: 2 });
    const module = moduleOf(TRADER.replace(/export function onBar[^\n]*/, '').replace('n++;', 'n++; if (context.params.size === 3 && n === 500) throw new RangeError("three");'));
    const params = Array.from({ length: 30 }, (_, i) => ({ every: 5 + (i % 4), size: 1 + (i % 5) }));
    const { bars: _bars, ...rest } = OPTIONS;
    const one = await platform.backtest(module, { ...rest, params, workers: 1, seed: SEED });
    const told: number[] = [];
    const two = await platform.backtest(module, { ...rest, params, workers: 2, seed: SEED, onResult: ({ index }) => told.push(index) });
    expect(serialized(two)).toBe(serialized(one));
    expect(one.map(({ index }) => index)).toEqual(params.map((_, i) => i));
    expect(told.toSorted((a, b) => a - b)).toEqual(params.map((_, i) => i));
    expect(one.filter(({ error }) => error !== undefined).map(({ params: set }) => set.size)).toEqual([3, 3, 3, 3, 3, 3]);
    // The same parameters at another place draw other numbers; with another seed, too.
    expect(one[0]!.emitted).not.toEqual(one[20]!.emitted);
    expect((await platform.backtest(module, { ...rest, params: params.slice(0, 1), seed: SEED + 1 }))[0]!.emitted).not.toEqual(one[0]!.emitted);
    await platform.close();
  });

  test('gives each run state of its own: instances, objects and variables of modules', async () => {
    const platform = await market(100, { poolThreads: 1 });
    const forms = [
      'let n = 0; export const onRecord = (trade, context) => { context.metrics.n = ++n; };',
      'export default { n: 0, onRecord(trade, context) { context.metrics.n = ++this.n; } };',
      'export default class { n = 0; onRecord(trade, context) { context.metrics.n = ++this.n; } }',
      'export default class { n = 0; onBatch(run, context) { for (const trade of run) context.metrics.n = ++this.n; } }',
      'let n = 0; export async function onRecord(trade, context) { await null; context.metrics.n = ++n; }',
    ];
    for (const form of forms) {
      const results = await platform.backtest(moduleOf(form), { feeds: ['trades'], params: [1, 2, 3] });
      expect(results.map(({ metrics, records }) => [metrics['n'], records])).toEqual([[100, 100], [100, 100], [100, 100]]);
      expect(results[0]!.stats).toBeUndefined();
    }
    await platform.close();
  });

  test('is given what lies in [start, end), and nothing that comes after it began', async () => {
    const platform = await openPlatform();
    await platform.createFeed(TRADES);
    const writer = await platform.createWriter('trades');
    for (let n = 0; n < 100; n++) writer.writeValues(...trade(n));
    const module = moduleOf('export function onRecord(trade, context) { context.emit(trade.sequence); }');
    const run = async (options: Partial<BacktestOptions>) => (await platform.backtest(module, { feeds: ['trades'], ...options }))[0]!.emitted;
    expect(await run({ start: START + 10_000, end: START + 13_000 })).toEqual([10, 11, 12]);
    expect(await run({ end: new Date(START / 1000 + 3) })).toEqual([0, 1, 2]);
    expect(await run({ start: START + 97_000 })).toEqual([97, 98, 99]);
    expect(await run({ start: START + 1_000_000 })).toEqual([]);
    const running = platform.backtest(module, { feeds: ['trades'] });
    for (let n = 100; n < 200; n++) writer.writeValues(...trade(n));
    expect((await running)[0]!.emitted.length).toBe(100);
    await platform.close();
  });

  test('sees nothing of the future: not with readers, whatever they are asked', async () => {
    const platform = await market(1000);
    const module = moduleOf(`
      export default class {
        async onStart(context) { context.emit(['start', context.now(), context.reader('trades').lastSync(1).length, context.reader('quotes').bounds().next]); }
        async onRecord(row, context) {
          if (row.sequence % 50 !== 0) return;
          const { sequence } = row;
          const reader = context.reader(context.feed);
          const clock = context.feed === 'trades' ? 'timestamp_us' : 'time_ns';
          const [last] = reader.lastSync(1, { format: 'object' });
          const all = await reader.range(0, 2n ** 63n - 1n);
          const newest = reader.newest();
          context.emit([context.feed, sequence, all.length, last[clock] === row[clock], reader.bounds().next, newest.sequence <= sequence, reader.atSync(2n ** 62n, { format: 'object' })[clock] === newest.time,
            (await reader.latest(1e6)).length === all.length, reader.readFromSync(sequence + 1, 10).count, (await reader.aggregate(0, 2n ** 63n - 1n, { aggregates: { n: 'count' } })).n, reader.aggregateSync(0, 2n ** 63n - 1n, { aggregates: { n: 'count' } }).n, [...reader.batchesSync(0, 2n ** 63n - 1n)].reduce((sum, { rows }) => sum + rows, 0)]);
          for (const call of ['stream', 'streamSync', 'activity', 'countIndexPoints']) { try { reader[call](); context.emit(call); } catch (error) { if (error.code !== 'DW_BACKTEST_ONLY_PAST') throw error; } }
        }
      }`);
    const [result] = await platform.backtest(module, { feeds: ['trades', 'quotes'], start: new Date(START / 1000 + 100) });
    expect(result!.error).toBeUndefined();
    const [begin, ...seen] = result!.emitted as [unknown[], ...[string, number, number, boolean, number, boolean, boolean, boolean, number, number, number, number][]];
    expect(begin!.slice(0, 3)).toEqual(['start', START + 100_000, 1]);
    expect(seen.length).toBeGreaterThan(20);
    for (const [, sequence, rows, isLast, next, newestSeen, at, latest, after, counted, countedSync, batched] of seen) {
      expect([rows, isLast, next, newestSeen, at, latest, after, counted, countedSync, batched]).toEqual([sequence + 1, true, sequence + 1, true, true, true, 0, sequence + 1, sequence + 1, sequence + 1]);
    }
    await platform.close();
  });

  test('collects what is written, checked as any writer checks it, and writes nothing', async () => {
    const platform = await market(2500);
    const module = moduleOf(`
      export function onRecord(row, context) {
        const writer = context.writer('quotes');
        if (row.sequence < 2000) writer.writeValues(row.price, row.price + 1, 'X' + row.sequence % 2, '1.25', 'n', BigInt(context.now()) * 1000n);
        else writer.writeObject({ bid: 'dear' });
      }
      export async function onStop(context) { await context.writer('quotes').flush(); }`);
    const before = (await platform.createReader('quotes')).bounds();
    const [result] = await platform.backtest(module, { feeds: ['trades'], writes: ['quotes'], keep: { written: 1500 } });
    expect([result!.error?.code, (result!.error?.cause as DeepwaterError).code]).toEqual(['DW_STRATEGY_FAILED', 'DW_FIELD_MISSING']);
    const { count, records } = result!.written['quotes']!;
    expect([count, records.length]).toEqual([2000, 1500]);
    const trades = await (await platform.createReader('trades')).last(2500, { format: 'object' }) as { price: number; timestamp_us: number }[];
    expect(records[1499]).toEqual({ bid: trades[1499]!.price, ask: trades[1499]!.price + 1, venue: 'X1', level: '1.25', note: 'n', time_ns: BigInt(trades[1499]!.timestamp_us) * 1000n });
    expect((await platform.createReader('quotes')).bounds()).toEqual(before);
    await platform.close();
  });

  test('goes on with other parameters where a strategy throws, and says at which record it did', async () => {
    const platform = await market(500);
    const module = moduleOf(`
      export function onStart(context) { if (context.params === 'start') throw new TypeError('at once'); }
      export function onRecord(row, context) {
        if (context.params === 'record' && row.sequence === 321) throw new RangeError('three two one');
        if (context.params === 'order') context.broker.buy('trades', -1);
        if (context.params === 'stop' && row.sequence === 10) context.stop();
        if (context.params === 'exit') process.exit(3);
      }
      export async function onStop(context, ending) { context.emit(ending.reason); if (context.params === 'end') throw new Error('at the end'); }`);
    const params = ['start', 'record', 'order', 'stop', 'end', 'exit', 'fine'];
    const results = await platform.backtest(module, { feeds: ['trades'], params, broker: {} });
    const [record] = await (await platform.createReader('trades')).range(0, 2n ** 62n, { limit: 322, format: 'object' }).then((rows) => rows.slice(321)) as { timestamp_us: number }[];
    expect(results.map(({ error, emitted }) => [error?.code, (error?.cause as Error | undefined)?.message, emitted])).toEqual([
      ['DW_STRATEGY_FAILED', 'at once', []], ['DW_STRATEGY_FAILED', 'three two one', ['failed']], ['DW_STRATEGY_FAILED', expect.stringContaining('size'), ['failed']],
      [undefined, undefined, ['stopped']], ['DW_STRATEGY_FAILED', 'at the end', ['stopped']], ['DW_STRATEGY_FAILED', expect.any(String), []], [undefined, undefined, ['stopped']],
    ]);
    expect(results[1]!.error!.values).toEqual({ strategy: 'strategy', phase: 'onRecord', feed: 'trades', sequence: 321, time: record!.timestamp_us });
    expect(results[3]!.records).toBe(11);
    expect((await failure(() => platform.backtest(module, { feeds: ['trades'], params: ['fine', 'record'], broker: {}, failFast: true }))).code).toBe('DW_STRATEGY_FAILED');
    await platform.close();
  });

  test('ends when it is cancelled, when its time is over, when a listener throws, and when the platform closes', async () => {
    const platform = await market(2000, { poolThreads: 2 });
    const endless = moduleOf('export async function onRecord() { await new Promise((resolve) => setTimeout(resolve, 1e6)); }');
    const busy = moduleOf('export function onRecord() { for (const end = performance.now() + 1; performance.now() < end;) ; }');
    const params = Array.from({ length: 20 }, (_, i) => i);
    for (const module of [endless, busy]) {
      const controller = new AbortController();
      const cancelled = platform.backtest(module, { feeds: ['trades'], params, signal: controller.signal, onProgress: () => { controller.abort(new Error('enough')); } });
      expect((await failure(() => cancelled)).message).toBe('enough');
      expect((await failure(() => platform.backtest(module, { feeds: ['trades'], params, timeoutMs: 50 }))).code).toBe('DW_QUERY_TIMEOUT');
      expect((await failure(() => platform.backtest(module, { feeds: ['trades'], params, onProgress: () => { throw new Error('mine'); } }))).message).toBe('mine');
    }
    expect((await failure(() => platform.backtest(busy, { feeds: ['trades'], signal: AbortSignal.abort(new Error('before')) }))).message).toBe('before');
    // The threads are free again.
    const quick = moduleOf('export function onRecord() {}');
    expect((await platform.backtest(quick, { feeds: ['trades'], params })).length).toBe(20);
    const closed = failure(() => platform.backtest(busy, { feeds: ['trades'], params }));
    await platform.close();
    expect((await closed).code).toBe('DW_PLATFORM_CLOSED');
    expect((await failure(() => platform.backtest(quick, { feeds: ['trades'] }))).code).toBe('DW_PLATFORM_CLOSED');
  });

  test('holds its process until it is done', async () => {
    const platform = await market(2000);
    const { basePath } = platform;
    await platform.close();
    const program = moduleOf(`
      import { Platform } from ${JSON.stringify(new URL('../dist/index.js', import.meta.url).href)};
      const platform = await Platform.open(${JSON.stringify(basePath)}, { readOnly: true });
      const module = new URL('./waits.mjs', import.meta.url);
      const [result] = await platform.backtest(module, { feeds: ['trades'] });
      console.log(result.records);
      await platform.close();`, 'program.mjs');
    writeFileSync(new URL('./waits.mjs', program), 'export async function onRecord(row) { if (row.sequence % 500 === 0) await new Promise((resolve) => setTimeout(resolve, 10)); }');
    expect((await promisify(execFile)(process.execPath, [fileURLToPath(program)])).stdout).toBe('2000\n');
  });

  test('tells how far it is', async () => {
    const platform = await market(1000, { poolThreads: 2 });
    const module = moduleOf('export default class { onRecord() {} }');
    const progress: { runs: number; records: number; recordsOf: number }[] = [];
    await platform.backtest(module, { feeds: ['trades'], params: Array.from({ length: 100 }, (_, i) => i), onProgress: (at) => progress.push(at) });
    expect(progress.at(-1)).toMatchObject({ runs: 100, runsOf: 100, records: 100_000, recordsOf: 100_000, leftMs: 0 });
    for (const [i, { runs, records }] of progress.entries()) {
      expect(runs).toBeGreaterThanOrEqual(progress[i - 1]?.runs ?? 0);
      expect(records).toBeLessThanOrEqual(100_000);
    }
    await platform.close();
  });

  test('refuses what cannot be, and says what can', async () => {
    const platform = await market(10);
    const module = moduleOf('export function onRecord() {}');
    const wrong: readonly [object, string, RegExp][] = [
      [{ feeds: [] }, 'DW_OPTION_INVALID', /feeds/], [{ feeds: ['tradez'] }, 'DW_FEED_UNKNOWN', /trades/], [{ feeds: ['trades', 'trades'] }, 'DW_OPTION_INVALID', /once/],
      [{ feeds: ['trades'], params: [] }, 'DW_OPTION_INVALID', /params/], [{ feeds: ['trades'], params: [() => 1] }, 'DW_OPTION_INVALID', /copied/], [{ feeds: ['trades'], workers: 0 }, 'DW_OPTION_INVALID', /workers/],
      [{ feeds: ['trades'], start: 5, end: 4 }, 'DW_RANGE_INVALID', /start/], [{ feeds: ['trades', 'quotes'], start: START }, 'DW_OPTION_INVALID', /Date/], [{ feeds: ['trades'], sample: '1x' }, 'DW_OPTION_INVALID', /sample/],
      [{ feeds: ['trades'], keep: { fill: 1 } }, 'DW_OPTION_INVALID', /fills/], [{ feeds: ['trades'], broker: { latencyMs: 'x' } }, 'DW_OPTION_INVALID', /latencyMs/], [{ feeds: ['trades'], bars: { resolution: '7x' } }, 'DW_OPTION_INVALID', /resolution/],
      [{ feeds: ['trades'], timeoutMs: 2 ** 31 }, 'DW_OPTION_INVALID', /timeoutMs .*at most 2147483647/], [{ feeds: ['trades'], bars: { resolution: '1s', sides: 'side' } }, 'DW_OPTION_INVALID', /side/],
      [{ feeds: ['trades'], onResult: 5 }, 'DW_OPTION_INVALID', /function/], [{ feeds: ['trades'], parms: [] }, 'DW_OPTION_INVALID', /params/], [{ feeds: ['trades'], writes: ['x'] }, 'DW_FEED_UNKNOWN', /x/],
    ];
    for (const [options, code, message] of wrong) {
      const error = await failure(() => platform.backtest(module, options as BacktestOptions));
      expect([error.code, error.message]).toEqual([code, expect.stringMatching(message)]);
    }
    for (const text of ['export const a = 1;', 'syntax error', 'throw new Error("loading")']) {
      expect((await failure(() => platform.backtest(moduleOf(text), { feeds: ['trades'] }))).code).toBe('DW_STRATEGY_INVALID');
    }
    expect((await failure(() => platform.backtest(new URL('https://example.org/a.js'), { feeds: ['trades'] }))).code).toBe('DW_OPTION_INVALID');
    expect((await failure(() => platform.backtest(`${temporaryDirectory()}/none.mjs`, { feeds: ['trades'] }))).code).toBe('DW_STRATEGY_INVALID');
    expect((await failure(() => platform.backtest(moduleOf('export function onBar() {}'), { feeds: ['trades'] }))).message).toMatch(/bars/);
    await platform.close();
  });
});
