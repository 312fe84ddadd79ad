import { type Subscription, subscribe } from 'deepwater';
import { type Benchmark, type Line, atLeast, line } from '../lib/benchmark.js';
import { type BusyRun, LiveReading, expectedSince, readBusily } from '../lib/bus/live-reading.js';
import { nowNs } from '../lib/clock.js';
import { type BenchSpec, FIRST_TIME_US, type Sums, addUp, benchFeed, columnsOf, expectedSums, priceOf, wordsOf, wrongSums } from '../lib/records.js';
import { inTurn, sampleOf } from '../lib/sample.js';
import { withStore } from '../lib/stores.js';
import { fillFeed } from '../lib/writing.js';

const TARGET_LIVE_M = 100;
const TARGET_RECORDS_M = 30;
const TARGET_BATCHES_M = 500;
const RING_RECORDS = 2 ** 18;
/** Arrays that the bare loop makes at once: as many as a stream. */
const BARE_ROWS = 1024;

export const busRead: Benchmark = {
  name: 'bus-read',
  title: 'one subscriber reading the ring in runs, and replay through streamSync',
  run: (context) => withStore(context.directory, async (platform) => {
    // Both ends in this thread, in turn: what a reader takes, not what a writer gives.
    await platform.createFeed({ ...benchFeed('live', { ringRecords: RING_RECORDS }), persist: false });
    const writer = await platform.createWriter<BenchSpec>('live');
    const liveReader = await platform.createReader<BenchSpec>('live');
    const options = { wait: 'spin', allowMainThread: true } as const;
    const piece = RING_RECORDS / 2;
    const repeats = context.pick(40, 4);
    const reading = new LiveReading(writer, piece, repeats);
    const subscribed = (read: (subscription: Subscription<BenchSpec>) => number): number => {
      const subscription = subscribe<BenchSpec>(platform.subscription<BenchSpec>('live'), options);
      const rate = read(subscription);
      if (subscription.lost > 0) reading.problems.push(`${subscription.lost} records lost`);
      subscription.close();
      return rate;
    };
    const plain = columnsOf(0, piece);
    const contestants = {
      runs: () => subscribed((subscription) => reading.runs(subscription)),
      records: () => subscribed((subscription) => reading.records(subscription)),
      batches: () => reading.batches(liveReader),
      plain: () => {
        const sums: Sums = { price: 0, size: 0, time: 0 };
        const started = nowNs();
        for (let i = 0; i < repeats; i++) addUp(plain, sums);
        return (repeats * piece) / ((nowNs() - started) / 1e9) / 1e6;
      },
    };
    await inTurn(1, contestants); // until everything is compiled
    const rates = await inTurn(context.pick(5, 2), contestants);
    const { problems } = reading;
    const busy: BusyRun[] = [];
    const busyRecords = context.pick(20_000_000, 500_000);
    for (let i = 0, from = reading.written; i < context.pick(5, 2); i++, from += busyRecords) {
      const subscription = subscribe<BenchSpec>(platform.subscription<BenchSpec>('live'), options);
      busy.push(await readBusily(platform, 'live', subscription, from, busyRecords));
      subscription.close();
    }
    await liveReader.close();
    await writer.close();
    context.progress(`${rates.runs.median.toFixed(0)} M/s in runs; now replay`);

    const rows = context.pick(10_000_000, 500_000);
    await fillFeed(platform, 'history', rows);
    const reader = await platform.createReader<BenchSpec>('history');
    const check = (sums: Sums, expected: Sums): void => {
      const wrong = wrongSums(sums, expected);
      if (wrong !== undefined) problems.push(wrong);
    };
    /** Replays everything; `take` says how many records an item has. */
    const timed = <T>(items: Iterable<T>, take: (item: T) => number): number => {
      let n = 0;
      const started = nowNs();
      for (const item of items) {
        n += take(item);
        if (n >= rows) break;
      }
      return rows / (nowNs() - started) * 1000;
    };
    const summed = (expected: Sums, run: (sums: Sums) => number): number => {
      const sums: Sums = { price: 0, size: 0, time: 0 };
      const rate = run(sums);
      check(sums, expected);
      return rate;
    };
    const add = (sums: Sums, [price, size, time]: readonly [number, number, number]): 1 => {
      sums.price += price;
      sums.size += size;
      sums.time += time - FIRST_TIME_US;
      return 1;
    };
    const cells = columnsOf(0, rows);
    const words = wordsOf(cells.timestamp);
    const replays = await inTurn(context.pick(5, 2), {
      records: () => summed(expectedSince(0, rows), (sums) => timed(reader.streamSync({ start: FIRST_TIME_US, ...options }), (tuple) => add(sums, tuple))),
      // The same arrays as many at a time, from plain columns.
      bare: () => summed(expectedSince(0, rows), (sums) => timed(Array.from({ length: Math.ceil(rows / BARE_ROWS) }, (_, i) => i * BARE_ROWS), (from) => {
        const count = Math.min(BARE_ROWS, rows - from);
        const made = new Array<[number, number, number]>(count);
        for (let i = 0, j = from; i < count; i++, j++) made[i] = [cells.price[j], cells.size[j], words[2 * j] + words[2 * j + 1] * 2 ** 32];
        for (const tuple of made) add(sums, tuple);
        return count;
      })),
      batches: () => summed(expectedSums(0, rows), (sums) => timed(reader.streamSync({ start: FIRST_TIME_US, format: 'columns', ...options }), (batch) => {
        addUp(batch.columns, sums);
        return batch.rows;
      })),
      given: () => {
        let next = 0;
        return timed(reader.streamSync({ start: FIRST_TIME_US, format: 'columns', ...options }), ({ rows: count, firstSequence, columns }) => {
          const last = next + count - 1;
          if (firstSequence !== next || columns.price[0] !== priceOf(next) || columns.price[count - 1] !== priceOf(last)) problems.push(`a batch that should begin with ${next} begins with ${firstSequence}`);
          next += count;
          return count;
        });
      },
    });
    await reader.close();
    const beside = [{ name: 'plain columns added up', sample: rates.plain }];
    const unit = 'M/s';
    const every = rows.toLocaleString('en');
    const lost = busy.reduce((sum, run) => sum + run.lost, 0) / (busy.length * busyRecords);
    const lines: Line[] = [
      line({ id: 'live-runs', what: 'one live reader, runs of the ring copied and checked; of each the first and the last record looked at, the others not', unit, sample: rates.runs, target: atLeast(rates.runs, TARGET_LIVE_M, unit), peers: beside, problems }),
      line({ id: 'live-batches', what: 'the same through streamSync in batches of columns, every value of every record added up', unit, sample: rates.batches, target: atLeast(rates.batches, TARGET_LIVE_M, unit), peers: beside, problems }),
      line({ id: 'live-records', what: 'runs, every value of every record added up through the flyweight', unit, sample: rates.records, peers: beside, problems }),
      line({
        id: 'live-busy', what: 'the same beside a thread that writes at full speed, every value held against arithmetic', unit, sample: sampleOf(busy.map(({ rate }) => rate)),
        problems: busy.flatMap((run) => run.problems), notes: [`a memory feed: ${(lost * 100).toFixed(1)} % of the records were overwritten before they were taken, and counted`],
      }),
      line({ id: 'stream-sync-records', what: `replay of ${every} records through streamSync as tuples, every value added up`, unit, sample: replays.records, target: atLeast(replays.records, TARGET_RECORDS_M, unit), peers: [{ name: 'a bare loop that makes the same arrays from plain columns, and adds them up', sample: replays.bare }], problems }),
      line({ id: 'stream-sync-batches', what: 'the same in batches of columns', unit, sample: replays.batches, target: atLeast(replays.batches, TARGET_BATCHES_M, unit), peers: beside, problems }),
      line({ id: 'stream-sync-batches-given', what: 'the same, the first and the last record of each batch looked at', unit, sample: replays.given, problems }),
    ];
    return lines;
  }),
};
