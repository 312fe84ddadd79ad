import { describe, expect, test } from 'vitest';
import type { DeepwaterError, StoreEvent } from '../dist/index.js';
import { START, TRADES, failure, openPlatform, trade } from './support.js';
import { Emitted, moduleOf } from './support-strategy.js';

const QUOTES = {
  name: 'quotes',
  fields: [{ name: 'bid', type: 'float64' }, { name: 'ask', type: 'float64' }, { name: 'time_ns', type: 'uint64', unit: 'ns' }],
  timestamp: 'time_ns',
  chunkSizeMb: 1,
} as const;

const ECHO = `export function onRecord(trade, context) { context.emit([context.feed, trade.sequence, trade.price, trade.side, trade.timestamp_us]); }`;
const echoed = (n: number): unknown[] => ['trades', n, 100 + n / 8, n % 2 === 0 ? 'B' : 'S', START + n * 1000];
const numbers = (count: number, from = 0): number[] => Array.from({ length: count }, (_, i) => from + i);

describe('a strategy', () => {
  test('is given each record that is written after spawnStrategy returned, once and in order', async () => {
    const platform = await openPlatform();
    await platform.createFeed(TRADES);
    const writer = await platform.createWriter('trades');
    for (let n = 0; n < 10; n++) writer.writeValues(...trade(n));
    const strategy = await platform.spawnStrategy(moduleOf(ECHO), { feeds: ['trades'] });
    const emitted = new Emitted(strategy);
    for (let n = 10; n < 5_010; n++) writer.writeValues(...trade(n));
    expect(await emitted.until(5_000)).toEqual(numbers(5_000, 10).map(echoed));
    expect(strategy.state).toBe('running');
    expect(platform.strategies()).toEqual([strategy]);
    await strategy.stop();
    expect(strategy.state).toBe('stopped');
    expect(await strategy.ended).toEqual({ reason: 'stopped' });
    expect(platform.strategies()).toEqual([]);
  });

  test('is given history from a time on, then what comes', async () => {
    const platform = await openPlatform();
    await platform.createFeed(TRADES);
    const writer = await platform.createWriter('trades');
    for (let n = 0; n < 100; n++) writer.writeValues(...trade(n));
    await writer.flush();
    const strategy = await platform.spawnStrategy(moduleOf(ECHO), { feeds: ['trades'], start: START + 50_000 });
    const emitted = new Emitted(strategy);
    for (let n = 100; n < 120; n++) writer.writeValues(...trade(n));
    expect(await emitted.until(70)).toEqual(numbers(70, 50).map(echoed));
    await platform.close();
    expect(strategy.state).toBe('stopped');
  });

  test('begins a feed of mode IF with the last snapshot before a time, and others at that time; goes on after it when restarted', async () => {
    const platform = await openPlatform();
    await platform.createFeed(TRADES);
    await platform.createFeed({ ...TRADES, name: 'book', mode: 'IF' });
    const trades = await platform.createWriter('trades');
    const book = await platform.createWriter('book');
    for (let n = 0; n < 100; n++) {
      if (n % 30 === 10) book.markIndex();
      book.writeValues(...trade(n));
      trades.writeValues(...trade(n));
    }
    await Promise.all([book.flush(), trades.flush()]);
    const module = moduleOf('export function onRecord(row, context) { context.emit([context.feed, row.sequence]); if (row.sequence === 102) throw new Error("enough"); }');
    const strategy = await platform.spawnStrategy(module, { feeds: ['trades', 'book'], start: START + 75_500, playback: true, onError: 'restart', restartDelayMs: 1 });
    strategy.on('error', () => undefined);
    const emitted = new Emitted(strategy);
    for (let n = 100; n < 105; n++) book.writeValues(...trade(n));
    const all = await emitted.until(24 + 35) as [string, number][];
    expect(all.filter(([feed]) => feed === 'trades')).toEqual(numbers(24, 76).map((n) => ['trades', n]));
    expect(all.filter(([feed]) => feed === 'book')).toEqual(numbers(35, 70).map((n) => ['book', n]));
    await platform.close();
  });

  test('finds its handlers as exports, in a default object, and in a default class whose instance is `this`', async () => {
    const platform = await openPlatform();
    await platform.createFeed(TRADES);
    const writer = await platform.createWriter('trades');
    const forms = [
      'let n = 0; export const onRecord = (trade, context) => { context.emit(++n); };',
      'export default { n: 0, onRecord(trade, context) { context.emit(++this.n); } };',
      'export default class { n = 0; onRecord(trade, context) { context.emit(++this.n); } }',
      'export default class { n = 0; onBatch(run, context) { for (const trade of run) context.emit(++this.n); } }',
    ];
    const all = await Promise.all(forms.map(async (form) => new Emitted(await platform.spawnStrategy(moduleOf(form), { feeds: ['trades'] }))));
    for (let n = 0; n < 3; n++) writer.writeValues(...trade(n));
    for (const emitted of all) expect(await emitted.until(3)).toEqual([1, 2, 3]);
    await platform.close();
  });

  test('calls onStart before, onParams in between, and onStop at the end; what they await is awaited', async () => {
    const platform = await openPlatform();
    await platform.createFeed(TRADES);
    const writer = await platform.createWriter('trades');
    const strategy = await platform.spawnStrategy(moduleOf(`
      const pause = () => new Promise((resolve) => { setTimeout(resolve, 5); });
      export async function onStart(context) { context.emit(['start', context.params, context.feed]); await pause(); context.emit(['started', context.feeds]); }
      export async function onRecord(trade, context) { context.emit(['in', trade.sequence]); await pause(); context.emit(['out', trade.sequence, context.params.edge]); }
      export async function onParams(params, context) { await pause(); context.emit(['params', params, context.params]); }
      export async function onStop(context, ending) { await pause(); context.emit(['stop', ending.reason, context.signal.aborted]); }
    `), { feeds: ['trades'], params: { edge: 1 } });
    const emitted = new Emitted(strategy);
    for (let n = 0; n < 2; n++) writer.writeValues(...trade(n));
    await emitted.until(6);
    await strategy.setParams({ edge: 2 });
    writer.writeValues(...trade(2));
    await emitted.until(9);
    await strategy.stop();
    expect(emitted.values).toEqual([
      ['start', { edge: 1 }, ''], ['started', ['trades']], ['in', 0], ['out', 0, 1], ['in', 1], ['out', 1, 1], ['params', { edge: 2 }, { edge: 2 }],
      ['in', 2], ['out', 2, 2], ['stop', 'stopped', true],
    ]);
    expect(await failure(() => strategy.setParams({ edge: 3 }))).toMatchObject({ code: 'DW_STRATEGY_STOPPED' });
    await platform.close();
  });

  test('may have timers, and ends itself with context.stop(), in onStart too', async () => {
    const platform = await openPlatform();
    await platform.createFeed(TRADES);
    const strategy = await platform.spawnStrategy(moduleOf(`
      export function onStart(context) { let n = 0; setInterval(() => { context.emit(++n); if (n === 3) context.stop(); }, 2); }
      export function onRecord() {}
      export function onStop(context) { context.emit('stopped'); }
    `), { feeds: ['trades'] });
    const emitted = new Emitted(strategy);
    expect(await strategy.ended).toEqual({ reason: 'stopped' });
    expect(emitted.values).toEqual([1, 2, 3, 'stopped']);
    const atOnce = await platform.spawnStrategy(moduleOf('export function onStart(context) { context.stop(); } export function onRecord() {}'), { feeds: ['trades'] });
    expect(await atOnce.ended).toEqual({ reason: 'stopped' });
    await platform.close();
  });

  test('of several feeds is given history in the order of time, whatever their units, and of one time the feed named first', async () => {
    const platform = await openPlatform();
    await platform.createFeed(TRADES);
    await platform.createFeed(QUOTES);
    const trades = await platform.createWriter('trades');
    const quotes = await platform.createWriter('quotes');
    // Runs of different lengths, over chunk borders, with ties at every tenth trade.
    for (let n = 0; n < 20_000; n++) trades.writeValues(n, 1, 'B', START + n * 10);
    for (let n = 0; n < 30_000; n++) quotes.writeValues(n, n + 1, BigInt(START) * 1000n + BigInt(n) * 7000n + (n % 10 === 0 ? 0n : 1n));
    const module = moduleOf(`
      let last = 0n; let lastFeed = 'trades'; let count = 0; const wrong = [];
      export function onRecord(row, context) {
        const time = context.feed === 'quotes' ? row.time_ns : BigInt(row.timestamp_us) * 1000n;
        if (time < last) wrong.push([context.feed, row.sequence]);
        if (time === last && context.feed === 'trades' && lastFeed === 'quotes') wrong.push(['tie', row.sequence]);
        last = time; lastFeed = context.feed;
        if (++count === 50_000) context.emit({ count, wrong: wrong.slice(0, 5) });
      }`);
    const strategy = await platform.spawnStrategy(module, { feeds: ['trades', 'quotes'], start: START });
    expect(await new Emitted(strategy).until(1)).toEqual([{ count: 50_000, wrong: [] }]);
    await platform.close();
  });

  test('reads history and writes to feeds of its own', async () => {
    const platform = await openPlatform();
    await platform.createFeed(TRADES);
    await platform.createFeed({ ...TRADES, name: 'orders' });
    const writer = await platform.createWriter('trades');
    for (let n = 0; n < 10; n++) writer.writeValues(...trade(n));
    await writer.flush();
    const strategy = await platform.spawnStrategy(moduleOf(`
      let mean = 0;
      export function onStart(context) {
        const { price } = context.reader('trades').lastSync(10, { format: 'columns' });
        mean = price.reduce((sum, each) => sum + each, 0) / price.length;
      }
      export function onRecord(trade, context) { context.writer('orders').writeValues(mean, trade.size, 'B', trade.timestamp_us); context.emit(1); }
    `), { feeds: ['trades'], writes: ['orders'] });
    expect(await failure(async () => { await platform.createWriter('orders'); })).toMatchObject({ code: 'DW_WRITER_EXISTS' });
    expect(await failure(() => platform.writerHandle('orders'))).toMatchObject({ code: 'DW_WRITER_EXISTS' });
    const emitted = new Emitted(strategy);
    for (let n = 10; n < 13; n++) writer.writeValues(...trade(n));
    await emitted.until(3);
    await strategy.stop();
    const orders = await platform.createReader('orders');
    const mean = numbers(10).reduce((sum, n) => sum + 100 + n / 8, 0) / 10;
    expect(await orders.last(10)).toEqual(numbers(3, 10).map((n) => [mean, n, 'B', START + n * 1000]));
    // The writer has been closed, so the feed is free.
    (await platform.createWriter('orders')).writeValues(...trade(3));
    await platform.close();
  });

  test('is given bars, before the record that completes them', async () => {
    const platform = await openPlatform();
    await platform.createFeed(TRADES);
    const writer = await platform.createWriter('trades');
    const strategy = await platform.spawnStrategy(moduleOf(`
      export function onBar(bar, context) { context.emit(bar); }
      export function onRecord(trade, context) { if (trade.size === 5) context.emit(trade.sequence); }
    `), { feeds: ['trades'], bars: { resolution: '1s' } });
    const emitted = new Emitted(strategy);
    const rows: [number, number, number][] = [[10, 1, 0], [12, 2, 100], [9, 1, 900], [11, 1, 999], [20, 5, 3_000], [7, 1, 2_500], [21, 3, 3_001], [30, 1, 4_000]];
    for (const [price, size, ms] of rows) writer.writeValues(price, size, 'B', START + ms * 1000);
    const second = 1_000_000;
    expect(await emitted.until(3)).toEqual([
      { feed: 'trades', resolution: '1s', start: START, end: START + second, open: 10, high: 12, low: 9, close: 11, count: 4, volume: 5, value: 54, vwap: 54 / 5, buyVolume: 5, sellVolume: 0 },
      4,
      { feed: 'trades', resolution: '1s', start: START + 3 * second, end: START + 4 * second, open: 20, high: 21, low: 20, close: 21, count: 2, volume: 8, value: 163, vwap: 163 / 8, buyVolume: 8, sellVolume: 0 },
    ]);
    expect((await strategy.metrics()).bars).toBe(2);
    await platform.close();
  });

  test('shows what it does: counts, places, its own metrics, also while a handler is busy', async () => {
    const platform = await openPlatform();
    await platform.createFeed(TRADES);
    const writer = await platform.createWriter('trades');
    const strategy = await platform.spawnStrategy(moduleOf(`
      export function onRecord(trade, context) {
        context.metrics.price = trade.price;
        context.emit(1);
        if (trade.size === 4) { const end = Date.now() + 1500; while (Date.now() < end); context.emit('free'); }
      }`), { feeds: ['trades'], name: 'busy' });
    const emitted = new Emitted(strategy);
    for (let n = 0; n < 3; n++) writer.writeValues(...trade(n));
    await emitted.until(3);
    expect(await strategy.metrics()).toMatchObject({
      state: 'running', responding: true, records: 3, emitted: 3, restarts: 0, errors: 0, feeds: { trades: { position: 3, lag: 0, lost: 0 } }, custom: { price: 100.25 },
    });
    writer.writeValues(...trade(4));
    for (let n = 0; n < 7; n++) writer.writeValues(...trade(n));
    await emitted.until(4);
    expect(await strategy.metrics()).toMatchObject({ responding: false, records: 4, feeds: { trades: { position: 4, lag: 7 } }, custom: { price: 100.25 } });
    await emitted.until(12);
    await expect.poll(() => strategy.metrics()).toMatchObject({ responding: true, records: 11, feeds: { trades: { lag: 0 } } });
    await platform.close();
  });
});

