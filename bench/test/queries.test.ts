import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Platform } from 'deepwater';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PlainBars, barNumbers, barsOfTicks, expectedBars, timeBarsOfColumns, timeBarsSql } from '../dist/lib/queries/bars.js';
import { type CPeers, startCPeers, stopCPeers } from '../dist/lib/queries/c-peer.js';
import { DUCK_WAYS, DuckPeer, duckContenders, oneRow } from '../dist/lib/queries/duck-peer.js';
import { arrowVector, tickObjects } from '../dist/lib/queries/plain-peers.js';
import { asGiven, race, timed } from '../dist/lib/queries/race.js';
import { columnsOfTicks, endTime, fillTicks, tickNumbers, tickPrice, tickSide, tickSize, tickTime } from '../dist/lib/queries/ticks.js';
import { FIRST_TIME_US } from '../dist/lib/records.js';

const ROWS = 30_000;
const MINUTE_US = 60_000_000;
const folder = mkdtempSync(path.join(os.tmpdir(), 'deepwater-bench-queries-'));
const basePath = path.join(folder, 'store');
const compiler = spawnSync('cc', ['--version']).error === undefined;
let platform: Platform;

beforeAll(async () => {
  platform = await Platform.open(basePath, { logLevel: 'error' });
  await fillTicks(platform, 'sided', tickNumbers(ROWS));
});
afterAll(async () => {
  await platform.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('the ticks of the query benchmarks', () => {
  it('come in the order of their times, some of each side, and are what a feed gives back', async () => {
    const ticks = columnsOfTicks(tickNumbers(ROWS));
    expect(ticks.timestamp.every((time, i) => i === 0 || time > ticks.timestamp[i - 1]!)).toBe(true);
    expect(Number(ticks.timestamp[0])).toBeGreaterThanOrEqual(FIRST_TIME_US);
    expect(Number(ticks.timestamp.at(-1))).toBeLessThan(endTime(ROWS));
    const buys = ticks.side.filter((side) => side === 66).length;
    expect(buys).toBeGreaterThan(ROWS * 0.45);
    expect(buys).toBeLessThan(ROWS * 0.55);
    const reader = await platform.createReader('sided');
    expect(reader.rangeSync(FIRST_TIME_US, endTime(ROWS), { format: 'columns' })).toEqual(ticks);
    await reader.close();
  });

  it('are the same as decimals', async () => {
    await fillTicks(platform, 'decimals', tickNumbers(1000));
    const reader = await platform.createReader('decimals');
    expect(reader.rangeSync(FIRST_TIME_US, endTime(1000))).toEqual(
      Array.from({ length: 1000 }, (_, n) => [tickPrice(n).toFixed(2), tickSize(n).toFixed(3), tickTime(n)]),
    );
    await reader.close();
  });
});

/** Sum, VWAP, extremes and what a filter leaves, by a loop over the arithmetic. */
function answers(): { readonly [question: string]: readonly number[] } {
  const numbers = Array.from({ length: ROWS }, (_, n) => n);
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const found = numbers.filter((n) => tickPrice(n) > 110 && tickSide(n) === 'B');
  const prices = numbers.map(tickPrice);
  const sizes = numbers.map(tickSize);
  return {
    'sum': [sum(prices)], 'vwap': [sum(prices.map((price, n) => price * sizes[n]!)) / sum(sizes)], 'minmax': [Math.min(...prices), Math.max(...prices)],
    'filter 110 B': [sum(found.map(tickSize)), found.length],
  };
}

describe('the peers of the query benchmarks', () => {
  it.skipIf(!compiler)('in C answer as arithmetic does', async () => {
    const peers = startCPeers(basePath, 'sided', folder) as CPeers;
    for (const peer of [peers.plain, peers.vector]) {
      for (const [command, expected] of Object.entries(answers())) {
        const { ns, values } = await peer.ask(command);
        expect(values, command).toEqual(expected);
        expect(ns).toBeGreaterThan(0);
      }
      expect((await peer.bars('time-bars', MINUTE_US, ROWS)).values).toEqual(expectedBars(ROWS, { width: MINUTE_US }));
      expect((await peer.bars('volume-bars', 5000, ROWS)).values).toEqual(expectedBars(ROWS, { units: 5000 }));
      await expect(peer.bars('time-bars', MINUTE_US, 3)).resolves.toBeDefined(); // room was made before
      await expect(peer.ask('sort')).rejects.toThrow('the C peer ended with code 1: what is sort');
      await expect(peer.ask('sum')).rejects.toThrow('the C peer ended');
    }
    await stopCPeers(peers);
  });

  it('in DuckDB answer as arithmetic does, from its table and from Parquet, with one thread and two', async () => {
    const duck = await DuckPeer.open(ROWS, folder);
    await duck.writeParquet();
    const { sum, vwap, minmax, 'filter 110 B': filtered } = answers();
    for (const [source, threads] of DUCK_WAYS) {
      const ask = async (sql: string): Promise<ArrayLike<number>> => (await duckContenders(duck, () => sql, oneRow, [[source, threads]])[0]!.ask()).values;
      expect(await ask('select sum(price) from ticks')).toEqual(sum);
      expect(await ask('select sum(price * size) / sum(size) from ticks')).toEqual(vwap);
      expect(await ask('select min(price), max(price) from ticks')).toEqual(minmax);
      expect(await ask(`select sum(size) as sum, count(*) as count from ticks where price > 110 and side = 'B'`)).toEqual(filtered);
      const bars = await duck.ask(timeBarsSql(MINUTE_US, threads), source, threads);
      expect(barNumbers(bars.columns)).toEqual(expectedBars(ROWS, { width: MINUTE_US }));
    }
    duck.close();
  });

  it('in plain JavaScript make the same bars', () => {
    const ticks = columnsOfTicks(tickNumbers(ROWS));
    const expected = expectedBars(ROWS, { width: MINUTE_US });
    expect(expected.length).toBe(8 * 15);
    expect(timeBarsOfColumns(ticks, MINUTE_US)).toEqual(expected);
    expect(barsOfTicks(tickObjects(ticks), { width: MINUTE_US })).toEqual(expected);
    expect(arrowVector(ticks.price).get(7)).toBe(tickPrice(7));
  });
});

describe('bars that others are held against', () => {
  it('begin at whole multiples of their width, and are left when a tick of a later one comes', () => {
    const bars = new PlainBars({ width: 10 });
    bars.add(13, 5, 1);
    bars.add(19, 4, 3);
    bars.add(40, 6, 2);
    expect([...bars.end()]).toEqual([10, 5, 5, 4, 4, 4, 17 / 4, 2, 40, 6, 6, 6, 6, 2, 6, 1]);
  });

  it('of volume end with the tick that brings them to it', () => {
    const bars = new PlainBars({ units: 3 });
    for (const [time, size] of [[1, 2], [2, 2], [3, 5], [4, 1]] as const) bars.add(time, 10 + time, size);
    expect([...bars.end()].filter((_, i) => i % 8 === 0 || i % 8 === 5)).toEqual([1, 4, 3, 5, 4, 1]);
  });
});

describe('a race', () => {
  it('says who gave a wrong value, and which', async () => {
    const options = { rounds: 1, rows: 10, expected: [1, 2], label: (place: number) => `number ${place}` };
    const result = await race(options, { name: 'ours', ask: timed(() => [1, 2], asGiven) }, { name: 'theirs', ask: timed(() => [1, 3], asGiven) });
    expect(result.problems[0]).toBe('theirs: number 1 is 3, not 2');
    expect(result.peers.map(({ name }) => name)).toEqual(['theirs']);
    expect((await race({ ...options, expected: [1] }, { name: 'ours', ask: timed(() => [1, 2], asGiven) })).problems[0]).toBe('ours: 2 values, not 1');
  });
});
