import { bytesText } from './text.js';

/** Shorter work passes without a word, ms. */
const QUIET_MS = 1000;
const EVERY_MS = 200;

/** Tells people on stderr how far a long piece of work is; nobody else. */
export class Progress {
  #rows = 0;
  #bytes = 0;
  #next: number;
  #shown = false;
  readonly #began: number;

  /** @param now of a clock that never goes back, in ms */
  constructor(
    private readonly out: { readonly isTTY?: boolean; write(text: string): unknown } = process.stderr,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.#began = now();
    this.#next = this.#began + QUIET_MS;
  }

  add(rows: number, bytes: number): void {
    this.#rows += rows;
    this.#bytes += bytes;
    if (this.out.isTTY !== true) return;
    const now = this.now();
    if (now < this.#next) return;
    this.#next = now + EVERY_MS;
    this.#shown = true;
    const seconds = (now - this.#began) / 1000;
    const parts = [
      ...(this.#rows > 0 ? [`${this.#rows.toLocaleString('en')} records`, `${Math.round(this.#rows / seconds).toLocaleString('en')} a second`] : []),
      ...(this.#bytes > 0 ? [bytesText(this.#bytes)] : []),
    ];
    this.out.write(`\r\u001b[K${parts.join(', ')}`);
  }

  /** Takes the line away. */
  end(): void {
    if (this.#shown) this.out.write('\r\u001b[K');
  }
}