describe('a strategy that fails', () => {
  const FAILING = `
    export function onRecord(trade, context) { if (trade.size === 3) breakDown(trade); context.emit(trade.sequence); }
    function breakDown(trade) { throw new RangeError('no such thing as ' + trade.size); }
    export function onStop(context, ending) { context.emit([ending.reason, ending.error?.message]); }`;

  test('is reported with its stack and its record, and ended; the others go on', async () => {
    const events: StoreEvent[] = [];
    const platform = await openPlatform(undefined, { onEvent: (event) => { events.push(event); } });
    await platform.createFeed(TRADES);
    const writer = await platform.createWriter('trades');
    const failing = await platform.spawnStrategy(moduleOf(FAILING), { feeds: ['trades'], name: 'failing' });
    const other = new Emitted(await platform.spawnStrategy(moduleOf(ECHO), { feeds: ['trades'] }));
    const emitted = new Emitted(failing);
    for (let n = 0; n < 100; n++) writer.writeValues(...trade(n));
    const { reason, error } = await failing.ended;
    expect(reason).toBe('failed');
    expect(failing.state).toBe('failed');
    expect(error).toMatchObject({ code: 'DW_STRATEGY_FAILED', values: { strategy: 'failing', phase: 'onRecord', feed: 'trades', sequence: 3 } });
    expect(error?.cause).toBeInstanceOf(RangeError);
    expect((error?.cause as Error).stack).toContain('breakDown');
    expect(emitted.values).toEqual([0, 1, 2, ['failed', 'no such thing as 3']]);
    expect(events.find(({ level, values }) => level === 'error' && values?.['sequence'] === 3)?.values).toMatchObject({ stack: expect.stringContaining('breakDown') as string });
    expect(await other.until(100)).toEqual(numbers(100).map(echoed));
    await platform.close();
  });

  test('is restarted where that is wanted, and goes on after the record that it failed at', async () => {
    const platform = await openPlatform();
    await platform.createFeed(TRADES);
    const writer = await platform.createWriter('trades');
    const strategy = await platform.spawnStrategy(moduleOf(FAILING), { feeds: ['trades'], onError: 'restart', restartDelayMs: 1 });
    const errors: DeepwaterError[] = [];
    strategy.on('error', (error) => { errors.push(error); });
    const emitted = new Emitted(strategy);
    for (let n = 0; n < 10; n++) writer.writeValues(...trade(n));
    expect(await emitted.until(10)).toEqual([0, 1, 2, ['failed', 'no such thing as 3'], 4, 5, 6, 7, 8, 9]);
    expect(errors).toMatchObject([{ values: { sequence: 3 } }]);
    await expect.poll(() => strategy.metrics()).toMatchObject({ records: 10, restarts: 1, errors: 1, state: 'running' });
    await platform.close();
  });

  test.each([
    ['an error in a timer', `setTimeout(() => { throw new Error('in a timer'); }, 0);`, /in a timer/],
    ['a promise that nobody caught', `Promise.reject(new Error('not caught'));`, /not caught/],
    ['process.exit', `process.exit(7);`, /exit code 7/],
    ['a rejected handler', `return Promise.reject(new Error('rejected'));`, /rejected/],
    ['something that is no error', `throw 'a text';`, /a text/],
  ])('%s counts as a failure, and a successor goes on', async (_what, text, message) => {
    const platform = await openPlatform();
    await platform.createFeed(TRADES);
    const writer = await platform.createWriter('trades');
    const strategy = await platform.spawnStrategy(moduleOf(`export function onRecord(trade, context) { context.emit(trade.sequence); if (trade.size === 3) { ${text} } }`), {
      feeds: ['trades'], onError: 'restart', restartDelayMs: 1,
    });
    const errors: DeepwaterError[] = [];
    strategy.on('error', (error) => { errors.push(error); });
    const restarted = new Promise((resolve) => { strategy.once('restart', resolve); });
    const emitted = new Emitted(strategy);
    for (let n = 0; n < 4; n++) writer.writeValues(...trade(n));
    expect(await restarted).toBe(1);
    for (let n = 4; n < 8; n++) writer.writeValues(...trade(n));
    expect(await emitted.until(8)).toEqual(numbers(8));
    expect(errors).toHaveLength(1);
    expect(errors[0]!.message).toMatch(message);
    await platform.close();
  });

  test('too often is given up', async () => {
    const platform = await openPlatform();
    await platform.createFeed(TRADES);
    const writer = await platform.createWriter('trades');
    const strategy = await platform.spawnStrategy(moduleOf(`export function onRecord() { throw new Error('always'); }`), {
      feeds: ['trades'], onError: 'restart', restartDelayMs: 1, maxRestarts: 2,
    });
    for (let n = 0; n < 10; n++) writer.writeValues(...trade(n));
    expect(await strategy.ended).toMatchObject({ reason: 'failed', error: { values: { sequence: 2 } } });
    expect(await strategy.metrics()).toMatchObject({ state: 'failed', restarts: 2, errors: 3, records: 3 });
    await platform.close();
  });

  test('whose feed is deleted ends, and is not restarted', async () => {
    const platform = await openPlatform();
    await platform.createFeed(TRADES);
    const strategy = await platform.spawnStrategy(moduleOf(ECHO), { feeds: ['trades'], onError: 'restart' });
    await platform.deleteFeed('trades');
    expect(await strategy.ended).toMatchObject({ reason: 'failed', error: { code: 'DW_STRATEGY_FAILED', cause: { code: 'DW_FEED_UNKNOWN' } } });
    await platform.close();
  });

  test('holding a writer when its thread died leaves the feed to its successor', async () => {
    const platform = await openPlatform();
    await platform.createFeed(TRADES);
    await platform.createFeed({ ...TRADES, name: 'orders' });
    const writer = await platform.createWriter('trades');
    const strategy = await platform.spawnStrategy(moduleOf(`
      export function onRecord(trade, context) {
        context.writer('orders').writeValues(trade.price, trade.size, 'B', trade.timestamp_us);
        if (trade.size === 3) process.exit(1);
        context.emit(1);
      }`), { feeds: ['trades'], writes: ['orders'], onError: 'restart', restartDelayMs: 1 });
    const emitted = new Emitted(strategy);
    for (let n = 0; n < 8; n++) writer.writeValues(...trade(n));
    await emitted.until(7);
    await strategy.stop();
    const orders = await platform.createReader('orders');
    expect((await orders.last(100, { format: 'object' })).map(({ size }) => size)).toEqual(numbers(8));
    await platform.close();
  });
});

