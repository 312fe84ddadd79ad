import { createGzip } from 'node:zlib';
import { DeepwaterError, type FeedSpec, checkFeedName } from '@deepwater/core';
import type { Table } from 'apache-arrow';
import type { Clock, Platform, Reader, TimeInput, UntypedWhere } from 'deepwater';
import { INDEX_POINT } from '../layouts/mapping.js';
import { SPEC_KEY } from '../parquet/parquet-layout.js';
import { csvLine, exactJsonObject } from './lines.js';
import { numberedRuns } from './feed-runs.js';
import type { Output } from './output.js';
import { openOutputFile } from './output-file.js';

export const EXPORT_FORMATS = ['csv', 'jsonl', 'parquet'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

export interface ExportOptions {
  /** Told by the file's name, where it is left out: `.csv`, `.jsonl`, `.ndjson`, `.parquet`, the texts also with `.gz` behind them. */
  readonly format?: ExportFormat | undefined;
  /** Records with start <= time < end; all there are where both are left out. */
  readonly start?: TimeInput | undefined;
  readonly end?: TimeInput | undefined;
  /** The clock that the times are of. */
  readonly by?: string | undefined;
  readonly columns?: readonly string[] | undefined;
  /** Only records with such values. Not with index points: then all are exported that the range has. */
  readonly where?: UntypedWhere | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: ExportProgress) => void) | undefined;
}

export interface ExportProgress {
  readonly records: number;
  /** About how many there are; more than will come where a part of them is exported. */
  readonly recordsOfAll: number;
}

export interface ExportReport {
  readonly feed: string;
  readonly file: string;
  readonly format: ExportFormat;
  readonly records: number;
  /** Of feeds of mode IF: how many of them are index points. */
  readonly indexPoints?: number;
  readonly seconds: number;
  /** What an import of the file is to be given, so that it makes the same feed (`--spec`). Parquet has it in the file. */
  readonly spec: FeedSpec;
}

const BATCH_ROWS = 65_536;

type Sink = (row: readonly (number | bigint | string | boolean)[]) => string;

/**
 * Writes records of a feed to a file, which appears under its name when it is whole. Values are as they are stored: decimals with all of their digits, times as whole
 * numbers in the unit of their clock, the marks of index points in a column `index_point`. An import of the file gives an equal feed.
 *
 * @throws the signal's reason; DeepwaterError DW_FEED_UNKNOWN, DW_OPTION_INVALID, DW_OUTPUT_FAILED, and what reading throws
 */
export async function exportFeed(platform: Platform, feedName: string, file: string, options: ExportOptions = {}): Promise<ExportReport> {
  const began = performance.now();
  checkFeedName(feedName);
  const { spec, fields, clocks, records: bounds } = platform.feedInfo(feedName);
  const format = options.format ?? formatOf(file);
  const reader = await platform.createReader(feedName);
  const columns = options.columns ?? fields.map(({ name }) => name);
  // The reader knows best which columns there are.
  reader.lastSync(0, { columns });
  const marked = spec.mode === 'IF' && !columns.includes(INDEX_POINT);
  if (marked && options.where !== undefined) throw new DeepwaterError('DW_OPTION_INVALID', 'A feed with index points is exported without where: a book with a part of its changes is none.', { values: { option: 'where' } });
  const range = rangeOf(clocks, options);
  const progress = new Counted(options, bounds.next - bounds.first);
  const output = await openOutputFile(file);
  try {
    if (format === 'parquet') await writeParquet(output, reader, spec, columns, marked, range, options, progress);
    else await writeLines(packedOutput(output, file), reader, format, columns, marked, range, options, progress);
    options.signal?.throwIfAborted();
    await output.end();
  } catch (error) {
    await output.abandon();
    throw error;
  }
  return { feed: feedName, file, format, records: progress.records, ...(marked ? { indexPoints: progress.marks } : {}), seconds: (performance.now() - began) / 1000, spec };
}

