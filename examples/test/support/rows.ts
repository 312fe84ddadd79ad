import { shownValue } from '../../dist/sources/columns.js';
import type { TickSource } from '../../dist/sources/tick-source.js';

/** A record with its line number, values as objects show them. */
export type Row = Record<string, number | bigint | string | boolean>;

/** Every record of a source as an object, for comparing. */
export async function rowsOf(source: TickSource): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const batch of source.batches()) {
    for (let i = 0; i < batch.rows; i++) {
      const row: Row = { line: batch.lines[i] };
      for (const field of source.fields) row[field.name] = shownValue(field, batch.columns[field.name][i]);
      rows.push(row);
    }
  }
  return rows;
}
