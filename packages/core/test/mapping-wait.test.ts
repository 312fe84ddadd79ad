import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import {
  FUTEX_SLICE_NS, FUTEX_WORDS_MAX, bootId, errnoName, fenceAllPublishers, fenceOwnThreads, futexWait, futexWaitAny, futexWakeAll, mapFile, registerPublisher,
  threadAlive, threadKernelId,
} from '../dist/index.js';
import {
  MEMBARRIER_CMD_GLOBAL_EXPEDITED, MEMBARRIER_CMD_PRIVATE_EXPEDITED, MEMBARRIER_CMD_QUERY, } from '../dist/mapping/libc.js';
import { libc } from '../dist/mapping/system.js';
import { Peer, runScript, temporaryFile } from './mapping-tools.js';

function mappedWord(file: string): Int32Array {
  const fd = fs.openSync(file, 'r+');
  try {
    return new Int32Array(mapFile(fd, { path: file, length: 4096, mode: 'shared' }).buffer, 0, 1);
  } finally {
    fs.closeSync(fd);
  }
}

/** Wakes until somebody was asleep. */
async function wakeSomebody(wake: () => number | Promise<number>): Promise<number> {
  for (;;) {
    const woken = await wake();
    if (woken > 0) return woken;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('futex', () => {
  test('wakes a process that sleeps on the same word of a file, through another mapping of it', async () => {
    const file = temporaryFile(4096);
    const word = mappedWord(file);
    const sleeper = await Peer.process();
    await sleeper.ask('map', { name: 'it', path: file, mode: 'shared' });
    const slices = sleeper.ask<number>('sleepUntilWoken', { name: 'it', expected: 0 });
    expect(await wakeSomebody(() => futexWakeAll(word))).toBe(1);
    expect(await slices).toBeGreaterThan(0);
  });

  test('wakes all that sleep, and counts them', async () => {
    const file = temporaryFile(4096);
    const word = mappedWord(file);
    const sleepers = await Promise.all([Peer.process(), Peer.process(), Peer.thread()]);
    await Promise.all(sleepers.map((peer) => peer.ask('map', { name: 'it', path: file, mode: 'shared' })));
    const ends = sleepers.map((peer) => peer.ask<number>('sleepUntilWoken', { name: 'it', expected: 0 }));
    let woken = 0;
    while (woken < 3) woken += await wakeSomebody(() => futexWakeAll(word));
    expect(woken).toBe(3);
    await Promise.all(ends);
  });

  test('does not sleep where the word has changed already, and says that it was woken', () => {
    const word = mappedWord(temporaryFile(4096));
    Atomics.store(word, 0, -5);
    const before = performance.now();
    expect(futexWait(word, 0, 10e9)).toBe(true);
    expect(performance.now() - before).toBeLessThan(200);
  });

  test('sleeps a slice at most, however long it was asked to', () => {
    const word = mappedWord(temporaryFile(4096));
    const before = performance.now();
    expect(futexWait(word, 0, 60e9)).toBe(false);
    const ms = performance.now() - before;
    expect(ms).toBeGreaterThanOrEqual(FUTEX_SLICE_NS / 1e6 - 1);
    expect(ms).toBeLessThan(10_000);
  });

  test.each([0, 1, 1_500_000.25, 123_456.789])('takes a time of %d ns', (ns) => {
    const before = performance.now();
    expect(futexWait(mappedWord(temporaryFile(4096)), 0, ns)).toBe(false);
    expect(performance.now() - before).toBeGreaterThanOrEqual(Math.floor(ns) / 1e6 - 0.1);
  });

  test('every bit of the word counts, the sign included', () => {
    const word = mappedWord(temporaryFile(4096));
    Atomics.store(word, 0, -2147483648);
    const before = performance.now();
    expect(futexWait(word, -2147483648, 5e6)).toBe(false);
    expect(performance.now() - before).toBeGreaterThanOrEqual(4.9);
  });
});

describe('fences', () => {
  test('a process that has registered can fence its threads and all publishers, wherever the kernel has membarrier', () => {
    const commands = libc().membarrier(MEMBARRIER_CMD_QUERY);
    const has = (command: number): boolean => commands > 0 && (commands & command) !== 0;
    expect(registerPublisher()).toBe(has(MEMBARRIER_CMD_PRIVATE_EXPEDITED) && has(MEMBARRIER_CMD_GLOBAL_EXPEDITED));
    expect(registerPublisher()).toBe(has(MEMBARRIER_CMD_PRIVATE_EXPEDITED));
    expect(fenceOwnThreads()).toBe(has(MEMBARRIER_CMD_PRIVATE_EXPEDITED));
    expect(fenceAllPublishers()).toBe(has(MEMBARRIER_CMD_GLOBAL_EXPEDITED));
  });
});

describe('a wait on several words', () => {
  /** Words of every kind of memory that is waited on: behind others in a mapped file, and in memory that threads share. */
  const wordsOf = (path: string): Int32Array[] => {
    const mapped = mappedWord(path).buffer;
    const shared = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }).buffer;
    return [new Int32Array(mapped, 0, 1), new Int32Array(mapped, 60, 1), new Int32Array(shared, 0, 1), new Int32Array(shared, 1028, 1)];
  };

  test('ends when any of them is woken, and by no other word', async () => {
    const path = temporaryFile(4096);
    const words = wordsOf(path);
    for (const [i, word] of words.entries()) {
      const other = i < 2 ? new Int32Array(word.buffer, 2048, 1) : new Int32Array(word.buffer, 4096, 1);
      const sleeper = new Worker(new URL('./workers/wait-any.mjs', import.meta.url), { workerData: { words } });
      const [woken, ended] = [once(sleeper, 'message'), once(sleeper, 'exit')];
      expect(futexWakeAll(other)).toBe(0);
      expect(await wakeSomebody(() => futexWakeAll(word))).toBe(1);
      expect(await woken).toEqual([i]);
      await ended;
    }
  });

  test('does not begin where one of them holds something else, and ends with its slice', () => {
    const words = wordsOf(temporaryFile(4096));
    for (const [i, word] of words.entries()) {
      Atomics.store(word, 0, -7 - i);
      // The calls that did not sleep: EAGAIN. Two that did would take half a second.
      expect(libc().futexWaitAny(words, [0, 0, 0, 0], process.hrtime.bigint() + 60_000_000_000n)).toBe(-1);
      expect(errnoName(libc().errno())).toBe('EAGAIN');
      Atomics.store(word, 0, 0);
    }
    expect(libc().futexWaitAny(words, [0, 0, 0, 0], process.hrtime.bigint() + 1_000_000n)).toBe(-1);
    expect(errnoName(libc().errno())).toBe('ETIMEDOUT');
    const many = Array.from({ length: FUTEX_WORDS_MAX }, () => words[0] as Int32Array);
    expect(futexWaitAny(many, many.map(() => 0), 1e6)).toBe(true);
  });
});

