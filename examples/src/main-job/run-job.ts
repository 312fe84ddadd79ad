import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Platform } from 'deepwater';
import type { TickSource } from '../sources/tick-source.js';
import { Digest } from './digest.js';
import { load, type LoadedSource } from './load.js';
import { measureLatencies } from './measure-latency.js';
import { measureReads } from './measure-reads.js';
import type { Progress } from './progress.js';
import type { FeedReport, JobReport } from './report.js';
import { MismatchError, verifyFeed } from './verify.js';
import { planWindows, type Window } from './windows.js';
import { writeByColumns, writeByValues } from './write.js';

/** Records of a range that is read as tuples or objects. */
const WINDOW_ROWS = 65_536;

export interface Job {
  readonly sources: readonly TickSource[];
  readonly recordings: string;
  readonly store: string;
  /** False: the store has the records already. */
  readonly write: boolean;
  readonly onWritten: () => void;
  readonly progress: Progress;
}

/** What is kept of a feed once its records are in the store. */
interface LoadedFeed {
  readonly source: TickSource;
  readonly digest: string;
  readonly windows: readonly Window[];
  readonly written?: FeedReport['written'];
}

/** Loads, writes, reads back, compares and measures. @throws MismatchError at the first record that is not as in its file */
export async function runJob(job: Job): Promise<JobReport> {
  const startedMs = performance.now();
  const feeds = await loadAll(job);
  job.onWritten();
  // A new platform, as another program would open the store later: nothing that the writers had in hand helps it.
  await using platform = await Platform.open(job.store, { logLevel: 'warn' });
  const reports: FeedReport[] = [];
  for (const feed of feeds) reports.push(await readBack(platform, feed, job));
  const seconds = (performance.now() - startedMs) / 1000;
  return { recordings: job.recordings, store: job.store, node: process.versions.node, seconds, feeds: reports };
}

async function loadAll({ sources, store, write, progress }: Job): Promise<LoadedFeed[]> {
  await using platform = await Platform.open(store, { logLevel: 'warn' });
  const feeds: LoadedFeed[] = [];
  for (const source of sources) {
    const loaded = await load(source, progress);
    const digest = digestOf(loaded);
    const times = loaded.columns[source.spec.timestamp] as Float64Array | BigUint64Array;
    const written = write ? await writeBoth(platform, loaded, digest, progress) : undefined;
    feeds.push({ source, digest, windows: planWindows(times, WINDOW_ROWS), written });
  }
  return feeds;
}

/** Writes the feed value by value, and once more, for comparison, as columns to a feed that is deleted again. */
async function writeBoth(platform: Platform, loaded: LoadedSource, digest: string, progress: Progress): Promise<FeedReport['written']> {
  const { source, rows, parseSeconds } = loaded;
  const values = await writeByValues(platform, loaded, progress);
  const second = `${source.name}.columns`;
  const columns = await writeByColumns(platform, loaded, second, progress);
  const reader = await platform.createReader(second);
  const found = new Digest(source.fields);
  found.update(await reader.last(rows, { format: 'columns' }), rows);
  if (found.value !== digest) throw new MismatchError(`feed ${second}, written as columns: its digest is ${found.value}, that of the files ${digest}`);
  await reader.close();
  await platform.deleteFeed(second);
  return { parseSeconds, values, columns };
}

function digestOf({ source, columns, rows }: LoadedSource): string {
  const digest = new Digest(source.fields);
  digest.update(columns, rows);
  return digest.value;
}

async function readBack(platform: Platform, { source, digest, windows, written }: LoadedFeed, job: Job): Promise<FeedReport> {
  const reader = await platform.createReader(source.name);
  const compared = await verifyFeed(reader, source, windows, job.progress);
  const task = job.progress.start(`measure ${source.name}`, null);
  const readRates = await measureReads(reader, source, windows, digest);
  const unitsPerSecond = source.spec.timestamp.endsWith('_ns') ? 1e9 : 1e6;
  const latencies = await measureLatencies(reader, windows, unitsPerSecond);
  task.finish('done');
  const { recordSize } = reader.recordFormat;
  await reader.close();
  const records = windows.reduce((sum, window) => sum + window.rows, 0);
  const diskBytes = allocatedBytes(join(job.store, 'feeds', source.name));
  return { feed: source.name, title: source.spec.desc, records, recordBytes: recordSize, diskBytes, written, compared, readRates, latencies };
}

/** What a folder takes on disk; less than the sizes of its files where they have holes. */
function allocatedBytes(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + lstatSync(join(entry.parentPath, entry.name)).blocks * 512, 0);
}
