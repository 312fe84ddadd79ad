import type { Latencies, Latency } from './measure-latency.js';
import type { ReadRates } from './measure-reads.js';
import type { WriteTimes } from './write.js';

/** What one feed came to. */
export interface FeedReport {
  readonly feed: string;
  readonly title: string;
  readonly records: number;
  /** Bytes of a packed record, and of the feed's files as the disk counts them. */
  readonly recordBytes: number;
  readonly diskBytes: number;
  /** Absent with `--keep`. */
  readonly written?: {
    readonly parseSeconds: number;
    readonly values: WriteTimes;
    readonly columns: WriteTimes;
  };
  /** Records compared with their source files; equal to `records`, or the job has failed. */
  readonly compared: number;
  /** Records per second. */
  readonly readRates: ReadRates;
  /** Microseconds. */
  readonly latencies: Latencies;
}

export interface JobReport {
  readonly recordings: string;
  readonly store: string;
  readonly node: string;
  readonly seconds: number;
  readonly feeds: readonly FeedReport[];
}

/** The report for people. */
export function renderReport(report: JobReport): string {
  const { feeds } = report;
  const records = feeds.reduce((sum, feed) => sum + feed.records, 0);
  const compared = feeds.reduce((sum, feed) => sum + feed.compared, 0);
  return [
    ...(feeds.every((feed) => feed.written) ? ['Writing, in millions of records per second', writeTable(feeds), ''] : []),
    'Reading, in millions of records per second',
    readTable(feeds),
    '',
    'Single calls from one thread, p50 / p99 in microseconds',
    latencyTable(feeds),
    '',
    `${count(compared)} of ${count(records)} records compared with their source files, field by field: all equal.`,
    `Recordings: ${report.recordings}`,
    `Store:      ${report.store} (${megabytes(feeds.reduce((sum, feed) => sum + feed.diskBytes, 0))} MB)`,
    `Node ${report.node}, ${report.seconds.toFixed(1)} s in all`,
    '',
    ...nextSteps(report),
  ].join('\n');
}

function writeTable(feeds: readonly FeedReport[]): string {
  const header = ['feed', 'records', 'bytes each', 'MB on disk', 'parse', 'writeValues', 'to flush()', 'writeColumns', 'to flush()'];
  return table(header, feeds.map(({ feed, records, recordBytes, diskBytes, written }) => [
    feed, count(records), String(recordBytes), megabytes(diskBytes),
    ...(written === undefined ? [] : [
      perSecond(records, written.parseSeconds),
      perSecond(records, written.values.accepted), perSecond(records, written.values.flushed),
      perSecond(records, written.columns.accepted), perSecond(records, written.columns.flushed),
    ]),
  ]));
}

function readTable(feeds: readonly FeedReport[]): string {
  return table(['feed', 'records', 'tuple', 'object', 'columns', 'segments (zero-copy)'], feeds.map(({ feed, records, readRates }) => [
    feed, count(records), ...[readRates.tuple, readRates.object, readRates.columns, readRates.segments].map(millions),
  ]));
}

function latencyTable(feeds: readonly FeedReport[]): string {
  const cell = ({ p50, p99 }: Latency): string => `${p50.toFixed(0)} / ${p99.toFixed(0)}`;
  return table(['feed', 'latest(60)', 'range, 1 s', 'latestSync(60)', 'rangeSync, 1 s'], feeds.map(({ feed, latencies }) => [
    feed, cell(latencies.latest), cell(latencies.shortRange), cell(latencies.latestSync), cell(latencies.shortRangeSync),
  ]));
}

function nextSteps({ store, feeds }: JobReport): string[] {
  const { feed } = feeds.reduce((most, candidate) => (candidate.records > most.records ? candidate : most));
  return [
    'To look around in the store:',
    `  npx deepwater feeds --base-path ${store}`,
    `  npx deepwater query ${feed} --last 5 --base-path ${store}`,
    `  npx deepwater tail ${feed} --base-path ${store}`,
  ];
}

/** The first column to the left, the others to the right. */
function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column].length)));
  const line = (cells: readonly string[]): string =>
    cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join('  ');
  return [header, ...rows].map((cells) => `  ${line(cells)}`).join('\n');
}

const count = (value: number): string => value.toLocaleString('en-US');
const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);
const perSecond = (records: number, seconds: number): string => millions(records / seconds);
const millions = (rate: number): string => (rate >= 1e8 ? (rate / 1e6).toFixed(0) : rate >= 1e7 ? (rate / 1e6).toFixed(1) : (rate / 1e6).toFixed(2));
