export interface BackoffOptions {
  /** Before the second attempt, ms. Default 250. */
  readonly minMs?: number;
  /** At most, ms. Default 30,000. */
  readonly maxMs?: number;
}

/**
 * How long to wait before the next attempt: twice as long each time, and anywhere between half of that and all of it, so that those who were thrown
 * out together do not come back together ("equal jitter", https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
 */
export class Backoff {
  readonly #minMs: number;
  readonly #maxMs: number;
  #attempts = 0;

  constructor({ minMs = 250, maxMs = 30_000 }: BackoffOptions = {}) {
    this.#minMs = minMs;
    this.#maxMs = maxMs;
  }

  next(): number {
    const ms = Math.min(this.#maxMs, this.#minMs * 2 ** Math.min(this.#attempts, 30));
    this.#attempts += 1;
    return Math.round(ms * (0.5 + 0.5 * Math.random()));
  }

  /** All was well for a while. */
  reset(): void {
    this.#attempts = 0;
  }
}
