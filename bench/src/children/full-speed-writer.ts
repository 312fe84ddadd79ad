/** A worker thread that writes records as fast as they are taken, once it is told to begin. */
import { parentPort, workerData } from 'node:worker_threads';
import { type WriterHandle, attachWriter } from 'deepwater';
import { writeRun } from '../lib/writing.js';

export interface FullSpeedOrder {
  readonly handle: WriterHandle;
  /** The records [from, from + records). */
  readonly from: number;
  readonly records: number;
  /** One word: 0 until it is to begin. */
  readonly go: Int32Array;
}

const { handle, from, records, go } = workerData as FullSpeedOrder;
const writer = attachWriter(handle);
parentPort?.postMessage('ready');
Atomics.wait(go, 0, 0);
writeRun(writer, from, from + records);
writer.closeSync();
