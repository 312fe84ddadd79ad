import { describe, expect, test } from 'vitest';
import type { DeepwaterError, StoreEvent } from '../dist/index.js';
import { START, TRADES, failure, openPlatform, trade } from './support.js';
import { Emitted, moduleOf } from './support-strategy.js';

const numbers = (count: number, from = 0): number[] => Array.from({ length: count }, (_, i) => from + i);
const MINUTE = 60_000_000;
const RESTART = { onError: 'restart', restartDelayMs: 1 } as const;

/** A platform with a feed and its writer. */
async function traded(feed: object = TRADES): Promise<{ platform: Awaited<ReturnType<typeof openPlatform>>; writer: { writeValues(...values: unknown[]): void; markIndex(): void; flush(): Promise<void> } }> {
  const platform = await openPlatform();
  await platform.createFeed(feed as typeof TRADES);
  return { platform, writer: await platform.createWriter('trades') };
}

describe('a handler that awaits', () => {
  test('leaves the event loop its turns, also where what it awaits is settled already', async () => {
    const { platform, writer } = await traded();
    for (let n = 0; n < 1_000_000; n++) writer.writeValues(...trade(n));
    const strategy = await platform.spawnStrategy(moduleOf(`
      export function onStart(context) { setTimeout(() => { context.emit('ticked'); }, 1); }
      export async function onRecord(trade, context) { if (trade.sequence === 999_999) context.emit('all'); }
    `), { feeds: ['trades'], start: START });
    const emitted = new Emitted(strategy);
    expect(await emitted.until(1)).toEqual(['ticked']); // a timer, while records are given without a pause
    await strategy.stop(); // heard long before the end
    expect(emitted.values).toEqual(['ticked']);
    expect((await strategy.ended).error).toBeUndefined();
    await platform.close();
  });

  test('for what has failed elsewhere does not hold that up', async () => {
    const { platform, writer } = await traded();
    const strategy = await platform.spawnStrategy(moduleOf(`
      export async function onRecord(trade, context) {
        context.emit(trade.sequence);
        if (trade.sequence === 1) await new Promise(() => { setTimeout(() => { throw new Error('in a timer'); }, 1); });
      }`), { feeds: ['trades'], ...RESTART });
    const errors: DeepwaterError[] = [];
    strategy.on('error', (error) => { errors.push(error); });
    const emitted = new Emitted(strategy);
    for (let n = 0; n < 4; n++) writer.writeValues(...trade(n));
    expect(await emitted.until(4)).toEqual([0, 1, 2, 3]);
    expect(errors).toMatchObject([{ values: { phase: 'uncaught' } }]);
    await platform.close();
  });
});

describe('parameters', () => {
  test('that are set while a new thread starts reach it', async () => {
    const { platform, writer } = await traded();
    const strategy = await platform.spawnStrategy(moduleOf(`
      export async function onStart(context) { context.emit('starting'); await new Promise((resume) => { setTimeout(resume, 50); }); }
      export function onRecord(trade, context) { if (trade.sequence === 0) throw new Error('once'); context.emit(context.params.v); }
    `), { feeds: ['trades'], params: { v: 1 }, ...RESTART });
    let starts = 0;
    strategy.on('emit', (value) => { if (value === 'starting' && ++starts === 2) void strategy.setParams({ v: 2 }); });
    const emitted = new Emitted(strategy);
    for (let n = 0; n < 3; n++) writer.writeValues(...trade(n));
    expect(await emitted.until(4)).toEqual(['starting', 'starting', 2, 2]);
    await platform.close();
  });

  test('are what they were when they were given', async () => {
    const { platform, writer } = await traded();
    const params = { v: 1 };
    const strategy = await platform.spawnStrategy(moduleOf(`
      export function onRecord(trade, context) { if (trade.sequence === 0) throw new Error('once'); context.emit(context.params.v); }
    `), { feeds: ['trades'], params, ...RESTART });
    params.v = 7;
    const emitted = new Emitted(strategy);
    for (let n = 0; n < 2; n++) writer.writeValues(...trade(n));
    expect(await emitted.until(1)).toEqual([1]);
    await platform.close();
  });
});

