import type { FeedSpec } from './spec.js';

/** One key in which two specs differ; a value is undefined where that spec does not have the key. */
export interface SpecDifference {
  /** Path of the key: `retentionHours`, `fields[2].type`, `instrument.symbol`. */
  readonly key: string;
  readonly ours: unknown;
  readonly theirs: unknown;
}

/**
 * Every key in which two normal specs differ, in the order of the spec's keys; empty when they are the same. Order
 * counts in lists, never in objects.
 */
export function specDifferences(a: FeedSpec, b: FeedSpec): SpecDifference[] {
  return differences('', a, b);
}

function differences(key: string, ours: unknown, theirs: unknown): SpecDifference[] {
  if (isContainer(ours) && isContainer(theirs) && Array.isArray(ours) === Array.isArray(theirs)) {
    const inList = Array.isArray(ours);
    return [...new Set([...Object.keys(ours), ...Object.keys(theirs)])].flatMap((inner) =>
      differences(inList ? `${key}[${inner}]` : key === '' ? inner : `${key}.${inner}`, own(ours, inner), own(theirs, inner)),
    );
  }
  return Object.is(ours, theirs) ? [] : [{ key, ours, theirs }];
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function own(object: object, key: string): unknown {
  return Object.hasOwn(object, key) ? (object as Record<string, unknown>)[key] : undefined;
}
