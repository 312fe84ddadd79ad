/** What callers ask for, checked: every key known, every value usable. */
import { DeepwaterError, type Field, type Schema, describeValue, didYouMean } from '@deepwater/core/engine';
import type { CallLimits } from './pool/query-pool.js';
import { clockIndexOf } from './time-bounds.js';
import { parseWhere } from './where/parse-where.js';
import type { Predicate } from './where/predicate.js';

export const FORMATS = ['tuple', 'object', 'columns', 'segments', 'raw', 'arrow'] as const;

/**
 * `tuple`: arrays in field order. `object`: records by name. `columns`: one typed array a field. `segments`: columns
 * without a copy, a list of them. `raw`: packed records in one Uint8Array (see `recordFormat`). `arrow`: a Table of
 * `apache-arrow` over the same memory, a record batch for each segment; the package is loaded when it is first asked for.
 *
 * Segments, and columns of more than 256 KiB, lie over pages of the chunk files: their buffers are SharedArrayBuffers, which
 * a few calls of Node and the web refuse (`TextDecoder.decode`, transfer lists). `slice()` gives a copy.
 */
export type Format = (typeof FORMATS)[number];

/** A request in its normal form. */
export interface Request {
  readonly format: Format;
  /** What to give, in this order. */
  readonly fields: readonly Field[];
  readonly limit: number | undefined;
  readonly clockIndex: number;
  readonly where: Predicate | undefined;
}

export type OptionKey = 'format' | 'columns' | 'limit' | 'by' | 'now' | 'batchRows' | 'where' | 'layout' | 'marks';

/** @throws DeepwaterError DW_OPTION_INVALID, DW_FORMAT_UNKNOWN, DW_FIELD_UNKNOWN, DW_FILTER_INVALID */
export function parseOptions(schema: Schema, options: unknown, keys: readonly OptionKey[]): Request {
  const given = checkKeys(options, keys);
  const format = formatOf(given['format']);
  if (format === 'raw' && given['columns'] !== undefined) {
    throw new DeepwaterError('DW_OPTION_INVALID', 'The format raw gives whole records, as recordFormat says; leave columns out, or choose another format.', {
      values: { format, columns: given['columns'] },
    });
  }
  return {
    format,
    fields: withMarks(schema, fieldsOf(schema, given['columns']), format, given['marks']),
    limit: countOf('limit', given['limit'], 0),
    clockIndex: clockIndexOf(schema, given['by']),
    where: parseWhere(schema, given['where']),
  };
}

/** The options as a record, where all of its keys are known. @throws DeepwaterError DW_OPTION_INVALID */
export function checkKeys(options: unknown, keys: readonly string[]): Readonly<Record<string, unknown>> {
  if (options === undefined) return {};
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new DeepwaterError('DW_OPTION_INVALID', `Options are ${describeValue(options)}; give an object with any of ${keys.join(', ')}.`, {
      values: { options: describeValue(options), known: keys },
    });
  }
  for (const key of Object.keys(options)) {
    if (keys.includes(key)) continue;
    throw new DeepwaterError('DW_OPTION_INVALID', `There is no option ${describeValue(key)} here${didYouMean(key, keys)}. The options: ${keys.join(', ')}.`, {
      values: { option: key, known: keys },
    });
  }
  return options as Record<string, unknown>;
}

/** The fields, and the column of index points behind them where that is asked for. */
function withMarks(schema: Schema, fields: readonly Field[], format: Format, marks: unknown): readonly Field[] {
  if (marks === undefined || marks === false) return fields;
  if (marks === true && (format === 'columns' || format === 'segments')) return schema.indexColumn === undefined ? fields : [...fields, schema.indexColumn];
  throw new DeepwaterError('DW_OPTION_INVALID', `marks is ${describeValue(marks)} with the format ${format}; give true with columns or segments, or leave it out.`, {
    values: { marks: describeValue(marks), format },
  });
}

function formatOf(format: unknown): Format {
  if (format === undefined) return 'tuple';
  if ((FORMATS as readonly unknown[]).includes(format)) return format as Format;
  const hint = typeof format === 'string' ? didYouMean(format, FORMATS) : '';
  throw new DeepwaterError('DW_FORMAT_UNKNOWN', `The format ${describeValue(format)} is unknown${hint}. Use ${FORMATS.join(', ')}.`, {
    values: { format, known: FORMATS },
  });
}

function fieldsOf(schema: Schema, columns: unknown): readonly Field[] {
  if (columns === undefined) return schema.fields;
  if (!Array.isArray(columns) || columns.length === 0) {
    throw new DeepwaterError('DW_OPTION_INVALID', `columns is ${describeValue(columns)}; give a list of at least one field name.`, {
      values: { columns: describeValue(columns) },
    });
  }
  const names = schema.fields.map((field) => field.name);
  return columns.map((name: unknown, position) => {
    const field = schema.fields.find((each) => each.name === name);
    if (field === undefined) {
      const hint = typeof name === 'string' ? didYouMean(name, names) : '';
      throw new DeepwaterError('DW_FIELD_UNKNOWN', `columns names ${describeValue(name)}, which the feed does not have${hint}. Its fields: ${names.join(', ')}.`, {
        values: { field: name, fields: names },
      });
    }
    if (columns.indexOf(name) !== position) {
      throw new DeepwaterError('DW_OPTION_INVALID', `columns names ${describeValue(name)} twice; name it once.`, { values: { field: name } });
    }
    return field;
  });
}

/** A whole number of at least `least`; undefined where it was left out. @throws DeepwaterError DW_OPTION_INVALID */
export function countOf(name: string, value: unknown, least: number): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least) return value;
  throw new DeepwaterError('DW_OPTION_INVALID', `${name} is ${describeValue(value)}; give a whole number of at least ${least}.`, {
    values: { [name]: value, least },
  });
}

const LIMIT_KEYS = ['signal', 'timeoutMs', 'onProgress'] as const;
/** Timers run at once from here on. */
const TIMEOUT_MS_MAX = 2 ** 31 - 1;

/**
 * Takes what limits a call out of its options.
 * @returns the limits, and the options without them
 * @throws DeepwaterError DW_OPTION_INVALID
 */
export function splitLimits(options: unknown): { limits: CallLimits; rest: unknown } {
  if (typeof options !== 'object' || options === null || !LIMIT_KEYS.some((key) => key in options)) return { limits: {}, rest: options };
  const { signal, timeoutMs, onProgress, ...rest } = options as Record<string, unknown>;
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw invalidLimit('signal', signal, 'an AbortSignal');
  if (timeoutMs !== undefined && !(typeof timeoutMs === 'number' && timeoutMs > 0 && timeoutMs <= TIMEOUT_MS_MAX)) {
    throw invalidLimit('timeoutMs', timeoutMs, `a number of milliseconds above 0, at most ${TIMEOUT_MS_MAX}`);
  }
  if (onProgress !== undefined && typeof onProgress !== 'function') throw invalidLimit('onProgress', onProgress, 'a function that takes { rows, of }');
  return { limits: { signal, timeoutMs, onProgress: onProgress as CallLimits['onProgress'] }, rest };
}

function invalidLimit(name: string, value: unknown, wanted: string): DeepwaterError {
  return new DeepwaterError('DW_OPTION_INVALID', `${name} is ${describeValue(value)}; give ${wanted}.`, { values: { [name]: describeValue(value) } });
}
