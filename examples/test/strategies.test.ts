import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BacktestProgress, Platform } from 'deepwater';
import { SAMPLE_DATA } from '../dist/folders.js';
import type { Progress } from '../dist/main-job/progress.js';
import { load } from '../dist/main-job/load.js';
import { EXAMPLES, type Example } from '../dist/run-strategy/examples.js';
import { parseOptions } from '../dist/run-strategy/options.js';
import { curve } from '../dist/run-strategy/render.js';
import { type ExampleResult, runExample } from '../dist/run-strategy/run-example.js';
import { SWEEP, loadFeed } from '../dist/run-strategy/sweep.js';
import { findSources } from '../dist/sources/find-sources.js';

const SILENT: Progress = { start: () => ({ advance: () => {}, finish: () => {} }) };
const folder = mkdtempSync(join(tmpdir(), 'deepwater-examples-'));
afterAll(() => { rmSync(folder, { recursive: true, force: true }); });

const exampleOf = (name: string): Example => EXAMPLES.find((candidate) => candidate.name === name)!;

interface Run {
  readonly store: string;
  readonly result: ExampleResult;
  readonly fills: Record<string, unknown>[];
}

let stores = 0;
async function runIt(name: string, live = false): Promise<Run> {
  const example = exampleOf(name);
  const store = join(folder, String(stores++));
  const result = await runExample(example, { recordings: SAMPLE_DATA, store, live, speed: 0, progress: SILENT });
  await using platform = await Platform.open(store, { readOnly: true });
  const fills = await (await platform.createReader(example.fills)).last(1_000_000, { format: 'object' });
  return { store, result, fills: fills as Record<string, unknown>[] };
}

const runs = new Map<string, Promise<Run>>();
/** A run over history that tests have in common. */
function overHistory(name: string): Promise<Run> {
  const run = runs.get(name) ?? runIt(name);
  runs.set(name, run);
  return run;
}

/** Cash and positions, from the fills alone. */
function ledger(fills: readonly Record<string, unknown>[], feeBps: number) {
  let cash = 0;
  const positions: Record<string, number> = {};
  for (const { instrument, side, price, size, position } of fills as { instrument: string; side: string; price: number; size: number; position: number }[]) {
    const signed = side === 'B' ? size : -size;
    positions[instrument] = (positions[instrument] ?? 0) + signed;
    expect(position).toBeCloseTo(positions[instrument], 9);
    cash -= signed * price + size * price * (feeBps / 10_000);
  }
  return { cash, positions };
}

describe.each(['market-maker', 'momentum', 'cross-feed'])('%s over the sample', (name) => {
  test('is given every record, trades, comes to the same twice, and its fills add up to what it says', async () => {
    const { result, fills } = await overHistory(name);
    const again = await runIt(name);
    expect(again.fills).toEqual(fills);
    expect(result.fills).toBe(fills.length);
    expect(fills.length).toBeGreaterThan(5);
    const { positions } = ledger(fills, exampleOf(name).params['feeBps'] as number);
    for (const [instrument, position] of Object.entries(positions)) expect(result.positions[instrument]).toBeCloseTo(position, 9);
    const times = fills.map((fill) => fill['timestamp_us'] as number);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });
});

describe.each(['market-maker', 'momentum', 'cross-feed'])('%s in a backtest', (name) => {
  test('writes the fills that it writes over history, as it is', async () => {
    const { store, result, fills } = await overHistory(name);
    const { module, feeds, fills: written, params, bars } = exampleOf(name);
    await using platform = await Platform.open(store, { readOnly: true });
    const [run] = await platform.backtest(module, { feeds, writes: [written], params: [params], start: 0, keep: { written: 1_000_000 }, ...(bars === undefined ? {} : { bars }) });
    expect(run!.error).toBeUndefined();
    expect(run!.written[written]!.records).toEqual(fills);
    expect(run!.records).toBe(result.records);
    const { fills: count, turnover, fees, equity, positions } = result;
    expect(run!.emitted).toEqual([{ fills: count, turnover, fees, equity, positions }]);
  });
});

