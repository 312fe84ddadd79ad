import { describeValue } from '@deepwater/core/engine';
import { COPY } from '@deepwater/ring';
import type { StrategyContext } from './context.js';

type Copyable = { readonly [COPY]?: () => unknown };

/** A value with flyweights made objects: where it is one, and where it is an object or list that holds some. */
export function copied(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const own = (value as Copyable)[COPY];
  if (own !== undefined) return own.call(value);
  const inner = (held: unknown): unknown => (typeof held === 'object' && held !== null ? (held as Copyable)[COPY]?.call(held) ?? held : held);
  if (Array.isArray(value)) return value.map(inner);
  const prototype = Object.getPrototypeOf(value) as object | null;
  if (prototype !== Object.prototype && prototype !== null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, held]) => [key, inner(held)]));
}

const PLAIN = new Set(['number', 'bigint', 'string', 'boolean']);

/** Metrics as they can be shown: whatever is no number, text or boolean is described. */
export function plainMetrics(metrics: StrategyContext['metrics']): StrategyContext['metrics'] {
  return Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, PLAIN.has(typeof value) ? value : describeValue(value)]));
}
