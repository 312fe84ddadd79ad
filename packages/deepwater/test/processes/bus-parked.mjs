// Waits for the feed `checked` in a thread and with two streams of the main thread, says 'parked', and ends when it is told how:
// 'exit' by process.exit, 'close' by closing its platform, after which nothing may keep the process. Argument: base path.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { Platform } from '../../dist/index.js';

const platform = await Platform.open(process.argv[2], { readOnly: true });
const worker = new Worker(new URL('../workers/bus-subscriber.mjs', import.meta.url), {
  workerData: { handle: platform.subscription('checked'), options: { wait: 'park' }, to: 1e9 },
});
await once(worker, 'message');
const reader = await platform.createReader('checked');
const ends = [reader.stream(), reader.stream({ format: 'columns' })].map((stream) => stream.next().then(() => 'ended', ({ code }) => code));
console.log('parked');
const [how] = await once(process.stdin.setEncoding('utf8'), 'data');
if (how.trim() === 'exit') process.exit(7);
const died = once(worker, 'exit');
await platform.close();
console.log(JSON.stringify({ streams: await Promise.all(ends), thread: (await died)[0] }));
process.stdin.destroy();