describe('a sweep of a thousand sets of parameters over a day of trades', () => {
  const { module, feed, params, broker, bars } = SWEEP;
  const options = { feeds: [feed], broker, bars };
  let platform: Platform;
  beforeAll(async () => {
    platform = await Platform.open(join(folder, 'sweep'), { logLevel: 'warn', poolThreads: 2 });
    await loadFeed(platform, SAMPLE_DATA, SILENT);
  });
  afterAll(() => platform.close());

  test('tells its progress, gives every result once, and the same bytes whatever the number of workers', { timeout: 300_000 }, async () => {
    const told: number[] = [];
    const progress: BacktestProgress[] = [];
    const results = await platform.backtest(module, { ...options, params, workers: 2, onResult: ({ index }) => { told.push(index); }, onProgress: (at) => { progress.push(at); } });
    expect(results.map(({ index, error, params: set }) => [index, error, set])).toEqual(params.map((set, index) => [index, undefined, set]));
    expect(told.toSorted((a, b) => a - b)).toEqual(params.map((_, index) => index));
    expect(progress.length).toBeGreaterThan(1);
    for (const [i, { runs, runsOf }] of progress.entries()) expect([runs >= (progress[i - 1]?.runs ?? 0), runsOf]).toEqual([true, 1000]);
    expect(progress.at(-1)).toMatchObject({ runs: 1000, leftMs: 0 });
    const some = params.slice(0, 60);
    expect(JSON.stringify(await platform.backtest(module, { ...options, params: some, workers: 1 }))).toBe(JSON.stringify(results.slice(0, 60)));
    // They are different runs: parameters count.
    expect(new Set(results.map(({ stats }) => stats!.profit)).size).toBeGreaterThan(300);
  });

  test('ends when it is cancelled, in the midst of it', async () => {
    const controller = new AbortController();
    let results = 0;
    const running = platform.backtest(module, { ...options, params, signal: controller.signal, onResult: () => { if (++results === 20) controller.abort(new Error('that will do')); } });
    await expect(running).rejects.toThrow('that will do');
    const atTheEnd = results;
    expect(atTheEnd).toBeLessThan(1000);
    // The threads are free for others, and nothing more is told of the one that was cancelled.
    expect((await platform.backtest(module, { ...options, params: params.slice(0, 2) })).length).toBe(2);
    expect(results).toBe(atTheEnd);
  });

  test('chooses parameters by one stretch of the day and tries them on the next', async () => {
    const start = new Date('2021-04-01T00:00:00Z');
    const newest = (await platform.createReader(feed)).newest()!.time as number;
    const day = new Date(Math.floor(newest / 86_400e6) * 86_400e3);
    const { windows, equity, stats } = await platform.walkForward(module, {
      ...options, params: params.slice(0, 40), start: day > start ? day : start, end: new Date(day.getTime() + 86_400e3), train: '8h', test: '4h', metric: 'profit',
    });
    expect(windows.length).toBe(4);
    let carried = 0;
    for (const [i, { trained, best, tested, train, test: from, end }] of windows.entries()) {
      expect([(from as Date).getTime() - (train as Date).getTime(), (end as Date).getTime() - (from as Date).getTime()]).toEqual([8 * 3600e3, 4 * 3600e3]);
      expect(best!.stats!.profit).toBe(Math.max(...trained.map((result) => result.stats!.profit)));
      // What is tested is what a backtest of that stretch alone gives.
      const [alone] = await platform.backtest(module, { ...options, params: [best!.params], start: from, end, sample: '1m' });
      expect({ ...tested!.stats, exposure: 0 }).toEqual({ ...alone!.stats, exposure: 0 });
      carried += tested!.stats!.profit;
      if (i > 0) expect(from).toEqual(windows[i - 1]!.end);
    }
    expect(stats.profit).toBeCloseTo(carried, 9);
    expect(equity.values.at(-1)).toBeCloseTo(10_000 + carried, 9);
    expect(equity.times).toEqual(equity.times.toSorted((a, b) => a - b));
    for (const wrong of [{ train: '8x' }, { step: '1h' }, { train: '3d' }, { metric: 'luck' as never }]) {
      await expect(platform.walkForward(module, { ...options, params: params.slice(0, 2), start: day, end: new Date(day.getTime() + 86_400e3), train: '8h', test: '4h', ...wrong })).rejects.toMatchObject({ code: 'DW_OPTION_INVALID' });
    }
  });
});

