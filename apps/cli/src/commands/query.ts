import { Command, Option } from 'commander';
import type { FeedInfo, Field, Reader, UntypedWhere } from 'deepwater';
import { toJson } from '../output/json.js';
import { COLUMNAR_FORMATS, type ColumnarFormatName, arrowLayout, checkColumnarOutput, isColumnar, writeBytes } from '../output/columnar.js';
import { type Output, withOutput } from '../output/output.js';
import { Progress } from '../output/progress.js';
import { RECORD_FORMATS, type RecordFormatName, type Row, recordPrinter } from '../output/record-format.js';
import { type StoreOptions, basePathOption, withStore } from '../store.js';
import { unitsPerSecond } from '../time/clock-units.js';
import { TIME_HELP } from '../time/parse-time.js';
import { type RecordOptions, TABLE_ROWS_MAX, clockOf, formatOf, positiveNumber, recordOptions, selectedFields, timesOf, whereOption, wholeNumber } from './record-options.js';

interface QueryOptions extends StoreOptions, RecordOptions<RecordFormatName | ColumnarFormatName> {
  readonly output?: string;
  readonly start?: string;
  readonly end?: string;
  readonly latest?: number;
  readonly last?: number;
  readonly limit?: number;
  readonly by?: string;
  readonly where?: UntypedWhere;
  readonly explain?: true;
}

/** Rows of a batch on its way into a file: a few megabytes. */
const BATCH_ROWS = 65_536;
const LATEST_SECONDS = 60;

/** `deepwater query <feed>` */
export function queryCommand(): Command {
  const command = new Command('query')
    .description(`print records of a feed: a range of times, the latest, or the last (by default the latest ${LATEST_SECONDS} s)`)
    .argument('<feed>', 'name of the feed')
    .addOption(basePathOption())
    .option('-s, --start <time>', `first time: ${TIME_HELP}`)
    .option('-e, --end <time>', 'time to stop before, in the same ways')
    .addOption(new Option('--latest <seconds>', 'so many seconds back from the newest record').argParser(positiveNumber).conflicts(['start', 'end', 'last']))
    .addOption(new Option('--last <n>', 'the n records that arrived last').argParser(wholeNumber).conflicts(['start', 'end', 'by', 'where', 'limit', 'explain']))
    .addOption(new Option('-n, --limit <n>', `at most n records, the first that arrived (tables: ${TABLE_ROWS_MAX} by default)`).argParser(wholeNumber))
    .option('--by <clock>', 'the clock that times are of (default: the timestamp of the feed)')
    .addOption(whereOption())
    .option('--explain', 'print how the range would be read, not the records')
    .option('-o, --output <file>', 'write to a file, which appears under its name when it is whole; - is stdout');
  for (const option of recordOptions([...RECORD_FORMATS, ...COLUMNAR_FORMATS])) command.addOption(option);
  return command
    .addHelpText('after', `
Examples:
  deepwater query trades --start -1h
  deepwater query trades --start 2025-02-01T09:30 --end 2025-02-01T16:00 --columns price,size --format csv
  deepwater query trades --start -1h --where '{ "side": "B", "price": { "gte": 100 } }'
  deepwater query trades --last 20 --json
  deepwater query trades --start 2025-02-01 --format parquet --output trades.parquet
  deepwater query trades --start -1h --format arrow | my-analysis

arrow is Arrow IPC: a stream into a pipe, a file (Feather V2) into a file. parquet is compressed with Snappy.`)
    .action(async (feedName: string, options: QueryOptions) => {
      await withStore(options, async (platform) => {
        const info = platform.feedInfo(feedName);
        const reader = await platform.createReader(feedName);
        await withOutput(options.output, async (output) => {
          const format = formatOf(options);
          if (options.explain === true) await explain(info, reader, options, output);
          else if (isColumnar(format)) await writeColumns(info, reader, options, format, output);
          else await printRecords(info, reader, options, format, output);
        });
      });
    });
}

