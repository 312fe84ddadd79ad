import type { SessionHost } from './exchange.js';

const FIRST_MS = 1000;
const MAX_MS = 600_000;

/** What an exchange refused is asked for again: soon, for it may have been too busy, and then ever less often, for it may not exist. */
export class RetryLater {
  readonly #waiting = new Map<string, { failures: number; takeBack: () => void }>();

  constructor(private readonly host: Pick<SessionHost, 'after'>) {}

  /** Calls after a while, unless it is done or forgotten before. */
  later(key: string, call: () => void): void {
    const before = this.#waiting.get(key);
    before?.takeBack();
    const failures = (before?.failures ?? 0) + 1;
    const ms = Math.min(FIRST_MS * 2 ** Math.min(failures - 1, 30), MAX_MS);
    this.#waiting.set(key, { failures, takeBack: this.host.after(ms, call) });
  }

  /** The exchange has granted it, or nobody wants it any more. */
  done(key: string): void {
    this.#waiting.get(key)?.takeBack();
    this.#waiting.delete(key);
  }
}
