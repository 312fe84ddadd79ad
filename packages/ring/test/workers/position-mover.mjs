// Moves head and tail of a ring as a writer and an ingest worker do: the tail is never past the head.
import { parentPort, workerData } from 'node:worker_threads';
import { RING, storePosition } from '@deepwater/core/engine';

const { words } = workerData;
parentPort.postMessage('ready');
for (let position = 1, head = -1, tail = -1; ; position++) {
  head = storePosition(words, RING.HEAD, position, head);
  tail = storePosition(words, RING.TAIL, position, tail);
}
