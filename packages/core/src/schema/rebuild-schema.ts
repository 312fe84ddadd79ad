import { DeepwaterError } from '../errors/deepwater-error.js';
import { describeValue } from '../errors/describe.js';
import { compileSchema } from './compile-schema.js';
import { parseFeedSpec } from './parse-spec.js';
import type { Schema } from './schema.js';

/** 256 fields with the longest names and all options are below half of this. */
const CANONICAL_CHARS_MAX = 64 * 1024;

/**
 * The schema that a chunk or ring header describes by its canonical JSON. What the text leaves out has its default:
 * a 64-bit field is read as a bigint, and nothing has a description.
 *
 * @throws DeepwaterError DW_FILE_CORRUPT when the text is not exactly what `Schema.canonical` would be
 */
export function rebuildSchema(canonical: string): Schema {
  const schema = parseCanonical(canonical);
  // One text for one layout: a text that says the same in another way was not written by us.
  if (schema.canonical !== canonical) throw corrupt(canonical);
  return schema;
}

function parseCanonical(canonical: string): Schema {
  if (canonical.length > CANONICAL_CHARS_MAX) throw corrupt(canonical);
  try {
    // The text has the form of a spec without a name, so the parser's checks are all that is needed.
    return compileSchema(parseFeedSpec({ ...(JSON.parse(canonical) as object), name: 'rebuilt' }));
  } catch (cause) {
    throw corrupt(canonical, cause);
  }
}

function corrupt(canonical: string, cause?: unknown): DeepwaterError {
  return new DeepwaterError(
    'DW_FILE_CORRUPT',
    `A header holds a schema that cannot be used: ${describeValue(canonical)}` +
      `${cause instanceof Error ? ` (${cause.message})` : ''}. Run \`deepwater repair\`.`,
    { values: { canonical: describeValue(canonical) }, cause },
  );
}
