// Writes a book: every 97th record is an index point, and times are out of order by up to 50 us. workerData: { handle, from, to, burst, pauseMs, stop }.
import { parentPort, workerData } from 'node:worker_threads';
import { attachWriter } from '../../dist/index.js';

const { handle, from, to, burst = Infinity, pauseMs = 0, stop } = workerData;
const writer = attachWriter(handle);
const nobody = new Int32Array(new SharedArrayBuffer(4));
parentPort.postMessage('ready');
let n = from;
for (; n < to && (stop === undefined || Atomics.load(stop, 0) === 0); n++) {
  if (n % 97 === 0) writer.markIndex();
  writer.writeValues(n, n & 65535, 1_700_000_000_000_000 + n + ((n * 7919) % 101) - 50);
  if (pauseMs > 0 && (n + 1) % burst === 0) Atomics.wait(nobody, 0, 0, pauseMs);
}
writer.closeSync();
parentPort.postMessage({ written: n });
