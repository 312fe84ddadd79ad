// A thread that follows a feed and spins: says when it follows, then what it took, and how it ended. `count` is how many it has.
import { parentPort, workerData } from 'node:worker_threads';
import { subscribe } from '../../dist/index.js';

const taken = [];
let end;
const subscription = subscribe(workerData.handle, { wait: 'spin' });
parentPort.postMessage('ready');
try {
  subscription.run((run) => {
    for (let i = 0; i < run.length; i++) taken.push(run.tuple(i));
    Atomics.store(workerData.count, 0, taken.length);
  });
  end = subscription.stopped ? 'stopped' : 'ended';
} catch (error) {
  end = error.code ?? String(error);
}
parentPort.postMessage({ taken, end, lost: subscription.lost });
