/** A backtest as one HTML file that opens without a network. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { DeepwaterError } from '@deepwater/core/engine';
import { checkKeys } from '@deepwater/query';
import { wrong } from '@deepwater/strategy/engine';
import type { BacktestResult } from '../result.js';
import type { WalkForwardResult } from '../walk-forward.js';
import { Html, html, jsonIn } from './html.js';
import { SCRIPT, STYLE } from './page.js';
import { figuresTable, heatMap, parametersTable, tradesTable } from './tables.js';
import { count, time, value } from './text.js';

export interface ReportOptions {
  /** Default `Backtest`. */
  readonly title?: string;
}

/** Runs that are shown in full, the best first. */
const RUNS_SHOWN = 10;

/** One of the curves that can be looked at. */
interface Shown {
  readonly label: string;
  readonly times: readonly number[];
  readonly values: readonly number[];
  readonly body: Html;
}

/**
 * Writes a report: equity curve and drawdown, figures, trades; of a sweep the table of parameters, and a heat map where two of them differ; of a
 * walk-forward the stitched curve and its windows. Everything is in the one file, which is there as a whole or not at all.
 * @throws DeepwaterError DW_OPTION_INVALID, DW_SYSTEM_CALL where it cannot be written
 */
export async function writeBacktestReport(results: readonly BacktestResult[] | WalkForwardResult, file: string | URL, options?: ReportOptions): Promise<void> {
  const text = backtestReport(results, options);
  const path = file instanceof URL ? fileURLToPath(file) : file;
  if (typeof path !== 'string' || path === '') throw wrong('file', file, 'the path of the report');
  const next = `${path}.${randomUUID()}.tmp`;
  try {
    await writeFile(next, text, { flag: 'wx' });
    await rename(next, path);
  } catch (error) {
    await rm(next, { force: true });
    throw new DeepwaterError('DW_SYSTEM_CALL', `The report cannot be written to ${path}: ${(error as Error).message}. Give a path in a directory that can be written to.`, { values: { path }, cause: error });
  }
}

/** The text of a report. @throws DeepwaterError DW_OPTION_INVALID */
export function backtestReport(results: readonly BacktestResult[] | WalkForwardResult, options?: ReportOptions): string {
  const { title = 'Backtest' } = checkKeys(options, ['title']);
  if (typeof title !== 'string') throw wrong('title', title, 'a text');
  const walked = isWalkForward(results);
  if (!walked && (!Array.isArray(results) || results.length === 0)) throw wrong('results', results, 'what backtest or walkForward gave');
  const shown = walked ? [stitched(results)] : best(results as readonly BacktestResult[]).slice(0, RUNS_SHOWN).map(inFull);
  const list = walked ? undefined : results as readonly BacktestResult[];
  const sweep = list !== undefined && list.length > 1;
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${title}</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>${new Html(inlined('uPlot.min.css'))}${new Html(STYLE)}</style></head>
<body><h1>${title}</h1>
${sweep ? html`<p><label>Run <select id="choice">${shown.map(({ label }, i) => html`<option value="${i}">${label}</option>`)}</select></label> ${shown.length < list.length ? `the best ${count(shown.length)} of ${count(list.length)}` : ''}</p>` : ''}
${shown.map(({ body }, i) => html`<section class="run"${i === 0 ? '' : new Html(' hidden')}>${body}</section>`)}
${sweep ? html`<h2>Parameters</h2>${(['sharpe', 'profit'] as const).map((figure) => heatMap(list, figure) ?? '')}<div class="scroll">${parametersTable(list)}</div>` : ''}
${jsonIn('data', { runs: shown.map(({ times, values }) => ({ times, values })) })}
<script>${new Html(inlined('uPlot.iife.min.js').replaceAll('</script', '<\\/script'))}</script>
<script>${new Html(SCRIPT)}</script>
</body></html>
`;
  return page.text;
}

function isWalkForward(results: readonly BacktestResult[] | WalkForwardResult): results is WalkForwardResult {
  return typeof results === 'object' && results !== null && 'windows' in results;
}

/** By Sharpe ratio, then profit; runs that failed come last. */
function best(results: readonly BacktestResult[]): BacktestResult[] {
  const rank = ({ stats, error }: BacktestResult): readonly number[] => [error === undefined ? 1 : 0, stats?.sharpe ?? -Infinity, stats?.profit ?? -Infinity];
  return results.toSorted((a, b) => {
    const [left, right] = [rank(a), rank(b)];
    const at = left.findIndex((figure, i) => figure !== right[i]);
    return at < 0 ? a.index - b.index : (right[at] as number) > (left[at] as number) ? 1 : -1;
  });
}

function inFull(result: BacktestResult): Shown {
  const { index, params, records, bars, equity, stats, trades, counts, emitted, error, metrics } = result;
  const label = params === undefined ? 'Run' : `#${index} ${value(params)}`;
  const own = Object.entries(metrics);
  return {
    label, times: equity?.times ?? [], values: equity?.values ?? [],
    body: html`<h2>${label}</h2>
${error === undefined ? '' : html`<p class="error">${error.code}: ${error.message}</p>`}
<p>${count(records)} records, ${count(bars)} bars, ${count(counts.emitted)} values sent${equity === undefined || equity.times.length === 0 ? '' : `, ${time(equity.times[0])} to ${time(equity.times.at(-1))} UTC`}</p>
${stats === undefined ? html`<p>It ran without a broker: there is no equity.</p>` : html`<div class="chart equity"></div><div class="chart drawdown"></div>${figuresTable(stats)}<h2>Trades</h2><div class="scroll">${tradesTable(trades, counts.trades)}</div>`}
${own.length === 0 ? '' : html`<h2>Metrics</h2><table class="figures"><tbody>${own.map(([name, metric]) => html`<tr><th scope="row">${name}</th><td>${value(metric)}</td></tr>`)}</tbody></table>`}
${emitted.length === 0 ? '' : html`<details><summary>The first values that it sent</summary><pre>${emitted.slice(0, 20).map(value).join('\n')}</pre></details>`}`,
  };
}

function stitched({ windows, equity, stats }: WalkForwardResult): Shown {
  return {
    label: 'Walk-forward', times: equity.times, values: equity.values,
    body: html`<h2>All tests, one after the other</h2><div class="chart equity"></div><div class="chart drawdown"></div>${figuresTable(stats)}
<h2>Windows</h2><div class="scroll"><table class="sortable"><thead><tr>${['Test from', 'Test to', 'Parameters', 'Sharpe in training', 'Sharpe in the test', 'Profit in the test', 'Trades in the test', 'Error'].map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${windows.map(({ test, end, best: chosen, tested }) => html`<tr><td>${shownTime(test)}</td><td>${shownTime(end)}</td><td>${chosen === undefined ? 'none had the figure' : value(chosen.params)}</td>${[chosen?.stats?.sharpe, tested?.stats?.sharpe, tested?.stats?.profit, tested?.stats?.trades].map((figure) => html`<td data-value="${figure ?? ''}">${value(figure ?? '–')}</td>`)}<td>${tested?.error?.message ?? ''}</td></tr>`)}</tbody></table></div>`,
  };
}

const shownTime = (given: unknown): string => (given instanceof Date ? given.toISOString() : String(given));

/** A file of uPlot's own. */
function inlined(name: string): string {
  return readFileSync(createRequire(import.meta.url).resolve(`uplot/dist/${name}`), 'utf8');
}
