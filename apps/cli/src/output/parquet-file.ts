import type { RecordBatch, Schema } from 'apache-arrow';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import type { SchemaElement } from 'hyparquet-writer';
import { type ParquetColumn, parquetColumn } from './parquet-columns.js';

/** Rows of a row group, at least: DuckDB reads groups of this size with one thread each. */
const GROUP_ROWS = 122_880;

type Cells = ReturnType<ParquetColumn['cells']>;

/** A Parquet file that is made as record batches come: Snappy, required columns, a row group for each hundred thousand rows. */
export class ParquetFile {
  readonly #columns: readonly ParquetColumn[];
  readonly #bytes = new ByteWriter();
  readonly #writer: ParquetWriter;
  /** Cells of the row group to come: by column, by batch. */
  #waiting: Cells[][] = [];
  #rows = 0;

  constructor(schema: Schema) {
    this.#columns = schema.fields.map(parquetColumn);
    const kvMetadata = [...schema.metadata].map(([key, value]) => ({ key, value }));
    this.#writer = new ParquetWriter({ writer: this.#bytes, schema: elements(this.#columns, 'physical'), createdBy: 'deepwater', ...(kvMetadata.length === 0 ? {} : { kvMetadata }) });
  }

  /** Takes the rows of a batch. @returns bytes of the file that are ready now, in a memory of their own */
  add(batch: RecordBatch): Uint8Array {
    this.#columns.forEach(({ cells }, k) => {
      (this.#waiting[k] ??= []).push(cells(batch.data.children[k] as Parameters<typeof cells>[0]));
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
