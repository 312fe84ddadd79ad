/** Sends no more frames in a second than an exchange takes; what is more waits, in order. */
export class SendQueue {
  readonly #waiting: string[] = [];
  /** When each of the last frames was sent, ms. */
  readonly #sent: number[] = [];
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(private readonly perSecond: number, private readonly put: (text: string) => void) {}

  send(text: string): void {
    if (this.#closed) return;
    this.#waiting.push(text);
    this.#flush();
  }

  /** What still waits is not sent. */
  close(): void {
    this.#closed = true;
    this.#waiting.length = 0;
    clearTimeout(this.#timer);
  }

  #flush(): void {
    clearTimeout(this.#timer);
    while (this.#waiting.length > 0) {
      const now = performance.now();
      const oldest = this.#sent.length < this.perSecond ? -Infinity : this.#sent[0] as number;
      const waitMs = oldest + 1000 - now;
      if (waitMs > 0) {
        this.#timer = setTimeout(() => { this.#flush(); }, waitMs);
        return;
      }
      if (this.#sent.push(now) > this.perSecond) this.#sent.shift();
      this.put(this.#waiting.shift() as string);
    }
  }
}
