// Checks every record it is given, up to record `to`. workerData: { handle, options, to, first, slow, park }.
import { parentPort, workerData } from 'node:worker_threads';
import { subscribe } from '../../dist/index.js';

const { handle, options, to, first = 0, slow = 0 } = workerData;
const lost = [];
const wrong = [];
let next = first;
let records = 0;
let runs = 0;
const nobody = new Int32Array(new SharedArrayBuffer(4));
const subscription = subscribe(handle, {
  ...options,
  onLoss: (range) => {
    if (range.from !== next) wrong.push(`the loss ${range.from} to ${range.to} was told at ${next}`);
    lost.push([range.from, range.to]);
    next = range.to;
  },
});
parentPort.postMessage('ready');
subscription.run((run) => {
  if (run.firstSequence !== next && wrong.length < 5) wrong.push(`a run begins at ${run.firstSequence}, not ${next}`);
  next = run.firstSequence;
  run.forEach((row) => {
    const whole = row.sequence === next && row.n === next && row.hash === Math.imul(next, 0x9e3779b1) >>> 0 && row.low === (next & 65535) && row.ts === 1_700_000_000_000_000 + next;
    if (!whole && wrong.length < 5) wrong.push(`record ${next}: ${JSON.stringify(row)}, number ${row.sequence}`);
    next += 1;
  });
  records += run.length;
  runs += 1;
  if (slow > 0 && runs % slow === 0) Atomics.wait(nobody, 0, 0, 5);
  if (next >= to) subscription.stop();
});
parentPort.postMessage({ next, records, runs, wrong, lost: subscription.lost, ranges: lost.reduce((sum, [from, end]) => sum + end - from, 0), position: subscription.position });
subscription.close();
