import { DIGITS, type Unit } from './clock-units.js';

/** What a Date can hold, in seconds to either side of 1970. */
const SECONDS_MAX = 8_640_000_000_000n;

/** A time as ISO 8601 in UTC with the precision of its clock; as its plain number where the calendar does not reach. */
export function timeText(time: number | bigint, unit: Unit): string {
  const perSecond = 10n ** BigInt(DIGITS[unit]);
  const value = BigInt(time);
  // Rounded down, also before 1970.
  const fraction = ((value % perSecond) + perSecond) % perSecond;
  const seconds = (value - fraction) / perSecond;
  if (seconds > SECONDS_MAX || seconds < -SECONDS_MAX) return value.toString();
  const [date] = new Date(Number(seconds) * 1000).toISOString().split('.');
  return `${date}.${fraction.toString().padStart(DIGITS[unit], '0')}Z`;
}
