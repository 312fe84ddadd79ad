/** Sessions by a daily rule on the clocks of a place, changes to summer time included (ECMA-402 has the time zones). */
import { DeepwaterError, type TimeUnit, UNITS_PER_MS, describeValue, didYouMean } from '@deepwater/core/engine';
import { checkKeys } from '../options.js';
import { FAR_FUTURE, FAR_PAST, type Grid, type Span } from './grid.js';

export interface SessionRule {
  /** An IANA time zone: `America/New_York`. */
  readonly timeZone: string;
  /** `HH:MM` or `HH:MM:SS` on the clocks there. */
  readonly open: string;
  /** In the same way; `24:00` is midnight. At or before `open`: on the day after. */
  readonly close: string;
  /** Days on which sessions open. Default Monday to Friday. */
  readonly days?: readonly Weekday[];
}

const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
export type Weekday = (typeof WEEKDAYS)[number];

const DAY_MS = 86_400_000;
/** Days around a time among which there is a session on either side: one a week, and one that was skipped. */
const LOOK_DAYS = 16;
/** Dates further from 1970 than this Date does not know, less the days that are looked at. */
const DATE_MS_MAX = 8.64e15 - 20 * DAY_MS;

/** @throws DeepwaterError DW_OPTION_INVALID */
export function ruleCalendar(rule: SessionRule, unit: TimeUnit): Grid {
  checkKeys(rule, ['timeZone', 'open', 'close', 'days']);
  const zone = new Zone(rule.timeZone);
  const open = wallTime('open', rule.open);
  const close = wallTime('close', rule.close);
  if (open >= DAY_MS) throw invalid('open', rule.open, 'a session opens before 24:00');
  return new RuleCalendar(zone, open, close > open ? close : close + DAY_MS, weekdays(rule.days), UNITS_PER_MS[unit]);
}

class RuleCalendar implements Grid {
  /** By the day of opening, counted from 1970. null: no session. */
  readonly #known = new Map<number, Span | null>();

  constructor(
    private readonly zone: Zone, private readonly open: number, private readonly close: number,
    private readonly days: ReadonlySet<number>, private readonly perMs: bigint,
  ) {}

  at(time: bigint): Span {
    const ms = Number(time / this.perMs);
    if (Math.abs(ms) > DATE_MS_MAX) return { start: ms < 0 ? FAR_PAST : BigInt(DATE_MS_MAX) * this.perMs, end: ms < 0 ? BigInt(-DATE_MS_MAX) * this.perMs : FAR_FUTURE, isBar: false };
    // Zones are less than a day from UTC, and a session may have opened the day before.
    const today = Math.floor(ms / DAY_MS);
    let before: Span | undefined;
    for (let day = today - LOOK_DAYS; day <= today + LOOK_DAYS; day++) {
      const session = this.#sessionOf(day);
      if (session === undefined) continue;
      if (time < session.start) return { start: before?.end ?? FAR_PAST, end: session.start, isBar: false };
      if (time < session.end) return session;
      before = session;
    }
    throw new Error(`no session within days of ${time}`);
  }

  #sessionOf(day: number): Span | undefined {
    let session = this.#known.get(day);
    if (session === undefined) {
      session = this.days.has((((day + 4) % 7) + 7) % 7) ? this.#make(day) : null;
      this.#known.set(day, session);
    }
    return session ?? undefined;
  }

  #make(day: number): Span | null {
    const start = BigInt(this.zone.utcOf(day * DAY_MS + this.open)) * this.perMs;
    const end = BigInt(this.zone.utcOf(day * DAY_MS + this.close)) * this.perMs;
    // Clocks that are put forward can skip a short session altogether.
    return end > start ? { start, end, isBar: true } : null;
  }
}

/** The clocks of a place. */
class Zone {
  readonly #format: Intl.DateTimeFormat;

  constructor(timeZone: unknown) {
    try {
      if (typeof timeZone !== 'string') throw new RangeError('not a text');
      this.#format = new Intl.DateTimeFormat('en-US', {
        timeZone, hourCycle: 'h23', era: 'short', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric',
      });
    } catch (cause) {
      throw new DeepwaterError('DW_OPTION_INVALID', `session.timeZone is ${describeValue(timeZone)}${typeof timeZone === 'string' ? didYouMean(timeZone, Intl.supportedValuesOf('timeZone')) : ''}, which is no time zone; give an IANA name such as 'America/New_York' or 'UTC'.`, {
        values: { timeZone: describeValue(timeZone) }, cause,
      });
    }
  }

  /** The time (ms since 1970, UTC) at which the clocks show `wall`; the first of two; where they skip it, as long after the change. */
  utcOf(wall: number): number {
    const early = wall - this.#offsetAt(wall - DAY_MS);
    const late = wall - this.#offsetAt(wall + DAY_MS);
    if (this.#offsetAt(early) === wall - early) return early;
    return this.#offsetAt(late) === wall - late ? late : early;
  }

  /** What the clocks show at a time, less the time. */
  #offsetAt(utc: number): number {
    const parts: Partial<Record<Intl.DateTimeFormatPartTypes, string>> = {};
    for (const { type, value } of this.#format.formatToParts(utc)) parts[type] = value;
    const year = parts.era === 'BC' ? 1 - Number(parts.year) : Number(parts.year);
    const shown = new Date(0);
    // Date.UTC takes years below 100 for others.
    shown.setUTCFullYear(year, Number(parts.month) - 1, Number(parts.day));
    shown.setUTCHours(Number(parts.hour), Number(parts.minute), Number(parts.second));
    return shown.getTime() - Math.floor(utc / 1000) * 1000;
  }
}

/** A time of day in ms. */
function wallTime(name: string, text: unknown): number {
  const found = typeof text === 'string' ? /^(\d{2}):(\d{2})(?::(\d{2}))?$/.exec(text) : null;
  const [hours, minutes, seconds] = found === null ? [99, 0, 0] : [Number(found[1]), Number(found[2]), Number(found[3] ?? 0)];
  if (minutes < 60 && seconds < 60 && (hours < 24 || (hours === 24 && minutes + seconds === 0))) return ((hours * 60 + minutes) * 60 + seconds) * 1000;
  throw invalid(name, text, "give a time of day such as '09:30'");
}

function weekdays(days: unknown): ReadonlySet<number> {
  if (days === undefined) return new Set([1, 2, 3, 4, 5]);
  const numbers = Array.isArray(days) ? days.map((day) => (WEEKDAYS as readonly unknown[]).indexOf(day)) : [];
  if (numbers.length === 0 || numbers.includes(-1)) throw invalid('days', days, `give a list of ${WEEKDAYS.join(', ')}`);
  return new Set(numbers);
}

function invalid(name: string, value: unknown, what: string): DeepwaterError {
  return new DeepwaterError('DW_OPTION_INVALID', `session.${name} is ${describeValue(value)}; ${what}.`, { values: { [name]: describeValue(value) } });
}
