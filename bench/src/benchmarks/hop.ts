import path from 'node:path';
import { SECTION_BYTES, closeFile, mapFile, openOrCreate, setFileSize } from '@deepwater/core/engine';
import type { Platform } from 'deepwater';
import { type BenchContext, type Benchmark, type Line, line } from '../lib/benchmark.js';
import { type HopChannel, type HopResult, type Publish, publishPaced } from '../lib/bus/hop.js';
import { listen } from '../lib/bus/listen.js';
import { SLOTS, SLOTS_BYTES, Slots } from '../lib/bus/slots.js';
import { nowNs } from '../lib/clock.js';
import { Histogram } from '../lib/histogram.js';
import { type BenchSpec, benchFeed } from '../lib/records.js';
import { inTurn, sampleOf } from '../lib/sample.js';
import { withStore } from '../lib/stores.js';

/** A spinning subscriber gets a record every 5 us; a parked one is asleep again when the next comes. */
const INTERVAL_NS = { spin: 5_000, park: 200_000 } as const;
const FACTOR = { 'thread-spin': 1.2, 'thread-park': 1.2, 'process-spin': 1.3, 'process-park': 1.5 } as const;
type Where = 'thread' | 'process';
type Wait = 'spin' | 'park';

/** Where a run publishes to. */
interface Ends {
  readonly publish: Publish;
  readonly channel: HopChannel;
  close(): Promise<void>;
}

let made = 0;

async function ours(platform: Platform, basePath: string, where: Where): Promise<Ends> {
  const feed = `hop-${made++}`;
  await platform.createFeed({ ...benchFeed(feed, { ringRecords: SLOTS }), persist: false });
  const writer = await platform.createWriter<BenchSpec>(feed);
  return {
    publish: (price, dueNs, timeUs) => { writer.writeValues(price, dueNs, timeUs); },
    channel: where === 'thread' ? { kind: 'handle', handle: platform.subscription(feed) } : { kind: 'store', basePath, feed },
    close: async () => {
      await writer.close();
      await platform.deleteFeed(feed);
    },
  };
}

function bare(directory: string, where: Where, wait: Wait): Ends {
  const end = (slots: Slots, channel: HopChannel): Ends => ({
    publish: wait === 'park' ? (price, dueNs, timeUs) => { slots.publishAndWake(price, dueNs, timeUs); } : (price, dueNs, timeUs) => { slots.publish(price, dueNs, timeUs); },
    channel, close: () => Promise.resolve(),
  });
  if (where === 'thread') {
    const memory = new SharedArrayBuffer(SLOTS_BYTES);
    return end(new Slots(memory, false), { kind: 'slots', memory });
  }
  const file = path.join(directory, `slots-${made++}`);
  const length = Math.max(SLOTS_BYTES, SECTION_BYTES);
  const fd = openOrCreate(file, 'owner');
  setFileSize(fd, length, file);
  const mapped = mapFile(fd, { path: file, length, mode: 'shared' });
  closeFile(fd);
  return end(new Slots(mapped.buffer, true), { kind: 'slots-file', path: file });
}

/** The pacing loop and a second look at the clock: what every hop has besides itself. */
function pacingAlone(records: number, intervalNs: number): number {
  const latencies = new Histogram();
  publishPaced((_price, dueNs) => { latencies.record(nowNs() - dueNs); }, 0, records, intervalNs);
  return latencies.quantile(0.5);
}

/** One way of waiting, between two threads or two processes. */
async function race(context: BenchContext, platform: Platform, basePath: string, where: Where, wait: Wait): Promise<Line[]> {
  const intervalNs = INTERVAL_NS[wait];
  const [warmUp, records] = wait === 'spin' ? [context.pick(60_000, 10_000), context.pick(200_000, 20_000)] : [context.pick(1000, 200), context.pick(5000, 500)];
  const problems: string[] = [];
  const seen: Record<'ours' | 'bare', HopResult[]> = { ours: [], bare: [] };
  const run = async (who: 'ours' | 'bare'): Promise<number> => {
    const ends = who === 'ours' ? await ours(platform, basePath, where) : bare(context.memoryDirectory ?? context.directory, where, wait);
    const listener = listen({ channel: ends.channel, wait, warmUp, records }, where);
    await listener.ready;
    publishPaced(ends.publish, 0, warmUp + records, intervalNs);
    const result = await listener.result;
    await ends.close();
    seen[who].push(result);
    problems.push(...result.problems.map((problem) => `${who}: ${problem}`));
    return result.p50Ns;
  };
  const samples = await inTurn(context.pick(5, 1), { ours: () => run('ours'), bare: () => run('bare'), alone: () => pacingAlone(context.pick(40_000, 20_000), INTERVAL_NS.spin) });
  const name = `${where}-${wait}` as const;
  const unit = 'us';
  const inUs = (results: HopResult[], pick: (result: HopResult) => number) => sampleOf(results.map((result) => pick(result) / 1000));
  const floor = { name: 'pacing loop and clock alone', sample: sampleOf([samples.alone.min / 1000]) };
  const bareName = wait === 'spin' ? 'bare slots' : where === 'thread' ? 'bare slots, Atomics.wait' : 'bare slots, futex';
  context.progress(`${name}: ours ${samples.ours.median} ns, bare ${samples.bare.median} ns, loop alone ${samples.alone.median} ns (p50)`);
  // The smallest of the loop's runs: a disturbed one would take more off than there is.
  const floorNs = Math.min(samples.alone.min, samples.bare.median / 2);
  const ratio = (samples.ours.median - floorNs) / (samples.bare.median - floorNs);
  const what = `${where} to ${where}, ${wait === 'spin' ? 'spinning' : 'parked'}, a record every ${intervalNs / 1000} us, one way`;
  return [
    line({
      id: `hop-${name}-p50`, what: `${what}, p50`, unit, sample: inUs(seen.ours, ({ p50Ns }) => p50Ns),
      target: { text: `≤ ${FACTOR[name]} × bare, both less the loop alone`, met: ratio <= FACTOR[name] },
      peers: [{ name: bareName, sample: inUs(seen.bare, ({ p50Ns }) => p50Ns) }, floor], problems,
      notes: [`${ratio.toFixed(2)} × bare, both less the loop alone`],
    }),
    line({
      id: `hop-${name}-p99`, what: `${what}, p99`, unit, sample: inUs(seen.ours, ({ p99Ns }) => p99Ns),
      peers: [{ name: bareName, sample: inUs(seen.bare, ({ p99Ns }) => p99Ns) }], problems,
    }),
  ];
}

export const hop: Benchmark = {
  name: 'hop',
  title: 'a record from a publisher to a subscriber in another thread or process, spinning and parked',
  run: (context) => withStore(context.directory, async (platform, basePath) => {
    const lines: Line[] = [];
    for (const where of ['thread', 'process'] as const) {
      for (const wait of ['spin', 'park'] as const) lines.push(...await race(context, platform, basePath, where, wait));
    }
    return lines;
  }),
};
