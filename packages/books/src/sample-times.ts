import { type Clock, DeepwaterError, NS_PER_UNIT, describeValue, durationNs } from '@deepwater/core/engine';

/** `'100ms'`, `'1s'`, `'1h'` in units of a clock. @throws DeepwaterError DW_OPTION_INVALID */
export function everyIn(every: unknown, { unit, name }: Clock): bigint {
  const ns = durationNs(every);
  if (ns !== undefined && ns % NS_PER_UNIT[unit] === 0n) return ns / NS_PER_UNIT[unit];
  throw new DeepwaterError('DW_OPTION_INVALID', `every is ${describeValue(every)}; give a length of time such as '100ms', '1s' or '1h', of whole ${unit} of ${name}.`, {
    values: { every: describeValue(every), unit },
  });
}

/** The first multiple of a length at or after a time. */
export function multipleFrom(time: bigint, every: bigint): bigint {
  const rest = time % every;
  return rest === 0n ? time : rest > 0n ? time - rest + every : time - rest;
}