describe('a strategy that cannot be started is refused, and nothing of it is left', async () => {
  const platform = await openPlatform();
  await platform.createFeed(TRADES);
  await platform.createFeed({ ...TRADES, name: 'orders' });

  test.each([
    ['does not parse', 'export function onRecord( {', 'DW_STRATEGY_INVALID', /does not load: SyntaxError/],
    ['throws while it is loaded', `throw new Error('not today');`, 'DW_STRATEGY_INVALID', /does not load: Error: not today/],
    ['imports what is not there', `import './nowhere.mjs';`, 'DW_STRATEGY_INVALID', /does not load/],
    ['exports nothing', 'const onRecord = () => {};', 'DW_STRATEGY_INVALID', /exports nothing/],
    ['has only a misspelt handler', 'export function onRecrod() {}', 'DW_STRATEGY_INVALID', /onRecrod \(onRecord\?\)/],
    ['has a handler that is no function', 'export const onRecord = 7;', 'DW_STRATEGY_INVALID', /its onRecord is 7/],
    ['has two handlers for records', 'export function onRecord() {} export function onBatch() {}', 'DW_STRATEGY_INVALID', /both onRecord and onBatch/],
    ['has a function as its default', 'export default function strategy() {}', 'DW_STRATEGY_INVALID', /no class with handlers/],
    ['wants bars that were not asked for', 'export function onBar() {}', 'DW_OPTION_INVALID', /which bars/],
    ['throws in onStart', `export function onStart() { throw new Error('not ready'); } export function onRecord() {}`, 'DW_STRATEGY_FAILED', /onStart: Error: not ready/],
    ['exits in onStart', 'export function onStart() { process.exit(3); } export function onRecord() {}', 'DW_STRATEGY_FAILED', /exit code 3/],
    ['never returns from onStart', 'export function onStart() { for (;;); } export function onRecord() {}', 'DW_STRATEGY_TIMEOUT', /did not start within 300 ms/],
    ['never comes to its end while it is loaded', 'await new Promise(() => {}); export function onRecord() {}', 'DW_STRATEGY_TIMEOUT', /did not start within 300 ms/],
  ])('one that %s', async (_what, text, code, message) => {
    const error = await failure(() => platform.spawnStrategy(moduleOf(text), { feeds: ['trades'], writes: ['orders'], startTimeoutMs: 300 * (code === 'DW_STRATEGY_TIMEOUT' ? 1 : 20) }));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
    expect(platform.strategies()).toEqual([]);
    await (await platform.createWriter('orders')).close();
  });

  test.each([
    ['no feeds', {}, /feeds is undefined/],
    ['a playback that is no flag', { feeds: ['trades'], playback: 1 }, /playback is 1/],
    ['an empty list of feeds', { feeds: [] }, /one at least/],
    ['a feed twice', { feeds: ['trades', 'trades'] }, /each feed once/],
    ['an unknown option', { feeds: ['trades'], onErr: 'stop' }, /onErr/],
    ['parameters that cannot be copied', { feeds: ['trades'], params: { f: () => {} } }, /params cannot be copied/],
    ['an unknown way to wait', { feeds: ['trades'], wait: 'sleep' }, /spin-then-park/],
    ['an unknown way to go on', { feeds: ['trades'], onError: 'ignore' }, /'stop' or 'restart'/],
    ['bars without a resolution', { feeds: ['trades'], bars: {} }, /resolution is undefined/],
    ['bars of a length that is none', { feeds: ['trades'], bars: { resolution: '5 minutes' } }, /resolution is "5 minutes"/],
    ['bars of a field with texts', { feeds: ['trades'], bars: { resolution: '1m', price: 'side' } }, /must be a field with numbers: price, size/],
  ])('one that is given %s', async (_what, options, message) => {
    const error = await failure(() => platform.spawnStrategy(moduleOf('export function onRecord() {} export function onBar() {}'), { ...('bars' in options ? {} : { bars: { resolution: '1m' } }), ...options } as never));
    expect(error.code).toMatch(/^DW_OPTION_INVALID|DW_FIELD_UNKNOWN$/);
    expect(error.message).toMatch(message);
  });

  test('one of a feed that is not there, of a file that is none, of a feed that is written already', async () => {
    const platform = await openPlatform();
    await platform.createFeed(TRADES);
    await platform.createWriter('trades');
    expect(await failure(() => platform.spawnStrategy(moduleOf(ECHO), { feeds: ['trade'] }))).toMatchObject({ code: 'DW_FEED_UNKNOWN' });
    expect(await failure(() => platform.spawnStrategy('https://example.org/strategy.js', { feeds: ['trades'] }))).toMatchObject({ code: 'DW_OPTION_INVALID' });
    expect(await failure(() => platform.spawnStrategy('./no-such-strategy.js', { feeds: ['trades'] }))).toMatchObject({ code: 'DW_STRATEGY_INVALID' });
    expect(await failure(() => platform.spawnStrategy(moduleOf(ECHO), { feeds: ['trades'], writes: ['trades'] }))).toMatchObject({ code: 'DW_WRITER_EXISTS' });
    expect(await failure(() => platform.spawnStrategy(moduleOf(ECHO), { feeds: ['trades'], playback: true }))).toMatchObject({ code: 'DW_FEED_NOT_INDEXED' });
    await platform.close();
    expect(await failure(() => platform.spawnStrategy(moduleOf(ECHO), { feeds: ['trades'] }))).toMatchObject({ code: 'DW_PLATFORM_CLOSED' });
  });
});

