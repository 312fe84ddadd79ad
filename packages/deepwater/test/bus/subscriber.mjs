// A subscriber that looks at every field of every record, in a thread or as a process. It ends with the record before
// `end`, prints or posts what it saw, and stops at the first thing that is wrong.
import { parentPort, workerData } from 'node:worker_threads';
import { Platform, subscribe } from '../../dist/index.js';
import { FEEDS, checkOf, timeOf } from './record.mjs';

const job = workerData ?? JSON.parse(process.argv[2]);
const { name, feed, end, seed, wait, slow, basePath, fromSequence } = job;
const tell = parentPort === null ? (line) => process.stdout.write(`${JSON.stringify(line)}\n`) : (line) => parentPort.postMessage(line);
const platform = basePath === undefined ? undefined : await Platform.open(basePath, { readOnly: true });
const handle = job.handle ?? platform.subscription(feed);
const id = FEEDS[feed];

let random = seed >>> 0;
const next = () => (random = (Math.imul(random, 1664525) + 1013904223) >>> 0) / 4294967296;
const clock = new Int32Array(new SharedArrayBuffer(4));

const losses = [];
let lost = 0;
const subscription = subscribe(handle, {
  wait, allowMainThread: true,
  ...(fromSequence === undefined ? {} : { fromSequence }),
  onLoss: ({ from, to }) => { losses.push([from, to]); lost += to - from; },
});
const begun = subscription.position;
let expected = begun;
let records = 0;
let runs = 0;
let told = performance.now();
const wrong = (what, values) => { throw new Error(`${name}: ${what}: ${JSON.stringify({ ...values, expected, begun, records, lost: subscription.lost })}`); };

try {
  tell({ name, state: 'begun', position: begun });
  while (expected < end) {
    const run = subscription.next(60_000);
    if (run === undefined) wrong('nothing came for a minute', {});
    while (losses.length > 0) {
      const [from, to] = losses.shift();
      if (from !== expected || to <= from) wrong('a loss that does not begin where the last record ended', { from, to });
      expected = to;
    }
    if (run.firstSequence !== expected) wrong('a run that is not the next one', { first: run.firstSequence });
    for (let i = 0; i < run.length; i++) {
      const row = run.row(i);
      const { sequence } = row;
      if (sequence !== expected || row.n !== sequence || row.check !== checkOf(id, sequence) || row.low !== sequence % 65536 || row.ts !== timeOf(sequence)) {
        wrong('a torn or misplaced record', { sequence, n: row.n, check: row.check, low: row.low, ts: row.ts });
      }
      expected += 1;
    }
    records += run.length;
    runs += 1;
    if (slow > 0 && next() < 0.2) Atomics.wait(clock, 0, 0, next() * slow);
    const now = performance.now();
    if (now - told > 50) {
      told = now;
      tell({ name, state: 'at', position: expected });
    }
  }
  if (subscription.lost !== lost) wrong('the counter of losses differs from the ranges told', { counter: subscription.lost, told: lost });
  if (records + lost !== end - begun) wrong('records and losses do not add up', { end });
  tell({ name, state: 'done', feed, begun, records, lost, runs });
} catch (error) {
  tell({ name, state: 'failed', message: error.stack ?? String(error) });
} finally {
  subscription.close();
  await platform?.close();
}
