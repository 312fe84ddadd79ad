import type { TimeUnit } from '../schema/field-types.js';

/** Nanoseconds in one unit of a clock. */
export const NS_PER_UNIT: Readonly<Record<TimeUnit, bigint>> = { ns: 1n, us: 1000n, ms: 1_000_000n };

/** Units of a clock in a millisecond, in which Date counts. */
export const UNITS_PER_MS: Readonly<Record<TimeUnit, bigint>> = { ns: 1_000_000n, us: 1000n, ms: 1n };

/** Units of a clock in a second. */
export const UNITS_PER_SECOND: Readonly<Record<TimeUnit, number>> = { ns: 1e9, us: 1e6, ms: 1e3 };

const DURATION_NS = { ms: 1_000_000n, s: 1_000_000_000n, m: 60_000_000_000n, h: 3_600_000_000_000n, d: 86_400_000_000_000n } as const;

/** A length of time such as `'100ms'`, `'90s'`, `'5m'`, `'12h'`, `'30d'` in nanoseconds; undefined where it is none. */
export function durationNs(text: unknown): bigint | undefined {
  const found = typeof text === 'string' ? /^([1-9]\d{0,8})(ms|s|m|h|d)$/.exec(text) : null;
  return found === null ? undefined : BigInt(found[1] as string) * DURATION_NS[found[2] as keyof typeof DURATION_NS];
}
