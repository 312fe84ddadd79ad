/** To the beginning of the line, and what stands there erased. */
const REWRITE = '\r\u001b[K';

/** What is offered is shown so often at most. */
const EVERY_MS = 200;

/** A line on stderr for people, written over the one before; nobody else is told anything. */
export class StatusLine {
  #shown = false;
  #nextMs = -Infinity;

  /** @param now of a clock that never goes back, in ms */
  constructor(private readonly out: { readonly isTTY?: boolean; write(text: string): unknown } = process.stderr, private readonly now: () => number = () => performance.now()) {}

  /** Whether anybody looks. */
  get seen(): boolean {
    return this.out.isTTY === true;
  }

  show(text: string): void {
    if (!this.seen) return;
    this.#shown = true;
    this.out.write(`${REWRITE}${text}`);
  }

  /** As `show`, for what changes more often than anybody reads: passed over where the last was just now. */
  offer(text: () => string): void {
    if (!this.seen) return;
    const nowMs = this.now();
    if (nowMs < this.#nextMs) return;
    this.#nextMs = nowMs + EVERY_MS;
    this.show(text());
  }

  /** Takes the line away. */
  clear(): void {
    if (this.#shown) this.out.write(REWRITE);
    this.#shown = false;
  }
}
