/** Parquet, a row group at a time. Decimals and times are taken as they are stored: hyparquet would make float64s and milliseconds of them. */
import { DeepwaterError, type FeedSpecInput, type FieldInput, formatDecimal } from '@deepwater/core';
import { type AsyncBuffer, type FileMetaData, type SchemaElement, parquetMetadataAsync, parquetRead } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import type { Value } from '../cells/cell-writers.js';
import { Reject } from '../cells/reject.js';
import { RowGatherer } from '../cells/row-gatherer.js';
import type { TimeFormat } from '../cells/times.js';
import type { Batch, ReadContext } from '../import/batch.js';
import type { ImportOptions } from '../import/options.js';
import type { SourceLayout } from '../import/source.js';
import { type FoundColumn, mapColumns } from '../layouts/mapping.js';
import { feedNameOf } from '../layouts/plain.js';
import { type SourceFile, unreadable } from '../unpack/source-file.js';

export const PARQUET_MAGIC = 'PAR1';
/** Where exports keep the spec of the feed. */
export const SPEC_KEY = 'deepwater.spec';
const SAMPLE_ROWS = 1000;

interface ParquetColumn {
  readonly name: string;
  readonly known: FoundColumn['known'];
  /** A stored value as one that cells are made of. */
  readonly read: (stored: unknown) => Value;
}

/** @throws DeepwaterError DW_IMPORT_UNREADABLE for a damaged file, DW_IMPORT_LAYOUT for one of nested columns alone */
export async function parquetLayout(file: SourceFile, options: ImportOptions): Promise<SourceLayout> {
  const buffer: AsyncBuffer = { byteLength: file.bytes, slice: (start, end = file.bytes) => file.range(start < 0 ? file.bytes + start : start, end) };
  const metadata = await guarded(file, () => parquetMetadataAsync(buffer));
  // Nested columns are passed over.
  const flat = metadata.schema.slice(1).filter((element, n, all) => element.num_children === undefined && element.repetition_type !== 'REPEATED' && !isNested(all, n));
  if (flat.length === 0) throw new DeepwaterError('DW_IMPORT_LAYOUT', `${file.path} has no columns that are not nested.`, { values: { file: file.path } });
  const columns = flat.map(parquetColumn);
  for (const element of flat) asStored(element);
  return { name: 'parquet', identity: {}, read: (context) => readGroups(file, buffer, metadata, columns, options, context) };
}

async function* readGroups(file: SourceFile, buffer: AsyncBuffer, metadata: FileMetaData, columns: readonly ParquetColumn[], options: ImportOptions, context: ReadContext): AsyncGenerator<Batch, void, void> {
  const names = columns.map(({ name }) => name);
  let gatherer: RowGatherer | undefined;
  let done = 0;
  for (const { num_rows } of metadata.row_groups) {
    const rows = Number(num_rows);
    const cells = await guarded(file, () => groupOf(buffer, metadata, names, done, rows));
    if (gatherer === undefined) {
      const found = columns.map(({ name, known, read }, n): FoundColumn => ({ name, known, sample: Array.from({ length: Math.min(rows, SAMPLE_ROWS) }, (_, row) => textOf(read(cells[n]![row]))) }));
      gatherer = new RowGatherer(mapColumns(found, feedNameOf(file.name), withSpec(options, metadata), context));
    }
    for (let row = 0; row < rows; row++) {
      try {
        gatherer.add((column) => columns[column]!.read(cells[column]![row]));
      } catch (error) {
        if (!(error instanceof Reject)) throw error;
        context.reject(done + row + 1, error.message);
      }
      if (gatherer.full) yield* gatherer.flush();
    }
    done += rows;
  }
  if (gatherer !== undefined) yield* gatherer.flush();
}

/** The spec that an export has left in the file, where no other one is given. */
function withSpec(options: ImportOptions, { key_value_metadata }: FileMetaData): ImportOptions {
  const text = key_value_metadata?.find(({ key }) => key === SPEC_KEY)?.value;
  if (text === undefined || options.spec !== undefined || options.columns !== undefined || options.exchange !== undefined) return options;
  try {
    return { ...options, spec: JSON.parse(text) as FeedSpecInput, timeUnit: 'clock' };
  } catch {
    return options;
  }
}

