import { type Benchmark, line } from '../lib/benchmark.js';
import { nowNs } from '../lib/clock.js';
import { type BenchSpec, benchFeed } from '../lib/records.js';
import { sampleOf } from '../lib/sample.js';
import { withStore } from '../lib/stores.js';
import { writeRun, wrongFeed } from '../lib/writing.js';

const TARGET_CORES = 1;
const FEEDS = 200;
const RECORDS_PER_SECOND = 2000;

export const manyFeeds: Benchmark = {
  name: 'many-feeds',
  title: '200 feeds at once',
  run: (context) => withStore(context.directory, async (platform) => {
    const seconds = context.pick(10, 2);
    const names = Array.from({ length: FEEDS }, (_, i) => `feed-${i}`);
    for (const name of names) await platform.createFeed(benchFeed(name));
    const writers = await Promise.all(names.map((name) => platform.createWriter<BenchSpec>(name)));
    context.progress(`${FEEDS} writers are open`);

    const records = seconds * RECORDS_PER_SECOND;
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
    const elapsed = (nowNs() - started) / 1e9;
    const { user, system } = process.cpuUsage(cpu);
    const cores = sampleOf([(user + system) / 1e6 / elapsed]);
    context.progress(`${cores.median.toFixed(2)} cores; reading everything back`);
    const problems: string[] = [];
    for (const name of names) problems.push(...await wrongFeed(platform, name, records));
    for (const writer of writers) await writer.close();
    const limit = seconds * 1.1;
    if (elapsed > limit) problems.push(`took ${elapsed.toFixed(1)} s instead of ${seconds}: the rate was not kept`);
    return [line({
      id: 'many-feeds', what: `${FEEDS} feeds with ${RECORDS_PER_SECOND.toLocaleString('en')} records/s each for ${seconds} s: processor of the whole process, no record lost`,
      unit: 'cores', sample: cores, target: { text: `< ${TARGET_CORES} core`, met: cores.median < TARGET_CORES }, problems,
      notes: [`${(FEEDS * records).toLocaleString('en')} records in ${elapsed.toFixed(2)} s; a turn of the producer's loop was at most ${latestMs.toFixed(0)} ms behind`],
    })];
  }),
};
