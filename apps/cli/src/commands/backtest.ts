import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { type BacktestOptions, type BacktestProgress, type BacktestResult, type DeepwaterError, type Platform, type TimeInput, paramGrid, writeBacktestReport } from 'deepwater';
import { toJson } from '../output/json.js';
import { StatusLine } from '../output/status-line.js';
import { flush, print } from '../output/stdout.js';
import { stopSignal } from '../output/stop-signal.js';
import { tableText } from '../output/table.js';
import { type StoreOptions, basePathOption, withStore } from '../store.js';
import { TIME_HELP, parseTime } from '../time/parse-time.js';
import { names, wholeNumber } from './record-options.js';

interface BacktestCommandOptions extends StoreOptions {
  readonly feeds: readonly string[];
  readonly writes?: readonly string[];
  readonly start?: string;
  readonly end?: string;
  readonly params?: unknown;
  readonly grid?: Readonly<Record<string, readonly unknown[]>>;
  readonly broker?: BacktestOptions['broker'];
  readonly bars?: BacktestOptions['bars'];
  readonly sample?: string;
  readonly seed?: number;
  readonly workers?: number;
  readonly report?: string;
  readonly json?: true;
}

/** Runs of a sweep that are printed, the best first; the report and --json have all. */
const RUNS_PRINTED = 20;

/** `deepwater backtest <module>` */
export function backtestCommand(): Command {
  return new Command('backtest')
    .description('run a strategy over history, for one set of parameters or many; nothing is written to the store')
    .argument('<module>', 'file of the strategy')
    .addOption(basePathOption())
    .addOption(new Option('--feeds <names>', 'the feeds to replay, separated by commas').argParser(feedNames).makeOptionMandatory())
    .addOption(new Option('--writes <names>', 'feeds that the strategy writes; the records are part of the result (--json)').argParser(feedNames))
    .option('-s, --start <time>', `first time: ${TIME_HELP}`)
    .option('-e, --end <time>', 'time to stop before, in the same ways')
    .addOption(new Option('--params <json>', 'parameters; a list of them is a sweep').argParser(json))
    .addOption(new Option('--grid <json>', 'a list of values for each parameter: every combination is run').argParser(jsonObject).conflicts('params'))
    .addOption(new Option('--broker <json>', "how orders are filled: '{}', '{\"latencyMs\":5,\"takerFeeBps\":2}'").argParser(jsonObject))
    .addOption(new Option('--bars <resolution>', "bars for onBar: 1m, or JSON with resolution, price, size and side").argParser(bars))
    .option('--sample <time>', 'time between two values of the equity curve: 1s, 1m, 1h, 1d')
    .addOption(new Option('--seed <n>', 'of context.random()').argParser(wholeNumber))
    .addOption(new Option('--workers <n>', 'runs at a time (default: processors)').argParser(wholeNumber))
    .option('--report <file>', 'write an HTML report')
    .option('--json', 'print the results as JSON')
    .addHelpText('after', `
Examples:
  deepwater backtest ./momentum.js --feeds trades --start -30d --broker '{"takerFeeBps":2}' --bars 5m --report report.html
  deepwater backtest ./momentum.js --feeds trades --grid '{"fast":[5,10,20],"slow":[50,100]}' --broker '{}' --json

Exit codes: 0 done, 1 no run came to its end, or it was cancelled (Ctrl+C).`)
    .action(async (module: string, options: BacktestCommandOptions) => {
      const results = await withStore(options, async (platform) => runAll(platform, module, options));
      if (options.report !== undefined) await writeBacktestReport(results, options.report, { title: `Backtest of ${module}` });
      await print(options.json === true ? `${toJson(results.map(plain), 2)}\n` : summary(results));
      await flush();
      const failed = results.filter(({ error }) => error !== undefined);
      if (failed.length === 0) return;
      const { code, message } = failed[0]?.error as DeepwaterError;
      process.stderr.write(`deepwater: ${failed.length} of ${results.length} runs failed; the first: ${code}: ${message}\n`);
      if (failed.length === results.length) throw new CommanderError(1, 'deepwater.failed', '');
    });
}

