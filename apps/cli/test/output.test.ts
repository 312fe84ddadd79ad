import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { type RecordBatch, type Table, RecordBatchReader, tableFromIPC } from 'apache-arrow';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { beforeAll, describe, expect, test } from 'vitest';
import { EVERYTHING, type EveryRecord, everyRecord, storeWithEverything } from './everything.js';
import { Running, deepwater, deepwaterProcess, storeWithTrades, temporaryDirectory } from './support.js';

const COUNT = 3000;
let store: string;
/** Of 300,000 trades. */
let large: string;
let directory: string;

beforeAll(async () => {
  store = await storeWithEverything(COUNT);
  large = await storeWithTrades(300_000);
  directory = temporaryDirectory();
});

const names = EVERYTHING.fields.map(({ name }) => name);
const records = (from: number, to: number): EveryRecord[] => Array.from({ length: to - from }, (_, i) => everyRecord(from + i));
const columnOf = (rows: readonly EveryRecord[], name: string): unknown[] => rows.map((row) => row[names.indexOf(name as 'f64')]);

let files = 0;
/** Runs a query on the store with its output in a new file, which has to succeed without a word. */
async function written(...args: string[]): Promise<string> {
  const file = join(directory, `out-${files++}.parquet`);
  const result = await deepwater(['query', 'everything', '-b', store, '--output', file, ...args]);
  expect(result).toMatchObject({ code: 0, stdout: '', stderr: '' });
  return file;
}

const ALL = ['--start', '0'];

function expectArrow(table: Table, rows: readonly EveryRecord[]): void {
  expect(table.numRows).toBe(rows.length);
  for (const name of ['f64', 'f32', 'i8', 'i16', 'i32', 'i64', 'u8', 'u16', 'u32', 'u64', 'live', 'side', 'venue', 'note']) {
    expect({ name, values: [...table.getChild(name)!] as unknown[] }).toEqual({ name, values: columnOf(rows, name) });
  }
  for (const name of ['ts', 'seen_ns', 'sent_ms']) {
    expect({ name, values: [...table.getChild(name)!.toArray() as BigInt64Array] }).toEqual({ name, values: columnOf(rows, name).map((time) => BigInt(time as number)) });
  }
  const words = new BigInt64Array((table.getChild('exact')!.toArray() as Uint32Array).slice().buffer);
  expect(Array.from(rows, (_, i) => words[2 * i])).toEqual(columnOf(rows, 'exact').map((text) => BigInt((text as string).replace('.', ''))));
}

