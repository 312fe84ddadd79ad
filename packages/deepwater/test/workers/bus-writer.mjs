// Writes records that show whether they are whole. workerData: { handle, from, to, burst, pauseMs, stop, batch }.
import { parentPort, workerData } from 'node:worker_threads';
import { attachWriter } from '../../dist/index.js';

const { handle, from, to, burst = Infinity, pauseMs = 0, stop, batch = 0 } = workerData;
const writer = attachWriter(handle);
const nobody = new Int32Array(new SharedArrayBuffer(4));
parentPort.postMessage('ready');
let n = from;
// Batches: the only writer that is faster than a copy.
const columns = { n: new Float64Array(batch), hash: new Uint32Array(batch), low: new Uint16Array(batch), ts: new Float64Array(batch) };
for (; batch > 0 && n < to; n += batch) {
  for (let i = 0; i < batch; i++) {
    columns.n[i] = n + i;
    columns.hash[i] = Math.imul(n + i, 0x9e3779b1);
    columns.low[i] = n + i;
    columns.ts[i] = 1_700_000_000_000_000 + n + i;
  }
  writer.writeColumns(columns);
}
for (; n < to && (stop === undefined || Atomics.load(stop, 0) === 0); n++) {
  writer.writeValues(n, Math.imul(n, 0x9e3779b1) >>> 0, n & 65535, 1_700_000_000_000_000 + n);
  if (pauseMs > 0 && (n + 1) % burst === 0) Atomics.wait(nobody, 0, 0, pauseMs);
}
writer.closeSync();
parentPort.postMessage({ written: n });
