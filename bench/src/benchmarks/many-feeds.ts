import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Platform } from 'deepwater';
import type { FeedsOrder } from '../children/feeds-subscriber.js';
import { type Benchmark, type BenchContext, line } from '../lib/benchmark.js';
import { nowNs } from '../lib/clock.js';
import type { FollowedFeeds } from '../lib/feed-check.js';
import { type BenchSpec, benchFeed } from '../lib/records.js';
import { type Sample, sampleOf } from '../lib/sample.js';
import { withStore } from '../lib/stores.js';
import { within } from '../lib/within.js';
import { writeRun, wrongFeed } from '../lib/writing.js';

const TARGET_CORES = 1;
const FEEDS = 200;
const RECORDS_PER_SECOND = 2000;
/** Each follows FEEDS / THREADS feeds. */
const THREADS = 4;
/** Followers that have not seen everything so long after the last record have lost some. */
const LIMIT_MS = 20_000;

/** Those who follow the feeds: what they saw comes when they have every record. */
interface Followers {
  /** Resolves when each has everything. */
  readonly seen: Promise<readonly FollowedFeeds[]>;
  end(): Promise<void>;
}

type Follow = (platform: Platform, names: readonly string[], records: number) => Promise<Followers>;

interface Measured {
  readonly cores: Sample;
  readonly seconds: number;
  readonly latestMs: number;
  readonly problems: readonly string[];
}

const nobody: Follow = () => Promise.resolve({ seen: Promise.resolve([]), end: () => Promise.resolve() });

const inThreads: Follow = async (platform, names, records) => {
  const workers = Array.from({ length: THREADS }, (_, thread) => {
    const handles = names.filter((_name, i) => i % THREADS === thread).map((name) => platform.subscription<BenchSpec>(name));
    return new Worker(new URL('../children/feeds-subscriber.js', import.meta.url), { workerData: { handles, records } satisfies FeedsOrder });
  });
  await within(LIMIT_MS, Promise.all(workers.map((worker) => once(worker, 'message'))), 'not every subscriber is ready');
  const seen = Promise.all(workers.map(async (worker) => ((await once(worker, 'message')) as [FollowedFeeds])[0]));
  return { seen, end: async () => { await Promise.all(workers.map((worker) => worker.terminate())); } };
};

const byStrategy: Follow = async (platform, names, records) => {
  const strategy = await platform.spawnStrategy(new URL('../children/feeds-strategy.js', import.meta.url), { feeds: [...names], params: { records } });
  const seen = new Promise<readonly FollowedFeeds[]>((resolve, reject) => {
    strategy.on('emit', (value) => { resolve([value as FollowedFeeds]); });
    strategy.on('error', reject);
  });
  return { seen, end: async () => { await strategy.stop(); } };
};

/** Writes to all feeds, turn by turn, as the clock goes; the processor of the whole process until everybody has everything. */
function measure(context: BenchContext, follow: Follow): Promise<Measured> {
  return withStore(context.directory, async (platform) => {
    const seconds = context.pick(10, 2);
    const records = seconds * RECORDS_PER_SECOND;
    const names = Array.from({ length: FEEDS }, (_, i) => `feed-${i}`);
    for (const name of names) await platform.createFeed(benchFeed(name));
    const writers = await Promise.all(names.map((name) => platform.createWriter<BenchSpec>(name)));
    const followers = await follow(platform, names, records);
    context.progress(`${FEEDS} writers are open`);

    const cpu = process.cpuUsage();
    const started = nowNs();
    let written = 0;
    let latestMs = 0;
    while (written < records) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      const due = Math.min(records, Math.floor(((nowNs() - started) / 1e9) * RECORDS_PER_SECOND));
      latestMs = Math.max(latestMs, ((due - written) / RECORDS_PER_SECOND) * 1000);
      for (const writer of writers) writeRun(writer, written, due);
      written = due;
    }
    await Promise.all(writers.map((writer) => writer.flush()));
    const seen = await within(LIMIT_MS, followers.seen, 'not every record has come to those who follow');
    const elapsed = (nowNs() - started) / 1e9;
    const { user, system } = process.cpuUsage(cpu);
    const cores = sampleOf([(user + system) / 1e6 / elapsed]);
    await followers.end();
    context.progress(`${cores.median.toFixed(2)} cores; reading everything back`);
    const problems = seen.flatMap((one) => one.problems);
    const total = seen.reduce((sum, one) => sum + one.records, 0);
    if (seen.length > 0 && total !== FEEDS * records) problems.push(`those who follow saw ${total} records, not ${FEEDS * records}`);
    for (const name of names) problems.push(...await wrongFeed(platform, name, records));
    for (const writer of writers) await writer.close();
    if (elapsed > seconds * 1.1) problems.push(`took ${elapsed.toFixed(1)} s instead of ${seconds}: the rate was not kept`);
    return { cores, seconds: elapsed, latestMs, problems };
  });
}

export const manyFeeds: Benchmark = {
  name: 'many-feeds',
  title: '200 feeds at once, followed by nobody, by threads and by a strategy',
  run: async (context) => {
    const seconds = context.pick(10, 2);
    const alone = await measure(context, nobody);
    const followed = await measure(context, inThreads);
    const strategy = await measure(context, byStrategy);
    const rate = `${FEEDS} feeds with ${RECORDS_PER_SECOND.toLocaleString('en')} records/s each for ${seconds} s`;
    const target = ({ cores }: Measured) => ({ text: `< ${TARGET_CORES} core`, met: cores.median < TARGET_CORES });
    const note = (run: Measured): string =>
      `${(FEEDS * seconds * RECORDS_PER_SECOND).toLocaleString('en')} records in ${run.seconds.toFixed(2)} s; a turn of the producer's loop was at most ${run.latestMs.toFixed(0)} ms behind`;
    const beside = [{ name: 'the same, followed by nobody', sample: alone.cores }];
    return [
      line({ id: 'many-feeds', what: `${rate}: processor of the whole process, no record lost`, unit: 'cores', sample: alone.cores, target: target(alone), problems: alone.problems, notes: [note(alone)] }),
      line({
        id: 'many-feeds-subscribed', what: `${rate}, a subscriber for each, every record checked: processor of the whole process, no record lost`,
        unit: 'cores', sample: followed.cores, target: target(followed), peers: beside, problems: followed.problems,
        notes: [note(followed), `the subscribers are spread over ${THREADS} threads, each of which polls its ${FEEDS / THREADS} feeds and sleeps for 1 ms when none has anything`],
      }),
      line({
        id: 'many-feeds-strategy', what: `${rate}, all followed by one strategy, every record checked: processor of the whole process, no record lost`,
        unit: 'cores', sample: strategy.cores, target: target(strategy), peers: beside, problems: strategy.problems, notes: [note(strategy)],
      }),
    ];
  },
};
