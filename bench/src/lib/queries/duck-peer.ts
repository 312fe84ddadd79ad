import path from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { nowNs } from '../clock.js';
import type { Contender } from './race.js';
import { TICK_SQL } from './ticks.js';

/** Where DuckDB finds the ticks: a table of its own in memory, or a Parquet file as it writes them by default. */
export type DuckSource = 'table' | 'parquet';

export interface DuckAnswer {
  readonly ns: number;
  /** Columns by name, the numbers as doubles. */
  readonly columns: Readonly<Record<string, readonly number[]>>;
}

/** DuckDB in this process, over the same ticks; it makes them by itself, from the same arithmetic. */
export class DuckPeer {
  #threads = 0;

  private constructor(private readonly instance: DuckDBInstance, private readonly connection: DuckDBConnection, private readonly parquet: string) {}

  /** @param types what the columns price and size are */
  static async open(rows: number, directory: string, types: { readonly price: string; readonly size: string } = { price: 'double', size: 'double' }): Promise<DuckPeer> {
    const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
    const connection = await instance.connect();
    const duck = new DuckPeer(instance, connection, path.join(directory, 'ticks.parquet'));
    const { price, size, timestamp, side, feed } = TICK_SQL;
    await connection.run(`create table ticks as select (${price})::${types.price} as price, (${size})::${types.size} as size, ${timestamp} as timestamp, ${side} as side, ${feed} as feed from range(${rows}) numbers(n)`);
    return duck;
  }

  /** Runs a statement. @returns nanoseconds */
  async run(sql: string, threads = 1): Promise<number> {
    await this.#use(threads);
    const started = nowNs();
    await this.connection.run(sql);
    return nowNs() - started;
  }

  /** Writes the Parquet file that queries may ask. */
  async writeParquet(): Promise<void> {
    await this.connection.run(`copy ticks to '${this.parquet.replaceAll("'", "''")}' (format parquet)`);
  }

  /**
   * Times a query to its last row. @param sql with `ticks` for the source
   * @param threads that DuckDB may use, the one that waits included
   */
  async ask(sql: string, source: DuckSource, threads: number): Promise<DuckAnswer> {
    await this.#use(threads);
    const text = source === 'table' ? sql : sql.replaceAll('from ticks', `from '${this.parquet.replaceAll("'", "''")}'`);
    const started = nowNs();
    const result = await this.connection.runAndReadAll(text);
    const ns = nowNs() - started;
    const columns = result.getColumnsObject();
    return { ns, columns: Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, values.map(Number)])) };
  }

  async #use(threads: number): Promise<void> {
    if (threads !== this.#threads) await this.connection.run(`set threads to ${threads}`);
    this.#threads = threads;
  }

  close(): void {
    this.connection.closeSync();
    this.instance.closeSync();
  }
}

export type DuckWay = readonly [source: DuckSource, threads: number];

export const threadsText = (threads: number): string => (threads === 1 ? 'one thread' : `${threads} threads`);

const duckName = ([source, threads]: DuckWay): string => `DuckDB, ${source === 'table' ? 'its own table in memory' : 'a Parquet file'}, ${threadsText(threads)}`;

export const DUCK_WAYS: readonly DuckWay[] = [['table', 1], ['table', 2], ['parquet', 1], ['parquet', 2]];

/** DuckDB, asked in each of these ways. @param values takes the numbers of an answer from its columns */
export function duckContenders(
  duck: DuckPeer, sql: (threads: number) => string, values: (columns: DuckAnswer['columns']) => ArrayLike<number>, ways = DUCK_WAYS,
): Contender[] {
  return ways.map((way) => ({
    name: duckName(way),
    ask: async () => {
      const [source, threads] = way;
      const { ns, columns } = await duck.ask(sql(threads), source, threads);
      return { ns, values: values(columns) };
    },
  }));
}

/** The one row of an answer. */
export const oneRow = (columns: DuckAnswer['columns']): number[] => Object.values(columns).map(([value]) => value);
