import type { Platform } from 'deepwater';
import { type Benchmark, type Peer, line } from '../lib/benchmark.js';
import { type PeerRun, send, throughEmitter, throughMessages } from '../lib/bus/contestants.js';
import { listen } from '../lib/bus/listen.js';
import { startRedis } from '../lib/bus/redis-streams.js';
import { nowNs } from '../lib/clock.js';
import { type BenchSpec, benchFeed } from '../lib/records.js';
import { inTurn, sampleOf } from '../lib/sample.js';
import { withStore } from '../lib/stores.js';

/** One publisher, one parked subscriber: the job that messages do. The ring holds a whole run, so nothing is lost. */
const RING_RECORDS = 2 ** 21;
const INTERVAL_NS = 200_000;

let made = 0;

async function throughDeepwater(platform: Platform, records: number, intervalNs: number): Promise<PeerRun> {
  const feed = `peers-${made++}`;
  await platform.createFeed({ ...benchFeed(feed, { ringRecords: RING_RECORDS }), persist: false });
  const writer = await platform.createWriter<BenchSpec>(feed);
  const listener = listen({ channel: { kind: 'handle', handle: platform.subscription(feed) }, wait: 'park', warmUp: 0, records }, 'thread');
  await listener.ready;
  const started = nowNs();
  await send(records, intervalNs, ([price, dueNs, timeUs]) => { writer.writeValues(price, dueNs, timeUs); });
  const result = await listener.result;
  await writer.close();
  await platform.deleteFeed(feed);
  return { ...result, seconds: (result.lastNs - started) / 1e9 };
}

const WAYS = {
  port: 'MessagePort, a message each', broadcast: 'BroadcastChannel, a message each', emitter: 'EventEmitter, same thread', redis: 'Redis streams',
} as const;

export const busPeers: Benchmark = {
  name: 'bus-peers',
  title: 'one publisher, one subscriber: Deepwater, MessagePort, BroadcastChannel, EventEmitter, Redis streams',
  run: (context) => withStore(context.directory, async (platform) => {
    const redis = await startRedis();
    try {
      const problems: string[] = [];
      const notes = typeof redis === 'string' ? [`Redis streams skipped: ${redis}`] : [`Redis ${redis.version} on a Unix socket, nothing saved; XADD of a record each, pipelined; XREAD of up to 1,000 in a worker thread`];
      const runs = new Map<string, PeerRun[]>();
      const keep = (who: string, run: PeerRun): PeerRun => {
        problems.push(...run.problems.map((problem) => `${who}: ${problem}`));
        runs.set(who, [...runs.get(who) ?? [], run]);
        return run;
      };
      const contestants = (count: (who: 'ours' | keyof typeof WAYS) => number, intervalNs: number, value: (run: PeerRun, records: number) => number) => {
        const run = async (who: 'ours' | keyof typeof WAYS, go: (records: number) => Promise<PeerRun>): Promise<number> => {
          const records = count(who);
          return value(keep(who, await go(records)), records);
        };
        return {
          ours: () => run('ours', (records) => throughDeepwater(platform, records, intervalNs)),
          port: () => run('port', (records) => throughMessages('port', records, intervalNs)),
          broadcast: () => run('broadcast', (records) => throughMessages('broadcast', records, intervalNs)),
          emitter: () => run('emitter', (records) => throughEmitter(records, intervalNs)),
          ...(typeof redis === 'string' ? {} : { redis: () => run('redis', (records) => redis.race(records, intervalNs)) }),
        };
      };
      const rounds = context.pick(5, 1);
      const many = { ours: 1_500_000, port: 200_000, broadcast: 100_000, emitter: 1_500_000, redis: 50_000 };
      // Once round before it counts: until what publishes is compiled.
      for (const run of Object.values(contestants((who) => many[who] / 10, 0, ({ seconds }) => seconds))) await run?.();
      const rates = await inTurn(rounds, contestants((who) => context.pick(many[who], many[who] / 10), 0, ({ seconds }, records) => records / seconds / 1e6));
      const peersOf = (samples: Partial<Record<keyof typeof WAYS, Peer['sample']>>): Peer[] =>
        Object.entries(WAYS).flatMap(([who, name]) => {
          const sample = samples[who as keyof typeof WAYS];
          return sample === undefined ? [] : [{ name, sample }];
        });
      context.progress(`${rates.ours.median.toFixed(1)} M/s; now latencies`);
      runs.clear();
      const p50 = await inTurn(rounds, contestants(() => context.pick(3000, 300), INTERVAL_NS, ({ p50Ns }) => p50Ns / 1000));
      const p99 = Object.fromEntries([...runs].map(([who, list]) => [who, sampleOf(list.map(({ p99Ns }) => p99Ns / 1000))]));
      const latency = `one publisher, one subscriber in a worker, parked, a record every ${INTERVAL_NS / 1000} us`;
      return [
        line({ id: 'bus-rate', what: 'one publisher, one subscriber in a worker, as fast as it goes, each record checked', unit: 'M/s', sample: rates.ours, peers: peersOf(rates), problems, notes }),
        line({ id: 'bus-latency-p50', what: `${latency}, p50`, unit: 'us', sample: p50.ours, peers: peersOf(p50), problems }),
        line({ id: 'bus-latency-p99', what: `${latency}, p99`, unit: 'us', sample: p99['ours'], peers: peersOf(p99), problems }),
      ];
    } finally {
      if (typeof redis !== 'string') await redis.close();
    }
  }),
};
