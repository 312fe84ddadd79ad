// Writes checked records, some hundred each millisecond, from where the feed ends: in a thread through one handle after the other,
// each until a word is set, or as a process until it is told to close, or killed.
import { createInterface } from 'node:readline';
import { parentPort } from 'node:worker_threads';
import { Platform, attachWriter } from '../../dist/index.js';
import { pause } from './child.mjs';
import { valuesOf } from './start-check.mjs';

const BURST = 150;

function burst(writer) {
  const from = writer.position;
  for (let n = from; n < from + BURST; n++) writer.writeValues(...valuesOf(n));
}

if (parentPort !== null) {
  parentPort.on('message', ({ handle, stop }) => {
    const writer = attachWriter(handle);
    parentPort.postMessage('writing');
    while (Atomics.load(stop, 0) === 0) {
      burst(writer);
      Atomics.wait(stop, 0, 0, 1);
    }
    writer.closeSync();
    parentPort.postMessage('closed');
  });
} else {
  const { name, basePath, feed } = JSON.parse(process.argv[2]);
  const tell = (state) => process.stdout.write(`${JSON.stringify({ name, state })}\n`);
  const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  const platform = await Platform.open(basePath);
  tell('loaded');
  if ((await lines.next()).value === 'go') {
    const writer = await platform.createWriter(feed);
    let closing = false;
    void lines.next().then(() => { closing = true; });
    tell('writing');
    while (!closing) {
      burst(writer);
      await pause(1);
    }
  }
  await platform.close();
  process.exit(0);
}
