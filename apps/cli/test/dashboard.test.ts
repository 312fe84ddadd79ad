/* eslint-disable no-control-regex -- escapes begin with a control character */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { COLOURED, themeFor } from '../dist/dashboard/draw/theme.js';
import type { DashboardSource } from '../dist/dashboard/source.js';
import { KEYS, Rendered } from './support/rendered.js';
import { MANY_SYMBOLS, type ScriptOptions, scriptedSource } from './support/scripted-source.mjs';

const SIZES = [[80, 24], [200, 60], [60, 16], [79, 17], [100, 40], [139, 60], [140, 30], [200, 24], [320, 90]] as const;

type Source = DashboardSource & { readonly nowMs: number };

function source(options?: ScriptOptions, ms = 20_000) {
  const made = scriptedSource(options);
  made.advance(ms);
  return made;
}

/** A source with parts of it put in place of its own. */
function changed(base: Source, parts: Partial<DashboardSource>): Source {
  return { ...base, nowMs: base.nowMs, ...parts };
}

const LONG = 'A-SYMBOL-OF-FORTY-LETTERS-AS-NO-EXCHANGE';
const percentiles = (us: number) => ({ p50: us, p95: us * 2, p99: us * 3, max: us * 1e6, samples: 1e9 });

/** Sources that dashboards break at. */
const HOSTILE: Readonly<Record<string, () => Source>> = {
  'twenty symbols': () => source(),
  'two hundred symbols': () => source({ symbols: MANY_SYMBOLS, channels: ['trades', 'book', 'quotes', 'heartbeats'] }),
  'nothing but the beginning': () => source({}, 0),
  'no symbols and no connections': () => source({ symbols: [], connections: 0, channels: [] }, 1000),
  'symbols of forty letters': () => source({ symbols: Array.from({ length: 30 }, (_, n) => `${LONG}${n}`) }),
  'names of wide, joined and invisible letters': () => source({ symbols: ['比特币-美元-永续合约-比特币-美元', '🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀-USD', '👨‍👩‍👧-USD', 'e\u0301e\u0301-USD', '🇩🇪🇫🇷', 'ズ\u3099ガ-JPY', '\u001b[31mred\u001b[2J', 'a\nb\tc', '\u202eright-to-left'] }),
  'an exchange whose clock is ahead': () => source({ latencyUs: -23_456_000 }),
  'huge numbers': () => {
    const base = source();
    const status = base.status();
    const metrics = base.metrics();
    return changed(base, {
      status: () => ({ ...status, startedMs: 0, source: { name: 'x'.repeat(100), title: LONG.repeat(4) }, symbols: status.symbols.map((each) => ({ ...each, gaps: 2 ** 53, resyncs: 1e300, bad: 1e21, feeds: each.feeds.map((feed) => ({ ...feed, ratePerS: 1e21, records: 2 ** 53, ringFill: 17 })) })) }),
      metrics: () => ({
        ...metrics, frames: 2 ** 53, bytes: 1e30, records: 1e21, framesPerS: 1e18, bytesPerS: 1e25, recordsPerS: 1e21, gaps: 2 ** 53, missing: 1e21, reconnects: 2 ** 40, resyncs: 1e18, checksums: 1e17, ringFillMax: 1e9,
        bad: Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`a reason ${n} of many words 比特币`, 1e15])), handling: percentiles(1e15),
        channels: metrics.channels.map((each) => ({ ...each, records: 1e21, ratePerS: 1e20, latency: percentiles(-1e17) })),
      }),
      top: () => ({ last: 1e300, lastSide: 'S', bid: '123456789012345678.12345678', bidSize: 5e-324, ask: '-99999999999999999999999', askSize: 2n ** 63n }),
      tape: (limit, symbols) => symbols.slice(0, limit).map(({ symbol }) => ({ symbol, ts: 2 ** 53, recv: 0, side: ' ', price: '1'.repeat(60), size: 1e-9 })),
      events: () => Array.from({ length: 100 }, (_, n) => ({ timeMs: n * 1e12, text: `long ${'word '.repeat(100)}\n\u001b[2J比`, level: 'error' as const })),
    });
  },
  'numbers that are none': () => {
    const base = source();
    const metrics = base.metrics();
    const none = { p50: NaN, p95: Infinity, p99: -Infinity, max: NaN, samples: NaN };
    return changed(base, {
      metrics: () => ({ ...metrics, recordsPerS: NaN, framesPerS: Infinity, bytesPerS: NaN, bytes: NaN, records: NaN, frames: -Infinity, ringFillMax: NaN, gaps: NaN, handling: none, channels: metrics.channels.map((each) => ({ ...each, ratePerS: NaN, latency: none })) }),
      top: () => ({ last: 'NaN', bid: Infinity, bidSize: NaN, ask: '', askSize: 'many' }),
      tape: (limit, symbols) => symbols.slice(0, limit).map(({ symbol }) => ({ symbol, ts: NaN, recv: NaN, side: 'undefined', price: NaN, size: '' })),
    });
  },
  'many connections, most of them broken': () => {
    const base = source({ symbols: MANY_SYMBOLS, connections: 80 });
    const status = base.status();
    return changed(base, { status: () => ({ ...status, state: 'stopping' as const, connections: status.connections.map((each, n) => ({ ...each, id: each.id * 1e9, state: (['connecting', 'waiting', 'closed', 'open'] as const)[n % 4] as 'open', connects: 1e9, quietMs: undefined, lastEnd: `比特币 ${'closed '.repeat(50)}` })) }) });
  },
};

