// Ends by process.exit while a thread is parked, and streams of its own and another process's writer wait. Argument: a directory.
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout } from 'node:timers';
import { Worker } from 'node:worker_threads';
import { Platform } from '../../dist/index.js';

const platform = await Platform.open(path.join(process.argv[2], 'data'));
const fields = [{ name: 'n', type: 'float64' }, { name: 'ts', type: 'uint64' }];
await platform.createFeed({ name: 'own', fields, timestamp: 'ts' });
await platform.createFeed({ name: 'theirs', fields, timestamp: 'ts' });
await platform.createWriter('own');
const worker = new Worker(`
  import { parentPort, workerData } from 'node:worker_threads';
  const { subscribe } = await import(workerData.url);
  const subscription = subscribe(workerData.handle, { wait: 'park' });
  parentPort.postMessage('ready');
  subscription.next();
`, { eval: true, execArgv: ['--input-type=module'], workerData: { handle: platform.subscription('theirs'), url: new URL('../../dist/index.js', import.meta.url).href } });
await once(worker, 'message');
void platform.createReader('theirs').then((reader) => reader.stream().next());
void platform.createReader('own').then((reader) => reader.stream().next());
setTimeout(() => {
  console.log('parked');
  process.exit(7);
}, 50);
