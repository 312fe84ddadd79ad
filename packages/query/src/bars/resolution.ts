import { DeepwaterError, type TimeUnit, describeValue } from '@deepwater/core/engine';

/** Nanoseconds in the units that a resolution may be given in. */
const UNIT_NS: Readonly<Record<string, bigint>> = {
  ms: 1_000_000n, s: 1_000_000_000n, m: 60_000_000_000n, h: 3_600_000_000_000n, d: 86_400_000_000_000n,
};

const CLOCK_NS: Readonly<Record<TimeUnit, bigint>> = { ns: 1n, us: 1_000n, ms: 1_000_000n };

/** Longer bars than this are no bars. */
const NS_MAX = 366n * 86_400_000_000_000n;

/**
 * The length of a time bar in the unit of a clock.
 * @param resolution a whole number and a unit: `'100ms'`, `'1s'`, `'5m'`, `'1h'`, `'1d'`
 * @throws DeepwaterError DW_OPTION_INVALID
 */
export function resolutionIn(resolution: unknown, unit: TimeUnit): bigint {
  const found = typeof resolution === 'string' ? /^([1-9]\d{0,8})(ms|s|m|h|d)$/.exec(resolution) : null;
  const ns = found === null ? 0n : BigInt(found[1] as string) * (UNIT_NS[found[2] as string] as bigint);
  if (ns > 0n && ns <= NS_MAX && ns % CLOCK_NS[unit] === 0n) return ns / CLOCK_NS[unit];
  throw new DeepwaterError('DW_OPTION_INVALID', `The resolution is ${describeValue(resolution)}; give a whole number of ms, s, m, h or d, such as '1m', up to 366d.`, {
    values: { resolution: describeValue(resolution) },
  });
}