describe('a restart', () => {
  test('is for what a handler throws, whatever error that is', async () => {
    const { platform, writer } = await traded();
    const strategy = await platform.spawnStrategy(moduleOf(`
      export function onRecord(trade, context) { if (trade.sequence === 1) context.writer('nowhere'); context.emit(trade.sequence); }
    `), { feeds: ['trades'], ...RESTART });
    const emitted = new Emitted(strategy);
    for (let n = 0; n < 3; n++) writer.writeValues(...trade(n));
    expect(await emitted.until(2)).toEqual([0, 2]);
    await platform.close();
  });

  test('goes on in feeds of which nothing had come, one with playback and no index point yet among them', async () => {
    const { platform, writer } = await traded({ ...TRADES, mode: 'IF' });
    await platform.createFeed({ ...TRADES, name: 'quotes' });
    const quotes = await platform.createWriter('quotes');
    for (let n = 0; n < 5; n++) writer.writeValues(...trade(n)); // none of them marked
    const strategy = await platform.spawnStrategy(moduleOf(`
      export function onStart(context) { setTimeout(() => { throw new Error('at once'); }, context.reader('quotes').bounds().next === 0 ? 1 : 1e6); }
      export function onRecord(row, context) { context.emit([context.feed, row.sequence]); }
    `), { feeds: ['trades', 'quotes'], playback: true, ...RESTART, restartDelayMs: 50 });
    await new Promise((resolve) => { strategy.once('error', resolve); });
    // Nobody follows the feeds now.
    for (let n = 5; n < 20; n++) {
      if (n % 5 === 2) writer.markIndex();
      writer.writeValues(...trade(n));
      quotes.writeValues(...trade(n));
    }
    const all = await new Emitted(strategy).until(13 + 15) as [string, number][];
    expect(all.filter(([feed]) => feed === 'trades').map(([, sequence]) => sequence)).toEqual(numbers(13, 7));
    expect(all.filter(([feed]) => feed === 'quotes').map(([, sequence]) => sequence)).toEqual(numbers(15));
    await platform.close();
  });

  test('does not forget what was lost before', async () => {
    const { platform, writer } = await traded({ ...TRADES, persist: false, ringRecords: 1024 });
    const strategy = await platform.spawnStrategy(moduleOf(`
      export function onRecord(trade, context) {
        if (trade.size === 0) { context.emit('sleeps'); const end = Date.now() + 300; while (Date.now() < end); }
        if (trade.size === 9999) throw new Error('enough');
        if (trade.size === 10_000) context.emit('on');
      }`), { feeds: ['trades'], ...RESTART });
    const emitted = new Emitted(strategy);
    writer.writeValues(...trade(0));
    await emitted.until(1);
    for (let n = 1; n <= 10_000; n++) writer.writeValues(...trade(n));
    await emitted.until(2);
    const { records, feeds, restarts } = await strategy.metrics();
    expect(restarts).toBe(1);
    expect(feeds['trades']!.lost).toBeGreaterThan(0);
    expect(feeds['trades']!.lost + records).toBe(10_001);
    await platform.close();
  });

  test('is not put off by what listeners throw', async () => {
    const { platform, writer } = await traded();
    const strategy = await platform.spawnStrategy(moduleOf(`
      export function onRecord(trade, context) { if (trade.sequence === 0) throw new Error('once'); context.emit(trade.sequence); }
    `), { feeds: ['trades'], ...RESTART });
    const before = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    const thrown = new Promise((resolve) => { process.once('uncaughtException', resolve); });
    try {
      strategy.on('error', () => { throw new Error('the listener'); });
      const emitted = new Emitted(strategy);
      for (let n = 0; n < 2; n++) writer.writeValues(...trade(n));
      expect(await emitted.until(1)).toEqual([1]);
      expect(await thrown).toMatchObject({ message: 'the listener' });
    } finally {
      for (const listener of before) process.on('uncaughtException', listener);
    }
    await platform.close();
  });
});

describe('what a strategy sends', () => {
  test('may be records and runs: they arrive as objects', async () => {
    const events: StoreEvent[] = [];
    const platform = await openPlatform(undefined, { onEvent: (event) => { events.push(event); } });
    await platform.createFeed(TRADES);
    const writer = await platform.createWriter('trades');
    writer.writeValues(...trade(0));
    const record = { price: 100, size: 0, side: 'B', timestamp_us: START };
    const one = new Emitted(await platform.spawnStrategy(moduleOf(`export function onRecord(trade, context) {
      context.emit(trade); context.emit({ trade, n: 1 }); context.emit([trade]); context.emit(trade.toJSON()); context.log.info('seen', { trade });
    }`), { feeds: ['trades'], start: START }));
    expect(await one.until(4)).toEqual([record, { trade: record, n: 1 }, [record], record]);
    await expect.poll(() => events.find(({ message }) => message.endsWith('seen'))?.values).toMatchObject({ trade: record });
    const run = new Emitted(await platform.spawnStrategy(moduleOf('export function onBatch(run, context) { context.emit(run); }'), { feeds: ['trades'], start: START }));
    expect(await run.until(1)).toEqual([[record]]);
    await platform.close();
  });

  test('as metrics may be anything: what cannot be shown is described', async () => {
    const { platform, writer } = await traded();
    const strategy = await platform.spawnStrategy(moduleOf(`export function onRecord(trade, context) { context.metrics.f = () => 1; context.metrics.n = 3n; context.emit(1); }`), { feeds: ['trades'] });
    const emitted = new Emitted(strategy);
    writer.writeValues(...trade(0));
    await emitted.until(1);
    const { responding, custom } = await strategy.metrics();
    expect({ responding, n: custom['n'], f: typeof custom['f'] }).toEqual({ responding: true, n: 3n, f: 'string' });
    await platform.close();
  });
});

