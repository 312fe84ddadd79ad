import { packedSize } from './compile-schema.js';
import { DeepwaterError } from '../errors/deepwater-error.js';
import { clipText, describeValue } from '../errors/describe.js';
import {
  FIELD_TYPES,
  fieldTypeInfo,
  isPaddingType,
  isValueType,
  paddingBytes,
  type FieldType,
  type TimeUnit,
  type ValueType,
} from './field-types.js';
import { FEED_LIMITS } from './limits.js';
import { checkFieldName } from './names.js';
import { didYouMean } from './near.js';
import type { NormalizedField } from './spec.js';
import type { ShapedField } from './spec-shape.js';

/** Name and unit of each clock, the query timestamp first. */
export type ClockUnits = ReadonlyMap<string, TimeUnit>;

/** A field whose name may be used and whose type exists. */
export type TypedField = ShapedField & { readonly type: FieldType };

/**
 * The fields of a spec, their names and types checked: what clocks and options are then checked against.
 *
 * @throws DeepwaterError DW_FIELD_NAME_INVALID, DW_FIELD_TYPE_UNKNOWN, DW_SIZE_INVALID (padding), DW_FIELD_DUPLICATE
 */
export function typedFields(fields: readonly ShapedField[]): TypedField[] {
  const seen = new Map<string, number>();
  return fields.map((field, position) => {
    const name = checkFieldName(field.name, position);
    const type = checkType(field);
    if (isPaddingType(type)) return { ...field, type };
    const before = seen.get(name);
    if (before !== undefined) {
      throw new DeepwaterError(
        'DW_FIELD_DUPLICATE',
        `Fields ${before} and ${position} are both named "${name}"; rename one (only padding may repeat a name).`,
        { values: { field: name, positions: [before, position] } },
      );
    }
    seen.set(name, position);
    return { ...field, type };
  });
}

/**
 * The fields in normal form, their options checked against their types.
 *
 * @throws DeepwaterError DW_FIELD_OPTION_INVALID, DW_LIMIT_EXCEEDED
 */
export function normalizeFields(fields: readonly TypedField[], clocks: ClockUnits): NormalizedField[] {
  const normalized = fields.map((field) =>
    isValueType(field.type)
      ? normalizeValueField(field, field.type, clocks.get(field.name))
      : normalizePadding(field, field.type),
  );
  checkRecordSize(normalized);
  return normalized;
}

function checkType({ name, type }: ShapedField): FieldType {
  if (isValueType(type)) return type;
  if (!isPaddingType(type)) {
    const names = Object.keys(FIELD_TYPES);
    throw new DeepwaterError(
      'DW_FIELD_TYPE_UNKNOWN',
      `Field "${name}" has the unknown type ${describeValue(type)}${didYouMean(type, names)}; ` +
        `use ${names.join(', ')}, or _N for N bytes of padding.`,
      { values: { field: name, type: clipText(type) } },
    );
  }
  if (paddingBytes(type) !== undefined) return type;
  throw new DeepwaterError(
    'DW_SIZE_INVALID',
    `Padding "${name}" has the type ${describeValue(type)}; give _1 to _${FEED_LIMITS.paddingBytesMax}.`,
    { values: { field: name, type: clipText(type), min: 1, max: FEED_LIMITS.paddingBytesMax } },
  );
}

function normalizePadding(field: ShapedField, type: FieldType): NormalizedField {
  for (const option of ['as', 'scale', 'bytes', 'unit'] as const) {
    if (field[option] !== undefined) throw optionError(field, option, 'padding holds no value; remove it');
  }
  return { name: field.name, type, ...(field.desc === undefined ? {} : { desc: field.desc }) };
}

function normalizeValueField(field: ShapedField, type: ValueType, unit: TimeUnit | undefined): NormalizedField {
  requireOption(field, 'scale', type === 'decimal', 'decimals', `the digits after the point, 0 to ${FEED_LIMITS.decimalScaleMax}`);
  requireOption(field, 'bytes', type === 'string', 'strings', `the size of a value, 1 to ${FEED_LIMITS.stringBytesMax} bytes`);
  if (field.unit !== undefined && unit === undefined) {
    throw optionError(field, 'unit', 'only clocks have a unit; add the field to `clocks` or remove it');
  }
  const allowed = fieldTypeInfo(type).as;
  if (field.as !== undefined && !allowed.includes(field.as)) {
    throw optionError(field, 'as', `${type} can be read as ${allowed.join(' or ')}; use that or remove it`);
  }
  return {
    name: field.name,
    type,
    // A number is exact for microseconds until the year 2255; nanoseconds passed 2^53 in 1970.
    as: field.as ?? (unit === 'us' || unit === 'ms' ? 'number' : allowed[0]),
    ...(field.scale === undefined ? {} : { scale: field.scale }),
    ...(field.bytes === undefined ? {} : { bytes: field.bytes }),
    ...(unit === undefined ? {} : { unit }),
    ...(field.desc === undefined ? {} : { desc: field.desc }),
  };
}

function requireOption(
  field: ShapedField,
  option: 'scale' | 'bytes',
  wanted: boolean,
  owners: string,
  meaning: string,
): void {
  if (wanted === (field[option] !== undefined)) return;
  throw optionError(field, option, wanted ? `${owners} need it: ${meaning}` : `only ${owners} have it; remove it`);
}

function optionError(field: ShapedField, option: 'as' | 'scale' | 'bytes' | 'unit', why: string): DeepwaterError {
  const given = field[option];
  return new DeepwaterError(
    'DW_FIELD_OPTION_INVALID',
    `Field "${field.name}" (${clipText(field.type)}): ${option} is ${given === undefined ? 'missing' : describeValue(given)}; ${why}.`,
    { values: { field: field.name, type: field.type, option, given } },
  );
}

function checkRecordSize(fields: readonly NormalizedField[]): void {
  const recordSize = fields.reduce((sum, field) => sum + packedSize(field), 0);
  if (recordSize <= FEED_LIMITS.recordBytesMax) return;
  throw new DeepwaterError(
    'DW_LIMIT_EXCEEDED',
    `A record of this feed has ${recordSize} bytes; the most is ${FEED_LIMITS.recordBytesMax}. Split it over several feeds.`,
    { values: { recordSize, max: FEED_LIMITS.recordBytesMax } },
  );
}