class Counted {
  records = 0;
  marks = 0;

  constructor(private readonly options: ExportOptions, private readonly all: number) {}

  /** @throws the signal's reason */
  add(records: number): void {
    this.records += records;
    this.options.signal?.throwIfAborted();
    this.options.onProgress?.({ records: this.records, recordsOfAll: this.all });
  }
}

/** Where texts go: to the file, through gzip where its name says so. */
interface TextOutput {
  print(text: string): Promise<void>;
  finish(): Promise<void>;
}

function packedOutput(output: Output, file: string): TextOutput {
  if (!file.endsWith('.gz')) return { print: (text) => output.print(text), finish: () => output.flush() };
  const gzip = createGzip();
  const written = (async () => { for await (const piece of gzip) await output.write(piece as Buffer); })();
  // It is waited for at the end; until then it has nobody.
  written.catch(() => undefined);
  return {
    async print(text) {
      if (!gzip.write(text)) await Promise.race([new Promise((resolve) => { gzip.once('drain', resolve); }), written]);
    },
    async finish() {
      gzip.end();
      await written;
    },
  };
}

async function writeLines(output: TextOutput, reader: Reader, format: 'csv' | 'jsonl', columns: readonly string[], marked: boolean, range: Range, options: ExportOptions, progress: Counted): Promise<void> {
  const names = marked ? [...columns, INDEX_POINT] : [...columns];
  const line: Sink = format === 'csv' ? (row) => csvLine(row.map(cellText)) : (row) => `${exactJsonObject(names, row)}\n`;
  if (format === 'csv') await output.print(csvLine(names));
  let text = '';
  let rows = 0;
  const write = async (row: readonly (number | bigint | string | boolean)[]): Promise<void> => {
    text += line(row);
    if (++rows % 1024 !== 0) return;
    await output.print(text);
    text = '';
    progress.add(1024);
  };
  if (marked) {
    for await (const [row, mark] of markedRows(reader, columns, range)) {
      if (mark) progress.marks += 1;
      await write([...row, mark ? 1 : 0]);
    }
  } else {
    for await (const row of reader.read(range.all ? undefined : range.from, range.all ? undefined : range.to, { format: 'tuple', columns, by: options.by, where: options.where } as never)) await write(row as never);
  }
  await output.print(text);
  progress.add(rows % 1024);
  await output.finish();
}

/** Minus zero has a sign, and String() does not write it. */
const cellText = (value: number | bigint | string | boolean): string => (Object.is(value, -0) ? '-0' : String(value));

/** Rows with what says whether they are index points; those of a range of times, in order of arrival. */
async function* markedRows(reader: Reader, columns: readonly string[], range: Range): AsyncGenerator<readonly [readonly (number | bigint | string | boolean)[], boolean], void, void> {
  const { fieldNames } = reader;
  const places = columns.map((name) => fieldNames.indexOf(name));
  const inRange = rangeTest(reader, range);
  const points = new Set((await allIndexPoints(reader, range)).map(({ sequence }) => sequence));
  for await (const { first, records } of numberedRuns(reader, 'tuple')) {
    for (const [n, record] of records.entries()) {
      if (!inRange(record)) continue;
      yield [places.map((place) => record[place] as number), points.has(first + n)];
    }
  }
}

const allIndexPoints = (reader: Reader, { clock }: Range) => reader.indexPoints(clock.signed ? -(2n ** 63n) : 0n, 2n ** (clock.signed ? 63n : 64n), { by: clock.name } as never);

/** The times that are wanted, by the clock that was named. */
interface Range {
  readonly clock: Clock;
  readonly from: bigint;
  readonly to: bigint;
  readonly all: boolean;
}

