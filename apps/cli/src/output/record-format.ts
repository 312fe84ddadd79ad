import { csvLine, jsonObject } from '@deepwater/import-export/output';
import type { Clock, Field } from 'deepwater';
import { timeText } from '../time/time-text.js';
import { type Output, standardOutput } from './output.js';
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
export function recordPrinter(format: RecordFormatName, fields: readonly Field[], clocks: readonly Clock[], live = false, output: Output = standardOutput): RecordPrinter {
  const names = fields.map(({ name }) => name);
  switch (format) {
    case 'csv':
      return linePrinter(output, csvLine(names), (row) => csvLine(row.map(String)));
    case 'jsonl':
      return linePrinter(output, '', (row) => `${jsonObject(names, row)}\n`);
    case 'json':
      return jsonPrinter(output, names);
    case 'table':
      return live ? alignedPrinter(output, fields, clocks) : tablePrinter(output, fields, clocks);
  }
}

function linePrinter(output: Output, head: string, line: (row: Row) => string): RecordPrinter {
  let begun = false;
  const begin = async (): Promise<void> => {
    if (begun) return;
    begun = true;
    await output.print(head);
  };
  return {
    async row(row) {
      await begin();
      await output.print(line(row));
    },
    flush: () => output.flush(),
    async end() {
      await begin();
      await output.flush();
    },
  };
}

function jsonPrinter(output: Output, names: readonly string[]): RecordPrinter {
  let rows = 0;
  return {
    async row(row) {
      await output.print(`${rows === 0 ? '[\n' : ',\n'}  ${jsonObject(names, row)}`);
      rows += 1;
    },
    flush: () => output.flush(),
    async end() {
      await output.print(rows === 0 ? '[]\n' : '\n]\n');
      await output.flush();
    },
  };
}

function tablePrinter(output: Output, fields: readonly Field[], clocks: readonly Clock[]): RecordPrinter {
  const cells = cellTexts(fields, clocks);
  const rows: string[][] = [];
  return {
    async row(row) {
      rows.push(cells(row));
    },
    async flush() {},
    async end() {
      await output.print(tableText(fields.map(({ name }) => name), rows, fields.map(isFlushRight)));
      await output.flush();
    },
  };
}

/** Columns that are as wide as the widest value so far: for rows that have to be shown before the last is known. */
function alignedPrinter(output: Output, fields: readonly Field[], clocks: readonly Clock[]): RecordPrinter {
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
      await output.print(line(fields.map(({ name }) => name)));
    }
    for (const row of waiting.splice(0)) await output.print(line(row));
    await output.flush();
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
