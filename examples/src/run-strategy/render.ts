import type { BacktestResult } from 'deepwater';
import type { ExampleResult } from './run-example.js';

const BARS = '▁▂▃▄▅▆▇█';
const CURVE_WIDTH = 60;

/** The results for people. */
export function renderResults(results: readonly ExampleResult[]): string {
  return results.map((result) => {
    const { name, about, mode, records, busySeconds, fills, turnover, fees, equity, positions, equityCurve } = result;
    const held = Object.entries(positions).map(([instrument, position]) => `${amount(position, 4)} of ${instrument}`).join(', ');
    return [
      `${name}: ${about} (${mode})`,
      `  ${count(records)} records in ${busySeconds.toFixed(2)} s of its thread, ${count(fills)} fills, turnover ${amount(turnover, 0)}, fees ${amount(fees, 2)}`,
      `  result ${equity >= 0 ? '+' : ''}${amount(equity, 2)}, holds ${held || 'nothing'}`,
      ...(equityCurve.length > 1 ? [`  ${curve(equityCurve)}  ${amount(Math.min(...equityCurve), 2)} to ${amount(Math.max(...equityCurve), 2)}`] : []),
    ].join('\n');
  }).join('\n\n');
}

/** The best and the worst runs of a sweep, which come in that order. */
export function renderSweep(results: readonly BacktestResult[]): string {
  const line = ({ params, stats }: BacktestResult): string => {
    const { bars, beyondBps } = params as { bars: number; beyondBps: number };
    return `  ${String(bars).padStart(4)} ${String(beyondBps).padStart(10)} ${amount(stats?.profit ?? NaN, 2).padStart(12)} ${String(stats?.trades ?? 0).padStart(8)} ${amount(100 * (stats?.maxDrawdownShare ?? NaN), 2).padStart(11)} %`;
  };
  return [
    `${results.length} sets of parameters, ${count(results.reduce((sum, { records }) => sum + records, 0))} records`,
    '  bars  beyondBps       profit   trades    drawdown', ...results.slice(0, 5).map(line), '   …', ...results.slice(-2).map(line),
    ...(results[0]?.equity === undefined ? [] : [`  ${curve(results[0].equity.values)}  the best`]),
  ].join('\n');
}

/** What it was worth from the first fill to the last, as a row of bars. */
export function curve(values: readonly number[], width = CURVE_WIDTH): string {
  const low = Math.min(...values);
  const span = Math.max(...values) - low || 1;
  const columns = Math.min(width, values.length);
  return Array.from({ length: columns }, (_, column) => {
    const value = values[Math.floor(((column + 1) * values.length) / columns) - 1];
    return BARS[Math.min(BARS.length - 1, Math.floor(((value - low) / span) * BARS.length))];
  }).join('');
}

const count = (value: number): string => value.toLocaleString('en-US');
const amount = (value: number, digits: number): string => value.toLocaleString('en-US', { maximumFractionDigits: digits, minimumFractionDigits: Math.min(digits, 2) });
