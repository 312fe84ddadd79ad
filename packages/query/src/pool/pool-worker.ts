/** What Piscina loads in each of the pool's threads. It imports nothing that loads koffi before the gate is passed. */
import { workerData } from 'node:worker_threads';
import { LoadGate } from './load-gate.js';
import type { PoolThreadData, TaskMessage } from './protocol.js';
import { TaskControl } from './task-control.js';

const { gate, slot, controls, mappingsMax } = workerData as PoolThreadData;
type Run = (message: TaskMessage) => unknown;

async function load(): Promise<Run> {
  let run: Run | undefined;
  const passed = await new LoadGate(gate).pass(slot, async () => {
    const { taskRunner } = await import('./task-runner.js');
    run = await taskRunner(new TaskControl(controls, slot), mappingsMax);
  });
  // The pool is being closed: nothing is asked of this thread any more, and it is about to be terminated.
  return passed ? run as Run : () => undefined;
}

/** Piscina waits for it before it calls the thread ready. */
export const run: Promise<Run> = load();