describe('stopping', () => {
  test('a handler that never returns is ended with its thread, and that is said; the others go on', async () => {
    const platform = await openPlatform();
    await platform.createFeed(TRADES);
    const writer = await platform.createWriter('trades');
    const stuck = await platform.spawnStrategy(moduleOf(`export function onRecord(trade, context) { context.emit(1); for (;;); }`), { feeds: ['trades'], stopTimeoutMs: 100 });
    const other = new Emitted(await platform.spawnStrategy(moduleOf(ECHO), { feeds: ['trades'] }));
    const emitted = new Emitted(stuck);
    writer.writeValues(...trade(0));
    await emitted.until(1);
    await stuck.stop();
    expect(await stuck.ended).toMatchObject({ reason: 'stopped', error: { code: 'DW_STRATEGY_TIMEOUT' } });
    for (let n = 1; n < 10; n++) writer.writeValues(...trade(n));
    expect(await other.until(10)).toEqual(numbers(10).map(echoed));
    await platform.close();
  });

  test.each(['park', 'spin', 'spin-then-park'] as const)('one that waits (%s) ends at once, twice is fine, and the platform ends all', async (wait) => {
    const platform = await openPlatform();
    await platform.createFeed(TRADES);
    const strategies = await Promise.all(numbers(3).map(() => platform.spawnStrategy(moduleOf(ECHO), { feeds: ['trades'], wait, stopTimeoutMs: 60_000 })));
    await Promise.all([strategies[0]!.stop(), strategies[0]!.stop()]);
    expect(strategies[0]!.state).toBe('stopped');
    await platform.close();
    expect(strategies.map(({ state }) => state)).toEqual(['stopped', 'stopped', 'stopped']);
  });

  test('one that waits for its restart, or is just being started', async () => {
    const platform = await openPlatform();
    await platform.createFeed(TRADES);
    const writer = await platform.createWriter('trades');
    const strategy = await platform.spawnStrategy(moduleOf(`export function onRecord() { throw new Error('once'); }`), { feeds: ['trades'], onError: 'restart', restartDelayMs: 60_000 });
    const failed = new Promise((resolve) => { strategy.once('error', resolve); });
    writer.writeValues(...trade(0));
    await failed;
    await strategy.stop();
    expect(strategy.state).toBe('stopped');
    const starting = platform.spawnStrategy(moduleOf(`export function onStart() { return new Promise((resolve) => { setTimeout(resolve, 50); }); } export function onRecord() {}`), { feeds: ['trades'] });
    await platform.close();
    expect((await starting).state).toBe('stopped');
  });

  test('what onStop throws is told', async () => {
    const platform = await openPlatform();
    await platform.createFeed(TRADES);
    const strategy = await platform.spawnStrategy(moduleOf(`export function onRecord() {} export function onStop() { throw new Error('at the end'); }`), { feeds: ['trades'] });
    await strategy.stop();
    expect(await strategy.ended).toMatchObject({ reason: 'stopped', error: { code: 'DW_STRATEGY_FAILED', values: { phase: 'onStop' } } });
    await platform.close();
  });
});

