// Writes both feeds at full speed in one process, with subscribers in threads beside it. Argument: the job as JSON.
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setImmediate } from 'node:timers';
import { Worker } from 'node:worker_threads';
import { Platform } from '../../dist/index.js';
import { FEEDS, checkOf, specOf, timeOf } from './record.mjs';

const { basePath, end, threads } = JSON.parse(process.argv[2]);
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const tell = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const platform = await Platform.open(basePath);
const writers = [];
for (const feed of Object.keys(FEEDS)) {
  await platform.createFeed(specOf(feed));
  writers.push({ id: FEEDS[feed], writer: await platform.createWriter(feed) });
}
const workers = threads.map((job) => new Worker(new URL('./subscriber.mjs', import.meta.url), { workerData: { ...job, end, handle: platform.subscription(job.feed) } }));
const ended = workers.map((worker, i) => new Promise((resolve) => {
  worker.on('message', (line) => { if (line.state !== 'at') tell(line); });
  worker.on('error', (error) => tell({ name: threads[i].name, state: 'failed', message: error.stack }));
  worker.once('exit', resolve);
}));
await Promise.all(workers.map((worker) => once(worker, 'message')));
tell({ name: 'writer', state: 'ready' });
await lines.next(); // go

const begun = performance.now();
for (let n = 0; n < end;) {
  const burst = Math.min(end - n, 1000);
  for (const { id, writer } of writers) {
    for (let i = n; i < n + burst; i++) writer.writeValues(i, checkOf(id, i), i % 65536, timeOf(i));
  }
  n += burst;
  if (n % 1_000_000 < 1000) {
    tell({ name: 'writer', state: 'at', position: n });
    await new Promise((resume) => { setImmediate(resume); });
  }
}
await Promise.all(writers.map(({ writer }) => writer.flush()));
const chunks = platform.feedInfo('kept').chunks;
tell({ name: 'writer', state: 'done', records: end * writers.length, seconds: (performance.now() - begun) / 1000, chunks });
await Promise.all(ended);
tell({ name: 'writer', state: 'threads ended' });
// Subscribers in other processes may still be reading the memory feed.
await lines.next(); // close
await platform.close();
tell({ name: 'writer', state: 'closed' });
process.exit(0);
