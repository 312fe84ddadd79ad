import { allocateColumns, type Columns } from '../sources/columns.js';
import type { RowBatch, TickSource } from '../sources/tick-source.js';
import type { Progress } from './progress.js';

/** A source's records in memory, so that writing them measures the engine and not the parser. */
export interface LoadedSource {
  readonly source: TickSource;
  readonly rows: number;
  readonly columns: Columns;
  /** Unpacking and parsing. */
  readonly parseSeconds: number;
}

export async function load(source: TickSource, progress: Progress): Promise<LoadedSource> {
  const task = progress.start(`parse ${source.name}`, null);
  const startedMs = performance.now();
  const batches: RowBatch[] = [];
  let rows = 0;
  for await (const batch of source.batches()) {
    batches.push(batch);
    rows += batch.rows;
    task.advance(batch.rows);
  }
  const columns = allocateColumns(source.fields, rows);
  let at = 0;
  for (const batch of batches) {
    for (const { name } of source.fields) {
      const from = batch.columns[name].subarray(0, batch.rows);
      // Both were allocated for the same field, so they have the same element type.
      (columns[name] as Float64Array).set(from as Float64Array, at);
    }
    at += batch.rows;
  }
  const parseSeconds = (performance.now() - startedMs) / 1000;
  task.finish();
  return { source, rows, columns, parseSeconds };
}