describe('the host', () => {
  test('the boot id is the kernel’s, as hex digits', () => {
    expect(bootId()).toMatch(/^[0-9a-f]{32}$/);
    expect(fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').replaceAll('-', '').trim()).toBe(bootId());
  });

  test('a thread is alive until it ends, whether or not anybody looks', async () => {
    expect(threadKernelId()).toBe(process.pid); // the main thread's id is the process's
    expect(threadAlive(threadKernelId())).toBe(true);
    const source = `import('node:worker_threads').then(async ({ parentPort, workerData }) => {
      const { threadKernelId } = await import(workerData);
      parentPort.postMessage(threadKernelId());
      parentPort.once('message', () => process.exit());
    })`;
    const worker = new Worker(source, { eval: true, workerData: new URL('../dist/index.js', import.meta.url).href });
    const id = await new Promise<number>((resolve) => worker.once('message', resolve));
    expect(id).not.toBe(process.pid);
    expect(threadAlive(id)).toBe(true);
    const ended = new Promise((resolve) => worker.once('exit', resolve));
    worker.postMessage('end');
    await ended;
    expect(threadAlive(id)).toBe(false);
  });

  test('every errno of this platform has its name, others their number', () => {
    for (const name of ['ENOENT', 'ENOSPC', 'EDQUOT', 'EIO', 'EAGAIN', 'ELOOP', 'ESTALE'] as const) {
      expect(errnoName(os.constants.errno[name])).toBe(name);
    }
    expect(errnoName(9999)).toBe('errno 9999');
    expect(errnoName(0)).toBe('errno 0');
  });
});

describe('a thread that is terminated in the midst of a system call', () => {
  // Arguments that are objects are read by the native side, which a dying thread refuses: that once ended the whole process.
  test.each(['futexWait', 'futexWaitAny', 'futexWake', 'lock', 'map'])('%s: ends alone', async (call) => {
    expect(await runScript(new URL('./workers/mapping-terminated.mjs', import.meta.url), [call, '24', temporaryFile(4096)], 120_000)).toEqual({ code: 0, signal: null, output: 'lives\n' });
  }, 150_000);
});
