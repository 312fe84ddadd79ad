import { DeepwaterError, NS_PER_UNIT, type TimeUnit, describeValue, durationNs } from '@deepwater/core/engine';

/** Longer bars than this are no bars. */
const NS_MAX = 366n * 86_400_000_000_000n;

/**
 * The length of a time bar in the unit of a clock.
 * @param resolution a whole number and a unit: `'100ms'`, `'1s'`, `'5m'`, `'1h'`, `'1d'`
 * @throws DeepwaterError DW_OPTION_INVALID
 */
export function resolutionIn(resolution: unknown, unit: TimeUnit): bigint {
  const ns = durationNs(resolution);
  if (ns !== undefined && ns <= NS_MAX && ns % NS_PER_UNIT[unit] === 0n) return ns / NS_PER_UNIT[unit];
  throw new DeepwaterError('DW_OPTION_INVALID', `The resolution is ${describeValue(resolution)}; give a whole number of ms, s, m, h or d, such as '1m', up to 366d.`, {
    values: { resolution: describeValue(resolution) },
  });
}
