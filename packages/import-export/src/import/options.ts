import type { FeedSpecInput } from '@deepwater/core';
import { DeepwaterError } from '@deepwater/core';
import { CHANNELS, type Channel } from '@deepwater/exchanges';
import { TIME_FORMATS, type TimeFormat } from '../cells/times.js';
import type { RejectedRow } from './batch.js';
import { LAYOUTS, type LayoutName } from './layout-names.js';

export interface ImportOptions {
  /** Told by name and content, where it is left out. */
  readonly layout?: LayoutName | undefined;
  /** The feed; by default named after exchange, symbol and channel, or, of plain files, after the file. */
  readonly feed?: string | undefined;
  /** As adapters are named, `binance-usdm`: of a capture, and where a dump does not tell. */
  readonly exchange?: string | undefined;
  readonly symbol?: string | undefined;
  /** Captures: what of them; all that the exchange has, by default. */
  readonly channels?: readonly Channel[] | undefined;
  /** Plain files, JSON lines and Parquet: field by column, `{ ts: 'time_seconds' }`. A column is a name, a number from 1, or `name[0]`: a part of it (see `split`). */
  readonly columns?: Readonly<Record<string, string>> | undefined;
  /** Fields that have one value in all records. */
  readonly set?: Readonly<Record<string, string | number | boolean>> | undefined;
  /** How times are written; told by their size, where it is left out. `clock`: each in the unit of its field, as exports have them. */
  readonly timeUnit?: TimeFormat | undefined;
  /** The spec of a feed that there is not yet; made from the first rows, where it is left out. */
  readonly spec?: FeedSpecInput | undefined;
  /** Lean: the clock of the times, `America/New_York`; told by the market, where it is left out. */
  readonly zone?: string | undefined;
  readonly delimiter?: string | undefined;
  /** Whether the first line has the names of the columns; told by its content, where it is left out. */
  readonly header?: boolean | undefined;
  /** The character at which columns are parted that are named as `name[0]`. */
  readonly split?: string | undefined;
  /** Take times of before 1971 and after 2099, too. */
  readonly anyTime?: boolean | undefined;
  /** `time`: by the time of their first record. Default `given`. */
  readonly order?: 'given' | 'time' | undefined;
  /** More rejected rows than this in one file end the import. Default 100. */
  readonly maxRejects?: number | undefined;
  /** Parse everything, write nothing. */
  readonly dryRun?: boolean | undefined;
  /** Read each file to its end before anything of it is written. Without it, that is sure of the first 32 MiB of its records. */
  readonly check?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: ImportProgress) => void) | undefined;
  readonly onReject?: ((row: RejectedRow) => void) | undefined;
  /** Told of what a capture's session has to tell: gaps, books that began again. */
  readonly onNote?: ((note: ImportNote) => void) | undefined;
}

export interface ImportProgress {
  readonly file: string;
  /** From 1. */
  readonly number: number;
  readonly files: number;
  /** `reading`: its digest is made, and what is packed is tried. */
  readonly step: 'reading' | 'importing';
  /** Of all files, as they lie there. */
  readonly bytes: number;
  readonly bytesOfAll: number;
  readonly records: number;
  readonly rejected: number;
}

export interface ImportNote {
  readonly file: string;
  readonly text: string;
}

export interface FileReport {
  readonly file: string;
  readonly layout: LayoutName;
  readonly sha256: string;
  /** `already`: all of it was in before. `stopped`: the signal came. */
  readonly state: 'imported' | 'already' | 'stopped' | 'tried';
  readonly feeds: readonly FileFeedReport[];
  readonly rejected: number;
  readonly seconds: number;
}

export interface FileFeedReport {
  readonly feed: string;
  /** Records that the file gives, as far as it was read. */
  readonly records: number;
  /** Those that were written now; the others were there before. */
  readonly added: number;
}

export interface ImportReport {
  readonly files: readonly FileReport[];
  readonly records: number;
  readonly added: number;
  readonly rejected: number;
  /** The first of them. */
  readonly rejects: readonly RejectedRow[];
  readonly notes: readonly ImportNote[];
  readonly seconds: number;
  /** The signal came before all was done: run it again to go on. */
  readonly aborted: boolean;
}

export const MAX_REJECTS_DEFAULT = 100;

const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';
const isBoolean = (value: unknown): boolean => typeof value === 'boolean';
const isFunction = (value: unknown): boolean => typeof value === 'function';
const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);
const isOne = (value: unknown): boolean => typeof value === 'string' && /^[ -~\t]$/.test(value) && value !== '"';

const CHECKS: Readonly<Record<keyof ImportOptions, readonly [(value: unknown) => boolean, string]>> = {
  layout: [(value) => (LAYOUTS as readonly unknown[]).includes(value), LAYOUTS.join(', ')],
  feed: [isText, 'the name of a feed'], exchange: [isText, 'the name of an exchange, such as binance-usdm'], symbol: [isText, 'a symbol'],
  channels: [(value) => Array.isArray(value) && value.length > 0 && value.every((each) => (CHANNELS as readonly unknown[]).includes(each)), `a list of ${CHANNELS.join(', ')}`],
  columns: [(value) => isObject(value) && Object.values(value as object).every(isText), 'an object of field and column, { ts: "time_seconds" }'],
  set: [isObject, 'an object of field and value, { id: 0 }'], timeUnit: [(value) => (TIME_FORMATS as readonly unknown[]).includes(value), TIME_FORMATS.join(', ')],
  spec: [isObject, 'the spec of a feed'], zone: [isText, 'a time zone, such as America/New_York'], delimiter: [isOne, 'one character of ASCII, no quote'], header: [isBoolean, 'true or false'],
  split: [isOne, 'one character of ASCII'], anyTime: [isBoolean, 'true or false'], order: [(value) => value === 'given' || value === 'time', 'given or time'],
  maxRejects: [(value) => value === Infinity || (Number.isSafeInteger(value) && (value as number) >= 0), 'a whole number of at least 0'], dryRun: [isBoolean, 'true or false'], check: [isBoolean, 'true or false'],
  signal: [(value) => value instanceof AbortSignal, 'an AbortSignal'], onProgress: [isFunction, 'a function'], onReject: [isFunction, 'a function'], onNote: [isFunction, 'a function'],
};

/** @throws DeepwaterError DW_OPTION_INVALID */
export function checkImportOptions(files: readonly string[], options: ImportOptions): void {
  if (!Array.isArray(files) || files.length === 0 || !files.every(isText)) throw new DeepwaterError('DW_OPTION_INVALID', 'importFiles takes a list of at least one path of a file.', { values: { files } });
  for (const [key, value] of Object.entries(options)) {
    if (value === undefined) continue;
    const check = Object.hasOwn(CHECKS, key) ? CHECKS[key as keyof ImportOptions] : undefined;
    if (check === undefined) throw new DeepwaterError('DW_OPTION_INVALID', `importFiles has no option ${key}. The options: ${Object.keys(CHECKS).join(', ')}.`, { values: { option: key } });
    if (!check[0](value)) throw new DeepwaterError('DW_OPTION_INVALID', `The option ${key} is ${JSON.stringify(value)}; give ${check[1]}.`, { values: { option: key } });
  }
}
