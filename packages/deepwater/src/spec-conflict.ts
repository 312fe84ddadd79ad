import { DeepwaterError, type FeedSpec, describeValue, specDifferences } from '@deepwater/core';
import { mayChange } from './lifecycle.js';

const SHOWN_MAX = 8;

/**
 * Refuses another spec for a feed that exists.
 * @throws DeepwaterError DW_FEED_SPEC_CONFLICT, with each differing key in `values.differences`
 */
export function checkSameSpec(existing: FeedSpec, given: FeedSpec): void {
  const differences = specDifferences(existing, given);
  if (differences.length === 0) return;
  const shown = differences.slice(0, SHOWN_MAX).map(({ key, ours, theirs }) => `${key} is ${describeValue(ours)}, not ${describeValue(theirs)}`);
  const more = differences.length > SHOWN_MAX ? `; and ${differences.length - SHOWN_MAX} more` : '';
  const next =
    differences.some(({ key }) => key === 'persist') ? 'persist never changes: use the spec it has, or take another name.'
    : differences.every(({ key }) => mayChange(key)) ? 'Change these with platform.setLifecycle, or use the spec it has.'
    : 'Use the spec it has, or take another name.';
  throw new DeepwaterError('DW_FEED_SPEC_CONFLICT', `Feed ${existing.name} exists with another spec: ${shown.join('; ')}${more}. ${next}`, {
    values: {
      feed: existing.name,
      keys: differences.map(({ key }) => key),
      differences: differences.map(({ key, ours, theirs }) => ({ key, existing: ours, given: theirs })),
    },
  });
}
