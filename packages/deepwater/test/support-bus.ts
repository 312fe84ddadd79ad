import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { FeedSpecInput } from '@deepwater/core';
import { afterThisTest } from '../../../test/support/afterwards.js';
import type { Platform } from '../dist/index.js';
import { SEED } from '../../../test/support/seed.js';
export { SEED };

console.log(`bus tests: seed ${SEED}`);

/** Random numbers in [0, 1) from a seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Records that show whether they are whole: everything follows from n. Small ring and chunks, so that both turn over quickly. */
export const CHECKED = {
  name: 'checked',
  fields: [
    { name: 'n', type: 'float64' },
    { name: 'hash', type: 'uint32' },
    { name: 'low', type: 'uint16' },
    { name: 'ts', type: 'uint64' },
  ],
  timestamp: 'ts',
  chunkSizeBytes: 64 * 1024,
  ringRecords: 1024,
} as const satisfies FeedSpecInput;

export const T0 = 1_700_000_000_000_000;
export const checked = (n: number): [number, number, number, number] => [n, Math.imul(n, 0x9e3779b1) >>> 0, n & 65535, T0 + n];
export const isChecked = ([n, hash, low, ts]: readonly number[], sequence: number): boolean =>
  n === sequence && hash === Math.imul(sequence, 0x9e3779b1) >>> 0 && low === (sequence & 65535) && ts === T0 + sequence;

/** A worker of these tests, ended with its test. It says 'ready', then one result. */
export class BusWorker {
  readonly worker: Worker;
  readonly result: Promise<Record<string, unknown>>;
  readonly exited: Promise<unknown>;

  private constructor(file: string, data: unknown) {
    this.worker = new Worker(new URL(`./workers/${file}`, import.meta.url), { workerData: data });
    afterThisTest(() => this.worker.terminate());
    this.exited = once(this.worker, 'exit');
    const failed = new Promise<never>((_, reject) => { this.worker.once('error', reject); });
    this.result = Promise.race([new Promise<Record<string, unknown>>((resolve) => {
      this.worker.on('message', (message) => { if (message !== 'ready') resolve(message as Record<string, unknown>); });
    }), failed]);
    this.result.catch(() => {});
  }

  static async start(file: string, data: unknown): Promise<BusWorker> {
    const started = new BusWorker(file, data);
    await Promise.race([once(started.worker, 'message'), started.result]);
    return started;
  }
}

/** Writes checked records [from, to) in a thread, as fast as it can, or in bursts with pauses between them. */
export function startWriter(platform: Platform, options: { from?: number; to: number; burst?: number; pauseMs?: number; stop?: Int32Array; batch?: number }): Promise<BusWorker> {
  return BusWorker.start('bus-writer.mjs', { handle: platform.writerHandle(CHECKED.name), from: 0, ...options });
}