async function printRecords(info: FeedInfo, reader: Reader, options: QueryOptions, format: RecordFormatName, output: Output): Promise<void> {
  const fields = selectedFields(info, reader, options.columns);
  const cut = format === 'table' && options.limit === undefined && options.last === undefined;
  const limit = cut ? TABLE_ROWS_MAX + 1 : options.limit;
  const printer = recordPrinter(format, fields, info.clocks, false, output);
  const progress = output.kind === 'terminal' ? undefined : new Progress();
  let rows = 0;
  try {
    for await (const row of readRows(info, reader, fields, { ...options, limit })) {
      if (output.closed.aborted) break;
      if (cut && rows === TABLE_ROWS_MAX) {
        process.stderr.write(`deepwater: only the first ${TABLE_ROWS_MAX} records are shown; give --limit, or another --format, for more\n`);
        break;
      }
      rows += 1;
      await printer.row(row);
      progress?.add(1, 0);
    }
  } finally {
    progress?.end();
  }
  await printer.end();
}

/** The records asked for, however many they are. */
async function* readRows(info: FeedInfo, reader: Reader, fields: readonly Field[], options: QueryOptions): AsyncGenerator<Row> {
  const { last } = options;
  const columns = fields.map(({ name }) => name);
  if (last !== undefined) {
    yield* await reader.last(last, { columns });
  } else {
    const { start, end } = rangeOf(info, reader, options);
    yield* reader.read(start, end, { ...selectionOf(options), format: 'tuple', columns });
  }
}

/** The records asked for as Arrow or Parquet. */
async function writeColumns(info: FeedInfo, reader: Reader, options: QueryOptions, format: ColumnarFormatName, output: Output): Promise<void> {
  checkColumnarOutput(format, output);
  const columns = selectedFields(info, reader, options.columns).map(({ name }) => name);
  const layout = arrowLayout(output);
  if (options.last !== undefined) {
    const table = await reader.last(options.last, { format: 'arrow', columns });
    if (format === 'parquet') return (await import('../output/parquet.js')).writeParquet(output, table.schema, table.batches);
    return writeBytes(output, [(await import('apache-arrow')).tableToIPC(table, layout)]);
  }
  const { start, end } = rangeOf(info, reader, options);
  const wanted = { ...selectionOf(options), columns, batchRows: BATCH_ROWS };
  if (format === 'arrow') return writeBytes(output, reader.arrowIpc(start, end, { ...wanted, layout }));
  // No record: what says how the columns are called and of which types they are.
  const { schema } = await reader.last(0, { format: 'arrow', columns });
  return (await import('../output/parquet.js')).writeParquet(output, schema, reader.arrowBatches(start, end, wanted));
}

async function explain(info: FeedInfo, reader: Reader, options: QueryOptions, output: Output): Promise<void> {
  const { start, end } = rangeOf(info, reader, options);
  const { text, ...plan } = reader.explain(start, end, { by: options.by, columns: options.columns, where: options.where });
  await output.print(formatOf(options) === 'json' ? `${toJson(plan, 2)}\n` : `${text}\n`);
}

/** Which records of a range, in whatever form. */
const selectionOf = ({ limit, by, where }: QueryOptions): Pick<QueryOptions, 'limit' | 'by' | 'where'> => ({ limit, by, where });

/** The times asked for, as [start, end). */
function rangeOf(info: FeedInfo, reader: Reader, { start, end, latest, by }: QueryOptions): { start: bigint; end: bigint } {
  const clock = clockOf(info, by);
  if (start === undefined && end === undefined) {
    const newest = BigInt(reader.newest({ by })?.time ?? 0);
    return { start: newest - BigInt(Math.round((latest ?? LATEST_SECONDS) * unitsPerSecond(clock.unit))), end: newest + 1n };
  }
  return timesOf(clock, { start, end });
}
