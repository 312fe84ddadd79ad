import { Backoff, type BackoffOptions } from '../backoff.js';

/** A symbol that was well for so long is tried again soon when it fails the next time. */
const GOOD_AFTER_MS = 10_000;

interface Aside {
  readonly backoff: Backoff;
  timer: NodeJS.Timeout | undefined;
  /** When it was taken up again; 0 while it is aside. */
  backMs: number;
}

/**
 * Symbols whose records cannot be written: a disk that is full, a writer that was closed. They are set aside, so that the others of their connection go
 * on, and taken up again after a while, ever later where that fails.
 */
export class SetAside {
  readonly #symbols = new Map<string, Aside>();

  /** @param takeUp makes the feeds of a symbol writable again; what it throws is why it cannot be */
  constructor(private readonly backoff: BackoffOptions | undefined, private readonly takeUp: (symbol: string) => Promise<void>) {}

  /** @returns until it is taken up again, ms; undefined where it is aside already */
  add(symbol: string): number | undefined {
    let aside = this.#symbols.get(symbol);
    if (aside === undefined) this.#symbols.set(symbol, (aside = { backoff: new Backoff(this.backoff), timer: undefined, backMs: performance.now() }));
    if (aside.backMs === 0) return undefined;
    if (performance.now() - aside.backMs >= GOOD_AFTER_MS) aside.backoff.reset();
    aside.backMs = 0;
    return this.#later(symbol, aside);
  }

  /** It is not wanted any more. */
  forget(symbol: string): void {
    clearTimeout(this.#symbols.get(symbol)?.timer);
    this.#symbols.delete(symbol);
  }

  close(): void {
    for (const symbol of [...this.#symbols.keys()]) this.forget(symbol);
  }

  #later(symbol: string, aside: Aside): number {
    const ms = aside.backoff.next();
    aside.timer = setTimeout(() => { void this.#try(symbol, aside); }, ms);
    return ms;
  }

  async #try(symbol: string, aside: Aside): Promise<void> {
    try {
      await this.takeUp(symbol);
      aside.backMs = performance.now();
    } catch {
      if (this.#symbols.get(symbol) === aside) this.#later(symbol, aside);
    }
  }
}
