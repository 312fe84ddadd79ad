/** The fields of a feed from the first rows of a file. */
import type { FieldInput, FeedSpecInput, TimeUnit } from '@deepwater/core';
import { DeepwaterError } from '@deepwater/core';
import { type TimeFormat, guessTimeFormat } from '../cells/times.js';

/** A column that becomes a field. */
export interface SampledColumn {
  /** What the field is called. */
  readonly field: string;
  /** Its first values, as texts. */
  readonly sample: readonly string[];
  readonly known?: KnownColumn | undefined;
}

/** What a format tells of a column by itself. */
export interface KnownColumn {
  readonly time?: TimeFormat | undefined;
  readonly type?: Omit<FieldInput, 'name'> | undefined;
}

const TIME_NAME = /^(ts|t|time|timestamp|date|datetime|recv|received|day)$|time|_ts$|^ts_|date/i;
const WHOLE = /^-?(0|[1-9]\d{0,17})$/;
const DECIMAL = /^-?(\d{1,18})?\.?(\d{0,18})$/;
const FLOAT = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?$|^[+-]?(nan|inf|infinity)$/i;
const TRUTH = /^(true|false)$/i;
/** Digits that prices and sizes have at least room for, as in the feeds of exchanges. */
const SCALE_MIN = 8;
const DIGITS_MAX = 18;
const CLOCKS_MAX = 8;
/** With more different texts than this part of the rows they are not names of something. */
const SYMBOL_PART = 0.2;
const STRING_BYTES_MAX = 1024;

/** @throws DeepwaterError DW_IMPORT_COLUMNS where no column looks like a time */
export function inferSpec(name: string, columns: readonly SampledColumn[], timeUnit: TimeFormat | undefined): FeedSpecInput & { readonly name: string } {
  const timed = columns.filter(({ field, sample, known }) => known?.time !== undefined || (TIME_NAME.test(field) && (timeUnit !== undefined || formatOf(sample) !== undefined)));
  const timestamp = timed.find(({ field }) => /^ts$/i.test(field)) ?? timed[0] ?? columns.find(({ sample }) => formatOf(sample) === 'iso');
  if (timestamp === undefined) {
    throw new DeepwaterError('DW_IMPORT_COLUMNS', `No column looks like a time (${columns.map(({ field }) => field).join(', ')}). Say which one it is: --columns ts=<column>, and --time-unit.`, { values: { columns: columns.map(({ field }) => field) } });
  }
  const clocks = timed.filter((column) => column !== timestamp).slice(0, CLOCKS_MAX - 1);
  const isClock = (column: SampledColumn): boolean => column === timestamp || clocks.includes(column);
  return {
    name, timestamp: timestamp.field, clocks: clocks.map(({ field }) => field), retentionHours: 0,
    fields: columns.map((column) => (isClock(column) ? { name: column.field, type: 'uint64', unit: unitOf(column.sample, timeUnit ?? column.known?.time) } : { name: column.field, ...typeOf(column) })),
  };
}

/** The format that all values have, but for a few. */
export function formatOf(sample: readonly string[]): TimeFormat | undefined {
  const counts = new Map<TimeFormat | undefined, number>();
  for (const text of sample) counts.set(guessTimeFormat(text), (counts.get(guessTimeFormat(text)) ?? 0) + 1);
  const [[format, count] = [undefined, 0]] = [...counts].sort((a, b) => b[1] - a[1]);
  return mostOf(count, sample.length) ? format : undefined;
}

/** A row that is wrong here and there does not make texts of a column of numbers: it is rejected. */
const mostOf = (count: number, all: number): boolean => count > 0 && all - count <= Math.max(Math.min(1, all - 2), all / 100);

function unitOf(sample: readonly string[], timeUnit: TimeFormat | undefined): TimeUnit {
  const format = (timeUnit === 'clock' ? undefined : timeUnit) ?? formatOf(sample) ?? 'us';
  const decimals = Math.max(0, ...sample.map((text) => /[.,](\d+)/.exec(text)?.[1]?.replace(/0+$/, '').length ?? 0));
  return format === 'ns' || ((format === 's' || format === 'iso') && decimals > 6) ? 'ns' : 'us';
}

function typeOf({ field, sample, known }: SampledColumn): Omit<FieldInput, 'name'> {
  if (known?.type !== undefined) return known.type;
  const given = sample.filter((text) => text !== '');
  if (/^side$/i.test(field)) return { type: 'char' };
  const all = (pattern: RegExp): boolean => mostOf(given.filter((text) => pattern.test(text)).length, given.length);
  if (given.length === sample.length && all(WHOLE)) return given.some((text) => WHOLE.test(text) && text.length > 15) ? { type: 'int64' } : { type: 'int64', as: 'number' };
  if (given.length === sample.length && all(TRUTH)) return { type: 'bool' };
  if (given.length === sample.length && all(DECIMAL)) {
    const parts = given.flatMap((text) => { const match = DECIMAL.exec(text); return match === null ? [] : [match]; });
    const whole = Math.max(...parts.map(([, digits = '']) => digits.length));
    const scale = Math.max(SCALE_MIN, ...parts.map(([, , digits = '']) => digits.length));
    // A price may grow by two digits and still fit.
    if (whole + 2 + scale <= DIGITS_MAX) return { type: 'decimal', scale };
  }
  if (all(FLOAT)) return { type: 'float64' };
  if (new Set(given).size <= Math.max(16, given.length * SYMBOL_PART)) return { type: 'symbol' };
  return { type: 'string', bytes: Math.min(STRING_BYTES_MAX, Math.max(16, 2 * Math.max(...given.map((text) => Buffer.byteLength(text))))) };
}

/** A name of a column as the name of a field: `exchange-timestamp` is `exchange_timestamp`. */
export function fieldNameOf(column: string, taken: ReadonlySet<string>): string {
  const plain = column.trim().replace(/[^A-Za-z0-9_]+/g, '_').replace(/^(?=\d)/, '_').replace(/^_+(?=[A-Za-z])|_+$/g, '').slice(0, 60) || 'column';
  let name = plain;
  for (let n = 2; taken.has(name); n++) name = `${plain}_${n}`;
  return name;
}
