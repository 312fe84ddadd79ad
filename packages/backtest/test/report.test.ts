import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Script } from 'node:vm';
import { DeepwaterError } from '@deepwater/core';
import { chromium } from 'playwright-core';
import { afterAll, describe, expect, test } from 'vitest';
import { type BacktestResult, type WalkForwardResult, backtestReport, paramGrid, writeBacktestReport } from '../dist/index.js';

const directory = mkdtempSync(join(tmpdir(), 'deepwater-report-'));
afterAll(() => { rmSync(directory, { recursive: true, force: true }); });

const EVIL = '</script><img src=x onerror="alert(1)">\'&';
const CURVE = { intervalUs: 60_000_000, times: [0, 1, 2, 3].map((i) => 1_738_368_000_000_000 + i * 60_000_000), values: [1000, 1010, 990, 1020] };
const stats = (sharpe: number | null): NonNullable<BacktestResult['stats']> => ({
  cash: 1000, equity: 1020, profit: 20, return: 0.02, maxDrawdown: 20, maxDrawdownShare: 0.0198, maxDrawdownUs: 60_000_000, sharpe, sortino: null, trades: 1, winRate: 1,
  profitFactor: null, averageTrade: 20, fills: 2, turnover: 2020, fees: 1, exposure: 0.5,
});

function result(index: number, params: unknown, more: Partial<BacktestResult> = {}): BacktestResult {
  return {
    index, params, records: 12_345, bars: 0, fills: [], equity: CURVE, stats: stats(index), written: {}, logs: [], emitted: [EVIL, 5n], metrics: { [EVIL]: EVIL },
    trades: [{ feed: EVIL, side: 'long', entryTime: 1_738_368_000_000_000, exitTime: null, size: 1, entryPrice: 1, exitPrice: null, profit: -1, fees: 1, fills: 1 }],
    counts: { fills: 2, trades: 1, emitted: 2, logs: 0 }, ...more,
  };
}

/** What a browser takes for scripts: their attributes and their text. */
const scriptsOf = (page: string): { attributes: string; text: string }[] => [...page.matchAll(/<script([^>]*)>([\s\S]*?)<\/script>/g)].map(([, attributes, text]) => ({ attributes: attributes!, text: text! }));

/** Elements have to be closed in the order in which they were opened. */
function checkNesting(page: string): void {
  const bare = page.replaceAll(/<script[^>]*>[\s\S]*?<\/script>/g, '').replaceAll(/<style>[\s\S]*?<\/style>/g, '');
  const open: string[] = [];
  for (const [, end, name] of bare.matchAll(/<(\/?)([a-z][a-z0-9]*)[^>]*>/g)) {
    if (['meta', 'img', 'br'].includes(name!)) continue;
    if (end === '') open.push(name!);
    else expect(open.pop()).toBe(name);
  }
  expect(open).toEqual([]);
}

const grid = paramGrid({ fast: [5, 10, 20], slow: [50, 100] }).map((params, index) => result(index, { ...params, note: EVIL }));

