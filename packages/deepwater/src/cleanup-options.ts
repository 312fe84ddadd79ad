import { DeepwaterError, describeValue, didYouMean } from '@deepwater/core';
import type { CleanupProgress } from '@deepwater/operations';

export interface CleanupOptions {
  /** Only these; all by default. */
  readonly feeds?: readonly string[];
  /** Only say what would be done. A store opened only for reading is enough. Default false. */
  readonly dryRun?: boolean;
  /** The clock is right, although it jumped: delete by age all the same. Default false. */
  readonly acceptClock?: boolean;
  /** Stops after the feed that is being done; what was done stays done. */
  readonly signal?: AbortSignal;
  /** Told after each feed. */
  readonly onProgress?: (progress: CleanupProgress) => void;
}

const isBoolean = (value: unknown): boolean => typeof value === 'boolean';

const CHECKS: Readonly<Record<keyof CleanupOptions, readonly [(value: unknown) => boolean, string]>> = {
  feeds: [(value) => Array.isArray(value) && value.every((name) => typeof name === 'string'), 'a list of names of feeds'],
  dryRun: [isBoolean, 'true or false'],
  acceptClock: [isBoolean, 'true or false'],
  signal: [(value) => value instanceof AbortSignal, 'an AbortSignal'],
  onProgress: [(value) => typeof value === 'function', 'a function'],
};

/** @throws DeepwaterError DW_OPTION_INVALID */
export function checkCleanupOptions(options: CleanupOptions): void {
  checkOptionsOf('cleanup', options, CHECKS);
}

/** Holds the options of a call against what each may be. @throws DeepwaterError DW_OPTION_INVALID */
export function checkOptionsOf(call: string, options: object, checks: Readonly<Record<string, readonly [(value: unknown) => boolean, string]>>): void {
  const known = Object.keys(checks);
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new DeepwaterError('DW_OPTION_INVALID', `The options of ${call} are ${describeValue(options)}; give an object.`, { values: { options: describeValue(options) } });
  }
  for (const [key, value] of Object.entries(options) as [string, unknown][]) {
    if (value === undefined) continue;
    const check = Object.hasOwn(checks, key) ? checks[key] : undefined;
    if (check === undefined) {
      throw new DeepwaterError('DW_OPTION_INVALID', `${call} has no option ${describeValue(key)}${didYouMean(key, known)}. The options: ${known.join(', ')}.`, { values: { option: key, known } });
    }
    const [holds, wanted] = check;
    if (!holds(value)) throw new DeepwaterError('DW_OPTION_INVALID', `The option ${key} is ${describeValue(value)}; give ${wanted}.`, { values: { option: key, given: describeValue(value) } });
  }
}
