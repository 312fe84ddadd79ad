/** Frames onto a terminal: only lines that have changed, all at once, on a screen of its own that leaves the one before untouched. */

import { widthOf } from './text/cells.js';

const ALTERNATE = ['\u001b[?1049h', '\u001b[?1049l'] as const;
const CURSOR = ['\u001b[?25h', '\u001b[?25l'] as const;
/** Off, lines that a terminal takes for wider than we do are cut and do not break the picture. */
const WRAP = ['\u001b[?7h', '\u001b[?7l'] as const;
/** Terminals that know it show what is between at once; others leave it out. */
const AT_ONCE = ['\u001b[?2026h', '\u001b[?2026l'] as const;
const ERASE_ALL = '\u001b[2J';
const ERASE_LINE_END = '\u001b[0m\u001b[K';
/** What says how text looks, and takes no cell. */
// eslint-disable-next-line no-control-regex -- escapes begin with a control character
const SGR = /\u001b\[[\d;]*m/g;

/** No terminal is higher; one that says so is drawn on so far. */
const ROWS_MAX = 1000;

/** Everything is written again after so long, ms: what another program has put onto the screen goes. */
const REPAINT_MS = 10_000;

export interface TerminalOut {
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
}

export class Screen {
  #lines: readonly string[] = [];
  #paintedMs = -Infinity;
  #erase = true;
  #on = false;

  constructor(private readonly out: TerminalOut, private readonly now: () => number = () => performance.now()) {}

  get columns(): number {
    return this.out.columns ?? 80;
  }

  get rows(): number {
    return Math.min(ROWS_MAX, this.out.rows ?? 24);
  }

  enter(): void {
    if (this.#on) return;
    this.#on = true;
    this.out.write(ALTERNATE[0] + CURSOR[1] + WRAP[1] + ERASE_ALL);
  }

  /** Puts the terminal back as it was; may be called again. */
  leave(): void {
    if (!this.#on) return;
    this.#on = false;
    this.out.write(`\u001b[0m${WRAP[0]}${CURSOR[0]}${ALTERNATE[1]}`);
  }

  /** The next frame is written whole, over nothing. */
  forget(): void {
    this.#erase = true;
  }

  paint(frame: string): void {
    if (!this.#on) return;
    const now = this.now();
    const whole = this.#erase || now - this.#paintedMs >= REPAINT_MS;
    // A line more than there is would scroll all of them.
    const lines = frame.split('\n').slice(0, this.rows);
    let text = this.#erase ? ERASE_ALL : '';
    for (let row = 0; row < Math.max(lines.length, this.#lines.length); row++) {
      const line = lines[row] ?? '';
      if (!whole && line === this.#lines[row]) continue;
      text += `\u001b[${row + 1};1H${line}`;
      // Behind a full line the cursor stands on its last cell, which would be erased.
      if (widthOf(line.replace(SGR, '')) < this.columns) text += ERASE_LINE_END;
    }
    if (whole) this.#paintedMs = now;
    this.#erase = false;
    this.#lines = lines;
    if (text !== '') this.out.write(AT_ONCE[0] + text + AT_ONCE[1]);
  }
}
