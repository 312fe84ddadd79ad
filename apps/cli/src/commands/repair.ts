import { Command, Option } from 'commander';
import { type ChunkMap, type Damage, DeepwaterError, type FeedRepair, type RepairReport, repairStore } from 'deepwater';
import { CommandExit } from '../command-exit.js';
import { chunkMapText } from '../output/chunk-map.js';
import { toJson } from '../output/json.js';
import { StatusLine } from '../output/status-line.js';
import { flush, print } from '../output/stdout.js';
import { stopSignal } from '../output/stop-signal.js';
import { bytesText, printable } from '../output/text.js';
import { type StoreOptions, basePathOption } from '../store.js';
import { names } from './record-options.js';

interface RepairCommandOptions extends StoreOptions {
  readonly feed?: readonly string[];
  readonly all?: true;
  readonly dryRun?: true;
  readonly json?: true;
}

/** `deepwater repair` */
export function repairCommand(): Command {
  return new Command('repair')
    .description('find damage in a store and put it right: what holds is kept, what cannot be kept goes into quarantine/; while nobody writes')
    .addOption(basePathOption())
    .addOption(new Option('--feed <names>', 'these feeds, separated by commas').argParser((text: string) => names(text, 'trades,quotes')).conflicts('all'))
    .option('--all', 'all feeds')
    .option('--dry-run', 'only say what is wrong, and change nothing')
    .option('--json', 'print JSON')
    .addHelpText('after', `
Interrupted at any step, it is run again and goes on. Nothing is deleted.

Examples:
  deepwater repair --base-path ./data --all --dry-run
  deepwater repair --base-path ./data --feed trades
  deepwater-repair --base-path ./data --all --json

Exit codes: 0 nothing is wrong, or all was put right without loss; 1 damage was found (--dry-run), or something is lost;
2 an error: a feed is being written, no store there, a mistake in the command.`)
    .action(async ({ basePath, feed, all, dryRun = undefined, json }: RepairCommandOptions) => {
      if (feed === undefined && all !== true) throw new DeepwaterError('DW_OPTION_INVALID', 'Say which feeds: --feed NAME, or --all.');
      const line = new StatusLine();
      let report: RepairReport;
      try {
        report = await repairStore(basePath, {
          dryRun: dryRun === true, signal: stopSignal(), ...(feed === undefined ? {} : { feeds: feed }),
          onProgress: ({ feed: name, feeds, feedsOf, chunks, chunksOf }) => { line.show(`${printable(name)} (${feeds + 1} of ${feedsOf} feeds): ${chunks} of ${chunksOf} chunks`); },
        });
      } finally {
        line.clear();
      }
      await print(json === true ? `${toJson(report, 2)}\n` : reportText(report));
      await flush();
      if (report.aborted || (report.dryRun ? report.damaged : report.lost)) throw new CommandExit(1);
    });
}

function reportText({ basePath, dryRun, store, feeds, damaged, lost, aborted, quarantine }: RepairReport): string {
  const parts = [...store.map(damageText), ...feeds.map(feedText)];
  const records = feeds.reduce((sum, each) => sum + each.lostRecords, 0);
  const sum = !damaged ? `${printable(basePath)}: nothing is wrong.`
    : `${printable(basePath)}: ${dryRun ? 'damage was found; nothing was changed' : 'what was damaged has been put right'}${lost ? `, ${records > 0 ? `${records.toLocaleString('en')} records are` : 'something is'} lost` : ', nothing is lost'}.`;
  return [
    ...parts, `${sum}\n`, ...quarantine.map((directory) => `In quarantine: ${printable(directory)}\n`),
    aborted ? 'It was stopped before all feeds were done: run it again.\n' : '',
  ].join('');
}

function feedText({ feed, damages, chunks, keptRecords, lostRecords }: FeedRepair): string {
  if (damages.length === 0) return '';
  const head = `${printable(feed)}: ${keptRecords.toLocaleString('en')} records kept, ${lostRecords.toLocaleString('en')} lost\n`;
  return `${head}${damages.map(damageText).join('')}${chunks.map((map: ChunkMap) => chunkMapText(map)).join('')}\n`;
}

function damageText({ file, what, remedy, lost, first, next, times, bytes }: Damage): string {
  const facts = [
    ...(first === undefined ? [] : [next === undefined ? `records from ${first} on` : `records ${first} to ${next - 1}`]),
    ...(times === undefined ? [] : [`${times.clock} ${times.min} to ${times.max}`]), ...(bytes === undefined ? [] : [bytesText(bytes)]),
  ];
  return `${lost ? '✖' : '▲'} ${printable(file)}\n    ${printable(what)}${facts.length === 0 ? '' : `\n    ${printable(facts.join('; '))}`}\n    → ${remedy}\n`;
}
