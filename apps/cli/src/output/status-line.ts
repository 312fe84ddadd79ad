/** To the beginning of the line, and what stands there erased. */
const REWRITE = '\r\u001b[K';

/** A line on stderr for people, written over the one before; nobody else is told anything. */
export class StatusLine {
  #shown = false;

  constructor(private readonly out: { readonly isTTY?: boolean; write(text: string): unknown } = process.stderr) {}

  /** Whether anybody looks. */
  get seen(): boolean {
    return this.out.isTTY === true;
  }

  show(text: string): void {
    if (!this.seen) return;
    this.#shown = true;
    this.out.write(`${REWRITE}${text}`);
  }

  /** Takes the line away. */
  clear(): void {
    if (this.#shown) this.out.write(REWRITE);
    this.#shown = false;
  }
}
