/** The tables of a report. */
import type { BacktestResult } from '../result.js';
import type { Statistics } from '../run/statistics.js';
import type { Trade } from '../run/trade-log.js';
import { type Html, html } from './html.js';
import { count, duration, money, percent, price, ratio, time, value } from './text.js';

type Figure = keyof Statistics;

const FIGURES: Readonly<Record<Figure, readonly [string, (value: number | null) => string]>> = {
  cash: ['Cash to begin with', money], equity: ['Equity at the end', money], profit: ['Profit', money], return: ['Return', percent],
  maxDrawdown: ['Greatest drawdown', money], maxDrawdownShare: ['… as a share of the high', percent], maxDrawdownUs: ['Longest time below a high', duration],
  sharpe: ['Sharpe ratio, a year', ratio], sortino: ['Sortino ratio, a year', ratio], trades: ['Trades closed', count], winRate: ['… of them won', percent],
  profitFactor: ['Won over lost', ratio], averageTrade: ['Average trade', money], fills: ['Fills', count], turnover: ['Turnover', money], fees: ['Fees', money],
  exposure: ['Time with a position', percent],
};

/** Columns of the table of parameters. */
const COMPARED: readonly Figure[] = ['profit', 'return', 'maxDrawdownShare', 'sharpe', 'sortino', 'trades', 'winRate', 'profitFactor', 'fees'];
const TRADES_MAX = 1000;
const ROWS_MAX = 10_000;
/** Cells of a heat map in one direction. */
const CELLS_MAX = 100;

export function figuresTable(stats: Partial<Statistics>): Html {
  const rows = (Object.keys(FIGURES) as Figure[]).filter((figure) => stats[figure] !== undefined);
  return html`<table class="figures"><tbody>${rows.map((figure) => html`<tr><th scope="row">${FIGURES[figure][0]}</th><td>${FIGURES[figure][1](stats[figure] as number | null)}</td></tr>`)}</tbody></table>`;
}

export function tradesTable(trades: readonly Trade[], closed: number): Html {
  if (trades.length === 0) return html`<p>No trades.</p>`;
  const shown = trades.slice(0, TRADES_MAX);
  return html`<table class="sortable"><caption>${shown.length < closed ? `The first ${count(shown.length)} of ${count(closed)} trades` : `${count(shown.length)} trades`}</caption>
<thead><tr>${['Feed', 'Side', 'Entry', 'Exit', 'Size', 'Entry price', 'Exit price', 'Profit', 'Fees', 'Fills'].map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${shown.map((trade) => html`<tr><td>${trade.feed}</td><td>${trade.side}</td>${cell(time(trade.entryTime), trade.entryTime)}${cell(trade.exitTime === null ? 'open' : time(trade.exitTime), trade.exitTime)}${cell(price(trade.size), trade.size)}${cell(price(trade.entryPrice), trade.entryPrice)}${cell(price(trade.exitPrice), trade.exitPrice)}${cell(money(trade.profit), trade.profit)}${cell(money(trade.fees), trade.fees)}${cell(count(trade.fills), trade.fills)}</tr>`)}</tbody></table>`;
}

/** One row for each set of parameters. */
export function parametersTable(results: readonly BacktestResult[]): Html {
  const names = parameterNames(results);
  const head = ['#', ...names, ...COMPARED.map((figure) => FIGURES[figure][0]), 'Error'];
  const shown = results.slice(0, ROWS_MAX);
  return html`<table class="sortable"><caption>${shown.length < results.length ? `The first ${count(shown.length)} of ${count(results.length)} runs` : `${count(results.length)} runs`}; a click on a heading sorts by it</caption>
<thead><tr>${head.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${shown.map((result) => html`<tr>${cell(String(result.index), result.index)}${names.map((name) => {
    const given = parameterOf(result, name);
    return typeof given === 'number' ? cell(value(given), given) : html`<td>${value(given)}</td>`;
  })}${COMPARED.map((figure) => cell(FIGURES[figure][1](result.stats?.[figure] ?? null), result.stats?.[figure] ?? null))}<td>${result.error === undefined ? '' : `${result.error.code}: ${result.error.message}`}</td></tr>`)}</tbody></table>`;
}

/** A figure over two parameters, where exactly two of them differ between the runs. */
export function heatMap(results: readonly BacktestResult[], figure: Figure): Html | undefined {
  const axes = parameterNames(results)
    .map((name) => ({ name, values: [...new Set(results.map((result) => value(parameterOf(result, name))))] }))
    .filter(({ values }) => values.length > 1);
  const [down, across] = axes;
  if (axes.length !== 2 || down === undefined || across === undefined || down.values.length > CELLS_MAX || across.values.length > CELLS_MAX) return undefined;
  const found = new Map(results.map((result) => [`${value(parameterOf(result, down.name))}\n${value(parameterOf(result, across.name))}`, result]));
  const numbers = results.map(({ stats }) => stats?.[figure]).filter((each) => typeof each === 'number' && Number.isFinite(each)) as number[];
  const most = Math.max(...numbers.map(Math.abs), Number.MIN_VALUE);
  return html`<table class="heat"><caption>${FIGURES[figure][0]} by ${down.name} (down) and ${across.name} (across)</caption>
<thead><tr><th></th>${across.values.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${down.values.map((row) => html`<tr><th scope="row">${row}</th>${across.values.map((column) => {
    const number = found.get(`${row}\n${column}`)?.stats?.[figure] ?? null;
    return html`<td style="background:${colour(number, most)}">${FIGURES[figure][1](number)}</td>`;
  })}</tr>`)}</tbody></table>`;
}

/** Green above 0, red below, the stronger the further from it. */
function colour(number: number | null, most: number): string {
  if (number === null || !Number.isFinite(number)) return 'transparent';
  const strength = (Math.min(1, Math.abs(number) / most) * 0.7).toFixed(3);
  return number >= 0 ? `rgba(34,139,84,${strength})` : `rgba(196,49,75,${strength})`;
}

/** A cell that sorts by a number. */
const cell = (text: string, number: number | null): Html => html`<td data-value="${number ?? ''}">${text}</td>`;

/** Names of the parameters, in the order in which they come up; one without a name where sets are no objects. */
function parameterNames(results: readonly BacktestResult[]): string[] {
  const names = new Set<string>();
  for (const { params } of results) {
    if (isNamed(params)) for (const name of Object.keys(params)) names.add(name);
    else if (params !== undefined) names.add('params');
  }
  return [...names];
}

function parameterOf({ params }: BacktestResult, name: string): unknown {
  return isNamed(params) ? params[name] ?? '' : name === 'params' ? params : '';
}

const isNamed = (params: unknown): params is Readonly<Record<string, unknown>> => typeof params === 'object' && params !== null && !Array.isArray(params);
