import { InvalidArgumentError, Option } from 'commander';
import { type Clock, DeepwaterError, type FeedInfo, type Field, type Reader, type UntypedWhere } from 'deepwater';
import { RECORD_FORMATS, type RecordFormatName } from '../output/record-format.js';
import { parseTime } from '../time/parse-time.js';

/** A table is for people: longer ones are cut, unless a limit is given. */
export const TABLE_ROWS_MAX = 1000;

/** Options of the commands that print records. */
export interface RecordOptions<F extends string = RecordFormatName> {
  readonly format?: F;
  readonly json?: true;
  readonly columns?: readonly string[];
}

/** @param formats those that the command takes */
export function recordOptions(formats: readonly string[] = RECORD_FORMATS): Option[] {
  return [
    new Option('-f, --format <format>', 'how to print records; csv, jsonl and json have times as plain numbers').choices(formats),
    new Option('--json', 'the same as --format json').conflicts('format'),
    new Option('-c, --columns <names>', 'only these fields, separated by commas, in this order').argParser((text) => names(text, 'price,size')),
  ];
}

export function formatOf<F extends string = RecordFormatName>({ format, json }: RecordOptions<F>): F | 'json' | 'table' {
  return json === true ? 'json' : (format ?? 'table');
}

/** The fields to print, in order. @throws DeepwaterError DW_FIELD_UNKNOWN, with names that may have been meant */
export function selectedFields(info: FeedInfo, reader: Reader, columns: readonly string[] | undefined): readonly Field[] {
  if (columns === undefined) return info.fields;
  // The reader knows best what it takes.
  reader.lastSync(0, { columns });
  return columns.map((name) => info.fields.find((field) => field.name === name) as Field);
}

export function wholeNumber(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) throw new InvalidArgumentError('Give a whole number.');
  return value;
}

export function positiveNumber(text: string): number {
  const value = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || !(value > 0)) throw new InvalidArgumentError('Give a number above 0.');
  return value;
}

/** Names separated by commas. */
export function names(text: string, example: string): string[] {
  const given = text.split(',').map((name) => name.trim());
  if (given.some((name) => name === '')) throw new InvalidArgumentError(`Give names separated by commas, such as ${example}.`);
  return given;
}

/** The clock that `--by` names; the timestamp of the feed where it names none. @throws DeepwaterError DW_OPTION_INVALID */
export function clockOf({ name, clocks }: FeedInfo, by: string | undefined): Clock {
  const clock = by === undefined ? clocks[0] : clocks.find((each) => each.name === by);
  if (clock !== undefined) return clock;
  throw new DeepwaterError('DW_OPTION_INVALID', `--by is ${JSON.stringify(by)}, which is no clock of feed ${name}. Its clocks: ${clocks.map((each) => each.name).join(', ')}.`, {
    values: { option: 'by', given: by, clocks: clocks.map((each) => each.name) },
  });
}

/** The times of `--start` and `--end`, as [start, end); what is left open reaches as far as the clock does. @throws DeepwaterError DW_RANGE_INVALID */
export function timesOf({ unit, signed }: Clock, { start, end }: { readonly start?: string; readonly end?: string }): { start: bigint; end: bigint } {
  const now = Date.now();
  return {
    start: start === undefined ? (signed ? -(2n ** 63n) : 0n) : parseTime(start, '--start', unit, now),
    end: end === undefined ? 2n ** (signed ? 63n : 64n) : parseTime(end, '--end', unit, now),
  };
}

/** Which records a command is about, by their values. */
export function whereOption(): Option {
  return new Option('--where <json>', 'only records with such values, as JSON; a text such as "5n" is the whole number 5, of any size').argParser(filterOf);
}

/** JSON has no whole numbers beyond 2^53: a text of digits and an n stands for one, as in JavaScript. */
function filterOf(text: string): UntypedWhere {
  try {
    return JSON.parse(text, (_key, value: unknown) => (typeof value === 'string' && /^-?\d+n$/.test(value) ? BigInt(value.slice(0, -1)) : value)) as UntypedWhere;
  } catch (error) {
    throw new InvalidArgumentError(`Give JSON, such as '{ "price": { "gte": 100 } }' (${(error as Error).message}).`);
  }
}
