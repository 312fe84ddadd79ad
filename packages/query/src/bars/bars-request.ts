/** What bars are asked for, checked. */
import { type Clock, DeepwaterError, type Schema, describeValue } from '@deepwater/core/engine';
import { checkKeys, countOf } from '../options.js';
import { clockIndexOf } from '../time-bounds.js';
import { parseWhere } from '../where/parse-where.js';
import type { Predicate } from '../where/predicate.js';
import { amountOf } from './amount.js';
import { BAR_FORMATS, type BarFieldOptions, type BarFormat, type SessionOption } from './bar.js';
import { type BarFields, barFields } from './bar-fields.js';
import { EvenGrid, type Grid, SessionGrid } from './grid.js';
import { resolutionIn } from './resolution.js';
import { sessionCalendar } from './session-calendar.js';

/** What ends the bars that do not end with a time. */
export type Measure = 'ticks' | 'volume' | 'dollar';

export type BarKind =
  | { readonly by: 'time'; readonly grid: Grid }
  /** `threshold` in the terms of the sums: a bigint where these are. */
  | { readonly by: 'amount' | 'imbalance'; readonly of: Measure; readonly threshold: number | bigint };

export interface BarsRequest {
  readonly kind: BarKind;
  /** What bars call their kind. */
  readonly name: string;
  readonly clock: Clock;
  readonly clockIndex: number;
  readonly fields: BarFields;
  readonly fill: boolean;
  readonly limit: number;
  readonly format: BarFormat;
  readonly exact: boolean;
  readonly where: Predicate | undefined;
}

const KINDS = ['resolution', 'ticks', 'volume', 'dollar', 'imbalance'] as const;
const KEYS = [...KINDS, 'session', 'price', 'size', 'side', 'by', 'fill', 'limit', 'format', 'exact', 'where'] as const;

/** @throws DeepwaterError DW_OPTION_INVALID, DW_FIELD_UNKNOWN, DW_FORMAT_UNKNOWN, DW_FILTER_INVALID */
export function parseBars(feed: string, schema: Schema, options: unknown): BarsRequest {
  const given = checkKeys(options, KEYS);
  const named = KINDS.filter((key) => given[key] !== undefined);
  const [kindName] = named;
  if (named.length !== 1 || kindName === undefined) {
    throw invalid(named.length === 0 ? 'Which bars is not said' : `Bars cannot go by ${named.join(' and ')} at once`, `give one of ${KINDS.join(', ')}`, { given: named });
  }
  for (const key of ['session', 'fill']) {
    if (kindName === 'resolution' || given[key] === undefined) continue;
    throw invalid(`${key} goes with resolution, not with ${kindName}`, `leave ${key} out`, { [key]: describeValue(given[key]) });
  }
  const clockIndex = clockIndexOf(schema, given['by']);
  const clock = schema.clocks[clockIndex] as Clock;
  const fields = barFields(feed, schema, given as BarFieldOptions);
  const format = oneOf('format', given['format'], BAR_FORMATS, 'DW_FORMAT_UNKNOWN') ?? 'object';
  const exact = given['exact'] ?? false;
  if (typeof exact !== 'boolean') throw invalid(`exact is ${describeValue(exact)}`, 'give true or false', { exact: describeValue(exact) });
  if (exact && format === 'columns') throw invalid('exact goes with objects: columns have the exact integers of decimals anyway', 'leave exact out', { exact, format });
  return {
    ...kindOf(kindName, given, clock, fields), clock, clockIndex, fields, format, exact,
    fill: oneOf('fill', given['fill'], ['none', 'previous'] as const, 'DW_OPTION_INVALID') === 'previous',
    limit: countOf('limit', given['limit'], 0) ?? Infinity,
    where: parseWhere(schema, given['where']),
  };
}

function kindOf(name: (typeof KINDS)[number], given: Readonly<Record<string, unknown>>, clock: Clock, fields: BarFields): Pick<BarsRequest, 'kind' | 'name'> {
  const value = given[name];
  switch (name) {
    case 'resolution':
      return { kind: { by: 'time', grid: gridOf(value, given['session'], clock) }, name: value as string };
    case 'ticks':
      return { kind: { by: 'amount', of: 'ticks', threshold: countOf('ticks', value, 1) as number }, name: `${String(value)} ticks` };
    case 'volume':
    case 'dollar':
      return { kind: { by: 'amount', of: name, threshold: thresholdOf(name, name, value, fields) }, name: `${String(value)} ${name}` };
    case 'imbalance': {
      const { of, threshold } = checkKeys(value, ['of', 'threshold']);
      const measure = oneOf('imbalance.of', of, ['ticks', 'volume', 'dollar'] as const, 'DW_OPTION_INVALID') ?? 'ticks';
      return { kind: { by: 'imbalance', of: measure, threshold: thresholdOf('imbalance.threshold', measure, threshold, fields) }, name: `${String(threshold)} ${measure} imbalance` };
    }
  }
}

/** An amount in the terms that the sums are made in. */
function thresholdOf(option: string, measure: Measure, value: unknown, fields: BarFields): number | bigint {
  if (measure === 'ticks') return amountOf(option, value, undefined) as number;
  if (fields.size === undefined) throw invalid(`${option} goes by sizes, and there is no size`, 'name the field that has it with size', { [option]: describeValue(value) });
  if (measure === 'volume') return amountOf(option, value, fields.exactSize ? fields.sizeScale : undefined);
  return amountOf(option, value, fields.exactValue ? fields.priceScale + fields.sizeScale : undefined);
}

function gridOf(resolution: unknown, session: unknown, clock: Clock): Grid {
  const sessions = session === undefined ? undefined : sessionCalendar(session as SessionOption, clock);
  if (resolution === 'session') {
    if (sessions !== undefined) return new SessionGrid(sessions, undefined);
    throw invalid("The resolution is 'session', and which sessions is not said", 'give session: { timeZone, open, close }, or a list of [open, close]', { resolution });
  }
  const width = resolutionIn(resolution, clock.unit);
  return sessions === undefined ? new EvenGrid(width) : new SessionGrid(sessions, width);
}

function oneOf<T extends string>(name: string, value: unknown, known: readonly T[], code: 'DW_OPTION_INVALID' | 'DW_FORMAT_UNKNOWN'): T | undefined {
  if (value === undefined || (known as readonly unknown[]).includes(value)) return value as T | undefined;
  throw new DeepwaterError(code, `Bars: ${name} is ${describeValue(value)}; give ${known.join(' or ')}.`, { values: { [name]: describeValue(value), known } });
}

function invalid(what: string, next: string, values: Readonly<Record<string, unknown>>): DeepwaterError {
  return new DeepwaterError('DW_OPTION_INVALID', `${what}; ${next}.`, { values });
}
