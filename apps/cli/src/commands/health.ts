import { Command, InvalidArgumentError, Option } from 'commander';
import { type HealthCheck, type HealthReport, checkHealth } from 'deepwater';
import { toJson } from '../output/json.js';
import { flush, print } from '../output/stdout.js';
import { tableText } from '../output/table.js';
import { printable } from '../output/text.js';
import { CommandExit } from '../command-exit.js';
import { type StoreOptions, basePathOption } from '../store.js';

interface HealthCommandOptions extends StoreOptions {
  readonly checkFeeds?: boolean;
  readonly maxAgeSeconds?: number;
  readonly minFreeGb: number;
  readonly timeout: number;
  readonly json?: true;
}

/** `deepwater health` */
export function healthCommand(): Command {
  return new Command('health')
    .description('look whether a store is well; nothing is written, and no writer is disturbed')
    .addOption(basePathOption())
    .option('--check-feeds', 'look into every feed, too')
    .addOption(new Option('--max-age-seconds <n>', 'unhealthy where the last record of a feed came longer ago').argParser(amount))
    .addOption(new Option('--min-free-gb <n>', 'unhealthy with less space on the disk').default(1).argParser(amount))
    .addOption(new Option('--timeout <seconds>', 'the longest that it may take').default(30).argParser(amount))
    .option('--json', 'print JSON')
    .addHelpText('after', `
Examples:
  deepwater health --base-path /var/deepwater --check-feeds --max-age-seconds 300
  */5 * * * * deepwater-health --base-path /var/deepwater --check-feeds --max-age-seconds 300 || alert_system

Exit codes: 0 healthy, 1 unhealthy (a check failed), 2 an error: no store there, a mistake in the command.`)
    .action(async ({ basePath, checkFeeds = false, maxAgeSeconds, minFreeGb, timeout, json }: HealthCommandOptions) => {
      const report = await checkHealth(basePath, { checkFeeds, minFreeGb, timeoutMs: timeout * 1000, ...(maxAgeSeconds === undefined ? {} : { maxAgeSeconds }) });
      await print(json === true ? `${toJson(report, 2)}\n` : healthText(report));
      await flush();
      if (!report.healthy) throw new CommandExit(1);
    });
}

const MARKS: Readonly<Record<HealthCheck['state'], string>> = { ok: '●  ok', warn: '▲  warn', fail: '✖  FAIL', skipped: '○  skipped' };

function healthText({ basePath, checks, healthy }: HealthReport): string {
  const feeds = checks.some(({ feed }) => feed !== undefined);
  const rows = checks.map(({ check, feed, state, value, limit }) => [
    MARKS[state], ...(feeds ? [feed ?? ''] : []), check, printable(String(value ?? '-')), printable(String(limit ?? '')),
  ]);
  const table = tableText(['', ...(feeds ? ['feed'] : []), 'check', 'found', 'limit'], rows);
  const said = checks.flatMap(({ check, feed, state, message }) => (message === undefined ? [] : [`${MARKS[state].slice(0, 1)} ${feed === undefined ? '' : `${feed}: `}${check}: ${printable(message)}\n`])).join('');
  const count = (state: HealthCheck['state']): number => checks.filter((each) => each.state === state).length;
  return `${table}${said}${printable(basePath)} is ${healthy ? 'healthy' : 'UNHEALTHY'}: ${count('ok')} ok, ${count('warn')} warnings, ${count('fail')} failed\n`;
}

function amount(text: string): number {
  const value = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text)) throw new InvalidArgumentError('Give a number, 0 or more.');
  return value;
}
