import { Command } from 'commander';
import type { FeedInfo } from 'deepwater';
import { toJson } from '../output/json.js';
import { flush, print } from '../output/stdout.js';
import { tableText } from '../output/table.js';
import { bytesText, printable } from '../output/text.js';
import { type StoreOptions, basePathOption, withStore } from '../store.js';
import { newestText } from './feeds.js';

/** `deepwater info <feed>` */
export function infoCommand(): Command {
  return new Command('info')
    .description('show one feed: its fields, its lifecycle, what it holds')
    .argument('<feed>', 'name of the feed')
    .addOption(basePathOption())
    .option('--json', 'print JSON')
    .action(async (feedName: string, options: StoreOptions & { readonly json?: true }) => {
      await withStore(options, async (platform) => {
        const feed = platform.feedInfo(feedName);
        await print(options.json === true ? `${toJson(feed, 2)}\n` : infoText(feed));
        await flush();
      });
    });
}

function infoText(feed: FeedInfo): string {
  const { spec, records, recordFormat, writer } = feed;
  const { chunkSizeBytes, chunkMaxAgeHours, retentionHours, retentionBytes, durability } = spec;
  const instrument = Object.entries(feed.instrument ?? {}).map(([key, value]) => `${key} ${value}`);
  const lines: [string, string | undefined][] = [
    ['feed', feed.name],
    ['description', feed.desc],
    ['instrument', instrument.length === 0 ? undefined : instrument.join(', ')],
    ['problem', feed.problem],
    ['records', `${(records.next - records.first).toLocaleString('en')} (numbers ${records.first} to ${records.next}, excluded)`],
    ['newest', newestText(feed)],
    ['writer', writer.open ? `process ${writer.pid}` : writer.pid === undefined ? 'none' : `none; process ${writer.pid} did not close it`],
    ['kept', feed.persist ? `on disk, ${retentionHours === 0 ? 'for ever' : `${retentionHours} h`}${retentionBytes === undefined ? '' : `, at most ${bytesText(retentionBytes)}`}` : 'in memory'],
    ['chunks', feed.persist ? `${feed.chunks} of up to ${bytesText(chunkSizeBytes)} or ${chunkMaxAgeHours} h` : undefined],
    ['size on disk', bytesText(feed.bytesOnDisk)],
    ['durability', feed.persist ? `${durability.level} every ${durability.intervalMs} ms` : undefined],
    ['mode', feed.mode === 'IF' ? `IF (indexed), ${(feed.indexPoints ?? 0).toLocaleString('en')} index points` : 'UF'],
    ['record', `${recordFormat.fmt}, ${recordFormat.recordSize} bytes`],
    ['made', feed.createdAt],
  ];
  const width = Math.max(...lines.map(([name]) => name.length));
  const text = lines.flatMap(([name, value]) => (value === undefined ? [] : `${name.padEnd(width)}  ${printable(value)}\n`)).join('');
  return `${text}\n${fieldsTable(feed)}`;
}

function fieldsTable({ fields, clocks, spec }: FeedInfo): string {
  const rows = fields.map((field) => [
    field.name,
    field.scale !== undefined ? `${field.type}(${field.scale})` : field.bytes !== undefined ? `${field.type}(${field.bytes})` : field.type,
    field.as,
    field.name === spec.timestamp ? `timestamp, ${field.unit}` : clocks.some(({ name }) => name === field.name) ? `clock, ${field.unit}` : '',
    printable(field.desc ?? ''),
  ]);
  return tableText(['field', 'type', 'read as', 'clock', 'description'], rows);
}
