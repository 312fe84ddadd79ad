import { InvalidArgumentError, Option } from 'commander';
import type { FeedInfo, Field, Reader } from 'deepwater';
import { RECORD_FORMATS, type RecordFormatName } from '../output/record-format.js';

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
    new Option('-c, --columns <names>', 'only these fields, separated by commas, in this order').argParser(names),
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

function names(text: string): string[] {
  const given = text.split(',').map((name) => name.trim());
  if (given.some((name) => name === '')) throw new InvalidArgumentError('Give names separated by commas, such as price,size.');
  return given;
}
