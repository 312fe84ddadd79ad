/** DuckDB as the other opinion: the same rows in a table of its own, asked in SQL. One thread, so that it adds up in the order of the rows. */
import {
  BIGINT, BOOLEAN, DECIMAL, DOUBLE, DuckDBDataChunk, DuckDBDecimalValue, DuckDBInstance, type DuckDBType, type DuckDBValue, FLOAT, INTEGER, SMALLINT,
  TINYINT, UBIGINT, UINTEGER, USMALLINT, UTINYINT, VARCHAR,
} from '@duckdb/node-api';
import type { Field } from '@deepwater/core';

/** Rows of a DataChunk. */
const CHUNK_ROWS = 2048;

export interface Duck {
  /** Makes a table and fills it. Values are what DuckDB's own types are in JavaScript: numbers, bigints, texts, booleans. */
  table(name: string, columns: Readonly<Record<string, DuckDBType>>, rows: readonly (readonly DuckDBValue[])[]): Promise<void>;
  /** The rows of a query, as objects. */
  rows(sql: string): Promise<Record<string, DuckDBValue>[]>;
  close(): void;
}

export async function openDuck(): Promise<Duck> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  return {
    async table(name, columns, rows) {
      const types = Object.values(columns);
      await connection.run(`create table "${name}" (${Object.entries(columns).map(([column, type]) => `"${column}" ${type.toString()}`).join(', ')})`);
      const appender = await connection.createAppender(name);
      for (let from = 0; from < rows.length; from += CHUNK_ROWS) {
        const chunk = DuckDBDataChunk.create(types);
        chunk.setRows(rows.slice(from, from + CHUNK_ROWS));
        appender.appendDataChunk(chunk);
      }
      appender.closeSync();
    },
    async rows(sql) {
      return (await connection.runAndReadAll(sql)).getRowObjects();
    },
    close() {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

/** DuckDB's type for a field: the same values, decimals as DECIMAL(18, scale). */
export function duckType({ type, scale }: Pick<Field, 'type' | 'scale'>): DuckDBType {
  switch (type) {
    case 'float64': return DOUBLE;
    case 'float32': return FLOAT;
    case 'int8': return TINYINT;
    case 'int16': return SMALLINT;
    case 'int32': return INTEGER;
    case 'int64': return BIGINT;
    case 'uint8': return UTINYINT;
    case 'uint16': return USMALLINT;
    case 'uint32': return UINTEGER;
    case 'uint64': return UBIGINT;
    case 'bool': return BOOLEAN;
    case 'decimal': return DECIMAL(18, scale ?? 0);
    case 'char': case 'string': case 'symbol': return VARCHAR;
  }
}

/** A value of a column as DuckDB takes it. @param cell of the column array: decimals as the integers that they are stored as */
export function duckValue({ type, scale }: Pick<Field, 'type' | 'scale'>, cell: number | bigint | string | boolean): DuckDBValue {
  if (type === 'decimal') return new DuckDBDecimalValue(cell as bigint, 18, scale ?? 0);
  if (type === 'int64' || type === 'uint64') return BigInt(cell as number | bigint);
  if (type === 'char' && typeof cell === 'number') return String.fromCharCode(cell);
  return cell;
}
