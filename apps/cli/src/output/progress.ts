import { StatusLine } from './status-line.js';
import { bytesText } from './text.js';

/** Shorter work passes without a word, ms. */
const QUIET_MS = 1000;
const EVERY_MS = 200;

/** Tells people on stderr how far a long piece of work is; nobody else. */
export class Progress {
  #rows = 0;
  #bytes = 0;
  #next: number;
  readonly #began: number;
  readonly #line: StatusLine;

  /** @param now of a clock that never goes back, in ms */
  constructor(out?: ConstructorParameters<typeof StatusLine>[0], private readonly now: () => number = () => performance.now()) {
    this.#line = new StatusLine(out);
    this.#began = now();
    this.#next = this.#began + QUIET_MS;
  }

  add(rows: number, bytes: number): void {
    this.#rows += rows;
    this.#bytes += bytes;
    if (!this.#line.seen) return;
    const now = this.now();
    if (now < this.#next) return;
    this.#next = now + EVERY_MS;
    const seconds = (now - this.#began) / 1000;
    const parts = [
      ...(this.#rows > 0 ? [`${this.#rows.toLocaleString('en')} records`, `${Math.round(this.#rows / seconds).toLocaleString('en')} a second`] : []),
      ...(this.#bytes > 0 ? [bytesText(this.#bytes)] : []),
    ];
    this.#line.show(parts.join(', '));
  }

  /** Takes the line away. */
  end(): void {
    this.#line.clear();
  }
}