test('a quiet feed is looked at again after 64 records of the others', async () => {
  const { platform, writer } = await traded();
  await platform.createFeed({ ...TRADES, name: 'signals' });
  for (let n = 0; n < 5_000; n++) writer.writeValues(...trade(n));
  const emitted = new Emitted(await platform.spawnStrategy(moduleOf(`
    let seen = 0;
    export function onRecord(row, context) {
      if (context.feed === 'signals') context.emit(seen);
      else if (++seen === 1000) context.writer('signals').writeValues(1, 1, 'B', row.timestamp_us);
    }`), { feeds: ['trades', 'signals'], writes: ['signals'], start: START }));
  const [seen] = await emitted.until(1) as [number];
  expect(seen).toBeGreaterThanOrEqual(1000);
  expect(seen).toBeLessThanOrEqual(1000 + 64);
  await platform.close();
});

test('runs of several feeds are cut so that history comes in the order of time', async () => {
  const { platform, writer } = await traded();
  await platform.createFeed({ ...TRADES, name: 'quotes' });
  const quotes = await platform.createWriter('quotes');
  for (let n = 0; n < 3000; n++) (n % 7 < 3 ? writer : quotes).writeValues(...trade(n));
  await Promise.all([writer.flush(), quotes.flush()]);
  const emitted = new Emitted(await platform.spawnStrategy(moduleOf(`
    const sizes = []; let runs = 0;
    export function onBatch(run, context) {
      runs++;
      run.forEach((row) => { sizes.push(row.size); });
      const whole = run.length === [...run].length && run.firstSequence === run.row(0).sequence && run.object(run.length - 1).size === sizes.at(-1);
      if (!whole) throw new Error('a run that is not what it says');
      if (sizes.length === 3000) context.emit({ runs, wrong: sizes.findIndex((size, i) => size !== i) });
    }`), { feeds: ['trades', 'quotes'], start: START }));
  expect(await emitted.until(1)).toEqual([{ runs: Math.ceil(3000 / 7) * 2, wrong: -1 }]);
  await platform.close();
});

