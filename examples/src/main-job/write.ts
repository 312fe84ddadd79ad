import type { Platform } from 'deepwater';
import type { LoadedSource } from './load.js';
import type { Progress } from './progress.js';

/** Records written between two looks at the progress bar, and rows of a batch of columns. */
const BLOCK_ROWS = 131_072;

/** How long it took to write one feed, in seconds. */
export interface WriteTimes {
  /** Until the last record was accepted. */
  readonly accepted: number;
  /** Until `flush()` had returned: every record is in its chunk, visible to all, and survives the death of the process. */
  readonly flushed: number;
}

/** Writes a feed with one `writeValues` a record, as a program does that receives them one by one. */
export async function writeByValues(platform: Platform, loaded: LoadedSource, progress: Progress): Promise<WriteTimes> {
  const { source, columns, rows } = loaded;
  await platform.createFeed(source.spec);
  return timedWrite(platform, source.name, rows, progress, `write ${source.name}`, (writer, from, to) => {
    source.writeRows(writer, columns, from, to);
  });
}

/** Writes the same records to another feed, in batches of columns. */
export async function writeByColumns(platform: Platform, loaded: LoadedSource, name: string, progress: Progress): Promise<WriteTimes> {
  const { source, columns, rows } = loaded;
  await platform.createFeed({ ...source.spec, name });
  return timedWrite(platform, name, rows, progress, `write columns ${source.name}`, (writer, from, to) => {
    writer.writeColumns(Object.fromEntries(Object.entries(columns).map(([field, column]) => [field, column.subarray(from, to)])));
  });
}

type FeedWriter = Awaited<ReturnType<Platform['createWriter']>>;

async function timedWrite(
  platform: Platform, feed: string, rows: number, progress: Progress, title: string,
  writeBlock: (writer: FeedWriter, from: number, to: number) => void,
): Promise<WriteTimes> {
  const writer = await platform.createWriter(feed);
  const task = progress.start(title, rows);
  const startedMs = performance.now();
  for (let from = 0; from < rows; from += BLOCK_ROWS) {
    const to = Math.min(from + BLOCK_ROWS, rows);
    writeBlock(writer, from, to);
    task.advance(to - from);
  }
  const accepted = (performance.now() - startedMs) / 1000;
  await writer.flush();
  const flushed = (performance.now() - startedMs) / 1000;
  task.finish();
  await writer.close();
  return { accepted, flushed };
}
