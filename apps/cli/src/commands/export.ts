import { writeFileSync } from 'node:fs';
import type { ExportFormat, ExportReport } from '@deepwater/import-export';
import { Command, Option } from 'commander';
import { DeepwaterError, type UntypedWhere } from 'deepwater';
import { CommandExit } from '../command-exit.js';
import { toJson } from '../output/json.js';
import { StatusLine } from '../output/status-line.js';
import { flush, print } from '../output/stdout.js';
import { stopSignal } from '../output/stop-signal.js';
import { type StoreOptions, basePathOption, withStore } from '../store.js';
import { TIME_HELP, parseTime } from '../time/parse-time.js';
import { clockOf, names, whereOption } from './record-options.js';

interface ExportCommandOptions extends StoreOptions {
  readonly output: string;
  readonly format?: ExportFormat;
  readonly start?: string;
  readonly end?: string;
  readonly by?: string;
  readonly columns?: readonly string[];
  readonly where?: UntypedWhere;
  readonly specFile?: string;
  readonly json?: true;
}

const INTERRUPTED = 130;

/** `deepwater export <feed>` */
export function exportCommand(): Command {
  return new Command('export')
    .description('write records of a feed to a file, so that an import of it gives an equal feed')
    .argument('<feed>', 'name of the feed')
    .addOption(basePathOption())
    .addOption(new Option('-o, --output <file>', 'the file; it appears under its name when it is whole').makeOptionMandatory())
    .addOption(new Option('-f, --format <format>', 'what it is (default: told by its name; .csv.gz and .jsonl.gz are packed)').choices(['csv', 'jsonl', 'parquet']))
    .option('-s, --start <time>', `first time: ${TIME_HELP}`)
    .option('-e, --end <time>', 'time to stop before, in the same ways')
    .option('--by <clock>', 'the clock that times are of (default: the timestamp of the feed)')
    .addOption(new Option('-c, --columns <names>', 'only these fields, separated by commas, in this order').argParser((text: string) => names(text, 'price,size')))
    .addOption(whereOption())
    .option('--spec-file <file>', 'write the spec of the feed there, for `deepwater import --spec`; Parquet has it in itself')
    .option('--json', 'print the report as JSON')
    .addHelpText('after', `
Examples:
  deepwater export trades --output trades.parquet
  deepwater export trades --start 2025-02-01 --end 2025-02-02 --output trades.csv.gz --spec-file trades.json
  deepwater import trades.csv.gz --base-path ./other --spec trades.json --time-unit clock

Index points are a column index_point. Exit codes: 0 done, 1 an error that is printed with its code, 130 interrupted: nothing is left of the file then.`)
    .action(async (feedName: string, options: ExportCommandOptions) => {
      const report = await withStore(options, async (platform) => {
        const { exportFeed } = await import('@deepwater/import-export');
        const info = platform.feedInfo(feedName);
        const { unit } = clockOf(info, options.by);
        const line = new StatusLine();
        const stop = stopSignal();
        try {
          return await exportFeed(platform, feedName, options.output, {
            format: options.format, by: options.by, columns: options.columns, where: options.where, signal: stop,
            ...(options.start === undefined ? {} : { start: parseTime(options.start, '--start', unit) }), ...(options.end === undefined ? {} : { end: parseTime(options.end, '--end', unit) }),
            onProgress: ({ records, recordsOfAll }) => {
              line.offer(() => `${records.toLocaleString('en')} of ${recordsOfAll.toLocaleString('en')} records`);
            },
          });
        } catch (error) {
          if (stop.aborted && !DeepwaterError.isDeepwaterError(error)) throw new CommandExit(INTERRUPTED);
          throw error;
        } finally {
          line.clear();
        }
      });
      if (options.specFile !== undefined) writeSpec(options.specFile, report);
      await print(options.json === true ? `${toJson(report, 2)}\n` : `${report.records.toLocaleString('en')} records of ${report.feed} are in ${report.file} (${report.seconds.toFixed(1)} s).\n`);
      await flush();
    });
}

function writeSpec(file: string, { spec }: ExportReport): void {
  try {
    writeFileSync(file, `${toJson(spec, 2)}\n`);
  } catch (cause) {
    throw new DeepwaterError('DW_OUTPUT_FAILED', `--spec-file ${JSON.stringify(file)} cannot be written: ${(cause as Error).message}. The export itself is whole.`, { values: { file }, cause });
  }
}
