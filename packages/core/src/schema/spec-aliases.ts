import { isDeepStrictEqual } from 'node:util';
import { DeepwaterError } from '../errors/deepwater-error.js';
import { describeValue } from '../errors/describe.js';

/** The reference's keys whose names differ by more than case. */
const RENAMED: ReadonlyMap<string, string> = new Map([
  ['feed_name', 'name'],
  ['ts_col', 'timestamp'],
]);

/** An object with its keys in camelCase, and how the user spelled each of them. */
export interface CamelKeys {
  readonly object: Record<string, unknown>;
  readonly spelled: ReadonlyMap<string, string>;
}

/** The snake_case spelling of a camelCase key: `chunkSizeMb` → `chunk_size_mb`. */
export function snakeCase(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/**
 * A copy of `input` with the snake_case spelling of every known key turned into its camelCase one. Other keys stay as
 * they are, for the shape check to name. Keys whose value is undefined count as absent.
 *
 * @throws DeepwaterError DW_SPEC_INVALID when two spellings of one key have different values
 */
export function camelKeys(input: object, known: readonly string[]): CamelKeys {
  const camel = new Map([...known.map((key) => [snakeCase(key), key] as const), ...RENAMED]);
  // No prototype: a key such as `__proto__` stays a key, and is then reported as unknown.
  const object = Object.create(null) as Record<string, unknown>;
  const spelled = new Map<string, string>();
  for (const [given, value] of Object.entries(input)) {
    if (value === undefined) continue;
    const alias = camel.get(given);
    const key = alias !== undefined && known.includes(alias) ? alias : given;
    const before = spelled.get(key);
    if (before !== undefined && !isDeepStrictEqual(object[key], value)) {
      throw givenTwice(before, object[key], given, value);
    }
    object[key] = value;
    spelled.set(key, before ?? given);
  }
  return { object, spelled };
}

/** The error for one thing said in two ways that disagree. */
export function givenTwice(key: string, value: unknown, otherKey: string, otherValue: unknown): DeepwaterError {
  return new DeepwaterError(
    'DW_SPEC_INVALID',
    `Feed spec: ${key} is ${describeValue(value)} but ${otherKey} is ${describeValue(otherValue)}, and both say the ` +
      'same thing; keep one of them.',
    { values: { keys: [key, otherKey], given: [describeValue(value), describeValue(otherValue)] } },
  );
}
