// Begins streams at random moments, one after the other, blocking: in a thread or as a process. The job is { name, basePath, feed,
// seed, count }; it says 'ready', waits for a word, and ends with what it saw.
import { once } from 'node:events';
import { parentPort, workerData } from 'node:worker_threads';
import { Platform } from '../../dist/index.js';
import { randomFrom } from './child.mjs';
import { StartCheck, chooseStart } from './start-check.mjs';

const job = workerData ?? JSON.parse(process.argv[2]);
const { name, basePath, feed, seed, count } = job;
const tell = parentPort === null ? (line) => process.stdout.write(`${JSON.stringify(line)}\n`) : (line) => parentPort.postMessage(line);
const random = randomFrom(seed);
const clock = new Int32Array(new SharedArrayBuffer(4));
const platform = await Platform.open(basePath, { readOnly: true });
const reader = await platform.createReader(feed);
try {
  tell({ name, state: 'ready' });
  await once(parentPort ?? process.stdin, parentPort === null ? 'data' : 'message');
  for (let begun = 0; begun < count; begun++) {
    Atomics.wait(clock, 0, 0, random() * 4);
    const before = reader.bounds().next;
    const start = chooseStart(random, before);
    const wait = random() < 0.1 ? 'spin' : random() < 0.5 ? 'park' : 'spin-then-park';
    const stream = reader.streamSync({ ...start.options, wait, allowMainThread: true });
    const after = reader.bounds().next;
    const check = new StartCheck(start, before, after, stream);
    const goal = Math.max(after, start.from + 1) + Math.floor(800 * random());
    for (const item of stream) {
      check.take(item);
      if (check.expected >= goal) {
        check.end();
        break;
      }
      // Slow enough to be lapped, now and then.
      if (random() < 0.0005) Atomics.wait(clock, 0, 0, 15);
    }
    tell({ name, state: 'whole', kind: start.kind, records: check.records });
  }
  tell({ name, state: 'done' });
} catch (error) {
  tell({ name, state: 'failed', message: `${name}: ${error.stack ?? String(error)}` });
} finally {
  await platform.close();
  parentPort?.close();
  process.stdin.destroy();
}
