import { readFileSync } from 'node:fs';
import type { ImportOptions, ImportProgress, ImportReport, LayoutName, RejectedRow } from '@deepwater/import-export';
import { LAYOUTS } from '@deepwater/import-export/layouts';
import { openOutputFile } from '@deepwater/import-export/output';
import { Command, InvalidArgumentError, Option } from 'commander';
import { DeepwaterError, type FeedSpecInput, Platform } from 'deepwater';
import { CommandExit } from '../command-exit.js';
import { toJson } from '../output/json.js';
import { StatusLine } from '../output/status-line.js';
import { flush, print } from '../output/stdout.js';
import { stopSignal } from '../output/stop-signal.js';
import { tableText } from '../output/table.js';
import { printable } from '../output/text.js';
import { type StoreOptions, basePathOption } from '../store.js';
import { names, wholeNumber } from './record-options.js';

interface ImportCommandOptions extends StoreOptions, Pick<ImportOptions, 'feed' | 'exchange' | 'symbol' | 'channels' | 'columns' | 'set' | 'timeUnit' | 'zone' | 'delimiter' | 'split' | 'anyTime' | 'maxRejects' | 'dryRun' | 'check' | 'header'> {
  readonly layout?: LayoutName;
  readonly spec?: string;
  readonly sort?: true;
  readonly rejects?: string;
  readonly json?: true;
}

/** What the command ends with besides 0 and 1. */
const EXIT = { REJECTED: 3, INTERRUPTED: 130 } as const;
/** Rejects that are printed; the file and --json have more. */
const REJECTS_PRINTED = 5;

/** `deepwater import <files…>` */
export function importCommand(): Command {
  return new Command('import')
    .description('write the records of files into feeds: once, however often it is run, and wherever it was interrupted')
    .argument('<files...>', 'CSV, JSON lines, Parquet, captures; as they are or packed by gzip, zstd or zip. Or the directory of a store of the Python Deepwater')
    .addOption(basePathOption())
    .addOption(new Option('--layout <name>', 'what the files look like (default: told by name and content)').choices(LAYOUTS))
    .option('--feed <name>', 'the feed (default: named after exchange, symbol and channel, or after the file)')
    .option('--exchange <name>', 'the exchange, where the file does not tell: binance-usdm')
    .option('--symbol <symbol>', 'the symbol, where the file does not tell')
    .addOption(new Option('--channels <names>', 'of a capture only these: trades,book,quotes').argParser((text: string) => names(text, 'trades,book')))
    .addOption(new Option('-c, --columns <list>', 'field=column, separated by commas; a column is a name, a number from 1, or name[0] with --split').argParser(assignments))
    .addOption(new Option('--set <list>', 'fields that have one value in all records: venue=X,id=0').argParser(values))
    .addOption(new Option('--time-unit <unit>', 'how times are written (default: told by their size); clock: as `deepwater export` writes them').choices(['s', 'ms', 'us', 'ns', 'iso', 'clock']))
    .option('--spec <file>', 'JSON with the spec of the feed, where there is none yet (default: made from the first rows)')
    .option('--zone <name>', 'lean: the clock of the times, such as America/New_York')
    .option('--delimiter <character>', 'between two columns (default: told by the first lines)')
    .option('--split <character>', 'at which columns are parted that are named as name[0]')
    .option('--header', 'the first line has the names of the columns (default: told by its content)')
    .option('--no-header', 'it has not')
    .option('--any-time', 'take times of before 1971 and after 2099, too')
    .option('--sort', 'import the files in the order of their first records, not as they are given')
    .addOption(new Option('--max-rejects <n>', 'more rejected rows in one file end the import').default(100).argParser(wholeNumber))
    .option('--rejects <file>', 'write each rejected row there: file, line and reason, as CSV')
    .option('--check', 'read each file to its end before anything of it is written')
    .option('--dry-run', 'read everything, write nothing')
    .option('--json', 'print the report as JSON')
    .addHelpText('after', `
Examples:
  deepwater import BTCUSDT-trades-2024-01-*.zip
  deepwater import binance-futures_trades_2024-01-01_BTCUSDT.csv.gz
  deepwater import usdm-20240808.gz usdm-20240809.gz --exchange binance-usdm
  deepwater import trades.csv --feed my-trades --columns ts=time_seconds,price,size --dry-run
  deepwater import ticks.parquet --exchange gemini --symbol ETHUSD --channels trades
  deepwater import ./platform_data                                             # every feed of the Python Deepwater
  deepwater import depth.csv --split _ --columns 'ts=time,bid=bid_price_bid_size[0],ask=ask_price_ask_size[0]'

An import that was stopped or killed goes on when it is run again; one that was finished adds nothing. What layouts look like is in docs/FILES.md.
Exit codes: 0 done, 3 done but for rows that were rejected, 1 an error that is printed with its code, 130 interrupted (Ctrl+C).`)
    .action(async (files: string[], options: ImportCommandOptions) => {
      const report = await runImport(files, options);
      await print(options.json === true ? `${toJson(report, 2)}\n` : reportText(report));
      await flush();
      if (report.aborted) throw new CommandExit(EXIT.INTERRUPTED);
      if (report.rejected > 0) throw new CommandExit(EXIT.REJECTED);
    });
}

