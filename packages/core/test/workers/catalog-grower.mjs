// Makes catalogs and grows each of them five times, while another thread opens them: until that thread has seen enough.
import path from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { compileSchema, createCatalog, growCatalog, parseFeedSpec } from '../../dist/index.js';

const { directory, flag, spec, feed, files } = workerData;
const schema = compileSchema(parseFeedSpec(spec));
const name = (i) => path.join(directory, `catalog-${i}`);
createCatalog(name(0), 'owner', schema, feed);
parentPort.postMessage('ready');
while (Atomics.load(flag, 0) === 0);
try {
  for (let i = 0; i < files; i++) {
    for (let round = 0; round < 5; round++) growCatalog(name(i), schema, feed);
    if (i + 1 === files || Atomics.load(flag, 2) !== 0) break;
    createCatalog(name(i + 1), 'owner', schema, feed);
    Atomics.store(flag, 1, i + 1);
  }
} finally {
  Atomics.store(flag, 0, -1);
}
