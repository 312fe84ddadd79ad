// Stores positions just before and just after every wrap of the low word, as fast as it can, lap after lap.
import { parentPort, workerData } from 'node:worker_threads';
import { storePosition } from '../../dist/engine.js';
import { offsets } from './layout-offsets.mjs';

const { memory, offset, wraps, seed } = workerData;
parentPort.postMessage('ready');
for (let lap = 1; ; lap++) {
  while (Atomics.load(memory, 0) !== lap && Atomics.load(memory, 0) !== -1);
  if (Atomics.load(memory, 0) === -1) break;
  let high = 0;
  for (let wrap = 1; wrap <= wraps; wrap++) {
    const { before, after } = offsets(seed, wrap);
    high = storePosition(memory, offset, wrap * 2 ** 32 + before, high);
    high = storePosition(memory, offset, wrap * 2 ** 32 + after, high);
  }
}
