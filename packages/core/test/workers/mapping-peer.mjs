// The other side of the mapping tests, as a thread or as a process: it maps, stores, loads, locks and waits when asked.
import fs from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { FileLock, futexWait, futexWakeAll, mapFile } from '../../dist/engine.js';

const answer = (message) => (parentPort === null ? process.send(message) : parentPort.postMessage(message));
/** Buffers by name: what was posted here, or mapped here. */
const buffers = new Map();
const locks = new Map();

const requests = {
  map({ name, path, mode }) {
    const fd = fs.openSync(path, mode === 'shared' ? 'r+' : 'r');
    buffers.set(name, mapFile(fd, { path, length: fs.fstatSync(fd).size, mode }).buffer);
    fs.closeSync(fd);
  },
  take: ({ name, buffer, memory }) => void buffers.set(name, buffer ?? memory.buffer),
  drop({ name }) {
    buffers.delete(name);
    globalThis.gc();
  },
  collect: () => globalThis.gc(),
  load: ({ name, at }) => new Uint8Array(buffers.get(name))[at],
  store: ({ name, at, value }) => void (new Uint8Array(buffers.get(name))[at] = value),
  lock({ path }) {
    const lock = FileLock.tryExclusive(path, 'owner');
    if (lock !== undefined) locks.set(path, lock);
    return lock !== undefined;
  },
  unlock: ({ path }) => locks.get(path).release(),
  /** Sleeps on the first word until it is woken; how many slices that took. */
  sleepUntilWoken({ name, expected }) {
    const word = new Int32Array(buffers.get(name), 0, 1);
    for (let slices = 1; ; slices++) if (futexWait(word, expected, 10e9)) return slices;
  },
  wake: ({ name }) => futexWakeAll(new Int32Array(buffers.get(name), 0, 1)),
};

(parentPort ?? process).on('message', ({ number, request, args }) => {
  try {
    answer({ number, value: requests[request](args) });
  } catch (error) {
    answer({ number, error: `${error.code}: ${error.message}` });
  }
});
answer('ready');
