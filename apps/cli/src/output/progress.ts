import { StatusLine } from './status-line.js';
import { bytesText } from './text.js';

/** Shorter work passes without a word, ms. */
const QUIET_MS = 1000;

/** Tells people on stderr how far a long piece of work is; nobody else. */
export class Progress {
  #rows = 0;
  #bytes = 0;
  readonly #began: number;
  readonly #line: StatusLine;

  /** @param now of a clock that never goes back, in ms */
  constructor(out?: ConstructorParameters<typeof StatusLine>[0], private readonly now: () => number = () => performance.now()) {
    this.#line = new StatusLine(out, now);
    this.#began = now();
  }

  add(rows: number, bytes: number): void {
    this.#rows += rows;
    this.#bytes += bytes;
    if (!this.#line.seen) return;
    const ms = this.now() - this.#began;
    if (ms >= QUIET_MS) this.#line.offer(() => this.#text(ms / 1000));
  }

  #text(seconds: number): string {
    return [
      ...(this.#rows > 0 ? [`${this.#rows.toLocaleString('en')} records`, `${Math.round(this.#rows / seconds).toLocaleString('en')} a second`] : []),
      ...(this.#bytes > 0 ? [bytesText(this.#bytes)] : []),
    ].join(', ');
  }

  /** Takes the line away. */
  end(): void {
    this.#line.clear();
  }
}
