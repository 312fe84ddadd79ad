import { Command } from 'commander';
import type { FeedInfo } from 'deepwater';
import { toJson } from '../output/json.js';
import { flush, print } from '../output/stdout.js';
import { tableText } from '../output/table.js';
import { bytesText } from '../output/text.js';
import { type StoreOptions, basePathOption, withStore } from '../store.js';
import { timeText } from '../time/time-text.js';

/** `deepwater feeds` */
export function feedsCommand(): Command {
  return new Command('feeds')
    .description('list the feeds of a store, with what they hold')
    .addOption(basePathOption())
    .option('--json', 'print JSON: everything that `info` knows of each')
    .action(async (options: StoreOptions & { readonly json?: true }) => {
      await withStore(options, async (platform) => {
        const feeds = platform.listFeeds();
        if (options.json === true) await print(`${toJson(feeds, 2)}\n`);
        else if (feeds.length === 0) process.stderr.write(`${platform.basePath} has no feeds\n`);
        else await print(feedsTable(feeds));
        for (const { name, problem } of feeds) if (problem !== undefined) process.stderr.write(`deepwater: ${name}: ${problem}\n`);
        await flush();
      });
    });
}

function feedsTable(feeds: readonly FeedInfo[]): string {
  const rows = feeds.map((feed) => [
    feed.name,
    feed.persist ? 'disk' : 'memory',
    (feed.records.next - feed.records.first).toLocaleString('en'),
    newestText(feed),
    feed.chunks.toLocaleString('en'),
    bytesText(feed.bytesOnDisk),
    feed.problem !== undefined ? 'cannot be read' : feed.writer.open ? `pid ${feed.writer.pid}` : '-',
  ]);
  return tableText(['feed', 'kept', 'records', 'newest', 'chunks', 'size', 'writer'], rows, [false, false, true, false, true, true, false]);
}

/** The newest timestamp of a feed as ISO 8601; `-` where there is none. */
export function newestText({ newest, clocks }: FeedInfo): string {
  const [timestamp] = clocks;
  return newest === undefined || timestamp === undefined ? '-' : timeText(newest, timestamp.unit);
}
