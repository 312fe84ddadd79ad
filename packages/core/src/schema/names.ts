import { DeepwaterError } from '../errors/deepwater-error.js';
import { clipText, describeValue } from '../errors/describe.js';
import { FEED_LIMITS } from './limits.js';

const FEED_NAME_RULE =
  'use 1 to 64 characters of A-Z a-z 0-9 . _ - that do not start with "." and do not contain ".."';

/**
 * A feed name as given, if it may be one. Names become directory names, so they are checked by an allow-list before
 * anything touches the file system: 1 to 64 of `A-Z a-z 0-9 . _ -`, not starting with a dot, no `..`.
 *
 * @throws DeepwaterError DW_FEED_NAME_INVALID, with the reason and the rule
 */
export function checkFeedName(name: unknown): string {
  const reason = feedNameProblem(name);
  if (reason === undefined) return name as string;
  throw new DeepwaterError(
    'DW_FEED_NAME_INVALID',
    `Feed name ${describeValue(name)} cannot be used: it ${reason}; ${FEED_NAME_RULE}.`,
    { values: { name: typeof name === 'string' ? clipText(name) : describeValue(name), reason } },
  );
}

function feedNameProblem(name: unknown): string | undefined {
  if (name === undefined) return 'is missing';
  if (typeof name !== 'string') return 'is not a string';
  if (name.length === 0) return 'is empty';
  // Before any other look at it, so that a name of megabytes costs nothing.
  if (name.length > FEED_LIMITS.feedNameCharsMax) return `has ${name.length} characters`;
  if (name.includes('\0')) return 'contains a NUL';
  if (name.includes('/')) return 'contains "/"';
  const bad = /[^A-Za-z0-9._-]/u.exec(name);
  if (bad !== null) return `contains ${describeValue(bad[0])}`;
  if (name.startsWith('.')) return 'starts with a dot';
  if (name.includes('..')) return 'contains ".."';
  return undefined;
}

/**
 * A field name as given, if it may be one: an identifier of at most 64 characters. `__proto__` is refused, because
 * assigning to it on a record object would change the object's prototype instead of making a field.
 *
 * @throws DeepwaterError DW_FIELD_NAME_INVALID
 */
export function checkFieldName(name: string, position: number): string {
  if (/^[A-Za-z_][A-Za-z0-9_]{0,63}$/.test(name) && name !== '__proto__') return name;
  throw new DeepwaterError(
    'DW_FIELD_NAME_INVALID',
    `Field ${position} is named ${describeValue(name)}; use 1 to 64 characters of A-Z a-z 0-9 _ that do not begin ` +
      'with a digit, and not __proto__.',
    { values: { name: clipText(name), position } },
  );
}
