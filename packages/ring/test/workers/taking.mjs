// Started as a process, so that V8's flags can be chosen: takes self-checking records beside a thread that writes them at full
// speed, and tells how many it took and lost, and which were torn.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { RingRows, createRing, oldestSafe, openRing, rowRunClass } from '../../dist/index.js';
import { hashOf, letterOf, schema, thirdOf } from './checked-records.mjs';

const [path, identity, max, runs, count] = process.argv.slice(2).map((text, i) => (i === 0 ? text : JSON.parse(text)));
const { slotCount, baseSequence } = identity;
const made = createRing(path, 'owner', schema, identity, 0);
const ring = openRing(path, schema, identity.feedUid, 'read-only', Math.max(max * schema.slotStride, 1));
const go = new Int32Array(new SharedArrayBuffer(4));
const worker = new Worker(new URL('./ring-writer.mjs', import.meta.url), {
  workerData: { mapped: made.mapped, go, bell: new Int32Array(new SharedArrayBuffer(8), 0, 1), plain: process.arch === 'x64', runs, count },
});
await once(worker, 'message');

const helpers = {
  texts: [], chars: Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)), decimal: String, decimalNumber: Number,
  newSymbol: () => '', text: () => '', tooWide: (field) => { throw new Error(`field ${field}`); },
};
const rows = new RingRows(ring);
const run = new (rowRunClass(schema))(helpers);
run.attach(rows.buffer, rows.offset, rows.bytes);
const end = baseSequence + count;
const wrong = [];
let next = baseSequence;
let distance = slotCount;
let taken = 0;
let lost = 0;
let refused = 0;
Atomics.store(go, 0, 1);
while (next < end) {
  const found = rows.take(next, max, 1000);
  if (found < 0) {
    // At the edge of what is safe, where the race is closest; then nearer and nearer to the head.
    const { head } = ring;
    const begin = Math.max(next, oldestSafe(ring, head), head - distance);
    distance = Math.max(1, distance / 2);
    refused++;
    lost += begin - next;
    next = begin;
    continue;
  }
  distance = slotCount;
  run.show(next, found);
  run.forEach((row) => {
    const s = row.sequence;
    const whole = row.hash === hashOf(s) && row.third === thirdOf(s) && row.letter.charCodeAt(0) === letterOf(s) && row.ts === s;
    if (!whole && wrong.length < 5) wrong.push(`record ${s} is torn: ${row.hash} ${row.third} ${row.letter} ${row.ts}`);
  });
  next += found;
  taken += found;
}
process.send({ wrong, taken, lost, refused, head: ring.head });
await worker.terminate();
process.disconnect();
