import { DeepwaterError } from '../errors/deepwater-error.js';
import { clipText, describeValue } from '../errors/describe.js';
import { isPaddingType, type TimeUnit } from './field-types.js';
import { FEED_DEFAULTS, FEED_LIMITS } from './limits.js';
import { didYouMean } from './near.js';
import { givenTwice } from './spec-aliases.js';
import type { TypedField } from './spec-fields.js';
import type { ShapedSpec } from './spec-shape.js';

type ClockKeys = Pick<ShapedSpec, 'timestamp' | 'timestampUnit' | 'clocks'>;

/**
 * Name and unit of each clock of a spec, the query timestamp first. A clock's unit is its field's `unit`, else the
 * feed's `timestampUnit`, else microseconds; the timestamp field's own `unit` is the feed's.
 *
 * @throws DeepwaterError DW_TIMESTAMP_MISSING, DW_TIMESTAMP_TYPE, DW_FIELD_UNKNOWN, DW_FIELD_DUPLICATE,
 * DW_LIMIT_EXCEEDED, DW_SPEC_INVALID
 */
export function clockUnits(
  { timestamp: timestampName, timestampUnit, clocks = [] }: ClockKeys,
  fields: readonly TypedField[],
): Map<string, TimeUnit> {
  const timestamp = timestampField(timestampName, fields);
  if (timestampUnit !== undefined && timestamp.unit !== undefined && timestamp.unit !== timestampUnit) {
    throw givenTwice('timestampUnit', timestampUnit, `the unit of field "${timestamp.name}"`, timestamp.unit);
  }
  const feedUnit = timestampUnit ?? timestamp.unit ?? FEED_DEFAULTS.timestampUnit;
  const units = new Map<string, TimeUnit>([[timestamp.name, feedUnit]]);
  // Naming the timestamp among the clocks is true, and says nothing new.
  for (const name of clocks.filter((clock) => clock !== timestamp.name)) {
    if (units.has(name)) {
      throw new DeepwaterError('DW_FIELD_DUPLICATE', `clocks names "${clipText(name)}" twice; name it once.`, {
        values: { field: clipText(name) },
      });
    }
    units.set(name, clockField(name, fields).unit ?? feedUnit);
  }
  if (units.size > FEED_LIMITS.clocksMax) {
    throw new DeepwaterError(
      'DW_LIMIT_EXCEEDED',
      `${units.size} clocks, the timestamp included; the most is ${FEED_LIMITS.clocksMax}. Leave the others plain fields.`,
      { values: { key: 'clocks', count: units.size, max: FEED_LIMITS.clocksMax } },
    );
  }
  return units;
}

function timestampField(timestamp: string | undefined, fields: readonly TypedField[]): TypedField {
  if (timestamp === undefined) {
    const fitting = fields.filter(is64Bit).map((field) => `"${field.name}"`);
    throw new DeepwaterError(
      'DW_TIMESTAMP_MISSING',
      'The spec names no timestamp; set `timestamp` (or `ts_col`) to the name of a uint64 or int64 field' +
        `${fitting.length === 0 ? ', and add such a field' : ` (${fitting.slice(0, 5).join(', ')})`}.`,
      { values: { fields: namesOf(fields) } },
    );
  }
  const field = findField(timestamp, fields);
  if (field === undefined) {
    throw new DeepwaterError(
      'DW_TIMESTAMP_MISSING',
      `The timestamp ${describeValue(timestamp)} is not a field of the spec${hint(timestamp, fields)}; ` +
        'name a uint64 or int64 field.',
      { values: { timestamp: clipText(timestamp), fields: namesOf(fields) } },
    );
  }
  return require64Bit(field, 'The timestamp');
}

function clockField(name: string, fields: readonly TypedField[]): TypedField {
  const field = findField(name, fields);
  if (field !== undefined) return require64Bit(field, 'The clock');
  throw new DeepwaterError(
    'DW_FIELD_UNKNOWN',
    `clocks names ${describeValue(name)}, which is not a field of the spec${hint(name, fields)}; name a uint64 or int64 field.`,
    { values: { field: clipText(name), fields: namesOf(fields) } },
  );
}

/** The field of that name; padding only if nothing else has it, so that the error can say what it is. */
function findField(name: string, fields: readonly TypedField[]): TypedField | undefined {
  const named = fields.filter((field) => field.name === name);
  return named.find((field) => !isPaddingType(field.type)) ?? named[0];
}

function is64Bit(field: TypedField): boolean {
  return field.type === 'uint64' || field.type === 'int64';
}

function require64Bit(field: TypedField, role: string): TypedField {
  if (is64Bit(field)) return field;
  const kind = isPaddingType(field.type) ? 'padding' : describeValue(field.type);
  throw new DeepwaterError(
    'DW_TIMESTAMP_TYPE',
    `${role} "${field.name}" is ${kind}; declare it as uint64, or int64 for times before 1970.`,
    { values: { field: field.name, type: field.type } },
  );
}

function hint(name: string, fields: readonly TypedField[]): string {
  return didYouMean(name, namesOf(fields));
}

function namesOf(fields: readonly TypedField[]): string[] {
  return fields.map((field) => field.name);
}
