/** Clocks of places: what a time on them is in UTC. */
import { DeepwaterError } from '@deepwater/core';

const DAY_MS = 86_400_000;

/** A day on a clock. */
export interface ZoneDay {
  /** Its midnight in UTC, ms since 1970, by the offset that the clock has at noon. */
  readonly midnightMs: number;
  /** Where the clock is set on this day: times (ms since midnight, as the clock shows them) before `untilMs` are later by `byMs`. */
  readonly before?: { readonly untilMs: number; readonly byMs: number };
}

export class Zone {
  readonly #format: Intl.DateTimeFormat;
  readonly #offsets = new Map<number, number>();

  /** @throws DeepwaterError DW_OPTION_INVALID for a name that is none */
  constructor(readonly name: string) {
    try {
      this.#format = new Intl.DateTimeFormat('en-US', { timeZone: name, calendar: 'gregory', hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' });
    } catch (cause) {
      throw new DeepwaterError('DW_OPTION_INVALID', `zone is ${JSON.stringify(name)}, which is no time zone. Give one of the tz database, such as America/New_York, or UTC.`, { values: { option: 'zone', given: name }, cause });
    }
  }

  /** A day by the midnight that its date would have in UTC. */
  day(dateMs: number): ZoneDay {
    const noon = this.#offsetOfWall(dateMs + DAY_MS / 2);
    const midnight = this.#offsetOfWall(dateMs);
    const midnightMs = dateMs - noon;
    if (midnight === noon) return { midnightMs };
    // Clocks are set at whole minutes.
    let low = 0;
    let high = DAY_MS / 2 / 60_000;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.#offsetOfWall(dateMs + middle * 60_000) === midnight) low = middle;
      else high = middle;
    }
    return { midnightMs, before: { untilMs: high * 60_000, byMs: noon - midnight } };
  }

  /** UTC of what the clock shows, both as ms. */
  utcOf(wallMs: number): number {
    return wallMs - this.#offsetOfWall(wallMs);
  }

  /** How far the clock is ahead of UTC when it shows a time; of one that it shows twice or never, the offset after. */
  #offsetOfWall(wallMs: number): number {
    const first = this.#offsetAt(wallMs - this.#offsetAt(wallMs));
    return this.#offsetAt(wallMs - first);
  }

  #offsetAt(utcMs: number): number {
    const minute = Math.floor(utcMs / 60_000);
    let offset = this.#offsets.get(minute);
    if (offset === undefined) {
      const parts = Object.fromEntries(this.#format.formatToParts(minute * 60_000).map(({ type, value }) => [type, Number(value)]));
      offset = Date.UTC(parts['year']!, parts['month']! - 1, parts['day'], parts['hour'], parts['minute'], parts['second']) - minute * 60_000;
      this.#offsets.set(minute, offset);
    }
    return offset;
  }
}
