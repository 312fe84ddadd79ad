/** How long those who wait for a feed sleep at a time. */

/**
 * Whatever concerns a sleeper wakes it: a record, a writer that opens or closes, the feed's deletion, the end of its
 * subscription. The files are looked at all the same, for what nobody could announce: a ring or bell that was removed by hand, or
 * lies in another place since the one before was killed. Fifty sleepers that look four times a second take 6 % of a core.
 */
const LOOK_ROUND_MS = 10_000;
/** Without a ring there is nothing that a writer of another process could ring: its coming is looked out for, at first often. */
const NO_RING_MS = { MIN: 20, MAX: 500 } as const;

export class IdleTime {
  #since = 0;

  /** There was something. */
  over(): void {
    this.#since = 0;
  }

  /** @param ringing whether there is a ring, and a bell beside it. @returns how long to sleep at most, ms */
  sliceMs(ringing: boolean): number {
    if (ringing) return LOOK_ROUND_MS;
    const now = performance.now();
    if (this.#since === 0) this.#since = now;
    return Math.max(NO_RING_MS.MIN, Math.min(NO_RING_MS.MAX, (now - this.#since) / 8));
  }
}