async function runAll(platform: Platform, module: string, options: BacktestCommandOptions): Promise<BacktestResult[]> {
  const { feeds, writes, start, end, params, grid, broker, bars: resolution, sample, seed, workers } = options;
  const line = new StatusLine();
  const stop = stopSignal();
  const sets = grid !== undefined ? paramGrid(grid) : params === undefined ? undefined : Array.isArray(params) ? params as unknown[] : [params];
  let done: BacktestProgress | undefined;
  try {
    return await platform.backtest(module, {
      feeds, signal: stop, onProgress: (at) => { line.show(progressText(done = at)); },
      ...(writes === undefined ? {} : { writes }), ...(sets === undefined ? {} : { params: sets }), ...(broker === undefined ? {} : { broker }), ...(resolution === undefined ? {} : { bars: resolution }),
      ...(sample === undefined ? {} : { sample }), ...(seed === undefined ? {} : { seed }), ...(workers === undefined ? {} : { workers }),
      ...(start === undefined ? {} : { start: timeOf(platform, feeds, start, '--start') }), ...(end === undefined ? {} : { end: timeOf(platform, feeds, end, '--end') }),
    });
  } catch (error) {
    if (!stop.aborted) throw error;
    line.clear();
    process.stderr.write(`deepwater: cancelled after ${done?.runs ?? 0} of ${done?.runsOf ?? sets?.length ?? 1} runs\n`);
    throw new CommanderError(1, 'deepwater.cancelled', '');
  } finally {
    line.clear();
  }
}

/** In the unit of the feeds' clocks, or a Date where they have several. */
function timeOf(platform: Platform, feeds: readonly string[], text: string, option: string): TimeInput {
  const units = new Set(feeds.map((feed) => platform.feedInfo(feed).clocks[0]?.unit ?? 'us'));
  const [unit] = units;
  return unit !== undefined && units.size === 1 ? parseTime(text, option, unit) : new Date(Number(parseTime(text, option, 'ms')));
}

function progressText({ runs, runsOf, records, elapsedMs, leftMs }: BacktestProgress): string {
  const left = leftMs === undefined ? '' : `, ${Math.ceil(leftMs / 1000)} s left`;
  return `${runs} of ${runsOf} runs, ${(records / Math.max(1, elapsedMs) / 1000).toFixed(1)} M records/s${left}`;
}

function summary(results: readonly BacktestResult[]): string {
  const [only] = results;
  if (results.length === 1 && only !== undefined) {
    const figures = Object.entries(only.stats ?? {}).map(([name, figure]) => [name, shown(figure)]);
    return tableText(['figure', 'value'], [['records', shown(only.records)], ['emitted', shown(only.counts.emitted)], ...figures], [false, true]);
  }
  const best = results.toSorted((a, b) => (b.stats?.sharpe ?? -Infinity) - (a.stats?.sharpe ?? -Infinity) || a.index - b.index).slice(0, RUNS_PRINTED);
  const rows = best.map(({ index, params, records, stats, error }) => [
    String(index), toJson(params) ?? '', shown(records), shown(stats?.profit), shown(stats?.return), shown(stats?.maxDrawdownShare), shown(stats?.sharpe), shown(stats?.trades), error?.code ?? '',
  ]);
  const more = results.length > best.length ? `the best ${best.length} of ${results.length} runs by Sharpe ratio; --json and --report have all\n` : '';
  return `${tableText(['#', 'params', 'records', 'profit', 'return', 'drawdown', 'sharpe', 'trades', 'error'], rows, [true, false, true, true, true, true, true, true, false])}${more}`;
}

function shown(figure: number | null | undefined): string {
  if (figure === null || figure === undefined) return '-';
  return Number.isInteger(figure) ? figure.toLocaleString('en-US') : figure.toPrecision(6);
}

const feedNames = (text: string): string[] => names(text, 'trades,quotes');

/** A result with its error as plain data. */
function plain({ error, ...result }: BacktestResult): object {
  return error === undefined ? result : { ...result, error: { code: error.code, message: error.message, values: error.values } };
}

function json(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new InvalidArgumentError(`Give JSON, in single quotes for the shell: ${(error as Error).message}.`);
  }
}

function jsonObject(text: string): Record<string, readonly unknown[]> {
  const given = json(text);
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw new InvalidArgumentError('Give a JSON object.');
  return given as Record<string, readonly unknown[]>;
}

function bars(text: string): NonNullable<BacktestOptions['bars']> {
  return text.startsWith('{') ? jsonObject(text) as unknown as NonNullable<BacktestOptions['bars']> : { resolution: text };
}
