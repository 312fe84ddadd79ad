// Writes both feeds as far as it is told, with subscribers in threads beside it, and ends threads of its process when it is told:
// those of the engine, by name, and subscribers. Argument: the job as JSON; then a command a line.
import { createInterface } from 'node:readline';
import { syncBuiltinESMExports } from 'node:module';
import threads from 'node:worker_threads';
import { pause } from './child.mjs';
import { FEEDS, checkOf, timeOf } from './record.mjs';
import { killsFeed } from './kills-feed.mjs';

// Every thread that is started from here on, whoever does it, is known by its name.
const { Worker } = threads;
const living = new Map();
threads.Worker = class extends Worker {
  constructor(file, options) {
    super(file, options);
    const { name } = options;
    living.set(this, name);
    this.once('exit', () => living.delete(this));
  }
};
syncBuiltinESMExports();
const { Platform } = await import('../../dist/index.js');

const BURST = 250;
const { basePath, end, jobs } = JSON.parse(process.argv[2]);
const tell = (line) => process.stdout.write(`${JSON.stringify({ name: 'writer', ...line })}\n`);
const platform = await Platform.open(basePath, { logLevel: 'silent' });
const writers = [];
for (const feed of Object.keys(FEEDS)) {
  await platform.createFeed(killsFeed(feed));
  writers.push({ id: FEEDS[feed], writer: await platform.createWriter(feed) });
}

/** Writes up to `to`. An ingest worker that died is started again by the event loop; what was refused meanwhile is written again. */
async function write(to) {
  while (writers.some(({ writer }) => writer.position < to)) {
    for (const { id, writer } of writers) {
      const last = Math.min(to, writer.position + BURST);
      try {
        for (let n = writer.position; n < last; n++) writer.writeValues(n, checkOf(id, n), n % 65536, timeOf(n));
      } catch (error) {
        if (error.code !== 'DW_INGEST_DEAD') throw error;
      }
    }
    await pause(1);
  }
  await Promise.all(writers.map(({ writer }) => writer.flush()));
}

function subscriber(job) {
  const thread = new threads.Worker(new URL('./subscriber.mjs', import.meta.url), {
    name: job.name, workerData: { ...job, end, handle: platform.subscription(job.feed) },
  });
  const begun = new Promise((resolve) => {
    thread.on('message', (line) => {
      tell(line);
      if (line.state === 'begun') resolve();
    });
  });
  thread.on('error', (error) => tell({ name: job.name, state: 'failed', message: error.stack }));
  return begun;
}

const commands = {
  write: async ({ to }) => { await write(to); },
  /** Ends a thread with all it does, in the midst of it. */
  terminate: async ({ thread: name }) => {
    const found = [...living].find(([, known]) => known === name);
    // It may have come to its end by itself.
    await found?.[0].terminate();
  },
  subscribe: async ({ job }) => { await subscriber(job); },
  close: async () => { await platform.close(); },
};

await Promise.all(jobs.map(subscriber));
tell({ state: 'ready' });
for await (const line of createInterface({ input: process.stdin })) {
  const { id, command, ...values } = JSON.parse(line);
  commands[command](values).then(
    () => {
      tell({ state: 'did', id });
      if (command === 'close') process.exit(0);
    },
    (error) => tell({ state: 'failed', message: `${command}: ${error.stack}` }),
  );
}