/** @throws DeepwaterError DW_OPTION_INVALID */
function rangeOf(clocks: readonly Clock[], { start, end, by }: ExportOptions): Range {
  const clock = by === undefined ? clocks[0] : clocks.find(({ name }) => name === by);
  if (clock === undefined) throw new DeepwaterError('DW_OPTION_INVALID', `by is ${JSON.stringify(by)}, which is no clock of the feed. Its clocks: ${clocks.map(({ name }) => name).join(', ')}.`, { values: { option: 'by', given: by } });
  const unit = ({ ms: 1n, us: 1000n, ns: 1_000_000n })[clock.unit];
  const valueOf = (time: TimeInput): bigint => (time instanceof Date ? BigInt(time.getTime()) * unit : BigInt(time));
  return { clock, from: start === undefined ? (clock.signed ? -(2n ** 63n) : 0n) : valueOf(start), to: end === undefined ? 2n ** (clock.signed ? 63n : 64n) : valueOf(end), all: start === undefined && end === undefined };
}

function rangeTest(reader: Reader, { clock, from, to, all }: Range): (record: readonly unknown[]) => boolean {
  if (all) return () => true;
  const place = reader.fieldNames.indexOf(clock.name);
  return (record) => {
    const time = BigInt(record[place] as number);
    return time >= from && time < to;
  };
}

/** Parquet and Arrow are loaded when they are wanted. */
async function writeParquet(output: Output, reader: Reader, spec: FeedSpec, columns: readonly string[], marked: boolean, range: Range, options: ExportOptions, progress: Counted): Promise<void> {
  const { ParquetFile } = await import('./parquet-file.js');
  const { schema } = await reader.last(0, { format: 'arrow', columns } as never) as unknown as Table;
  const whole = columns.length === reader.fieldNames.length;
  const file = new ParquetFile(schema, { ...(marked ? { flag: INDEX_POINT } : {}), ...(whole ? { metadata: new Map([[SPEC_KEY, JSON.stringify(spec)]]) } : {}) });
  if (marked) {
    const inRange = rangeTest(reader, range);
    const points = new Set((await allIndexPoints(reader, range)).map(({ sequence }) => sequence));
    for await (const { first, count, records } of numberedRuns(reader, 'arrow')) {
      const tuples = range.all ? undefined : (await reader.readFrom(first, count)).records;
      const table = records.select([...columns]);
      let at = 0;
      for (const batch of table.batches) {
        // Runs of records within the range; mostly the batch is one.
        for (let from = 0; from < batch.numRows;) {
          if (tuples !== undefined && !inRange(tuples[at + from] as unknown as readonly unknown[])) {
            from += 1;
            continue;
          }
          let to = from + 1;
          while (to < batch.numRows && (tuples === undefined || inRange(tuples[at + to] as unknown as readonly unknown[]))) to += 1;
          const flags = Array.from({ length: to - from }, (_, n) => points.has(first + at + from + n));
          progress.marks += flags.filter(Boolean).length;
          await output.write(file.add(batch.slice(from, to), flags));
          progress.add(to - from);
          from = to;
        }
        at += batch.numRows;
      }
    }
  } else {
    const { by, where } = options;
    for await (const batch of reader.arrowBatches(range.from, range.to, { columns, by, where, batchRows: BATCH_ROWS } as never)) {
      await output.write(file.add(batch));
      progress.add(batch.numRows);
    }
  }
  await output.write(file.end());
}

/** @throws DeepwaterError DW_OPTION_INVALID */
function formatOf(file: string): ExportFormat {
  const name = file.toLowerCase();
  if (/\.csv(\.gz)?$/.test(name)) return 'csv';
  if (/\.(jsonl|ndjson)(\.gz)?$/.test(name)) return 'jsonl';
  if (/\.(parquet|pq)$/.test(name)) return 'parquet';
  throw new DeepwaterError('DW_OPTION_INVALID', `The name of ${file} does not tell its format. Give one of ${EXPORT_FORMATS.join(', ')}, or a name that ends with it.`, { values: { option: 'format', file } });
}
