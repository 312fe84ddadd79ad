import type { RecordBatch, Schema } from 'apache-arrow';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import type { SchemaElement } from 'hyparquet-writer';
import { type ParquetColumn, parquetColumn } from './parquet-columns.js';

/** Rows of a row group, at least: DuckDB reads groups of this size with one thread each. */
const GROUP_ROWS = 122_880;

type Cells = ReturnType<ParquetColumn['cells']>;

/** More than what a schema says. */
export interface ParquetExtras {
  /** A column of truth values behind the others; `add` is given its cells. */
  readonly flag?: string;
  /** Key-value metadata of the file. */
  readonly metadata?: ReadonlyMap<string, string>;
}

/** A Parquet file that is made as record batches come: Snappy, required columns, a row group for each hundred thousand rows. */
export class ParquetFile {
  readonly #columns: readonly ParquetColumn[];
  readonly #bytes = new ByteWriter();
  readonly #writer: ParquetWriter;
  /** Cells of the row group to come: by column, by batch. */
  #waiting: Cells[][] = [];
  #rows = 0;

  constructor(schema: Schema, { flag, metadata = new Map<string, string>() }: ParquetExtras = {}) {
    this.#columns = [...schema.fields.map(parquetColumn), ...(flag === undefined ? [] : [flagColumn(flag)])];
    const kvMetadata = [...schema.metadata, ...metadata].map(([key, value]) => ({ key, value }));
    this.#writer = new ParquetWriter({ writer: this.#bytes, schema: elements(this.#columns, 'physical'), createdBy: 'deepwater', ...(kvMetadata.length === 0 ? {} : { kvMetadata }) });
  }

  /** Takes the rows of a batch. @returns bytes of the file that are ready now, in a memory of their own */
  add(batch: RecordBatch, flags: boolean[] = []): Uint8Array {
    this.#columns.forEach(({ cells }, k) => {
      const column = batch.data.children[k] as Parameters<typeof cells>[0] | undefined;
      (this.#waiting[k] ??= []).push(column === undefined ? flags : cells(column));
    });
    this.#rows += batch.numRows;
    if (this.#rows >= GROUP_ROWS) this.#writeGroup();
    return this.#take();
  }

  /** The rest of the file. */
  end(): Uint8Array {
    if (this.#rows > 0) this.#writeGroup();
    this.#writer.schema = elements(this.#columns, 'logical');
    void this.#writer.finish();
    return this.#take();
  }

  #writeGroup(): void {
    void this.#writer.write({
      rowGroupSize: this.#rows,
      columnData: this.#columns.map(({ logical, options }, k) => ({ name: logical.name, data: joined(this.#waiting[k] as Cells[], this.#rows), ...options })),
    });
    this.#waiting = [];
    this.#rows = 0;
  }

  #take(): Uint8Array {
    const bytes = this.#bytes.getBytes().slice();
    this.#bytes.index = 0;
    return bytes;
  }
}

function flagColumn(name: string): ParquetColumn {
  const element: SchemaElement = { name, repetition_type: 'REQUIRED', type: 'BOOLEAN' };
  return { logical: element, physical: element, options: {}, cells: () => [] };
}

function elements(columns: readonly ParquetColumn[], which: 'logical' | 'physical'): SchemaElement[] {
  return [{ name: 'root', num_children: columns.length }, ...columns.map((column) => column[which])];
}

/** Cells of several batches as one array of the same kind. */
function joined(parts: readonly Cells[], rows: number): unknown[] {
  const [first = []] = parts;
  if (parts.length === 1) return first as unknown[];
  const all = new (first.constructor as new (length: number) => unknown[])(rows);
  let at = 0;
  for (const part of parts) for (let row = 0; row < part.length; row++) all[at++] = part[row];
  return all;
}