test('the market maker keeps within its limits', async () => {
  const { fills } = await overHistory('market-maker');
  const { maxPosition, size: quoted } = EXAMPLES[0]!.params as { maxPosition: number; size: number };
  for (const { position, size } of fills as { position: number; size: number }[]) {
    expect(Math.abs(position)).toBeLessThanOrEqual(maxPosition + 1e-9);
    expect(size).toBeLessThanOrEqual(quoted);
  }
});

test('momentum comes to the same live as over history, and as a plain loop over the recording', async () => {
  const { fills } = await overHistory('momentum');
  const live = await runIt('momentum', true);
  expect(live.result.mode).toBe('live');
  expect(live.fills).toEqual(fills);

  const source = findSources(SAMPLE_DATA).find((candidate) => candidate.name === 'gemini_eth-usd_trades')!;
  const { columns, rows } = await load(source, SILENT);
  const { fastBars, slowBars, size } = EXAMPLES[1]!.params as { fastBars: number; slowBars: number; size: number };
  const expected: [number, number][] = [];
  let [bar, close, fast, slow, bars, wanted, held] = [-1, NaN, NaN, NaN, 0, 0, 0];
  for (let i = 0; i < rows; i++) {
    const time = columns['timestamp_us']![i] as number;
    const price = columns['price']![i] as number;
    if (bar >= 0 && Math.floor(time / 300e6) > bar) {
      fast = Number.isNaN(fast) ? close : fast + (close - fast) * (2 / (fastBars + 1));
      slow = Number.isNaN(slow) ? close : slow + (close - slow) * (2 / (slowBars + 1));
      if (++bars >= slowBars) wanted = fast > slow ? size : -size;
    }
    if (Math.floor(time / 300e6) >= bar) {
      bar = Math.floor(time / 300e6);
      close = price;
    }
    if (wanted === held) continue;
    expected.push([time, price]);
    held = wanted;
  }
  expect(fills.map((fill) => [fill['timestamp_us'], fill['price']])).toEqual(expected);
});

test('cross-feed holds as much of the one as it is short of the other', async () => {
  const { fills } = await overHistory('cross-feed');
  expect(fills.length % 2).toBe(0);
  for (let i = 0; i < fills.length; i += 2) {
    expect(fills[i]!['side']).not.toBe(fills[i + 1]!['side']);
    expect((fills[i]!['position'] as number) + (fills[i + 1]!['position'] as number)).toBe(0);
  }
});

test('the command line', () => {
  expect(parseOptions(['--help'])).toBeNull();
  expect(parseOptions([])!.examples).toHaveLength(3);
  expect(parseOptions(['momentum', '--live', '--speed', '0'])).toMatchObject({ live: true, speed: 0, examples: [{ name: 'momentum' }] });
  expect(() => parseOptions(['momentun'])).toThrow(/there is no strategy momentun; there are market-maker, momentum, cross-feed/);
  expect(() => parseOptions(['momentum', '--report', 'report.html'])).toThrow(/--report goes with --sweep/);
  expect(() => parseOptions(['--speed', 'fast'])).toThrow(/--speed fast is not a number/);
  expect(curve([0, 1, 2, 3, 4, 5, 6, 7])).toBe('▁▂▃▄▅▆▇█');
  expect(curve([1, 1])).toBe('▁▁');
});
