import { DeepwaterError } from 'deepwater';
import { DIGITS, type Unit } from './clock-units.js';

const NS_PER: Readonly<Record<string, number>> = { ms: 1e6, s: 1e9, m: 60e9, h: 3600e9, d: 86_400e9, w: 604_800e9 };

const RELATIVE = /^([+-])((?:\d+(?:\.\d+)?(?:ms|s|m|h|d|w))+)$/;
const RELATIVE_PART = /(\d+(?:\.\d+)?)(ms|s|m|h|d|w)/g;
const ISO = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(:\d{2})?(?:[.,](\d{1,9}))?(Z|[+-]\d{2}:?\d{2})?)?$/i;

export const TIME_HELP = 'ISO 8601 (UTC unless it says otherwise), a whole number in the unit of the clock, now, or relative to now: -1h, -90s, +5m, -1d12h';

/**
 * A time of the command line, in the unit of a clock. Times between two units count as the later one, so that
 * [start, end) means the same records as with the exact times.
 *
 * @throws DeepwaterError DW_RANGE_INVALID
 */
export function parseTime(text: string, option: string, unit: Unit, nowMs: number = Date.now()): bigint {
  if (/^-?\d+$/.test(text)) return BigInt(text);
  const nowNs = BigInt(Math.round(nowMs * 1000)) * 1000n;
  const ns = text.toLowerCase() === 'now' ? nowNs : (relativeNs(text, nowNs) ?? isoNs(text));
  if (ns === undefined) {
    throw new DeepwaterError('DW_RANGE_INVALID', `${option} is ${JSON.stringify(text)}, which is no time. Give ${TIME_HELP}.`, { values: { option, given: text } });
  }
  const perUnit = 10n ** BigInt(DIGITS.ns - DIGITS[unit]);
  const down = ns / perUnit; // towards zero
  return ns % perUnit > 0n ? down + 1n : down;
}

function relativeNs(text: string, nowNs: bigint): bigint | undefined {
  const match = RELATIVE.exec(text);
  if (match === null) return undefined;
  let ns = 0;
  for (const [, count, unit] of (match[2] as string).matchAll(RELATIVE_PART)) ns += Number(count) * (NS_PER[unit as string] as number);
  if (!Number.isFinite(ns)) return undefined;
  return match[1] === '-' ? nowNs - BigInt(Math.round(ns)) : nowNs + BigInt(Math.round(ns));
}

function isoNs(text: string): bigint | undefined {
  const match = ISO.exec(text);
  if (match === null) return undefined;
  const [, date, minutes = '00:00', seconds = ':00', fraction = '', zone = 'Z'] = match;
  const zoneText = zone.toUpperCase() === 'Z' || zone.includes(':') ? zone.toUpperCase() : `${zone.slice(0, 3)}:${zone.slice(3)}`;
  const ms = Date.parse(`${date}T${minutes}${seconds}${zoneText}`);
  // 31 February is a date for Date.parse, and none of anybody else's.
  if (Number.isNaN(ms) || new Date(`${date}T00:00:00Z`).toISOString().slice(0, 10) !== date) return undefined;
  return BigInt(ms) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
}
