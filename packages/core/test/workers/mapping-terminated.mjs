// Terminates threads in the midst of system calls, many times. Arguments: which call, how often, a file.
import { openSync } from 'node:fs';
import { setImmediate } from 'node:timers';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { futexWait, futexWaitAny, futexWakeAll, mapFile, releaseMapping, setUse } from '../../dist/mapping/index.js';

if (isMainThread) {
  const [call, rounds, file] = process.argv.slice(2);
  for (let round = 0; round < Number(rounds); round++) {
    const worker = new Worker(new URL(import.meta.url), { workerData: { call, file } });
    // While a thread loads koffi it cannot be terminated without harm; from then on it can.
    await new Promise((resolve) => { worker.once('message', resolve); });
    for (let turns = (round * 7) % 40; turns > 0; turns--) await new Promise((resolve) => { setImmediate(resolve); });
    await worker.terminate();
  }
  console.log('lives');
} else {
  const { call, file } = workerData;
  const words = [0, 4, 8].map((at) => new Int32Array(new SharedArrayBuffer(64), at, 1));
  const fd = openSync(file, 'r+');
  const calls = {
    futexWait: () => futexWait(words[0], 1, 1e6),
    futexWaitAny: () => futexWaitAny(words, [1, 1, 1], 1e6),
    futexWake: () => futexWakeAll(words[0]),
    lock: () => setUse(fd, 'shared', file),
    map: () => { releaseMapping(mapFile(fd, { path: file, length: 4096, mode: 'read-only' }), file); },
  };
  calls[call]();
  parentPort.postMessage('ready');
  for (;;) calls[call]();
}
