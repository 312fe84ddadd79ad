/** What the layouts of CSV have in common: a table for a feed, and its rows as batches. */
import type { Field } from '@deepwater/core';
import type { Batch, ReadContext, Target } from '../import/batch.js';
import { readCsv } from '../csv/read-csv.js';
import type { FileColumn, Table } from '../csv/plan.js';
import type { Value } from '../cells/cell-writers.js';
import type { Part } from '../unpack/source-file.js';

/** The first lines of a part, to tell what it is. Long lines are cut. */
const HEAD_BYTES = 64 * 1024;

export async function headLines(part: Part, bytesMax = HEAD_BYTES): Promise<string[]> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const block of part.blocks()) {
    pieces.push(Buffer.from(block.subarray(0, bytesMax - bytes)));
    bytes += block.byteLength;
    if (bytes >= bytesMax) break;
  }
  const text = Buffer.concat(pieces).toString('utf8').replace(/^\uFEFF/, '');
  const lines = text.split(/\r?\n/);
  // The last one may be cut off.
  if (bytes >= bytesMax && lines.length > 1) lines.pop();
  return lines.filter((line) => line.trim() !== '');
}

/** Columns of which only those go somewhere whose field the feed has: feeds may keep less than a file has. */
export function columnsFor(fields: readonly Field[], columns: readonly FileColumn[]): FileColumn[] {
  const has = (name: string): boolean => fields.some((field) => field.name === name);
  return columns.map((column) => (column.fields === undefined ? column : { ...column, fields: column.fields.filter(has) }));
}

export function constantsFor(fields: readonly Field[], constants: Readonly<Record<string, Value>>): Record<string, Value> {
  return Object.fromEntries(Object.entries(constants).filter(([name]) => fields.some((field) => field.name === name)));
}

/** Rows of a table that are records as they are. */
export async function* tableBatches(part: Part, table: Table, skipLines: number, target: Target, context: ReadContext, partName?: string): AsyncGenerator<Batch, void, void> {
  for await (const { rows, columns } of readCsv(part.blocks(), table, skipLines, (line, reason) => { context.reject(line, reason, partName); })) yield { target, rows, columns };
}
