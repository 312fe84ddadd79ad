import { parentPort, workerData } from 'node:worker_threads';
import { attachWriter } from '@deepwater/ingest';

const recordOf = (n) => [n, (n * n) % 1_000_003, n % 3 === 0 ? 'B' : 'S', n % 65536, 1_700_000_000_000_000 + n * 7];
const writer = attachWriter(workerData.handle);
let second = 'attached twice';
try {
  attachWriter(workerData.handle);
} catch (error) {
  second = error.code;
}
for (let i = 0; i < workerData.records; i++) {
  if (writer.schema.indexColumn !== undefined && writer.position % 997 === 0) writer.markIndex();
  writer.writeValues(...recordOf(writer.position));
}
const { position } = writer;
await writer.sync();
await writer.close();
parentPort.postMessage({ position, second });
