// Writes both feeds as far as it is told, with subscribers in threads beside it, and ends threads of its process when it is told:
// those of the engine, by name, and subscribers. Argument: the job as JSON; then a command a line.
import { createInterface } from 'node:readline';
import { syncBuiltinESMExports } from 'node:module';
import threads from 'node:worker_threads';
import { pause } from './child.mjs';
import { FEEDS, checkOf, timeOf } from './record.mjs';
import { killsFeed } from './kills-feed.mjs';
import { LIFE } from './kills-strategy.mjs';

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
const { basePath, end, jobs, strategies: strategyJobs } = JSON.parse(process.argv[2]);
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

const strategies = new Map();

/** A strategy from a record on. It is over when the last record has been handled, or taken along by a death. */
async function strategy({ name, feed, fromSequence, seed, throwsEvery = 0 }) {
  const life = new Float64Array(new SharedArrayBuffer(8 * LIFE.WORDS));
  life.fill(fromSequence, LIFE.GIVEN, LIFE.HANDLED + 1);
  const started = await platform.spawnStrategy(new URL('./kills-strategy.mjs', import.meta.url), {
    name, feeds: [feed], start: timeOf(fromSequence), onError: 'restart', restartDelayMs: 0, maxRestarts: 1e6,
    params: { feed, end, seed, throwsEvery, life },
  });
  strategies.set(`deepwater-strategy-${name}`, started);
  const failed = (message) => tell({ name, state: 'failed', message });
  let done;
  const finish = () => (done ??= (async () => {
    await started.stop();
    const [given, , records, lives] = life;
    const { restarts } = await started.metrics();
    const left = end - fromSequence - records;
    if (given > end || left > restarts) failed(`${name}: ${records} of ${end - fromSequence} records were handled, with ${restarts} restarts`);
    tell({ name, state: 'done', feed, begun: fromSequence, records, lost: 0, runs: lives });
  })());
  started.on('emit', (line) => {
    if (line.state === 'end') void finish();
    else tell({ name, ...line });
  });
  started.on('restart', () => { if (life[LIFE.GIVEN] >= end) void finish(); });
  started.on('loss', ({ from, to }) => failed(`${name}: records ${from} to ${to} of a persisted feed were lost`));
  started.on('error', (error) => {
    // What it throws, and its thread's death: nothing else may end it.
    if (error.code !== 'DW_STRATEGY_FAILED') failed(`${name}: ${error.stack}`);
  });
  started.on('stop', ({ reason, error }) => { if (reason === 'failed') failed(`${name} was given up: ${error?.stack}`); });
}

const commands = {
  write: async ({ to }) => { await write(to); },
  /** Ends a thread with all it does, in the midst of it. */
  terminate: async ({ thread: name }) => {
    // A strategy that is being started again: a thread that loads native code must not be terminated.
    while (strategies.get(name)?.state === 'restarting') await pause(1);
    const found = [...living].find(([, known]) => known === name);
    // It may have come to its end by itself.
    await found?.[0].terminate();
  },
  subscribe: async ({ job }) => { await subscriber(job); },
  close: async () => { await platform.close(); },
};

await Promise.all([...jobs.map(subscriber), ...strategyJobs.map(strategy)]);
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
