import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { Platform } from 'deepwater';
import { SAMPLE_DATA } from '../dist/folders.js';
import type { Progress } from '../dist/main-job/progress.js';
import { load } from '../dist/main-job/load.js';
import { EXAMPLES } from '../dist/run-strategy/examples.js';
import { parseOptions } from '../dist/run-strategy/options.js';
import { curve } from '../dist/run-strategy/render.js';
import { type ExampleResult, runExample } from '../dist/run-strategy/run-example.js';
import { findSources } from '../dist/sources/find-sources.js';

const SILENT: Progress = { start: () => ({ advance: () => {}, finish: () => {} }) };
const folder = mkdtempSync(join(tmpdir(), 'deepwater-examples-'));
afterAll(() => { rmSync(folder, { recursive: true, force: true }); });

let stores = 0;
async function runIt(name: string, live = false): Promise<{ result: ExampleResult; fills: Record<string, unknown>[] }> {
  const example = EXAMPLES.find((candidate) => candidate.name === name)!;
  const store = join(folder, String(stores++));
  const result = await runExample(example, { recordings: SAMPLE_DATA, store, live, speed: 0, progress: SILENT });
  await using platform = await Platform.open(store, { readOnly: true });
  const fills = await (await platform.createReader(example.fills)).last(1_000_000, { format: 'object' });
  return { result, fills: fills as Record<string, unknown>[] };
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
    const { result, fills } = await runIt(name);
    const again = await runIt(name);
    expect(again.fills).toEqual(fills);
    expect(result.fills).toBe(fills.length);
    expect(fills.length).toBeGreaterThan(5);
    const example = EXAMPLES.find((candidate) => candidate.name === name)!;
    const { positions } = ledger(fills, example.params['feeBps'] as number);
    for (const [instrument, position] of Object.entries(positions)) expect(result.positions[instrument]).toBeCloseTo(position, 9);
    const times = fills.map((fill) => fill['timestamp_us'] as number);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });
});

test('the market maker keeps within its limits', async () => {
  const { fills } = await runIt('market-maker');
  const { maxPosition, size: quoted } = EXAMPLES[0]!.params as { maxPosition: number; size: number };
  for (const { position, size } of fills as { position: number; size: number }[]) {
    expect(Math.abs(position)).toBeLessThanOrEqual(maxPosition + 1e-9);
    expect(size).toBeLessThanOrEqual(quoted);
  }
});

test('momentum comes to the same live as over history, and as a plain loop over the recording', async () => {
  const { fills } = await runIt('momentum');
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
  const { fills } = await runIt('cross-feed');
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
  expect(() => parseOptions(['--speed', 'fast'])).toThrow(/--speed fast is not a number/);
  expect(curve([0, 1, 2, 3, 4, 5, 6, 7])).toBe('▁▂▃▄▅▆▇█');
  expect(curve([1, 1])).toBe('▁▁');
});
