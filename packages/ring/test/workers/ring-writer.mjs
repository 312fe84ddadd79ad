// Writes self-checking records into a memory ring as fast as it can, once it is told to begin.
import { parentPort, workerData } from 'node:worker_threads';
import { registerPublisher } from '@deepwater/core/engine';
import { Bell, Ring, RowWriter, rowWriterClass } from '../../dist/index.js';
import { columnsFrom, hashOf, letterOf, schema, thirdOf } from './checked-records.mjs';

const { mapped, bell, local, go, plain, runs, count } = workerData;
const ring = new Ring(mapped, 'posted');

class Writer extends RowWriter {
  waitForRoom() {
    throw new Error('a memory feed waits for nobody');
  }
}
if (plain) registerPublisher();
const writer = new (rowWriterClass(schema, Writer, plain))(schema, ring, new Bell(bell, local), []);
const letters = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code));
const base = ring.head;
const batches = runs > 1 ? Array.from({ length: 64 }, (_, i) => columnsFrom(base + i * runs, runs)) : [];

parentPort.postMessage('ready');
while (Atomics.load(go, 0) === 0);
const end = base + count;
if (runs === 1) {
  for (let s = base; s < end; s++) writer.writeValues(hashOf(s), thirdOf(s), letters[letterOf(s)], s);
} else {
  for (let s = base, i = 0; s < end; s += runs, i++) writer.writeColumns(i < 64 ? batches[i] : columnsFrom(s, Math.min(runs, end - s)));
}
Atomics.store(go, 0, 2);
