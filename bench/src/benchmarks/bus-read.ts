import { subscribe } from 'deepwater';
import { type Benchmark, type Line, atLeast, line } from '../lib/benchmark.js';
import { nowNs } from '../lib/clock.js';
import { type BenchSpec, FIRST_TIME_US, type Sums, addUp, benchFeed, columnsOf, expectedSums, wrongSums } from '../lib/records.js';
import { inTurn } from '../lib/sample.js';
import { withStore } from '../lib/stores.js';
import { fillFeed, writeRun } from '../lib/writing.js';

const TARGET_LIVE_M = 100;
const TARGET_RECORDS_M = 30;
const TARGET_BATCHES_M = 500;
const RING_RECORDS = 2 ** 18;

export const busRead: Benchmark = {
  name: 'bus-read',
  title: 'one subscriber reading the ring in runs, and replay through streamSync',
  run: (context) => withStore(context.directory, async (platform) => {
    // Both ends in this thread, in turn: what a reader takes, not what a writer gives.
    await platform.createFeed({ ...benchFeed('live', { ringRecords: RING_RECORDS }), persist: false });
    const writer = await platform.createWriter<BenchSpec>('live');
    const options = { wait: 'spin', allowMainThread: true } as const;
    const handle = platform.subscription<BenchSpec>('live');
    const subscription = subscribe<BenchSpec>(handle, options);
    const problems: string[] = [];
    const piece = RING_RECORDS / 2;
    const repeats = context.pick(40, 4);
    let written = 0;
    /** Adds every value of the ring up, record by record or by run. */
    const live = (each: boolean): number => {
      let seconds = 0;
      for (let i = 0; i < repeats; i++) {
        writeRun(writer, written, written + piece);
        let prices = 0;
        let sizes = 0;
        let times = 0;
        let taken = 0;
        const started = nowNs();
        for (let run = subscription.poll(); run !== undefined; run = subscription.poll()) {
          taken += run.length;
          if (!each) {
            // The first and the last of a run, which say whether it is the run that it should be.
            prices += run.row(0).price + run.row(run.length - 1).price;
            continue;
          }
          run.forEach((row) => {
            prices += row.price;
            sizes += row.size;
            times = (times + row.timestamp % 2 ** 32) | 0;
          });
        }
        seconds += (nowNs() - started) / 1e9;
        const wrong = each ? wrongSums({ price: prices, size: sizes, time: times }, expectedSums(written, written + piece)) : undefined;
        if (wrong !== undefined) problems.push(wrong);
        if (taken !== piece || subscription.lost > 0) problems.push(`${taken} records, not ${piece}; ${subscription.lost} lost`);
        written += piece;
      }
      return (repeats * piece) / seconds / 1e6;
    };
    live(true);
    live(false);
    const plain = columnsOf(0, piece);
    const rates = await inTurn(context.pick(5, 2), {
      each: () => live(true),
      runs: () => live(false),
      plain: () => {
        const sums: Sums = { price: 0, size: 0, time: 0 };
        const started = nowNs();
        for (let i = 0; i < repeats; i++) addUp(plain, sums);
        return (repeats * piece) / ((nowNs() - started) / 1e9) / 1e6;
      },
    });
    subscription.close();
    await writer.close();
    context.progress(`${rates.runs.median.toFixed(0)} M/s in runs; now replay`);

    const rows = context.pick(10_000_000, 500_000);
    await fillFeed(platform, 'history', rows);
    const reader = await platform.createReader<BenchSpec>('history');
    const check = (sums: Sums): void => {
      const wrong = wrongSums(sums, expectedSums(0, rows));
      if (wrong !== undefined) problems.push(wrong);
    };
    const replays = await inTurn(context.pick(5, 2), {
      records: () => {
        const sums: Sums = { price: 0, size: 0, time: 0 };
        let n = 0;
        const started = nowNs();
        for (const [price, size, time] of reader.streamSync({ start: FIRST_TIME_US, ...options })) {
          sums.price += price;
          sums.size += size;
          sums.time = (sums.time + time % 2 ** 32) | 0;
          if (++n === rows) break;
        }
        const seconds = (nowNs() - started) / 1e9;
        check(sums);
        return rows / seconds / 1e6;
      },
      batches: () => {
        const sums: Sums = { price: 0, size: 0, time: 0 };
        let n = 0;
        const started = nowNs();
        for (const batch of reader.streamSync({ start: FIRST_TIME_US, format: 'columns', ...options })) {
          addUp(batch.columns, sums);
          n += batch.rows;
          if (n >= rows) break;
        }
        const seconds = (nowNs() - started) / 1e9;
        check(sums);
        return rows / seconds / 1e6;
      },
    });
    await reader.close();
    const beside = [{ name: 'plain columns added up', sample: rates.plain }];
    const unit = 'M/s';
    const lines: Line[] = [
      line({ id: 'live-runs', what: 'one live reader, runs of the ring copied and checked, two records of each looked at', unit, sample: rates.runs, target: atLeast(rates.runs, TARGET_LIVE_M, unit), peers: beside, problems }),
      line({ id: 'live-records', what: 'the same, every value of every record added up through the flyweight', unit, sample: rates.each, peers: beside, problems }),
      line({ id: 'stream-sync-records', what: `replay of ${rows.toLocaleString('en')} records through streamSync as tuples, every value added up`, unit, sample: replays.records, target: atLeast(replays.records, TARGET_RECORDS_M, unit), problems }),
      line({ id: 'stream-sync-batches', what: 'the same in batches of columns', unit, sample: replays.batches, target: atLeast(replays.batches, TARGET_BATCHES_M, unit), peers: beside, problems }),
    ];
    return lines;
  }),
};
