import { ParquetFile } from '@deepwater/import-export/parquet';
import type { RecordBatch, Schema } from 'apache-arrow';
import type { Output } from './output.js';
import { Progress } from './progress.js';

/**
 * Writes Arrow record batches of one schema as Parquet: records of a feed, or whatever else comes in columns. What is in memory
 * at once is a row group.
 */
export async function writeParquet(output: Output, schema: Schema, batches: AsyncIterable<RecordBatch> | Iterable<RecordBatch>): Promise<void> {
  const file = new ParquetFile(schema);
  const progress = new Progress();
  try {
    for await (const batch of batches) {
      if (output.closed.aborted) break;
      const bytes = file.add(batch);
      progress.add(batch.numRows, bytes.byteLength);
      if (bytes.byteLength > 0) await output.write(bytes);
    }
    await output.write(file.end());
  } finally {
    progress.end();
  }
}
