// Sleeps on several words until one of them is woken. workerData: { words }, all of which hold 0.
import { parentPort, workerData } from 'node:worker_threads';
import { libc } from '../../dist/mapping/system.js';

const { words } = workerData;
// Slice after slice; what is returned is the place of the word that was woken.
let woken = -1;
while (woken < 0) woken = libc().futexWaitAny(words, words.map(() => 0), process.hrtime.bigint() + 250_000_000n);
parentPort.postMessage(woken);
