/**
 * Books of which something could not be read. Such a book is not the exchange's any more, whatever comes after: that is told as a `gap`, and it is asked
 * for again. The first time at once, then after a second, two, four, up to a minute: an exchange that always sends something bad is not asked all the time.
 */
import type { BadFrame, SessionHost } from './exchange.js';

const WAIT_FIRST_MS = 1000;
const WAIT_MAX_MS = 60_000;
/** A book that was right for so long is right: the next time it is asked for at once again. */
const CALM_MS = 60_000;
/** A snapshot that was asked for comes within so long, or it is asked for again. */
export const SNAPSHOT_MS = 15_000;

/** What is told of it. */
export function tellSpoiled(host: Pick<SessionHost, 'event'>, symbol: string, why: BadFrame): void {
  host.event({ kind: 'gap', symbol, channel: 'book', detail: `cannot be read: ${why.message}`.slice(0, 200) });
}

/** It was asked for, and has not come. */
export function tellNoSnapshot(host: Pick<SessionHost, 'event'>, symbol: string): void {
  host.event({ kind: 'refused', symbol, channel: 'book', detail: `no snapshot in ${SNAPSHOT_MS / 1000} s` });
}

/** How long one book waits until it is asked for again. */
export class SpoiledBook {
  #times = 0;
  #calm: (() => void) | undefined;
  #asking: (() => void) | undefined;

  constructor(private readonly host: Pick<SessionHost, 'after'>) {}

  /** It was spoiled, or does not come. @returns how long to wait, ms */
  next(): number {
    this.#stopCalm();
    return this.#times++ === 0 ? 0 : Math.min(WAIT_FIRST_MS * 2 ** Math.min(this.#times - 2, 30), WAIT_MAX_MS);
  }

  /** Asks for it when its time has come, in place of what waits for that, and again until it has come. @param missed told of each time that it has not */
  askLater(ask: () => void, missed: () => void): void {
    this.#stopAsking();
    this.#later(this.next(), ask, () => {
      this.#later(SNAPSHOT_MS, missed, () => { this.askLater(ask, missed); });
    });
  }

  /** What is done may end all of it: then there is nothing more. */
  #later(ms: number, act: () => void, next: () => void): void {
    const waits = this.host.after(ms, () => {
      act();
      if (this.#asking === waits) next();
    });
    this.#asking = waits;
  }

  /** It is the exchange's again, for now. */
  begun(): void {
    this.#stopAsking();
    if (this.#times === 0 || this.#calm !== undefined) return;
    this.#calm = this.host.after(CALM_MS, () => {
      this.#calm = undefined;
      this.#times = 0;
    });
  }

  close(): void {
    this.#stopCalm();
    this.#stopAsking();
  }

  #stopAsking(): void {
    this.#asking?.();
    this.#asking = undefined;
  }

  #stopCalm(): void {
    this.#calm?.();
    this.#calm = undefined;
  }
}
