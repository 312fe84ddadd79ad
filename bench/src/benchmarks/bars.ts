import type { Platform } from 'deepwater';
import { type BenchContext, type Benchmark, type Line, atLeast, line } from '../lib/benchmark.js';
import {
  type BarRule, barLabel, barNumbers, barNumbersOf, barsOfTicks, expectedBars, timeBarsOfColumns, timeBarsSql,
} from '../lib/queries/bars.js';
import { cContenders, noteOnC } from '../lib/queries/c-peer.js';
import { DuckPeer, type DuckWay, duckContenders } from '../lib/queries/duck-peer.js';
import { arraysContender, objectsContender } from '../lib/queries/plain-peers.js';
import { race, timed } from '../lib/queries/race.js';
import { type TickContest, withTicks } from '../lib/queries/tick-contest.js';
import { type DecimalSpec, endTime, fillTicks, tickNumbers } from '../lib/queries/ticks.js';
import { FIRST_TIME_US } from '../lib/records.js';
import { withStore } from '../lib/stores.js';

const TARGET_M = 500;
const MINUTE_US = 60_000_000;
const SECOND_US = 1_000_000;
/** About as much as 1,500 ticks trade. */
const VOLUME_UNITS = 100_000;

/** DuckDB takes seconds a run here: what two threads do is told by its table. */
const DUCK_WAYS_OF_BARS: readonly DuckWay[] = [['table', 1], ['table', 2], ['parquet', 1]];

/** What a bar is made of, in every line. */
const WHAT = 'open, high, low, close, volume, VWAP and count';

interface BarLine {
  readonly id: string;
  readonly what: string;
  readonly rule: BarRule;
  readonly options: { readonly resolution?: string; readonly volume?: number };
}

/** Bars of float64 prices and sizes. */
async function floatLines(context: BenchContext, { reader, c, duck, ticks, objects }: TickContest<'ticks'>, rows: number): Promise<Line[]> {
  const lines: Line[] = [];
  const given: readonly BarLine[] = [
    { id: 'bars-1m', what: `bars of a minute (2,000 ticks)`, rule: { width: MINUTE_US }, options: { resolution: '1m' } },
    { id: 'bars-1s', what: `bars of a second (33 ticks)`, rule: { width: SECOND_US }, options: { resolution: '1s' } },
    { id: 'bars-volume', what: `bars of ${VOLUME_UNITS.toLocaleString('en')} units of volume (1,550 ticks)`, rule: { units: VOLUME_UNITS }, options: { volume: VOLUME_UNITS } },
  ];
  for (const { id, what, rule, options } of given) {
    context.progress(id);
    const { width, units } = rule;
    const result = await race({ rounds: context.pick(5, 2), rows, expected: expectedBars(rows, rule), label: barLabel },
      { name: 'bars', ask: timed(() => reader.barsSync(FIRST_TIME_US, endTime(rows), { ...options, format: 'columns' }), barNumbersOf) },
      ...cContenders(c, (peer) => (width === undefined ? peer.bars('volume-bars', units, rows) : peer.bars('time-bars', width, rows))),
      ...(width === undefined ? [] : [
        ...duckContenders(duck, (threads) => timeBarsSql(width, threads), barNumbers, DUCK_WAYS_OF_BARS),
        arraysContender(() => timeBarsOfColumns(ticks, width)),
      ]),
      objectsContender(objects, (some) => barsOfTicks(some, rule), expectedBars(objects.length, rule)),
    );
    lines.push(line({
      id, what: `${what} of ${rows.toLocaleString('en')} ticks: ${WHAT}`, unit: 'M rows/s', ...result, notes: noteOnC(c),
      ...(id === 'bars-1m' ? { target: atLeast(result.sample, TARGET_M, 'M rows/s') } : {}),
    }));
  }
  return lines;
}

/** A minute's bars where price and size are decimals, and every digit counts. */
async function decimalLine(context: BenchContext, platform: Platform, rows: number): Promise<Line> {
  await fillTicks(platform, 'decimals', tickNumbers(rows));
  const reader = await platform.createReader<DecimalSpec>('decimals');
  const duck = await DuckPeer.open(rows, context.directory, { price: 'decimal(18,2)', size: 'decimal(18,3)' });
  context.progress('bars-1m-decimal');
  const expected = expectedBars(rows, { width: MINUTE_US });
  const ours = {
    name: 'bars',
    ask: timed(() => reader.barsSync(FIRST_TIME_US, endTime(rows), { resolution: '1m', format: 'columns' }), (bars) => barNumbersOf(bars, 100, 1000)),
  };
  const peers = duckContenders(duck, (threads) => timeBarsSql(MINUTE_US, threads), barNumbers, [['table', 1], ['table', 2]]);
  const result = await race({ rounds: context.pick(5, 2), rows, expected, label: barLabel }, ours, ...peers);
  duck.close();
  await reader.close();
  return line({
    id: 'bars-1m-decimal', what: `the first where price and size are decimals, exactly: ${rows.toLocaleString('en')} ticks`, unit: 'M rows/s', ...result,
    notes: ['DuckDB: decimal(18,2) and decimal(18,3)'],
  });
}

export const bars: Benchmark = {
  name: 'bars',
  title: 'bars by time and by volume',
  run: (context) => withStore(context.directory, async (platform, basePath) => {
    const rows = context.pick(8_000_000, 300_000);
    const lines = await withTicks(context, platform, basePath, 'ticks', rows, (contest) => floatLines(context, contest, rows));
    return [...lines, await decimalLine(context, platform, rows)];
  }),
};
