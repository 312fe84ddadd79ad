/* eslint-disable no-control-regex -- escapes begin with a control character */
import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { DeepwaterError } from 'deepwater';
import { describe, expect, test } from 'vitest';
import { openDashboard, requireTerminal } from '../dist/dashboard/open-dashboard.js';
import { Screen } from '../dist/dashboard/screen.js';
import { scriptedSource } from './support/scripted-source.mjs';

const ESCAPE = '\u001b';
const ENTER = `${ESCAPE}[?1049h`;
const LEAVE = `${ESCAPE}[?1049l`;

/** A terminal that keeps what its cells show, as far as the screen's escapes go. */
class Cells extends EventEmitter {
  readonly isTTY = true;
  written = '';
  lines: string[] = [];
  #row = 0;

  constructor(public columns: number, public rows: number) {
    super();
  }

  write(text: string): boolean {
    this.written += text;
    for (const [, parameters, command, plain] of text.matchAll(/\u001b\[([?\d;]*)([A-Za-z])|([^\u001b]+)/g)) {
      if (plain !== undefined) this.lines[this.#row] = (this.lines[this.#row] ?? '') + plain;
      else if (command === 'H') {
        this.#row = Number(parameters!.split(';')[0]) - 1;
        this.lines[this.#row] = '';
      } else if (command === 'J') this.lines = [];
      else expect(`${parameters}${command}`).toMatch(/^(\?(1049|25|7|2026)[hl]|[\d;]*m|K)$/);
    }
    return true;
  }
}

function terminal(columns = 80, rows = 24) {
  const out = new Cells(columns, rows);
  const raw: boolean[] = [];
  const input = Object.assign(new PassThrough(), { isTTY: true, setRawMode: (on: boolean) => { raw.push(on); }, ref: () => {}, unref: () => {} });
  return { out, input, raw, options: { stdout: out as unknown as NodeJS.WriteStream, stdin: input as unknown as NodeJS.ReadStream, env: { TERM: 'xterm' } } };
}

describe('the dashboard on a terminal', () => {
  test('draws what moves, follows its size, quits on q, and leaves the terminal as it was', async () => {
    const made = scriptedSource();
    made.advance(5000);
    const { out, input, raw, options } = terminal();
    const ended = openDashboard(made, options);
    await expect.poll(() => out.lines[0]).toContain('● running');
    expect(out.written.startsWith(ENTER)).toBe(true);
    expect(raw).toEqual([true]);
    const records = out.lines[1];
    made.advance(60_000);
    await expect.poll(() => out.lines[1]).not.toBe(records);
    out.columns = 200;
    out.rows = 60;
    out.emit('resize');
    await expect.poll(() => out.lines.length).toBe(60);
    expect(out.lines.join('\n')).toContain('▶ tape');
    input.write('q');
    await expect.poll(() => out.lines[59]).toContain('stopping');
    await ended;
    expect(made.asked.stops).toBe(1);
    expect(out.written.endsWith(LEAVE)).toBe(true);
    expect(raw).toEqual([true, false]);
    expect(out.listenerCount('resize')).toBe(0);
    const after = out.written.length;
    made.advance(1000);
    await new Promise((resolve) => { setTimeout(resolve, 600); });
    expect(out.written.length).toBe(after);
  });

  test('a signal ends it in order; one that was given before, too', async () => {
    for (const early of [false, true]) {
      const made = scriptedSource();
      const { out, options } = terminal();
      const stop = new AbortController();
      if (early) stop.abort();
      const ended = openDashboard(made, { ...options, signal: stop.signal });
      await expect.poll(() => out.lines.length).toBe(24);
      stop.abort();
      await ended;
      expect(made.asked.stops).toBe(1);
      expect(out.written.endsWith(LEAVE)).toBe(true);
    }
  });

  test('what goes wrong comes back, and the terminal with it', async () => {
    const stopping = terminal();
    const failure = new Error('the disk is full');
    const ended = openDashboard({ ...scriptedSource(), stop: async () => { throw failure; } }, stopping.options);
    await expect.poll(() => stopping.out.lines.length).toBe(24);
    stopping.input.write('\u0003');
    await expect(ended).rejects.toBe(failure);
    expect(stopping.out.written.endsWith(LEAVE)).toBe(true);
    const looking = terminal();
    let fails = false;
    const made = scriptedSource();
    const broken = openDashboard({ ...made, metrics: () => { if (fails) throw failure; return made.metrics(); } }, looking.options);
    await expect.poll(() => looking.out.lines.length).toBe(24);
    fails = true;
    await expect(broken).rejects.toBe(failure);
    expect(looking.out.written.endsWith(LEAVE)).toBe(true);
    expect(looking.raw.at(-1)).toBe(false);
    // While a key is answered, too.
    const pressed = terminal();
    let throws = false;
    const answering = openDashboard({ ...made, top: (symbol) => { if (throws) throw failure; return made.top(symbol); } }, pressed.options);
    await expect.poll(() => pressed.out.lines.length).toBe(24);
    throws = true;
    pressed.input.write('j');
    await expect(answering).rejects.toBe(failure);
  });

  test('draws four times a second at most', async () => {
    const made = scriptedSource();
    const { out, input, options } = terminal();
    let looks = 0;
    const began = performance.now();
    const ended = openDashboard({ ...made, status: () => { looks += 1; made.advance(50); return made.status(); } }, options);
    await expect.poll(() => looks).toBeGreaterThan(8);
    expect(looks).toBeLessThanOrEqual(2 + (performance.now() - began) / 250);
    input.write('q');
    await ended;
    expect(out.written.endsWith(LEAVE)).toBe(true);
  });

  test('--tui without a terminal is refused, with what to do', () => {
    const tty = { isTTY: true };
    const refusal = (place: Parameters<typeof requireTerminal>[0]) => {
      try {
        requireTerminal(place);
        return undefined;
      } catch (error) {
        expect(DeepwaterError.isDeepwaterError(error)).toBe(true);
        expect((error as DeepwaterError).code).toBe('DW_OPTION_INVALID');
        return (error as Error).message;
      }
    };
    expect(refusal({ stdout: {}, stdin: tty, env: {} })).toMatch(/standard output is none\. Leave --tui away/);
    expect(refusal({ stdout: tty, stdin: {}, env: {} })).toMatch(/standard input is none\. Leave --tui away/);
    expect(refusal({ stdout: tty, stdin: tty, env: { TERM: 'dumb' } })).toMatch(/TERM=dumb/);
    expect(refusal({ stdout: tty, stdin: tty, env: { TERM: 'xterm' } })).toBeUndefined();
  });

  test('without one nothing is begun', async () => {
    const made = scriptedSource();
    const out = new PassThrough();
    await expect(openDashboard(made, { stdout: out as unknown as NodeJS.WriteStream, env: {} })).rejects.toMatchObject({ code: 'DW_OPTION_INVALID' });
    expect(out.read()).toBeNull();
    expect(made.asked.stops).toBe(0);
  });
});

describe('the screen', () => {
  const opened = (columns = 10, rows = 3) => {
    const out = new Cells(columns, rows);
    let now = 0;
    const screen = new Screen(out, () => now);
    screen.enter();
    const wrote = (frame: string): string => {
      const before = out.written.length;
      screen.paint(frame);
      return out.written.slice(before);
    };
    return { out, screen, wrote, later: (ms: number) => { now += ms; } };
  };

  test('writes lines that have changed, and no others', () => {
    const { wrote, out } = opened();
    wrote('one\ntwo\nthree');
    expect(out.lines).toEqual(['one', 'two', 'three']);
    expect(wrote('one\nTWO\nthree')).toMatch(/^\u001b\[\?2026h\u001b\[2;1HTWO\u001b\[0m\u001b\[K\u001b\[\?2026l$/);
    expect(wrote('one\nTWO\nthree')).toBe('');
    wrote('one');
    expect(out.lines).toEqual(['one', '', '']);
  });

  test('a full line is not erased at its last cell, whatever its colours', () => {
    const { wrote } = opened();
    expect(wrote('\u001b[31m0123456789\u001b[39m')).not.toContain('[K');
    expect(wrote('\u001b[31m012345678\u001b[39m')).toContain('[K');
  });

  test('more lines than the terminal has are left out: none scrolls', () => {
    const { wrote, out } = opened();
    wrote('1\n2\n3\n4\n5');
    expect(out.lines).toEqual(['1', '2', '3']);
  });

  test('now and then all is written again, over what others have put there', () => {
    const { wrote, later } = opened();
    wrote('1\n2\n3');
    later(9999);
    expect(wrote('1\n2\n3')).toBe('');
    later(1);
    expect(wrote('1\n2\n3')).toContain('3');
  });

  test('before and after its time nothing is written', () => {
    const { screen, wrote, out } = opened();
    screen.leave();
    expect(wrote('1')).toBe('');
    const { length } = out.written;
    screen.leave();
    expect(out.written.length).toBe(length);
    expect(out.written.endsWith(LEAVE)).toBe(true);
  });
});