describe('the picture fits its terminal', () => {
  for (const [name, make] of Object.entries(HOSTILE)) {
    test(`with ${name}`, async () => {
      const data = make();
      for (const [columns, rows] of SIZES) {
        const shown = new Rendered(data, { columns, rows });
        shown.fits();
        await shown.press(KEYS.tab);
        await shown.look();
        shown.fits();
        await shown.press(KEYS.tab, 'j', 's');
        await shown.look();
        shown.fits();
        await shown.press('p', '?');
        await shown.resize(columns, rows);
        shown.fits();
        await shown.press('?', '/', '比特币 and a long text that nothing has, not at all');
        await shown.resize(columns, rows);
        shown.fits();
      }
    });
  }

  test('of whatever size, while it is resized', async () => {
    const shown = new Rendered(source(), { columns: 80, rows: 24 });
    for (let columns = 1; columns < 230; columns += 7) {
      for (let rows = 1; rows < 80; rows += 5) {
        await shown.resize(columns, rows);
        shown.fits();
        // Each line of the terminal is used, where there is a picture at all.
        if (columns >= 60 && rows >= 16) expect(shown.controller.screenful().picture.reduce((sum, [part]) => sum + part!.height, 0)).toBe(rows);
      }
    }
  });

  test('one that is too small for it is told what it needs', async () => {
    const shown = new Rendered(source(), { columns: 59, rows: 24 });
    expect(shown.lines).toEqual([' 59 × 24 is too small: 60 × 16 at least. q quits']);
    await shown.resize(80, 15);
    expect(shown.lines).toEqual([' 80 × 15 is too small: 60 × 16 at least. q quits']);
    await shown.resize(80, 24);
    expect(shown.lines).toHaveLength(24);
  });
});

