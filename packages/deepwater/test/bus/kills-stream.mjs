// Follows the feed `kept` on the main thread of a process of its own, and checks every record. SIGUSR2 ends the thread that wakes
// it. Argument: the job as JSON.
import { syncBuiltinESMExports } from 'node:module';
import threads from 'node:worker_threads';
import { FEEDS, checkOf, timeOf } from './record.mjs';

const { Worker } = threads;
let waker;
threads.Worker = class extends Worker {
  constructor(file, options) {
    super(file, options);
    if (options.name === 'deepwater-waker') note(this);
  }
};
const note = (worker) => { waker = worker; };
syncBuiltinESMExports();
const { Platform } = await import('../../dist/index.js');

const { name, feed, basePath, fromSequence, end } = JSON.parse(process.argv[2]);
const tell = (line) => process.stdout.write(`${JSON.stringify({ name, ...line })}\n`);
process.on('SIGUSR2', () => { void Promise.resolve(waker?.terminate()).then(() => tell({ state: 'unwoken' })); });
const platform = await Platform.open(basePath, { readOnly: true });
const stream = (await platform.createReader(feed)).stream({ fromSequence, format: 'columns' });
let expected = fromSequence;
let runs = 0;
let told = performance.now();
tell({ state: 'begun', position: expected });
try {
  for await (const { n, check, low, ts, rows } of stream) {
    for (let i = 0; i < rows; i++, expected++) {
      if (n[i] === expected && check[i] === checkOf(FEEDS[feed], expected) && low[i] === expected % 65536 && Number(ts[i]) === timeOf(expected)) continue;
      throw new Error(`${name}: a torn or misplaced record ${JSON.stringify({ n: n[i], check: check[i], low: low[i], expected })}`);
    }
    runs += 1;
    if (performance.now() - told > 50) {
      told = performance.now();
      tell({ state: 'at', position: expected });
    }
    if (expected >= end) break;
  }
  tell({ state: 'done', feed, begun: fromSequence, records: expected - fromSequence, lost: stream.lost, runs });
} catch (error) {
  tell({ state: 'failed', message: error.stack });
} finally {
  await platform.close();
}