/** The cells of a row group, by column. */
async function groupOf(file: AsyncBuffer, metadata: FileMetaData, columns: string[], from: number, rows: number): Promise<ArrayLike<unknown>[]> {
  const cells = columns.map(() => new Array<unknown>(rows));
  const filled = columns.map(() => 0);
  await parquetRead({
    file, metadata, columns, compressors, utf8: false, rowStart: from, rowEnd: from + rows,
    onChunk: ({ columnName, columnData, rowStart }) => {
      const column = columns.indexOf(columnName);
      for (let row = 0; row < columnData.length; row++) cells[column]![rowStart - from + row] = columnData[row];
      filled[column]! += columnData.length;
    },
  });
  const short = filled.findIndex((count) => count !== rows);
  if (short >= 0) throw new Error(`column ${columns[short]} has ${filled[short]} rows in a group of ${rows}`);
  return cells;
}

function parquetColumn({ name, type, converted_type, logical_type, scale }: SchemaElement): ParquetColumn {
  const time = timeOf(converted_type, logical_type);
  if (time !== undefined) return { name, known: { time }, read: (stored) => stored as bigint };
  if (type === 'INT96') return { name, known: { time: 'iso' }, read: (stored) => stored as Date };
  if (converted_type === 'DATE') return { name, known: { time: 's' }, read: (stored) => (stored === null || stored === undefined ? null : Number(stored) * 86_400) };
  if (converted_type === 'DECIMAL' || logical_type?.type === 'DECIMAL') {
    const digits = scale ?? 0;
    return { name, known: { type: { type: 'decimal', scale: Math.min(18, digits) } }, read: (stored) => (stored === null || stored === undefined ? null : formatDecimal(integerOf(stored), digits)) };
  }
  const fieldType = ({ DOUBLE: 'float64', FLOAT: 'float32', BOOLEAN: 'bool' } as const)[type as 'DOUBLE'] as FieldInput['type'] | undefined;
  if (fieldType !== undefined) return { name, known: { type: { type: fieldType } }, read: (stored) => stored as number };
  if (type === 'INT32' || type === 'INT64') return { name, known: undefined, read: (stored) => stored as number | bigint };
  return { name, known: undefined, read: (stored) => (stored instanceof Uint8Array ? Buffer.from(stored).toString('utf8') : (stored as string)) };
}

/** Has values come as they are stored. */
function asStored(element: SchemaElement): void {
  if (timeOf(element.converted_type, element.logical_type) === undefined && element.converted_type !== 'DECIMAL' && element.converted_type !== 'DATE' && element.logical_type?.type !== 'DECIMAL') return;
  delete element.converted_type;
  delete element.logical_type;
}

function timeOf(converted: SchemaElement['converted_type'], logical: SchemaElement['logical_type']): TimeFormat | undefined {
  if (logical?.type === 'TIMESTAMP') return ({ MILLIS: 'ms', MICROS: 'us', NANOS: 'ns' } as const)[logical.unit];
  return converted === 'TIMESTAMP_MILLIS' ? 'ms' : converted === 'TIMESTAMP_MICROS' ? 'us' : undefined;
}

/** Big-endian two's complement, or a number as it is. */
function integerOf(stored: unknown): bigint {
  if (!(stored instanceof Uint8Array)) return BigInt(stored as number | bigint);
  let value = 0n;
  for (const byte of stored) value = (value << 8n) | BigInt(byte);
  return BigInt.asIntN(stored.length * 8, value);
}

function isNested(elements: readonly SchemaElement[], at: number): boolean {
  for (let group = at - 1; group >= 0; group--) {
    let end = group + 1;
    let open = elements[group]!.num_children ?? 0;
    for (; open > 0 && end < elements.length; end++) open += (elements[end]!.num_children ?? 0) - 1;
    if (end > at) return true;
  }
  return false;
}

const textOf = (value: Value): string => (value === null || value === undefined ? '' : value instanceof Date ? value.toISOString() : String(value));

async function guarded<T>(file: SourceFile, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw unreadable(file.path, cause);
  }
}