async function runImport(files: readonly string[], { basePath, spec, sort, rejects, json, header, ...options }: ImportCommandOptions): Promise<ImportReport> {
  void json;
  // It takes a while to load, and other commands do without.
  const { importFiles } = await import('@deepwater/import-export');
  const listed = rejects === undefined ? undefined : await openOutputFile(rejects);
  const line = new StatusLine();
  const progress = new ImportLine(line);
  const platform = await Platform.open(basePath, { handleSignals: false, cleanupMinutes: 0, onEvent: ({ level, message }) => { if (level === 'warn' || level === 'error') process.stderr.write(`deepwater: ${message}\n`); } });
  try {
    await listed?.print('file,line,reason\n');
    const report = await importFiles(platform, files, {
      ...options, ...(spec === undefined ? {} : { spec: specOf(spec) }), ...(header === undefined ? {} : { header }), order: sort === true ? 'time' : 'given', signal: stopSignal(),
      onProgress: (at) => { progress.show(at); },
      onReject: (row) => { void listed?.print(rejectLine(row)); },
    });
    await listed?.end();
    return report;
  } catch (error) {
    // The list of rejects is what is wanted where there were too many of them.
    await listed?.end().catch(() => undefined);
    throw error;
  } finally {
    line.clear();
    await platform.close();
  }
}

const rejectLine = ({ file, line, reason }: RejectedRow): string => `${quoted(file)},${line},${quoted(reason)}\n`;
const quoted = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** How far it is, on stderr, for people. */
class ImportLine {
  #began = 0;

  constructor(private readonly line: StatusLine) {}

  show(progress: ImportProgress): void {
    if (!this.line.seen) return;
    if (this.#began === 0) this.#began = performance.now();
    this.line.offer(() => this.#text(progress, (performance.now() - this.#began) / 1000));
  }

  #text({ file, number, files, step, bytes, bytesOfAll, records }: ImportProgress, seconds: number): string {
    const part = bytesOfAll === 0 ? 1 : bytes / bytesOfAll;
    const left = part > 0.01 && seconds > 1 ? `, ${clockText((seconds / part) * (1 - part))} left` : '';
    const name = printable(file.split('/').at(-1) ?? file).slice(0, 30);
    return `${(part * 100).toFixed(0)} % ${files > 1 ? `(${number} of ${files}) ` : ''}${name}${step === 'reading' ? ', reading' : ''}: ${records.toLocaleString('en')} records, ${Math.round(records / Math.max(seconds, 0.001)).toLocaleString('en')} a second${left}`;
  }
}

const clockText = (seconds: number): string => (seconds >= 60 ? `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s` : `${Math.ceil(seconds)} s`);

function reportText({ files, records, added, rejected, rejects, notes, seconds, aborted }: ImportReport): string {
  const rows = files.flatMap(({ file, layout, state, feeds, rejected: bad }) => (feeds.length === 0 ? [{ feed: '-', records: 0, added: 0 }] : feeds)
    .map((feed, n) => [n === 0 ? printable(file.split('/').at(-1) ?? file) : '', n === 0 ? layout : '', printable(feed.feed), feed.records.toLocaleString('en'), feed.added.toLocaleString('en'), n === 0 ? bad.toLocaleString('en') : '', n === 0 ? state : '']));
  const listed = rejects.slice(0, REJECTS_PRINTED).map(({ file, line, reason }) => `  ${printable(file)}, line ${line}: ${printable(reason)}\n`).join('');
  const told = notes.length === 0 ? '' : `Told besides: ${notes.length.toLocaleString('en')}, the first: ${printable(notes[0]!.text)}\n`;
  return [
    files.length === 0 ? '' : tableText(['file', 'layout', 'feed', 'records', 'added', 'rejected', ''], rows, [false, false, false, true, true, true, false]),
    rejected === 0 ? '' : `${rejected.toLocaleString('en')} rows were rejected:\n${listed}${rejected > REJECTS_PRINTED ? '  …\n' : ''}`, told,
    `${records.toLocaleString('en')} records read, ${added.toLocaleString('en')} added in ${seconds.toFixed(1)} s${added > 0 ? ` (${Math.round(added / Math.max(seconds, 0.001)).toLocaleString('en')} a second)` : ''}.\n`,
    aborted ? 'It was stopped before all was done: run it again to go on.\n' : '',
  ].join('');
}

/** `ts=time,price`: a name alone is both. */
function assignments(text: string): Record<string, string> {
  return Object.fromEntries(names(text, 'ts=time,price').map((each) => {
    const at = each.indexOf('=');
    if (at === 0 || at === each.length - 1) throw new InvalidArgumentError('Give field=column, such as ts=time_seconds.');
    return at < 0 ? [each, each] : [each.slice(0, at), each.slice(at + 1)];
  }));
}

function values(text: string): Record<string, string | number | boolean> {
  return Object.fromEntries(names(text, 'venue=X,id=0').map((each) => {
    const at = each.indexOf('=');
    if (at <= 0) throw new InvalidArgumentError('Give field=value, such as venue=X.');
    const value = each.slice(at + 1);
    return [each.slice(0, at), value === 'true' || value === 'false' ? value === 'true' : /^-?\d{1,15}$/.test(value) ? Number(value) : value];
  }));
}

function specOf(file: string): FeedSpecInput {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as FeedSpecInput;
  } catch (cause) {
    throw new DeepwaterError('DW_OPTION_INVALID', `--spec ${JSON.stringify(file)} cannot be read: ${(cause as Error).message}. Give a file with the JSON of a feed spec.`, { values: { option: 'spec', file }, cause });
  }
}
