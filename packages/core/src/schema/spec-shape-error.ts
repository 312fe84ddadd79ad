import type { z } from 'zod';
import type { ErrorCode } from '../errors/codes.js';
import { DeepwaterError } from '../errors/deepwater-error.js';
import { clipText, describeValue } from '../errors/describe.js';
import { didYouMean } from './near.js';
import { snakeCase } from './spec-aliases.js';

type Issue = z.core.$ZodIssue;
type KnownKeys = (place: PropertyKey | undefined) => readonly string[];

const PROBLEMS_MAX = 20;

/** zod's findings as our error: the first decides code and message, all of them are in `values.problems`. */
export function specShapeError(
  issues: readonly Issue[],
  input: object,
  spelled: ReadonlyMap<string, string>,
  knownKeys: KnownKeys,
): DeepwaterError {
  const problems = issues.slice(0, PROBLEMS_MAX).map((issue) => problemOf(issue, input, spelled, knownKeys));
  const first = issues[0];
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more: see values.problems)` : '';
  const path = first.code === 'unrecognized_keys' ? [...first.path, first.keys[0]] : first.path;
  const given = valueAt(input, path);
  return new DeepwaterError(codeOf(first, given), `Feed spec: ${problems[0]}.${more}`, {
    values: {
      key: clipText(pathText(path, spelled)),
      given: describeValue(given),
      problems,
    },
  });
}

function codeOf(issue: Issue, given: unknown): ErrorCode {
  if (issue.code === 'unrecognized_keys') return 'DW_SPEC_INVALID';
  const leaf = issue.path.at(-1);
  if (issue.path[0] === 'fields' && issue.path.length === 3) {
    if (leaf === 'name') return 'DW_FIELD_NAME_INVALID';
    if (leaf === 'type') return 'DW_FIELD_TYPE_UNKNOWN';
    if (leaf === 'as' || leaf === 'scale' || leaf === 'unit') return 'DW_FIELD_OPTION_INVALID';
  }
  // NaN, infinities and fractions come as wrong types; where a number is wanted and given, its size is what is wrong.
  const wantsNumber = issue.code !== 'invalid_type' || issue.expected === 'number' || issue.expected === 'int';
  return wantsNumber && typeof given === 'number' ? 'DW_SIZE_INVALID' : 'DW_SPEC_INVALID';
}

function problemOf(
  issue: Issue,
  input: object,
  spelled: ReadonlyMap<string, string>,
  knownKeys: KnownKeys,
): string {
  const path = pathText(issue.path, spelled);
  const given = valueAt(input, issue.path);
  const is = `${path} is ${given === undefined ? 'missing' : describeValue(given)}`;
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = knownKeys(issue.path[0]);
      const keys = issue.keys
        .slice(0, 3)
        .map((key) => describeValue(key) + didYouMean(key, key.includes('_') ? known.map(snakeCase) : known));
      return `unknown key ${keys.join(', ')}${path === '' ? '' : ` in ${path}`}; remove or correct it`;
    }
    case 'too_small':
      return issue.origin === 'array' || issue.origin === 'string'
        ? `${path} is empty; give at least ${issue.minimum}`
        : `${is}; give ${issue.inclusive === true ? `${issue.minimum} or more` : `more than ${issue.minimum}`}`;
    case 'too_big':
      return issue.origin === 'string'
        ? `${path} is longer than ${issue.maximum} characters; shorten it`
        : `${is}; give ${issue.maximum} or less`;
    case 'invalid_value':
      return `${is}; give one of ${issue.values.map(describeValue).join(', ')}`;
    case 'invalid_type':
      return `${is}; give ${path === 'durability' ? '"flush", "sync" or { level, intervalMs }' : expectedText(issue.expected)}`;
    case 'invalid_format':
      return `${is}; leave out control characters`;
    default:
      return `${is}: ${issue.message}`;
  }
}

function expectedText(expected: string): string {
  if (expected === 'int') return 'a whole number';
  if (expected === 'number') return 'a finite number';
  return /^[aeiou]/.test(expected) ? `an ${expected}` : `a ${expected}`;
}

function pathText(path: readonly PropertyKey[], spelled: ReadonlyMap<string, string>): string {
  return path.reduce<string>((text, key, depth) => {
    if (typeof key === 'number') return `${text}[${key}]`;
    const name = depth === 0 ? (spelled.get(String(key)) ?? String(key)) : String(key);
    return depth === 0 ? name : `${text}.${name}`;
  }, '');
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined),
    input,
  );
}