describe('bars', () => {
  const BARS = `export function onBar(bar, context) { context.emit([(bar.start - ${START - (START % MINUTE)}) / ${MINUTE}, bar.open, bar.close, bar.count]); }`;
  const begin = START - (START % MINUTE);
  /** One record a second, its price its number. */
  const second = (n: number): [number, number, string, number] => [n, 1, 'B', begin + n * 1_000_000];

  test('are whole where a strategy begins, and where it begins again, in the midst of one', async () => {
    const { platform, writer } = await traded();
    for (let n = 0; n < 90; n++) writer.writeValues(...second(n));
    const strategy = await platform.spawnStrategy(moduleOf(`${BARS}
      export function onRecord(trade) { if (trade.price === 150) throw new Error('once'); }`), { feeds: ['trades'], bars: { resolution: '1m' }, ...RESTART });
    const emitted = new Emitted(strategy);
    for (let n = 90; n < 241; n++) writer.writeValues(...second(n));
    expect(await emitted.until(3)).toEqual([[1, 60, 119, 60], [2, 120, 179, 60], [3, 180, 239, 60]]);
    const history = new Emitted(await platform.spawnStrategy(moduleOf(BARS), { feeds: ['trades'], bars: { resolution: '1m' }, start: begin + 75_000_000 }));
    expect(await history.until(3)).toEqual(emitted.values);
    await platform.close();
  });

  test('are not given where their beginning is gone', async () => {
    const { platform, writer } = await traded({ ...TRADES, persist: false, ringRecords: 1024 });
    for (let n = 0; n < 5000; n++) writer.writeValues(...second(n)); // a little more than the last 14 minutes are there
    const strategy = await platform.spawnStrategy(moduleOf(`${BARS} export function onRecord(trade, context) { if (trade.price % 500 === 0) context.emit(trade.price); }`), {
      feeds: ['trades'], bars: { resolution: '1h' },
    });
    const emitted = new Emitted(strategy);
    for (let n = 5000; n <= 10_800; n++) {
      writer.writeValues(...second(n));
      if (n % 500 === 0) await emitted.until(emitted.values.length + 1); // never a lap behind
    }
    await emitted.until(emitted.values.length + 1);
    expect(emitted.values.filter((value) => typeof value !== 'number')).toEqual([[120, 7200, 10_799, 3600]]);
    expect(await strategy.metrics()).toMatchObject({ bars: 1, feeds: { trades: { lost: 0 } } });
    await platform.close();
  });

  test('are not given where records of theirs were lost, nor the next one', async () => {
    const { platform, writer } = await traded({ ...TRADES, persist: false, ringRecords: 1024 });
    const strategy = await platform.spawnStrategy(moduleOf(`${BARS}
      export function onRecord(trade, context) {
        if (trade.price === 30) { context.emit('sleeps'); const end = Date.now() + 200; while (Date.now() < end); }
        if (trade.price === 3000) context.emit('awake');
      }`), { feeds: ['trades'], bars: { resolution: '1m' } });
    const emitted = new Emitted(strategy);
    for (let n = 0; n <= 30; n++) writer.writeValues(...second(n));
    await emitted.until(1);
    for (let n = 31; n <= 3000; n++) writer.writeValues(...second(n));
    await emitted.until(2);
    for (let n = 3001; n <= 3060; n++) writer.writeValues(...second(n));
    await expect.poll(() => emitted.values.at(-1)).toEqual([50, 3000, 3059, 60]);
    const bars = emitted.values.filter((value) => Array.isArray(value)) as number[][];
    expect(bars.filter(([, , , count]) => count !== 60)).toEqual([]);
    const { lost } = (await strategy.metrics()).feeds['trades']!;
    // The bar that was under way, those in the hole, and the one that it ends in.
    expect(bars[0]![1]).toBe(60 * (Math.floor((31 + lost) / 60) + 1));
    await platform.close();
  });

  test('leave out a record from the future, which would hold up all that follow, and say so', async () => {
    const events: StoreEvent[] = [];
    const platform = await openPlatform(undefined, { onEvent: (event) => { events.push(event); } });
    await platform.createFeed(TRADES);
    const writer = await platform.createWriter('trades');
    const strategy = await platform.spawnStrategy(moduleOf(BARS), { feeds: ['trades'], bars: { resolution: '1m' } });
    const emitted = new Emitted(strategy);
    writer.writeValues(...second(0));
    writer.writeValues(5, 1, 'B', Date.now() * 1000 + 86_400_000_000);
    for (let n = 1; n < 61; n++) writer.writeValues(...second(n));
    writer.writeValues(...second(30));
    expect(await emitted.until(1)).toEqual([[0, 0, 59, 60]]);
    await expect.poll(async () => (await strategy.metrics()).feeds['trades']!.leftOut).toBe(2);
    expect(events.filter(({ level, message }) => level === 'warn' && message.includes('no bar counts'))).toHaveLength(1);
    await platform.close();
  });

  test.each([
    ['onRecord', 'export function onRecord(trade, context) { context.emit(trade.sequence); }'],
    ['onBatch', 'export function onBatch(run, context) { for (const trade of run) context.emit(trade.sequence); }'],
  ])('that fail take no record along (%s), and come between the records', async (_what, text) => {
    const { platform, writer } = await traded();
    for (let n = 0; n < 130; n++) writer.writeValues(...second(n));
    await writer.flush();
    const strategy = await platform.spawnStrategy(moduleOf(`${text}
      export function onBar(bar, context) { context.emit('bar ' + bar.count); if (bar.start === ${begin}) throw new Error('that bar'); }`), {
      feeds: ['trades'], bars: { resolution: '1m' }, start: begin, ...RESTART,
    });
    const emitted = new Emitted(strategy);
    expect(await emitted.until(132)).toEqual([...numbers(60), 'bar 60', ...numbers(60, 60), 'bar 60', ...numbers(10, 120)]);
    await platform.close();
  });
});

test('a timeout that no timer can take is refused', async () => {
  const platform = await openPlatform();
  await platform.createFeed(TRADES);
  for (const option of ['startTimeoutMs', 'stopTimeoutMs']) {
    const error = await failure(() => platform.spawnStrategy(moduleOf('export function onRecord() {}'), { feeds: ['trades'], [option]: 3_000_000_000 }));
    expect(error).toMatchObject({ code: 'DW_OPTION_INVALID', message: expect.stringContaining('at most 2147483647 ms') as string });
  }
  await platform.close();
});
