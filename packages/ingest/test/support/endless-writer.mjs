// Writes through the handle that it is sent until it is terminated; says 'writing', or what stood in the way.
import { parentPort } from 'node:worker_threads';
import { attachWriter } from '@deepwater/ingest';

const recordOf = (n) => [n, (n * n) % 1_000_003, n % 3 === 0 ? 'B' : 'S', n % 65536, 1_700_000_000_000_000 + n * 7];
parentPort.once('message', (handle) => {
  let writer;
  try {
    writer = attachWriter(handle);
  } catch (error) {
    parentPort.postMessage(error.code);
    return;
  }
  parentPort.postMessage('writing');
  for (;;) writer.writeValues(...recordOf(writer.position));
});
