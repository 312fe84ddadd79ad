// Takes a row in a table of subscribers and stays. As a thread: workerData { buffer, position }; as a process: path of the bell, position.
import { setInterval } from 'node:timers';
import { parentPort, workerData } from 'node:worker_threads';
import { Bell, SubscriberRow } from '../../dist/index.js';

const buffer = workerData?.buffer ?? Bell.open(process.argv[2]).word.buffer;
const row = SubscriberRow.claim(buffer, Number(workerData?.position ?? process.argv[3]));
if (parentPort === null) process.send(row !== undefined);
else parentPort.postMessage(row !== undefined);
setInterval(() => {}, 1000);
