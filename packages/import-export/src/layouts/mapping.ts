/** Which column of a file is which field: of plain CSV, JSON lines and Parquet alike. */
import { DeepwaterError, type Field } from '@deepwater/core';
import type { CellRules, Value } from '../cells/cell-writers.js';
import { timeRange } from '../cells/times.js';
import type { ReadContext, Target } from '../import/batch.js';
import type { ImportOptions } from '../import/options.js';
import { type KnownColumn, fieldNameOf, formatOf, inferSpec } from './infer.js';
import { type NamedSpec, marketFeedSpec } from './market-feed.js';

/** A column of a file, with its first values as texts. */
export interface FoundColumn {
  readonly name: string;
  readonly sample: readonly string[];
  readonly known?: KnownColumn | undefined;
}

/** Where a field's values come from. */
export interface FieldSource {
  readonly field: Field;
  /** Place of the column, from 0, and of the part of it. */
  readonly column: number;
  readonly part?: number | undefined;
  readonly rules: CellRules;
}

/** The column of a file that says which records of a feed of mode IF are index points: 1 or 0, as exports write it. */
export const INDEX_POINT = 'index_point';

export interface Mapping {
  readonly target: Target;
  /** Place of the column of index points. */
  readonly marks?: number;
  readonly sources: readonly FieldSource[];
  readonly constants: Readonly<Record<string, Value>>;
}

/** A side as files have it, and of makers: who bought as the maker has sold to nobody but a taker. */
const SIDES = new Map(Object.entries({ B: 66, b: 66, buy: 66, BUY: 66, Buy: 66, bid: 66, BID: 66, Bid: 66, S: 83, s: 83, sell: 83, SELL: 83, Sell: 83, A: 65, a: 65, ask: 65, ASK: 65, Ask: 65, offer: 65, ' ': 32, '': 32, unknown: 32 }));
const MAKERS = new Map(Object.entries({ true: 83, True: 83, TRUE: 83, 1: 83, false: 66, False: 66, FALSE: 66, 0: 66 }));
/** Of the normalised feeds: what a field is where a file does not have it. */
const MARKET_CONSTANTS: Readonly<Record<string, Value>> = { id: 0, side: ' ', update: 0, first: 0, last: 0, flags: 0, counter: 0 };

const NONE: ReadonlySet<string> = new Set();

interface Wanted { readonly field: string; readonly column: number; readonly part: number | undefined }

/** @throws DeepwaterError DW_IMPORT_COLUMNS, and what a spec that cannot be used throws */
export function mapColumns(columns: readonly FoundColumn[], fallbackName: string, options: ImportOptions, context: Pick<ReadContext, 'target' | 'has'>): Mapping {
  const named = Object.entries(options.columns ?? {}).map(([field, reference]): Wanted => ({ field, ...placeOf(columns, reference, options.split) }));
  const market = options.exchange !== undefined && options.symbol !== undefined && options.channels?.length === 1
    ? marketFeedSpec({ exchange: options.exchange, symbol: options.symbol, channel: options.channels[0]!, feed: options.feed }) : undefined;
  const name = options.feed ?? options.spec?.name ?? options.spec?.feed_name ?? market?.name ?? fallbackName;
  const given: NamedSpec | undefined = context.has(name) || options.spec !== undefined ? { fields: [], ...options.spec, name } : market;
  if (given === undefined) {
    const taken = new Set<string>();
    const all = named.length > 0 ? named : columns.map((column, n): Wanted => {
      const field = fieldNameOf(column.name, taken);
      taken.add(field);
      return { field, column: n, part: undefined };
    });
    const spec = inferSpec(name, all.map(({ field, column, part }) => ({ field, sample: sampleOf(columns, column, part, options.split), known: part === undefined ? columns[column]!.known : undefined })), options.timeUnit);
    const constants = Object.entries(options.set ?? {}).map(([field, value]) => ({ name: field, type: typeof value === 'number' ? 'float64' : typeof value === 'boolean' ? 'bool' : 'symbol' } as const));
    return mapped(columns, context.target({ ...spec, fields: [...spec.fields, ...constants] }), all, options, false);
  }
  const target = context.target(given);
  const wanted = [...named];
  for (const { name: field } of target.fields) {
    if (named.some((each) => each.field === field) || options.set?.[field] !== undefined) continue;
    const column = columns.findIndex((each) => each.name.toLowerCase() === field.toLowerCase() || fieldNameOf(each.name, NONE) === field);
    if (column >= 0) wanted.push({ field, column, part: undefined });
  }
  return mapped(columns, target, wanted, options, market !== undefined);
}

