import { PerformanceObserver } from 'node:perf_hooks';
import { type Benchmark, type Line, line } from '../lib/benchmark.js';
import { nowNs } from '../lib/clock.js';
import { Histogram } from '../lib/histogram.js';
import { type BenchSpec, RECORD_BYTES, benchFeed, priceOf, sizeOf, timeOf } from '../lib/records.js';
import { inTurn, sampleOf } from '../lib/sample.js';
import { withStore } from '../lib/stores.js';
import { type RecordWriter, warmUpWriting, wrongFeed } from '../lib/writing.js';

const TARGET_US = 50;
const RECORDS_PER_SECOND = 1_000_000;
const INTERVAL_NS = 1e9 / RECORDS_PER_SECOND;
/** Chunks this small fill in about a tenth of a second. */
const CHUNK_MB = (RECORDS_PER_SECOND / 10) * RECORD_BYTES / 2 ** 20;

/**
 * Writes a record every microsecond, and counts how long after its due time each was written. Records that are late do not
 * move those that follow: a stall is counted for every record that was due while it lasted (coordinated omission).
 * Without a writer: the pacing loop alone, and what the machine does to it.
 */
function pace(writer: RecordWriter | undefined, from: number, records: number, latencies: Histogram): void {
  let due = nowNs() + 100_000;
  let now = due;
  for (let n = from, end = from + records; n < end; n++, due += INTERVAL_NS) {
    while (now < due) now = nowNs();
    if (writer !== undefined) writer.writeValues(priceOf(n), sizeOf(n), timeOf(n));
    now = nowNs();
    latencies.record(now - due);
  }
}

const QUANTILES = [['p50', 0.5], ['p99', 0.99], ['p99.9', 0.999], ['p99.99', 0.9999], ['max', 1]] as const;

export const producerLatency: Benchmark = {
  name: 'producer-latency',
  title: 'the producer at 1 M records/s while chunks rotate',
  run: (context) => withStore(context.directory, async (platform) => {
    const seconds = context.pick(10, 1);
    await warmUpWriting(platform);
    await platform.createFeed(benchFeed('ticks', { chunkSizeMb: CHUNK_MB }));
    const writer = await platform.createWriter<BenchSpec>('ticks');
    const collections: string[] = [];
    const observer = new PerformanceObserver((list) => { for (const entry of list.getEntries()) collections.push(entry.duration.toFixed(2)); });
    const latencies = new Histogram();
    let written = 0;
    const write = (records: number): void => {
      pace(writer, written, records, latencies);
      written += records;
    };
    // Until everything is compiled, for both ways through the loop.
    for (let i = 0; i < 4; i++) {
      write(RECORDS_PER_SECOND / 4);
      pace(undefined, 0, RECORDS_PER_SECOND / 4, latencies);
    }
    observer.observe({ entryTypes: ['gc'] });
    const measured: { ours: Histogram[]; bare: Histogram[] } = { ours: [], bare: [] };
    const measure = (who: 'ours' | 'bare'): number => {
      const histogram = new Histogram();
      if (who === 'bare') pace(undefined, 0, seconds * RECORDS_PER_SECOND, histogram);
      else {
        pace(writer, written, seconds * RECORDS_PER_SECOND, histogram);
        written += seconds * RECORDS_PER_SECOND;
      }
      measured[who].push(histogram);
      context.progress(`${who}: ${QUANTILES.map(([name, q]) => `${name} ${(histogram.quantile(q) / 1000).toFixed(1)}`).join(', ')} us`);
      return histogram.max;
    };
    await inTurn(context.pick(3, 1), { ours: () => measure('ours'), bare: () => measure('bare') });
    await writer.flush();
    await new Promise((resolve) => setImmediate(resolve)); // lets the observer tell
    observer.disconnect();
    const problems = await wrongFeed(platform, 'ticks', written);
    for (const histogram of measured.ours) if (histogram.total !== seconds * RECORDS_PER_SECOND) problems.push(`${histogram.total} latencies counted`);
    await writer.close();

    const notes = [
      `${seconds} s a run, a chunk of ${CHUNK_MB.toFixed(1)} MB filled every 0.1 s, from the due time of each record`,
      `collections in this thread: ${collections.length}${collections.length > 0 ? ` (${collections.slice(0, 10).join(', ')} ms)` : ''}`,
    ];
    return QUANTILES.map(([name, q]): Line => {
      const [ours, bare] = [measured.ours, measured.bare].map((histograms) => sampleOf(histograms.map((histogram) => histogram.quantile(q) / 1000)));
      return line({
        id: `producer-latency-${name}`, what: `lateness of a producer's record at 1 M/s while chunks rotate, ${name}`, unit: 'us', sample: ours,
        ...(name === 'p99.99' ? { target: { text: `≤ ${TARGET_US} us`, met: ours.median <= TARGET_US }, notes } : {}),
        peers: [{ name: 'the pacing loop alone', sample: bare }], problems,
      });
    });
  }),
};