/** Rows of SQL over a file, values as JavaScript has them. */
async function sql(text: string): Promise<unknown[][]> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  try {
    return (await connection.runAndReadAll(text)).getRowsJS() as unknown[][];
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

describe('deepwater query --format arrow', () => {
  test('writes an Arrow file with every value of every type', async () => {
    const bytes = readFileSync(await written(...ALL, '--format', 'arrow'));
    expect(bytes.toString('latin1', 0, 6)).toBe('ARROW1');
    const table = tableFromIPC(bytes);
    expectArrow(table, records(0, COUNT));
    expect(table.schema.metadata.get('deepwater.instrument')).toBe('{"exchange":"x","symbol":"BTC-USD"}');
    expect(table.batches.length).toBeGreaterThan(10);
  });

  test.each([
    ['the last', ['--last', '700'], [COUNT - 700, COUNT]],
    ['a limit', [...ALL, '--limit', '1234'], [0, 1234]],
    ['the latest', ['--latest', '0.000099'], [COUNT - 100, COUNT]],
    ['a range by another clock', ['--by', 'sent_ms', '--start', '1738368000100', '--end', '1738368000200'], [100, 200]],
    ['nothing', ['--start', '0', '--end', '0'], [0, 0]],
    ['none of the last', ['--last', '0'], [0, 0]],
  ] as const)('writes %s', async (_, args, [from, to]) => {
    expectArrow(tableFromIPC(readFileSync(await written(...args, '--format', 'arrow'))), records(from, to));
  });

  test('writes a stream into a pipe, which can be read as it comes, and a file where stdout is one', async () => {
    const running = new Running(['query', 'everything', '-b', store, ...ALL, '--format', 'arrow']);
    running.child.stdout!.removeAllListeners('data').setEncoding('latin1');
    const pieces: Buffer[] = [];
    running.child.stdout!.on('data', (text: string) => pieces.push(Buffer.from(text, 'latin1')));
    expect(await running.ended).toMatchObject({ code: 0, stderr: '' });
    const batches: RecordBatch[] = [...RecordBatchReader.from(Buffer.concat(pieces))];
    expect(batches.reduce((sum, { numRows }) => sum + numRows, 0)).toBe(COUNT);
    const file = join(directory, 'redirected.arrow');
    await deepwaterProcess(['query', 'everything', '-b', store, '--last', '5', '--format', 'arrow', '--output', '-'], {}, file);
    expect(readFileSync(file).toString('latin1', 0, 6)).toBe('ARROW1');
    expectArrow(tableFromIPC(readFileSync(file)), records(COUNT - 5, COUNT));
  });

  test('is told nothing when the reader of the pipe goes away', async () => {
    for (const format of ['arrow', 'parquet']) {
      const running = new Running(['query', 'trades', '-b', large, '--start', '0', '--format', format]);
      running.child.stdout!.destroy();
      expect(await running.ended).toMatchObject({ code: 0, stderr: '' });
    }
  });
});

describe('deepwater query --format parquet', () => {
  test('writes a file that DuckDB reads to the last digit', async () => {
    const file = await written(...ALL, '--format', 'parquet');
    const types = await sql(`select column_name, column_type from (describe select * from '${file}')`);
    expect(Object.fromEntries(types as [string, string][])).toEqual({
      f64: 'DOUBLE', f32: 'FLOAT', i8: 'TINYINT', i16: 'SMALLINT', i32: 'INTEGER', i64: 'BIGINT', u8: 'UTINYINT', u16: 'USMALLINT', u32: 'UINTEGER',
      u64: 'UBIGINT', live: 'BOOLEAN', side: 'VARCHAR', venue: 'VARCHAR', note: 'VARCHAR', exact: 'DECIMAL(19,3)',
      ts: 'TIMESTAMP WITH TIME ZONE', seen_ns: 'TIMESTAMP WITH TIME ZONE', sent_ms: 'TIMESTAMP WITH TIME ZONE',
    });
    const times = 'epoch_us(ts), epoch_us(seen_ns), epoch_ms(sent_ms)';
    const rows = await sql(`select ${names.slice(0, 14).join(', ')}, exact::varchar, ${times} from '${file}'`);
    // Its times are microseconds.
    const expected = records(0, COUNT).map((row) => [
      ...row.slice(0, 15), BigInt(row[15]), row[16] / 1000n, BigInt(row[17]),
    ]);
    expect(rows.map((row) => [...row.slice(0, 16), ...row.slice(17)])).toEqual(expected.map((row) => [...row.slice(0, 16), ...row.slice(17)]));
    // Below zero DuckDB rounds down, BigInt towards zero.
    expect(rows.every((row, n) => { const off = (row[16] as bigint) - (expected[n]![16] as bigint); return off === 0n || off === -1n; })).toBe(true);
    // Predicates are tried on the statistics of row groups first.
    const counted = (of: (row: EveryRecord) => boolean): unknown[][] => [[BigInt(records(0, COUNT).filter(of).length)]];
    expect(await sql(`select count(*) from '${file}' where u64 > 18446744073709549000`)).toEqual(counted((row) => row[9] > 18446744073709549000n));
    expect(await sql(`select count(*) from '${file}' where u32 >= 2147483648`)).toEqual(counted((row) => row[8] >= 2147483648));
    expect(await sql(`select count(*) from '${file}' where exact < 0`)).toEqual(counted((row) => row[14].startsWith('-')));
    expect(await sql(`select count(*) from '${file}' where ts >= to_timestamp(1738368000)`)).toEqual(counted((row) => row[15] >= 1_738_368_000_000_000));
  });

  test('writes a file that hyparquet reads, times to the nanosecond, and says what the feed is', async () => {
    const bytes = readFileSync(await written(...ALL, '--format', 'parquet'));
    const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
    const raw = (value: bigint): bigint => value;
    const found = await parquetReadObjects({
      file, parsers: { timestampFromMicroseconds: raw, timestampFromNanoseconds: raw, timestampFromMilliseconds: raw } as never,
    });
    const expected = records(0, COUNT);
    for (const name of names.filter((each) => each !== 'exact')) {
      const values = columnOf(expected, name);
      const times = ['ts', 'seen_ns', 'sent_ms'].includes(name);
      expect({ name, values: found.map((row) => row[name] as unknown) }).toEqual({ name, values: times ? values.map((value) => BigInt(value as number)) : values });
    }
    const metadata = parquetMetadata(file);
    expect(metadata.key_value_metadata).toContainEqual({ key: 'deepwater.feed', value: 'everything' });
    expect(metadata.created_by).toBe('deepwater');
    expect(metadata.row_groups.length).toBe(1);
  });

  test('has a row group for each hundred thousand rows and statistics that readers can skip them by', async () => {
    const file = join(directory, 'large.parquet');
    expect(await deepwater(['query', 'trades', '-b', large, '--start', '0', '--format', 'parquet', '-o', file])).toMatchObject({ code: 0, stderr: '' });
    const groups = await sql(`select distinct row_group_id, row_group_num_rows from parquet_metadata('${file}') order by 1`);
    expect(groups.length).toBe(3);
    expect(await sql(`select count(*), count(distinct id), sum(size)::varchar, min(price), max(id) from '${file}'`)).toEqual([
      [300_000n, 300_000n, `${(299_999 * 300_000) / 2 + 75_000}.00`, 100, 299_999n],
    ]);
    expect(await sql(`select id from '${file}' where id = 250000`)).toEqual([[250_000n]]);
    const [stats] = await sql(`select stats_min_value, stats_max_value from parquet_metadata('${file}') where path_in_schema = 'id' and row_group_id = 0`);
    expect(stats![0]).toBe('0');
  });

  test.each([['none', ['--start', '0', '--end', '0'], [0, 0]], ['the last', ['--last', '10'], [COUNT - 10, COUNT]], ['some columns', ['--last', '3', '--columns', 'venue,i64'], [COUNT - 3, COUNT]]] as const)(
    'of %s', async (_, args, [from, to]) => {
      const file = await written(...args, '--format', 'parquet');
      expect(await sql(`select venue, i64 from '${file}'`)).toEqual(records(from, to).map((row) => [row[12], row[5]]));
    });

  test('goes into a pipe, too', async () => {
    const file = join(directory, 'piped.parquet');
    execFileSync('/bin/sh', ['-c', `"$0" "$@" | cat > '${file}'`, process.execPath, join(import.meta.dirname, '../bin/deepwater.js'), 'query', 'everything', '-b', store, ...ALL, '-f', 'parquet']);
    expect(await sql(`select count(*) from '${file}'`)).toEqual([[BigInt(COUNT)]]);
  });
});

describe('deepwater query --output', () => {
  test.each(['csv', 'jsonl', 'json', 'table'])('has the same as stdout: %s', async (format) => {
    const args = ['--start', '0', '--limit', '1000', '--format', format];
    const { stdout } = await deepwater(['query', 'everything', '-b', store, ...args]);
    expect(readFileSync(await written(...args), 'utf8')).toBe(stdout);
  });

  test.each(['csv', 'jsonl', 'arrow', 'parquet'])('takes no more memory than a few batches, however many records: %s', async (format) => {
    const file = join(directory, `bounded.${format}`);
    // All of these records at once are more than that.
    const env = { NODE_OPTIONS: '--max-old-space-size=64' };
    expect(await deepwaterProcess(['query', 'trades', '-b', large, '--start', '0', '--format', format, '-o', file], env)).toMatchObject({ code: 0, stderr: '' });
    expect(statSync(file).size).toBeGreaterThan(1_000_000);
  });

  test('replaces a file when the new one is whole, and follows a symbolic link to it', async () => {
    const file = join(directory, 'kept.csv');
    const link = join(directory, 'link.csv');
    writeFileSync(file, 'old');
    symlinkSync(file, link);
    const args = ['query', 'everything', '-b', store, '--format', 'csv', '--columns', 'i32'];
    expect(await deepwater([...args, '--last', '1', '-o', link])).toMatchObject({ code: 0 });
    expect(readFileSync(file, 'utf8')).toBe(`i32\n${(COUNT - 1) * 1000}\n`);
    // A mistake that is found after the output was opened.
    expect(await deepwater([...args, '--start', '5', '--end', '4', '-o', file])).toMatchObject({ code: 1 });
    expect(readFileSync(file, 'utf8')).toBe(`i32\n${(COUNT - 1) * 1000}\n`);
    expect(readdirSync(directory).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  test.each([
    ['a directory that is not there', 'none/out.csv', 'no such file'], ['a directory', 'dir', 'it is a directory'], ['a full disk', '/dev/full', 'no space left'],
  ])('%s is an error', async (_, name, said) => {
    mkdirSync(join(directory, 'dir'), { recursive: true });
    const { code, stdout, stderr } = await deepwater(['query', 'everything', '-b', store, '--last', '1', '-o', resolve(directory, name)]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^deepwater: DW_OUTPUT_FAILED: --output /);
    expect(stderr).toContain(said);
  });

  test('is written to as it is where it is no regular file', async () => {
    const fifo = join(directory, 'fifo');
    execFileSync('mkfifo', [fifo]);
    const cat = promisify(execFile)('cat', [fifo]);
    expect(await deepwater(['query', 'everything', '-b', store, '--last', '2', '-f', 'csv', '-c', 'i32', '-o', fifo])).toMatchObject({ code: 0, stderr: '' });
    expect((await cat).stdout).toBe(`i32\n${(COUNT - 2) * 1000}\n${(COUNT - 1) * 1000}\n`);
    expect(statSync(fifo).isFIFO()).toBe(true);
  });

  test.each(['SIGINT', 'SIGTERM'] as const)('leaves nothing behind when %s ends it, and ends by that signal', async (signal) => {
    const folder = temporaryDirectory();
    const running = new Running(['query', 'trades', '-b', large, '--start', '0', '--format', 'jsonl', '--output', join(folder, 'out.jsonl')]);
    await expect.poll(() => readdirSync(folder), { interval: 5 }).toEqual([expect.stringMatching(/^out\.jsonl\.\d+\.part$/)]);
    running.child.kill(signal);
    expect(await running.ended).toMatchObject({ code: null, signal, stderr: '' });
    expect(readdirSync(folder)).toEqual([]);
    expect(existsSync(join(folder, 'out.jsonl'))).toBe(false);
  });
});
