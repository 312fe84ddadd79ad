// A worker thread that writes through a handle.
import { parentPort, workerData } from 'node:worker_threads';
import { attachWriter } from '../../dist/index.js';

const writer = attachWriter(workerData.handle);
for (const n of [1, 2]) writer.writeValues(100 + n / 8, n, n % 2 === 0 ? 'B' : 'S', 1738368000000000 + n * 1000);
parentPort.postMessage(writer.position);
parentPort.once('message', async () => {
  await writer.close();
  parentPort.postMessage('closed');
});
