import { DeepwaterError } from '@deepwater/core';
import type { Fault } from './faults/fault.js';
import type { VenueName } from './venues/registry.js';

export interface ReplayOptions {
  /** Whose protocol is spoken. */
  readonly venue: VenueName;
  /** Files, as one session. */
  readonly captures: readonly string[];
  /** The capture's own pace (`real`), a multiple of it, or as fast as clients take it (`fast`, the default). */
  readonly pace?: 'real' | 'fast' | number;
  /** When playback begins: with the first subscription (the default), at once, or when `control.play` says so. */
  readonly start?: 'subscription' | 'now' | 'manual';
  /** With `start: 'subscription'`: for so long no further one has come, ms. Default 50: those of one client come one after the other. */
  readonly startQuietMs?: number;
  /** What happens after the last frame: nothing (`silent`, the default), connections are closed with 1000, or everything begins again. */
  readonly end?: 'silent' | 'close' | 'loop';
  readonly faults?: readonly Fault[];
  /** For faults with a chance: the same seed strikes the same frames. Default 1. */
  readonly seed?: number;
  /** Default 0: one that is free. The server is on 127.0.0.1 alone. */
  readonly port?: number;
}

type Check = readonly [is: (value: unknown) => boolean, what: string];
const oneOf = (...values: readonly unknown[]): Check => [(value) => values.includes(value), `one of ${values.join(', ')}`];
const whole = (from: number, to: number): Check => [(value) => Number.isSafeInteger(value) && (value as number) >= from && (value as number) <= to, `a whole number from ${from} to ${to}`];

const CHECKS: Readonly<Record<keyof ReplayOptions, Check>> = {
  venue: [(value) => typeof value === 'string', 'a venue'],
  captures: [(value) => Array.isArray(value) && value.length > 0 && value.every((path) => typeof path === 'string' && path !== ''), 'a list of at least one file'],
  pace: [(value) => value === 'real' || value === 'fast' || (typeof value === 'number' && value > 0 && Number.isFinite(value)), 'real, fast, or a number above 0'],
  start: oneOf('subscription', 'now', 'manual'),
  startQuietMs: whole(0, 60_000),
  end: oneOf('silent', 'close', 'loop'),
  faults: [Array.isArray, 'a list of faults'],
  seed: whole(0, 2 ** 32 - 1),
  port: whole(0, 65_535),
};

/** @throws DeepwaterError DW_OPTION_INVALID */
export function checkOptions(options: ReplayOptions): Required<ReplayOptions> {
  if (typeof options !== 'object' || options === null) throw new DeepwaterError('DW_OPTION_INVALID', 'A replay server needs options: a venue, and captures of it.');
  const given: Required<ReplayOptions> = { pace: 'fast', start: 'subscription', startQuietMs: 50, end: 'silent', faults: [], seed: 1, port: 0, ...defined(options) };
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(CHECKS, name)) throw new DeepwaterError('DW_OPTION_INVALID', `There is no option ${name}.`, { values: { option: name } });
  }
  for (const [name, [is, what]] of Object.entries(CHECKS)) {
    const value = given[name as keyof ReplayOptions];
    if (!is(value)) throw new DeepwaterError('DW_OPTION_INVALID', `${name}: ${JSON.stringify(value)} is not ${what}.`, { values: { option: name, value } });
  }
  return given;
}

/** Options that are undefined are not given. */
function defined(options: ReplayOptions): ReplayOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as unknown as ReplayOptions;
}
