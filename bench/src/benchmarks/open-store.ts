import { spawnSync } from 'node:child_process';
import { Platform } from 'deepwater';
import { type Benchmark, atMost, line } from '../lib/benchmark.js';
import { runChild } from '../lib/child.js';
import type { OpenStoreArgument, OpenStoreResult } from '../children/open-store.js';
import { benchFeed, priceOf, sizeOf, timeOf } from '../lib/records.js';
import { inTurn, sampleOf } from '../lib/sample.js';
import { newStorePath, removeStore } from '../lib/stores.js';
import { SYNTHETIC_CHUNK_ROWS, makeChunks } from '../lib/synthetic-feed.js';

const TARGET_MS = 100;

export const openStore: Benchmark = {
  name: 'open-store',
  title: 'a store of 16,000 chunks, from nothing to the first record of a range',
  async run(context) {
    const chunks = context.pick(16_000, 1000);
    const basePath = newStorePath(context.directory);
    try {
      const platform = await Platform.open(basePath, { logLevel: 'error' });
      await platform.createFeed(benchFeed('ticks'));
      await platform.close();
      const bytes = makeChunks(basePath, 'ticks', chunks);
      context.progress(`${chunks} chunks are made`);

      const problems: string[] = [];
      const parts = { open: [] as number[], reader: [] as number[], first: [] as number[] };
      const totals: number[] = [];
      const agains: number[] = [];
      let run = 0;
      const times = await inTurn(context.pick(9, 3), {
        ours: async () => {
          // Another place in the store each time.
          const n = Math.floor(((run++ * 0.618) % 1) * chunks) * SYNTHETIC_CHUNK_ROWS + 3;
          const argument: OpenStoreArgument = { basePath, from: timeOf(n), to: timeOf(n + 1000) };
          const { result, saidAfterMs } = await runChild<OpenStoreResult>('open-store', argument);
          const wanted = [priceOf(n), sizeOf(n), timeOf(n)];
          const { fresh, again } = result;
          for (const { first } of [fresh, again]) {
            if (JSON.stringify(first) !== JSON.stringify(wanted)) problems.push(`record ${n} is ${JSON.stringify(first)}, not ${JSON.stringify(wanted)}`);
          }
          parts.open.push(fresh.openMs);
          parts.reader.push(fresh.readerMs);
          parts.first.push(fresh.firstMs);
          totals.push(saidAfterMs);
          agains.push(again.openMs + again.readerMs + again.firstMs);
          return fresh.openMs + fresh.readerMs + fresh.firstMs;
        },
        bare: () => {
          const started = performance.now();
          const { status } = spawnSync(process.execPath, ['-e', '0']);
          if (status !== 0) problems.push(`node -e 0 ended with ${status}`);
          return performance.now() - started;
        },
      });
      const [open, reader, first] = [parts.open, parts.reader, parts.first].map((values) => sampleOf(values).median.toFixed(1));
      const what = `${chunks.toLocaleString('en')} chunks, ${(bytes / 1e12).toFixed(2)} TB sparse, opened by a fresh process, to the first record of a range`;
      return [
        line({
          id: 'open-store', what: `${what}, after the import`, unit: 'ms', sample: times.ours, target: atMost(times.ours, TARGET_MS, 'ms'), problems,
          notes: [`Platform.open ${open} ms, createReader ${reader} ms, rangeSync ${first} ms (medians)`, 'files are in the page cache'],
        }),
        line({
          id: 'open-store-process', what: 'the same from the start of the process', unit: 'ms', sample: sampleOf(totals),
          peers: [{ name: 'node -e 0', sample: times.bare }], problems,
        }),
        line({ id: 'open-store-again', what: 'the same once more in that process: without what it loads once', unit: 'ms', sample: sampleOf(agains), problems }),
      ];
    } finally {
      removeStore(basePath);
    }
  },
};
