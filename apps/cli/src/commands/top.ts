import { setTimeout as sleep } from 'node:timers/promises';
import { Command, Option } from 'commander';
import { toJson } from '../output/json.js';
import { flush, print } from '../output/stdout.js';
import { stopSignal } from '../output/stop-signal.js';
import { type StoreOptions, basePathOption, withStore } from '../store.js';
import { FeedRates } from '../top/feed-rates.js';
import { subscriberTable, topTable } from '../top/top-table.js';
import { positiveNumber, wholeNumber } from './record-options.js';

interface TopOptions extends StoreOptions {
  readonly interval: number;
  readonly looks?: number;
  readonly subscribers?: true;
  readonly json?: true;
}

/** To the top left corner, and all from there on erased: the table is drawn over the one before. */
const REDRAW = '\u001b[H\u001b[J';

/** `deepwater top` */
export function topCommand(): Command {
  return new Command('top')
    .description('show what every feed does now: rate, ring, subscribers in any process, how far they are behind and what they lost')
    .addOption(basePathOption())
    .addOption(new Option('-i, --interval <seconds>', 'time between two looks').default(1).argParser(positiveNumber))
    .addOption(new Option('-n, --looks <n>', 'end after so many looks (default: go on until Ctrl+C)').argParser(wholeNumber))
    .option('-s, --subscribers', 'list each subscriber, too')
    .option('--json', 'print one JSON array of feeds a line for each look')
    .action(async (options: TopOptions) => {
      await withStore(options, async (platform) => {
        const stop = stopSignal();
        const rates = new FeedRates(platform);
        await rates.look();
        for (let look = 0; look < (options.looks ?? Infinity); look++) {
          await sleep(options.interval * 1000, undefined, { signal: stop }).catch(() => {});
          if (stop.aborted) break;
          const feeds = await rates.look();
          if (options.json === true) await print(`${toJson(feeds)}\n`);
          else {
            const { isTTY } = process.stdout as { isTTY?: boolean };
            await print(isTTY === true ? REDRAW : look > 0 ? '\n' : '');
            if (feeds.length === 0) await print(`${platform.basePath} has no feeds\n`);
            else await print(topTable(feeds) + (options.subscribers === true ? subscriberTable(feeds, Math.floor(Date.now() / 1000)) : ''));
          }
          await flush();
        }
      });
    });
}