describe('a report', () => {
  test.each([['of one run', [result(0, undefined)]], ['of a sweep', grid], ['of runs without a broker', [result(0, 1, { equity: undefined as never, stats: undefined as never, trades: [] })]]])('%s is whole HTML, with scripts that are JavaScript, and nothing from elsewhere', (_, results) => {
    const page = backtestReport(results, { title: EVIL });
    checkNesting(page);
    expect(page).not.toContain('<img');
    const scripts = scriptsOf(page);
    expect(scripts.length).toBe(3);
    expect(JSON.parse(scripts[0]!.text)).toEqual({ runs: expect.any(Array) as unknown });
    for (const { text, attributes } of scripts.slice(1)) {
      expect(attributes).toBe('');
      expect(() => new Script(text)).not.toThrow();
    }
    expect(page).not.toMatch(/(src|href)\s*=\s*["']?(https?:)?\/\//);
    expect(page).toContain("default-src 'none'");
  });

  test('of one run has its figures, its trades and its curve', () => {
    const page = backtestReport([result(0, undefined)]);
    for (const text of ['Sharpe ratio', '1,020.00', '2.00%', '12,345 records', '2025-02-01 00:00:00.000', 'open']) expect(page).toContain(text);
    expect((JSON.parse(scriptsOf(page)[0]!.text) as { runs: unknown[] }).runs).toEqual([{ times: CURVE.times, values: CURVE.values }]);
    expect(page).not.toContain('<select');
  });

  test('of a sweep has every set of parameters, a heat map of two, errors, and the best runs first', () => {
    const failed = result(6, { fast: 40, slow: 50, note: EVIL }, { error: new DeepwaterError('DW_STRATEGY_FAILED', `it threw ${EVIL}`), stats: stats(99) });
    const page = backtestReport([...grid, failed]);
    const table = /<h2>Parameters<\/h2>([\s\S]*)/.exec(page)![1]!;
    expect(table.match(/<table class="heat">/g)?.length).toBe(2);
    // Three and a half rows by two columns: one cell has no run.
    expect(table.match(/background:(rgba|transparent)/g)?.length).toBe(2 * 8);
    expect(table.match(/<tr><td data-value="\d">/g)?.length).toBe(7);
    expect(page).toContain('DW_STRATEGY_FAILED: it threw &lt;/script&gt;');
    const options = [...page.matchAll(/<option value="\d">#(\d)/g)].map(([, index]) => Number(index));
    expect(options).toEqual([5, 4, 3, 2, 1, 0, 6]);
  });

  test('of a walk-forward has its windows and the stitched curve', () => {
    const walk: WalkForwardResult = {
      windows: [{ train: 0, test: new Date(0), end: 5n, trained: grid, best: grid[0]!, tested: result(0, { fast: 5, slow: 50 }) }, { train: 0, test: 1, end: 2, trained: [] }],
      equity: CURVE, stats: stats(1),
    };
    const page = backtestReport(walk);
    checkNesting(page);
    expect(page).toContain('1970-01-01T00:00:00.000Z');
    expect(page).toContain('none had the figure');
  });

  test('replaces a file as a whole, and leaves nothing behind where it cannot be written', async () => {
    const file = join(directory, 'report.html');
    writeFileSync(file, 'old');
    await writeBacktestReport(grid, file);
    expect(readFileSync(file, 'utf8')).toBe(backtestReport(grid));
    expect(readdirSync(directory)).toEqual(['report.html']);
    await expect(writeBacktestReport(grid, join(directory, 'none', 'report.html'))).rejects.toMatchObject({ code: 'DW_SYSTEM_CALL' });
    for (const wrong of [[], null, 5]) expect(() => backtestReport(wrong as never)).toThrow(expect.objectContaining({ code: 'DW_OPTION_INVALID' }));
    expect(() => backtestReport(grid, { titel: 'x' } as never)).toThrow(expect.objectContaining({ code: 'DW_OPTION_INVALID' }));
  });
});

/** Debian's Chromium, or another where CHROMIUM says. */
const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const hasBrowser = existsSync(CHROMIUM);
if (!hasBrowser) console.log(`report in a browser: skipped, there is no ${CHROMIUM} (Debian: apt-get install chromium)`);

describe.skipIf(!hasBrowser)('a report in a browser', () => {
  test('draws its charts, sorts its tables, and asks nobody for anything', async () => {
    const file = join(directory, 'opened.html');
    await writeBacktestReport(grid, file);
    // Chromium's sandbox wants more rights than containers and root have; the page is ours.
    const opened = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
    try {
      const page = await opened.newPage();
      const errors: string[] = [];
      const requests: string[] = [];
      page.on('pageerror', (error) => { errors.push(error.message); });
      page.on('request', (request) => { requests.push(request.url()); });
      await page.goto(`file://${file}`);
      expect(await page.evaluate<number>('document.querySelectorAll("section:not([hidden]) canvas").length')).toBe(2);
      // The table of all runs, by their number.
      const runs = page.locator('table.sortable').last();
      const first = (): Promise<string | null> => runs.locator('tbody tr').first().locator('td').first().textContent();
      expect(await first()).toBe('0');
      await runs.locator('th').first().click();
      const once = await first();
      await runs.locator('th').first().click();
      expect([once, await first()].sort()).toEqual(['0', '5']);
      expect(errors).toEqual([]);
      expect(requests.filter((url) => !url.startsWith('file:'))).toEqual([]);
    } finally {
      await opened.close();
    }
  });
});
