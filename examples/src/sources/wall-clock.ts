import { SourceError } from './source-error.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/**
 * One calendar day on the wall clocks of one time zone: turns the time of day into UTC.
 *
 * On the day of a daylight saving change the offset is not constant, and noon is not 12 hours after midnight.
 * A time that the clocks show twice is taken as the first, and one that they skip is moved on by the length of the gap
 * (the rule that iCalendar, RFC 5545 section 3.3.5, and `Temporal`'s 'compatible' give).
 */
export class WallDay {
  readonly #midnightMs: number; // the day's 00:00, read as if it were UTC
  readonly #offsetBeforeMs: number; // UTC + offset = wall clock
  readonly #offsetAfterMs: number;
  readonly #changeUtcMs: number; // first instant of the offset after; Infinity when the offset does not change

  /**
   * @param zone IANA name, such as `America/New_York`
   * @param date `YYYYMMDD`
   */
  constructor(zone: string, date: string) {
    this.#midnightMs = midnightUtcMs(date);
    // Offsets lie between -12 and +14 hours, so this interval holds the whole day in any zone.
    let beforeMs = this.#midnightMs - 15 * HOUR_MS;
    let afterMs = this.#midnightMs + DAY_MS + 15 * HOUR_MS;
    this.#offsetBeforeMs = offsetMs(zone, beforeMs);
    this.#offsetAfterMs = offsetMs(zone, afterMs);
    if (this.#offsetBeforeMs === this.#offsetAfterMs) {
      this.#changeUtcMs = Infinity;
      return;
    }
    while (afterMs - beforeMs > 1000) {
      const middleMs = Math.floor((beforeMs + afterMs) / 2000) * 1000;
      if (offsetMs(zone, middleMs) === this.#offsetBeforeMs) beforeMs = middleMs;
      else afterMs = middleMs;
    }
    this.#changeUtcMs = afterMs;
  }

  /** @param msOfDay what the wall clock shows, in ms after midnight, 0 <= msOfDay < 86,400,000. @returns ms since 1970 UTC */
  toUtcMs(msOfDay: number): number {
    if (!(msOfDay >= 0 && msOfDay < DAY_MS)) throw new SourceError(`${msOfDay} is not a time of day in ms`);
    const shownMs = this.#midnightMs + msOfDay;
    const beforeUtcMs = shownMs - this.#offsetBeforeMs;
    if (beforeUtcMs < this.#changeUtcMs) return beforeUtcMs;
    const afterUtcMs = shownMs - this.#offsetAfterMs;
    return afterUtcMs >= this.#changeUtcMs ? afterUtcMs : beforeUtcMs;
  }
}

const days = new Map<string, WallDay>();

/** The same as `new WallDay`, made once for each zone and date: finding an offset through Intl costs microseconds. */
export function wallDay(zone: string, date: string): WallDay {
  const key = `${zone} ${date}`;
  let day = days.get(key);
  if (day === undefined) days.set(key, (day = new WallDay(zone, date)));
  return day;
}

/** 00:00 UTC of a `YYYYMMDD` date, in ms since 1970. */
export function midnightUtcMs(date: string): number {
  const parts = /^(\d{4})(\d\d)(\d\d)$/.exec(date);
  const ms = parts === null ? NaN : Date.UTC(Number(parts[1]), Number(parts[2]) - 1, Number(parts[3]));
  // Date.UTC takes 20140231 for 3 March; the way back shows it.
  if (Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 10).replaceAll('-', '') !== date) {
    throw new SourceError(`'${date}' is not a date in the form YYYYMMDD`);
  }
  return ms;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** Wall clock minus UTC at an instant, in ms; negative west of Greenwich. */
function offsetMs(zone: string, utcMs: number): number {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formats.set(zone, format);
  }
  const shown: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {};
  for (const { type, value } of format.formatToParts(utcMs)) shown[type] = Number(value);
  const { year = NaN, month = NaN, day = NaN, hour = NaN, minute = NaN, second = NaN } = shown;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(utcMs / 1000) * 1000;
}
