import type { Platform, Writer } from 'deepwater';
import {
  type BenchFeedOptions, type BenchSpec, FIRST_TIME_US, benchFeed, priceOf, sizeOf, timeOf, wrongColumns,
} from './records.js';

export type RecordWriter = Pick<Writer<BenchSpec>, 'writeValues'>;

/** Writes the records [from, to), one call each: the caller's loop of every line about single records. */
export function writeRun(writer: RecordWriter, from: number, to: number): void {
  for (let n = from; n < to; n++) writer.writeValues(priceOf(n), sizeOf(n), timeOf(n));
}

const WARM_UP_RECORDS = 200_000;

/** Has the writer class of the record, the caller's loop and the ingest worker compiled, on a feed that nobody looks at. */
export async function warmUpWriting(platform: Platform): Promise<void> {
  await platform.createFeed(benchFeed('warm-up'));
  const writer = await platform.createWriter<BenchSpec>('warm-up');
  for (let n = 0; n < WARM_UP_RECORDS; n += 1000) writeRun(writer, n, n + 1000);
  await writer.close();
}

/** Makes a feed that holds the records [0, rows) in sealed chunks. */
export async function fillFeed(platform: Platform, name: string, rows: number, options?: BenchFeedOptions): Promise<void> {
  await platform.createFeed(benchFeed(name, options));
  const writer = await platform.createWriter<BenchSpec>(name);
  writeRun(writer, 0, rows);
  await writer.close();
}

/** Reads every value of a feed that should hold the records [0, rows); what is wrong with it. */
export async function wrongFeed(platform: Platform, name: string, rows: number): Promise<string[]> {
  const reader = await platform.createReader<BenchSpec>(name);
  try {
    let n = 0;
    for await (const batch of reader.batches(FIRST_TIME_US, FIRST_TIME_US + rows)) {
      const wrong = wrongColumns(batch.columns, n);
      if (wrong !== undefined) return [`${name}: ${wrong}`];
      n += batch.rows;
    }
    return n === rows ? [] : [`${name}: ${n} records, not ${rows}`];
  } finally {
    await reader.close();
  }
}