test('losses of a memory feed are told to the strategy, to its owner, and counted', async () => {
  const platform = await openPlatform();
  await platform.createFeed({ ...TRADES, persist: false, chunkSizeMb: undefined, ringRecords: 1024 });
  const writer = await platform.createWriter('trades');
  const strategy = await platform.spawnStrategy(moduleOf(`
    export function onRecord(trade, context) {
      if (trade.sequence === 0) { context.emit('begun'); const end = Date.now() + 300; while (Date.now() < end); }
      if (trade.sequence === 9999) context.emit('end');
    }
    export function onLoss(loss, context) { context.emit(loss); }
  `), { feeds: ['trades'] });
  const told: unknown[] = [];
  strategy.on('loss', (loss) => { told.push(loss); });
  const emitted = new Emitted(strategy);
  writer.writeValues(...trade(0));
  await emitted.until(1);
  for (let n = 1; n < 10_000; n++) writer.writeValues(...trade(n));
  const [, loss] = await emitted.until(3) as [string, { feed: string; from: number; to: number }];
  expect(loss).toMatchObject({ feed: 'trades', from: 1 });
  expect(told).toEqual([loss]);
  const { records, feeds } = await strategy.metrics();
  expect(feeds['trades']!.lost).toBe(loss.to - loss.from);
  expect(records + feeds['trades']!.lost).toBe(10_000);
  await platform.close();
});
