import type { Clock, Field } from 'deepwater';
import { timeText } from '../time/time-text.js';
import { toJson } from './json.js';
import { flush, print } from './stdout.js';
import { tableText } from './table.js';
import { printable } from './text.js';

export const RECORD_FORMATS = ['table', 'csv', 'jsonl', 'json'] as const;
export type RecordFormatName = (typeof RECORD_FORMATS)[number];

type Value = number | bigint | string | boolean;
/** Values in the order of the columns. */
export type Row = readonly Value[];

/** Where records go, one way or another. */
export interface RecordPrinter {
  row(row: Row): Promise<void>;
  /** Writes what is still to be written; more rows may follow. */
  flush(): Promise<void>;
  /** Ends the output. */
  end(): Promise<void>;
}

/**
 * A printer for records with these columns. `csv`, `jsonl` and `json` have values as they are stored, times as plain
 * numbers; tables have times as ISO 8601. In JSON, 64-bit integers that JavaScript reads as bigint are texts.
 *
 * @param live rows are to be seen as they come, so a table cannot wait for the widest
 */
export function recordPrinter(format: RecordFormatName, fields: readonly Field[], clocks: readonly Clock[], live = false): RecordPrinter {
  const names = fields.map(({ name }) => name);
  switch (format) {
    case 'csv':
      return linePrinter(csvLine(names), (row) => csvLine(row.map(String)));
    case 'jsonl':
      return linePrinter('', (row) => `${jsonObject(names, row)}\n`);
    case 'json':
      return jsonPrinter(names);
    case 'table':
      return live ? alignedPrinter(fields, clocks) : tablePrinter(fields, clocks);
  }
}

function linePrinter(head: string, line: (row: Row) => string): RecordPrinter {
  let begun = false;
  const begin = async (): Promise<void> => {
    if (begun) return;
    begun = true;
    await print(head);
  };
  return {
    async row(row) {
      await begin();
      await print(line(row));
    },
    flush,
    async end() {
      await begin();
      await flush();
    },
  };
}

function jsonPrinter(names: readonly string[]): RecordPrinter {
  let rows = 0;
  return {
    async row(row) {
      await print(`${rows === 0 ? '[\n' : ',\n'}  ${jsonObject(names, row)}`);
      rows += 1;
    },
    flush,
    async end() {
      await print(rows === 0 ? '[]\n' : '\n]\n');
      await flush();
    },
  };
}

function tablePrinter(fields: readonly Field[], clocks: readonly Clock[]): RecordPrinter {
  const cells = cellTexts(fields, clocks);
  const rows: string[][] = [];
  return {
    async row(row) {
      rows.push(cells(row));
    },
    async flush() {},
    async end() {
      await print(tableText(fields.map(({ name }) => name), rows, fields.map(isFlushRight)));
      await flush();
    },
  };
}

/** Columns that are as wide as the widest value so far: for rows that have to be shown before the last is known. */
function alignedPrinter(fields: readonly Field[], clocks: readonly Clock[]): RecordPrinter {
  const cells = cellTexts(fields, clocks);
  const widths = fields.map(({ name }) => name.length);
  const waiting: string[][] = [];
  let begun = false;
  const line = (row: readonly string[]): string =>
    `${row.map((cell, column) => (isFlushRight(fields[column] as Field) ? cell.padStart(widths[column] as number) : cell.padEnd(widths[column] as number))).join('  ').trimEnd()}\n`;
  const write = async (): Promise<void> => {
    for (const row of waiting) row.forEach((cell, column) => { widths[column] = Math.max(widths[column] as number, cell.length); });
    if (!begun && waiting.length > 0) {
      begun = true;
      await print(line(fields.map(({ name }) => name)));
    }
    for (const row of waiting.splice(0)) await print(line(row));
    await flush();
  };
  return {
    async row(row) {
      waiting.push(cells(row));
    },
    flush: write,
    end: write,
  };
}

function cellTexts(fields: readonly Field[], clocks: readonly Clock[]): (row: Row) => string[] {
  const units = fields.map((field) => clocks.find(({ name }) => name === field.name)?.unit);
  return (row) => row.map((value, column) => {
    const unit = units[column];
    return unit === undefined ? printable(String(value)) : timeText(value as number | bigint, unit);
  });
}

function isFlushRight({ as, type, unit }: Field): boolean {
  return unit === undefined && (as === 'number' || as === 'bigint' || type === 'decimal');
}

/** RFC 4180, with `\n` at the end of a line. */
function csvLine(values: readonly string[]): string {
  return `${values.map((value) => (/[",\r\n]|^\s|\s$/.test(value) ? `"${value.replaceAll('"', '""')}"` : value)).join(',')}\n`;
}

function jsonObject(names: readonly string[], row: Row): string {
  return `{${names.map((name, column) => `${JSON.stringify(name)}:${toJson(row[column])}`).join(',')}}`;
}