function mapped(columns: readonly FoundColumn[], target: Target, wanted: readonly Wanted[], options: ImportOptions, market: boolean): Mapping {
  const { fields } = target;
  const sources = wanted.map(({ field: name, column, part }): FieldSource => {
    const field = fields.find((each) => each.name === name);
    if (field === undefined) throw new DeepwaterError('DW_IMPORT_COLUMNS', `Feed ${target.spec.name} has no field ${name}. Its fields: ${fields.map((each) => each.name).join(', ')}.`, { values: { field: name } });
    return { field, column, part, rules: rulesOf(field, columns[column]!, sampleOf(columns, column, part, options.split), options) };
  });
  const constants: Record<string, Value> = { ...options.set };
  for (const field of fields) {
    if (sources.some((source) => source.field === field) || constants[field.name] !== undefined) continue;
    const ts = sources.find((source) => source.field.name === 'ts');
    // A file has no other receive time than its records' own.
    if (market && field.name === 'recv' && ts !== undefined) sources.push({ ...ts, field });
    else if (market && field.name in MARKET_CONSTANTS) constants[field.name] = MARKET_CONSTANTS[field.name];
    else throw new DeepwaterError('DW_IMPORT_COLUMNS', `No column of the file is field ${field.name} of feed ${target.spec.name}. Its columns: ${columns.map((each) => each.name).join(', ')}. Say which it is with --columns ${field.name}=<column>, or give it one value with --set ${field.name}=<value>.`, { values: { field: field.name, columns: columns.map((each) => each.name) } });
  }
  const marks = target.spec.mode === 'IF' && !fields.some(({ name }) => name === INDEX_POINT) ? columns.findIndex(({ name }) => name === INDEX_POINT) : -1;
  return { target, sources, constants, ...(marks < 0 ? {} : { marks }) };
}

function rulesOf(field: Field, { name: column, known }: FoundColumn, sample: readonly string[], { timeUnit, anyTime }: ImportOptions): CellRules {
  if (field.unit !== undefined) return { time: timeUnit === 'clock' ? timeUnit : known?.time ?? timeUnit ?? formatOf(sample) ?? field.unit, range: timeRange(field.unit, anyTime === true) };
  if (field.name === 'side' && field.type === 'char') {
    if (/maker/i.test(column)) return { codes: MAKERS };
    // Letters stay as they are.
    return sample.some((text) => text.length > 1) ? { codes: SIDES } : { empty: 32n };
  }
  return field.type === 'float64' || field.type === 'float32' ? { empty: NaN } : {};
}

function sampleOf(columns: readonly FoundColumn[], column: number, part: number | undefined, split = '_'): readonly string[] {
  const { sample } = columns[column]!;
  return part === undefined ? sample : sample.map((text) => text.split(split)[part] ?? '');
}

/** `price`, `3`, `bid_price_bid_size[0]`. */
function placeOf(columns: readonly FoundColumn[], reference: string, split: string | undefined): { column: number; part: number | undefined } {
  const byName = (name: string): number => columns.findIndex((each) => each.name === name);
  const byNumber = (text: string): number => (/^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= columns.length ? Number(text) - 1 : -1);
  const whole = Math.max(byName(reference), byNumber(reference));
  if (whole >= 0) return { column: whole, part: undefined };
  const match = /^(.+)\[(\d+)\]$/.exec(reference);
  const column = match === null ? -1 : Math.max(byName(match[1]!), byNumber(match[1]!));
  if (column >= 0) {
    if (split === undefined) throw new DeepwaterError('DW_IMPORT_COLUMNS', `${reference} is a part of a column; say at which character it is parted with --split.`, { values: { column: reference } });
    return { column, part: Number(match![2]) };
  }
  throw new DeepwaterError('DW_IMPORT_COLUMNS', `The file has no column ${reference}. Its columns: ${columns.map(({ name }, n) => `${name} (${n + 1})`).join(', ')}.`, { values: { column: reference, columns: columns.map(({ name }) => name) } });
}
