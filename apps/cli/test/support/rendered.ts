import { setImmediate as nextTask } from 'node:timers/promises';
import { render } from 'ink-testing-library';
import { createElement } from 'react';
import stringWidth from 'string-width';
import { expect, onTestFinished } from 'vitest';
import { Controller } from '../../dist/dashboard/controller.js';
import type { Size } from '../../dist/dashboard/draw/plan.js';
import { COLOURLESS, type Theme } from '../../dist/dashboard/draw/theme.js';
import type { DashboardSource } from '../../dist/dashboard/source.js';
import { DashboardView } from '../../dist/dashboard/view/dashboard-view.js';
import { expand } from '../../dist/dashboard/view/marks.js';

export const KEYS = { up: '\u001b[A', down: '\u001b[B', pageDown: '\u001b[6~', home: '\u001b[H', end: '\u001b[F', tab: '\t', shiftTab: '\u001b[Z', enter: '\r', escape: '\u001b', backspace: '\u007f', ctrlC: '\u0003', ctrlL: '\u000c' } as const;

/** What says how text looks. */
// eslint-disable-next-line no-control-regex -- escapes begin with a control character
const SGR = /\u001b\[[\d;]*m/g;

/** A dashboard as ink draws it, without a terminal. */
export class Rendered {
  readonly controller: Controller;
  ends = 0;
  repaints = 0;
  readonly #ink: ReturnType<typeof render>;

  constructor(source: DashboardSource & { readonly nowMs: number }, public size: Size, private readonly theme: Theme = COLOURLESS) {
    this.controller = new Controller(source, size, { now: () => source.nowMs, onEnd: () => { this.ends += 1; }, onError: (error) => { throw error; }, onRepaint: () => { this.repaints += 1; } });
    this.#ink = render(createElement(DashboardView, { controller: this.controller }));
    onTestFinished(() => {
      this.controller.close();
      this.#ink.unmount();
    });
  }

  /** The lines, with what says how they look. */
  get painted(): string[] {
    return expand(this.#ink.lastFrame() ?? '', this.controller.screenful().picture, this.theme).split('\n');
  }

  get lines(): string[] {
    return this.painted.map((line) => line.replace(SGR, '').trimEnd());
  }

  get text(): string {
    return this.lines.join('\n');
  }

  /** Draws anew; React does so when the task is done. */
  async look(): Promise<void> {
    this.controller.look();
    await nextTask();
  }

  async resize(columns: number, rows: number): Promise<void> {
    this.size = { columns, rows };
    this.controller.resize(this.size);
    await nextTask();
  }

  /** Presses keys, one after the other. */
  async press(...keys: readonly string[]): Promise<void> {
    await expect.poll(() => this.#ink.stdin.listenerCount('readable')).toBeGreaterThan(0);
    for (const key of keys) {
      const before = this.controller.view;
      this.#ink.stdin.write(key);
      // A lone escape may be the beginning of more: it is known to be none a moment later.
      if (key === KEYS.escape) await expect.poll(() => this.controller.view).not.toBe(before);
    }
  }

  /** No line is wider than the terminal, there are no more lines than it has, and none shows a value that is none. */
  fits(): void {
    const { lines } = this;
    expect(lines.length).toBeLessThanOrEqual(this.size.rows);
    expect(lines.filter((line) => stringWidth(line) > this.size.columns)).toEqual([]);
    expect(lines.filter((line) => /NaN|undefined|Infinity|\[object|[\uE000-\uF8FF]/.test(line))).toEqual([]);
    expect(lines.join('').trim()).not.toBe('');
  }
}