describe('what is shown', () => {
  test('on 80 × 24: all that is essential', () => {
    const shown = new Rendered(source({ channels: ['trades', 'book', 'quotes', 'heartbeats'] }), { columns: 80, rows: 24 });
    const { text } = shown;
    for (const word of ['Binance USD-M futures', '● running', 'up 20 s', 'connections 1/1', 'records', 'frames', 'data', 'latency p50', 'p95', 'p99', 'handling p50', 'trades', 'book', 'quotes', 'heartbeats',
      'ring', 'gaps', 'missing', 'reconn', 'resync', 'chksum', 'bad', 'symbols 20', 'BTCUSDT', 'rec/s', 'last', 'bid', '× size', 'ask', 'spread', 'link', 'tape │ events │ connections', 'B ▲', 'S ▼', 'q quit']) {
      expect(text).toContain(word);
    }
    expect(text).toMatch(/BTCUSDT +\d+ +9\d,\d{3}(\.\d)? +9\d,\d{3}/);
  });

  test('on 200 × 60: more columns, all three panes, and the reasons of bad frames', () => {
    const base = source({ symbols: MANY_SYMBOLS });
    const metrics = base.metrics();
    const { text, lines } = new Rendered(changed(base, { metrics: () => ({ ...metrics, bad: { 'no JSON': 3, 'a value that does not fit': 1234 } }) }), { columns: 200, rows: 60 });
    for (const word of ['max', 'of latest', 'resync', 'health', 'bad frames 1,237', 'a value that does not fit 1,234', 'no JSON 3', '▶ tape', 'events', 'connections', 'subscribed: 200 symbols', '1–49 of 200']) expect(text).toContain(word);
    expect(lines.filter((line) => /USDT +[\d.]+( k)? /.test(line)).length).toBe(49);
  });

  test('a latency below nothing is shown as it is, and what it means is said', () => {
    const { text } = new Rendered(source({ latencyUs: -12_300 }), { columns: 80, rows: 24 });
    expect(text).toMatch(/trades .* -1[12]\.\d ms/);
    expect(text).toContain('their clock is ahead of ours');
  });

  test('channels and symbols that nothing has come of yet have their rows', () => {
    const { text } = new Rendered(source({ symbols: ['BTC-USD'] }, 0), { columns: 80, rows: 24 });
    expect(text).toMatch(/trades +0 +0 +– +– +–/);
    expect(text).toMatch(/BTC-USD +0 +– +– /);
    expect(text).toContain('no trades yet');
  });

  test('colours are the side’s, and without them a letter says it', () => {
    const painted = (env: Record<string, string>) => new Rendered(source(), { columns: 80, rows: 24 }, themeFor(env)).painted.join('\n');
    expect(painted({})).toMatch(/\u001b\[32mB ▲/);
    expect(painted({})).toMatch(/\u001b\[31mS ▼/);
    expect(painted({ NO_COLOR: '' })).toBe(painted({}));
    expect(painted({ NO_COLOR: '1' })).toMatch(/B ▲/);
    expect(painted({ NO_COLOR: '1' })).not.toMatch(/\u001b\[([34]\d|9\d|38|48)/);
  });

  test('escapes in what exchanges send do not reach the terminal', () => {
    const shown = new Rendered(source({ symbols: ['\u001b[2J\u001b]0;title\u0007', 'BTC'] }), { columns: 80, rows: 24 }, COLOURED);
    expect(shown.text).toContain('\\u{1b}[2J');
    expect(shown.painted.join('').replace(/\u001b\[[\d;]*m/g, '')).not.toMatch(/[\u0000-\u001f\u007f]/);
  });

  test('the rate’s picture has a bar a second, and none of a reset', async () => {
    const made = source({}, 0);
    const shown = new Rendered(made, { columns: 200, rows: 60 });
    for (let n = 0; n < 30; n++) {
      made.advance(500);
      await shown.look();
    }
    expect(shown.lines[1]).toMatch(/ [▂-█]{15}$/);
  });

  test('only what is in view is asked for', async () => {
    const made = source({ symbols: MANY_SYMBOLS });
    const shown = new Rendered(made, { columns: 80, rows: 24 });
    const rows = shown.lines.filter((line) => /^ [A-Z0-9]+USDT /.test(line)).length;
    expect(new Set(made.asked.tops)).toEqual(new Set(MANY_SYMBOLS.slice(0, rows)));
    await shown.press(KEYS.tab);
    made.asked.tapes.length = 0;
    await shown.look();
    expect(made.asked.tapes).toEqual([]);
    await shown.resize(40, 10);
    made.asked.tops.length = 0;
    await shown.look();
    expect(made.asked.tops).toEqual([]);
  });
});

describe('keys', () => {
  const opened = (options: ScriptOptions = {}, columns = 80, rows = 24) => {
    const made = source(options);
    return { made, shown: new Rendered(made, { columns, rows }) };
  };

  test('p pauses the drawing alone, and says so', async () => {
    const { made, shown } = opened();
    await shown.press('p');
    await expect.poll(() => shown.text).toContain('paused: the drawing only, ingest goes on');
    const before = shown.text;
    const asked = made.asked.tops.length;
    made.advance(5000);
    await shown.look();
    expect(shown.text).toBe(before);
    expect(made.asked.tops.length).toBe(asked);
    await shown.press('p');
    await expect.poll(() => shown.text).toContain('up 25 s');
    expect(made.asked.stops).toBe(0);
  });

  test('/ and f filter symbols, enter keeps it, escape clears it; keys are letters while it is typed', async () => {
    const { shown } = opened({ symbols: MANY_SYMBOLS });
    await shown.press('/', 'q', 'p', KEYS.backspace, KEYS.backspace, 'do', 'ge1');
    await expect.poll(() => shown.text).toContain('filter: doge1');
    expect(shown.text).toMatch(/with “doge1” {2}1 /);
    expect(shown.text).toContain('DOGE1USDT');
    expect(shown.text).not.toContain(' BTCUSDT');
    await shown.press(KEYS.enter);
    expect(shown.controller.view).toMatchObject({ typing: false, filter: 'doge1', paused: false, quits: 0 });
    await shown.press('f', 'x');
    await expect.poll(() => shown.text).toContain('no symbol has this text in its name');
    await shown.press(KEYS.escape);
    expect(shown.controller.view).toMatchObject({ typing: false, filter: '' });
    await expect.poll(() => shown.text).toContain(' BTCUSDT');
  });

  test('keys that are read all at once are one after the other', async () => {
    const { made, shown } = opened({ symbols: MANY_SYMBOLS });
    await shown.press('/doge1\u007f1\rj\tps?');
    expect(shown.controller.view).toEqual({ paused: true, help: true, pane: 'events', sort: 'records/s', filter: 'doge1', typing: false, selected: expect.any(String), quits: 0 });
    await shown.press('j\u0003');
    expect(made.asked.stops).toBe(1);
  });

  test('arrows, j and k move in the list, which follows; the tape is of the symbol', async () => {
    const { made, shown } = opened({ symbols: MANY_SYMBOLS });
    await shown.press('j');
    expect(shown.controller.view.selected).toBe('BTCUSDT');
    await expect.poll(() => shown.painted.find((line) => line.includes(' BTCUSDT '))).toMatch(/^\u001b\[7m/);
    await shown.press(KEYS.down, 'j', 'k');
    expect(shown.controller.view.selected).toBe('ETHUSDT');
    await expect.poll(() => made.asked.tapes.at(-1)).toEqual(['ETHUSDT']);
    await shown.press(KEYS.end);
    await expect.poll(() => shown.text).toContain(MANY_SYMBOLS.at(-1));
    expect(shown.text).toMatch(/194–200 of 200/);
    await shown.press(KEYS.up, KEYS.home, KEYS.up);
    await expect.poll(() => shown.text).toMatch(/1–7 of 200/);
    expect(shown.controller.view.selected).toBe('BTCUSDT');
    await shown.press(KEYS.pageDown);
    expect(shown.controller.view.selected).toBe(MANY_SYMBOLS[6]);
    await shown.press(KEYS.escape);
    expect(shown.controller.view.selected).toBeUndefined();
  });

  test('tab goes from pane to pane', async () => {
    const { shown } = opened();
    await shown.press(KEYS.tab);
    await expect.poll(() => shown.text).toMatch(/time UTC event/);
    await shown.press(KEYS.tab);
    await expect.poll(() => shown.text).toMatch(/id +state +for/);
    await shown.press(KEYS.tab);
    await expect.poll(() => shown.text).toMatch(/time UTC +symbol +side/);
    await shown.press(KEYS.shiftTab);
    expect(shown.controller.view.pane).toBe('connections');
  });

  test('s sorts', async () => {
    const made = source();
    const status = made.status();
    const symbols = ['C', 'A', 'B'].map((symbol, n) => ({ ...status.symbols[0]!, symbol, gaps: n, feeds: [{ ...status.symbols[0]!.feeds[0]!, ratePerS: [5, 9, 7][n]! }] }));
    const shown = new Rendered(changed(made, { status: () => ({ ...status, symbols }) }), { columns: 80, rows: 24 });
    const order = () => shown.lines.flatMap((line) => /^ ([ABC]) +\d/.exec(line)?.[1] ?? []).join('');
    expect(order()).toBe('CAB');
    for (const [sort, wanted] of [['records/s', 'ABC'], ['name', 'ABC'], ['gaps', 'BAC'], ['order', 'CAB']] as const) {
      await shown.press('s');
      await expect.poll(() => shown.text).toContain(`by ${sort}`);
      expect(order()).toBe(wanted);
    }
  });

  test('? shows help, over 24 lines, too', async () => {
    const { shown } = opened({ channels: ['trades', 'book', 'quotes', 'heartbeats'] });
    await shown.press('?');
    await expect.poll(() => shown.text).toContain('stop the ingest in order');
    for (const word of ['filter symbols', 'tape, events, connections', 'sort', 'their clock is ahead', 'disk']) expect(shown.text).toContain(word);
    shown.fits();
    await shown.press(KEYS.escape);
    await expect.poll(() => shown.text).not.toContain('stop the ingest in order');
  });

  test.each([['q', 'q'], ['ctrl+c', KEYS.ctrlC]])('%s stops the ingest, says so, and ends when it has ended', async (_, key) => {
    const { made, shown } = opened();
    let ended!: () => void;
    const stopped = new Promise<void>((resolve) => (ended = resolve));
    made.stop = async () => {
      made.asked.stops += 1;
      await stopped;
    };
    await shown.press(key);
    await expect.poll(() => shown.text).toContain('stopping');
    expect(made.asked.stops).toBe(1);
    expect(shown.ends).toBe(0);
    ended();
    await expect.poll(() => shown.ends).toBe(1);
  });

  test('a second q leaves the screen while the ingest still stops; it is stopped once', async () => {
    const { made, shown } = opened();
    made.stop = async () => {
      made.asked.stops += 1;
      await new Promise(() => {});
    };
    await shown.press('q', 'q', 'q');
    expect(shown.ends).toBe(1);
    expect(made.asked.stops).toBe(1);
  });

  test('ctrl+l draws everything anew', async () => {
    const { shown } = opened();
    await shown.press(KEYS.ctrlL);
    expect(shown.repaints).toBe(1);
  });

  test('held keys do not draw without end', async () => {
    const { shown } = opened({ symbols: MANY_SYMBOLS });
    let draws = 0;
    const off = shown.controller.subscribe(() => (draws += 1));
    await shown.press(...Array<string>(100).fill('j'));
    expect(shown.controller.view.selected).toBe(MANY_SYMBOLS[99]);
    await expect.poll(() => shown.text).toContain(` ${MANY_SYMBOLS[99]} `);
    off();
    expect(draws).toBeLessThan(20);
  });
});

test('an ingest that ends by itself ends the dashboard, paused or not', async () => {
  for (const paused of [false, true]) {
    const base = source();
    const status = base.status();
    let state: 'running' | 'stopped' = 'running';
    const shown = new Rendered(changed(base, { status: () => ({ ...status, state }) }), { columns: 80, rows: 24 });
    if (paused) await shown.press('p');
    await shown.look();
    expect(shown.ends).toBe(0);
    state = 'stopped';
    await shown.look();
    expect(shown.ends).toBe(1);
  }
});

test('ink and React are loaded by the view alone, and the view only when it is wanted', () => {
  const src = fileURLToPath(new URL('../src/', import.meta.url));
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) => /\.tsx?$/.test(file));
  const importers = (what: RegExp) => files.filter((file) => what.test(readFileSync(join(src, file), 'utf8')));
  const inView = (file: string) => file.startsWith(join('dashboard', 'view'));
  expect(importers(/^import .*from '(ink|react)/m).filter((file) => !inView(file))).toEqual([]);
  expect(importers(/^import (?!type ).*from '.*\/view\//m).filter((file) => !inView(file))).toEqual([]);
  expect(importers(/await import\('\.\/view\/mount\.js'\)/)).toEqual([join('dashboard', 'open-dashboard.ts')]);
});
