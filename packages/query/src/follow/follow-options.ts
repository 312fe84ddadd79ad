/** What subscribers and streams are asked for, checked. */
import { DeepwaterError, type Schema, describeValue } from '@deepwater/core/engine';
import { WAIT_STRATEGIES, type WaitStrategy, type WaitStrategyName } from '@deepwater/ring';
import { countOf } from '../options.js';
import { type TimeBounds, boundsBetween, greatestTime, timeOf } from '../time-bounds.js';
import type { LostRange } from './losses.js';

/** Where a subscriber begins: at a number, at a time, or with the next record. */
export interface Place {
  readonly from?: number;
  readonly bounds?: TimeBounds;
}

/** @throws DeepwaterError DW_OPTION_INVALID, DW_RANGE_INVALID */
export function placeOf(schema: Schema, given: Readonly<Record<string, unknown>>): Place {
  const { start, fromSequence } = given;
  if (start !== undefined && fromSequence !== undefined) {
    throw new DeepwaterError('DW_OPTION_INVALID', `Both start (${describeValue(start)}) and fromSequence (${describeValue(fromSequence)}) say where to begin; give one of them.`, {
      values: { start: describeValue(start), fromSequence: describeValue(fromSequence) },
    });
  }
  const from = countOf('fromSequence', fromSequence, 0);
  if (from !== undefined) return { from };
  const clock = schema.clocks[0];
  if (start === undefined || clock === undefined) return {};
  return { bounds: boundsBetween(schema, 0, timeOf(start, clock, 'start'), greatestTime(clock)) };
}

/** @throws DeepwaterError DW_OPTION_INVALID */
export function waitOf(wait: unknown): WaitStrategy {
  if (wait === undefined) return WAIT_STRATEGIES['spin-then-park'];
  if (typeof wait === 'string' && Object.hasOwn(WAIT_STRATEGIES, wait)) return WAIT_STRATEGIES[wait as WaitStrategyName];
  const names = Object.keys(WAIT_STRATEGIES);
  throw new DeepwaterError('DW_OPTION_INVALID', `wait is ${describeValue(wait)}; give ${names.join(', ')}.`, { values: { wait, known: names } });
}

/** @throws DeepwaterError DW_OPTION_INVALID */
export function functionOf<F>(name: string, value: unknown): F | undefined {
  if (value === undefined || typeof value === 'function') return value as F | undefined;
  throw new DeepwaterError('DW_OPTION_INVALID', `${name} is ${describeValue(value)}; give a function.`, { values: { [name]: describeValue(value) } });
}

export const lossOf = (value: unknown): ((range: LostRange) => void) | undefined => functionOf('onLoss', value);

/** @throws DeepwaterError DW_OPTION_INVALID */
export function signalOf(value: unknown): AbortSignal | undefined {
  if (value === undefined || value instanceof AbortSignal) return value;
  throw new DeepwaterError('DW_OPTION_INVALID', `signal is ${describeValue(value)}; give an AbortSignal.`, { values: { signal: describeValue(value) } });
}

/** @throws DeepwaterError DW_OPTION_INVALID */
export function flagOf(name: string, value: unknown): boolean {
  if (value === undefined || typeof value === 'boolean') return value === true;
  throw new DeepwaterError('DW_OPTION_INVALID', `${name} is ${describeValue(value)}; give true or false.`, { values: { [name]: describeValue(value) } });
}
