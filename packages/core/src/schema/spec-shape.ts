import { z } from 'zod';
import { DeepwaterError } from '../errors/deepwater-error.js';
import { describeValue } from '../errors/describe.js';
import { TIME_UNITS } from './field-types.js';
import { BYTES_PER_MB, FEED_LIMITS as LIMITS } from './limits.js';
import { camelKeys, type CamelKeys } from './spec-aliases.js';
import { specShapeError } from './spec-shape-error.js';

const bytes = (min: number, max: number) => z.int().min(min).max(max).optional();
const desc = z.string().max(LIMITS.descCharsMax).optional();
// Shown in listings and used in paths of other packages: no control characters.
const label = z.string().min(1).max(LIMITS.instrumentCharsMax).regex(/^\P{Cc}*$/u).optional();

const fieldShape = z.strictObject({
  name: z.string(),
  type: z.string(),
  as: z.enum(['number', 'bigint', 'string', 'boolean']).optional(),
  scale: z.int().min(0).max(LIMITS.decimalScaleMax).optional(),
  bytes: bytes(1, LIMITS.stringBytesMax),
  unit: z.enum(TIME_UNITS).optional(),
  desc,
});

const instrumentShape = z.strictObject({
  exchange: label,
  market: label,
  symbol: label,
  tickType: label,
  contractId: z.int().min(0).optional(),
});

const durabilityShape = z.strictObject({
  level: z.enum(['flush', 'sync']),
  intervalMs: z.number().min(LIMITS.intervalMsMin).max(LIMITS.intervalMsMax).optional(),
});

const feedShape = z.strictObject({
  name: z.unknown().optional(), // checkFeedName gives the better error
  fields: z.array(fieldShape).min(1),
  timestamp: z.string().optional(),
  timestampUnit: z.enum(TIME_UNITS).optional(),
  clocks: z.array(z.string()).optional(),
  persist: z.boolean().optional(),
  mode: z.enum(['UF', 'IF']).optional(),
  indexPlayback: z.boolean().optional(),
  chunkSizeMb: z.number().min(LIMITS.chunkBytesMin / BYTES_PER_MB).max(LIMITS.chunkBytesMax / BYTES_PER_MB).optional(),
  chunkSizeBytes: bytes(LIMITS.chunkBytesMin, LIMITS.chunkBytesMax),
  chunkMaxAgeHours: z.number().gt(0).max(LIMITS.ageHoursMax).optional(),
  retentionHours: z.number().min(0).max(LIMITS.ageHoursMax).optional(),
  retentionMb: z.number().min(0).max(LIMITS.retentionBytesMax / BYTES_PER_MB).optional(),
  retentionBytes: bytes(0, LIMITS.retentionBytesMax),
  ringRecords: z.int().min(1).max(LIMITS.ringRecordsMax).optional(),
  ringBytes: bytes(LIMITS.ringBytesMin, LIMITS.ringBytesMax),
  durability: durabilityShape.optional(),
  desc,
  instrument: instrumentShape.optional(),
});

/** A spec of the right shape: known keys in camelCase, each of the right kind and within its own limits. */
export type ShapedSpec = z.infer<typeof feedShape>;
export type ShapedField = z.infer<typeof fieldShape>;

/**
 * Checks the shape of a spec: which keys, which kinds, which limits. What the keys mean together is the parser's.
 * Also gives how the user spelled each top-level key, for messages.
 *
 * @throws DeepwaterError with all problems in `values.problems` and the first in the message
 */
export function shapeOf(input: unknown): { spec: ShapedSpec; spelled: CamelKeys['spelled'] } {
  if (!isObject(input)) {
    throw new DeepwaterError(
      'DW_SPEC_INVALID',
      `A feed spec is an object such as { name, fields, timestamp }, not ${describeValue(input)}.`,
      { values: { given: describeValue(input) } },
    );
  }
  const { object, spelled } = camelKeys(input, Object.keys(feedShape.shape));
  // Before zod looks at each of them: a list of millions is refused at once.
  if (Array.isArray(object['fields'])) {
    checkCount('fields', object['fields'].length, LIMITS.fieldsMax);
    object['fields'] = object['fields'].map((field) => nested(field, Object.keys(fieldShape.shape)));
  }
  if (Array.isArray(object['clocks'])) checkCount('clocks', object['clocks'].length, LIMITS.clocksMax);
  object['instrument'] = nested(object['instrument'], Object.keys(instrumentShape.shape));
  object['durability'] =
    typeof object['durability'] === 'string'
      ? { level: object['durability'] }
      : nested(object['durability'], Object.keys(durabilityShape.shape));

  const result = feedShape.safeParse(object);
  if (!result.success) throw specShapeError(result.error.issues, object, spelled, knownKeys);
  return { spec: result.data, spelled };
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function nested(value: unknown, known: readonly string[]): unknown {
  return isObject(value) ? camelKeys(value, known).object : value;
}

/** The keys that exist at a place in a spec, for "did you mean". */
function knownKeys(place: PropertyKey | undefined): readonly string[] {
  switch (place) {
    case undefined:
      return [...Object.keys(feedShape.shape), 'feed_name', 'ts_col'];
    case 'fields':
      return Object.keys(fieldShape.shape);
    case 'instrument':
      return Object.keys(instrumentShape.shape);
    default:
      return Object.keys(durabilityShape.shape);
  }
}

function checkCount(key: string, count: number, max: number): void {
  if (count <= max) return;
  throw new DeepwaterError(
    'DW_LIMIT_EXCEEDED',
    `Feed spec: ${count} ${key}; the most is ${max}. Split the record over several feeds.`,
    { values: { key, count, max } },
  );
}
