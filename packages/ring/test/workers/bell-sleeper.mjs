// A subscriber that sleeps before every record, as a thread beside the writer or as another process.
import fs from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { futexWakeAll, mapFile } from '@deepwater/core/engine';
import { Bell, PARK, Ring, RingCursor, openRing } from '../../dist/index.js';
import { schema } from './checked-records.mjs';

const across = parentPort === null;
const answer = (message) => (across ? process.send(message, () => process.disconnect()) : parentPort.postMessage(message));

function wordsOf(path) {
  const fd = fs.openSync(path, 'r+');
  const { buffer } = mapFile(fd, { path, length: 4096, mode: 'shared' });
  fs.closeSync(fd);
  return new Int32Array(buffer, 0, 8);
}

const options = across ? JSON.parse(process.argv[2]) : workerData;
const ring = across ? openRing(options.ringPath, schema, options.feedUid, 'read-only') : new Ring(options.mapped, 'posted');
const bell = across ? Bell.open(options.bellPath) : new Bell(options.bell, options.local);
const acks = across ? wordsOf(options.acksPath) : options.acks;
const { rounds, place } = options;

/** A wait that lasts this long was ended by its slice (250 ms), not by the bell. */
const SLICE_MS = 240;
const cursor = new RingCursor(ring, ring.baseSequence);
const found = { rounds: 0, slept: 0, late: 0, missed: 0 };
for (let round = 0; round < rounds; round++) {
  // 'I have taken all before this one': from here on the next record may come at any moment.
  Atomics.store(acks, place, round + 1);
  if (across) futexWakeAll(acks.subarray(place));
  else Atomics.notify(acks, place);
  const head = ring.head;
  const before = performance.now();
  if (cursor.wait(PARK, bell, across, 30_000) === 0) break;
  const ms = performance.now() - before;
  if (head === cursor.next) found.slept++;
  if (ms >= 100) found.late++;
  // A publisher that saw our bit took it away; where it is still there after a whole slice, nobody rang for us.
  if (ms >= SLICE_MS && Atomics.load(bell.word, 0) !== 0) found.missed++;
  cursor.next += 1;
  found.rounds++;
}
answer(found);
