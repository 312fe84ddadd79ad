import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { BenchContext, Benchmark, Line } from './benchmark.js';
import { loadAverage, processorTimes, stolenSince } from './machine.js';
import type { Outcome } from './report.js';

/** What a benchmark's process is told. */
export type Order = Pick<BenchContext, 'quick' | 'directory' | 'memoryDirectory' | 'allNodes'> & { readonly name: string };

/** What it answers. */
export type Answer =
  | { readonly kind: 'progress'; readonly text: string }
  | { readonly kind: 'done'; readonly lines: readonly Line[] }
  | { readonly kind: 'failed'; readonly text: string };

/** A benchmark that takes longer hangs. */
const LIMIT_MS = 30 * 60_000;

/** Ends the processes of the benchmark that runs now, its children's children included, before their files are removed. */
export let killRunning: () => void = () => {};

/** Runs one benchmark in a fresh process: no line inherits another's heap, compiled code or mappings. */
export function runBenchmark(benchmark: Benchmark, order: Omit<Order, 'name'>, progress: (text: string) => void): Promise<Outcome> {
  return new Promise((resolve) => {
    const started = performance.now();
    const loadBefore = loadAverage();
    const times = processorTimes();
    let lines: readonly Line[] = [];
    let failure: string | undefined = 'its process ended before it did';
    const child = fork(fileURLToPath(new URL('../benchmark-process.js', import.meta.url)), [], {
      execArgv: [...(benchmark.nodeFlags ?? [])], serialization: 'advanced', detached: true,
    });
    // It leads a process group of its own.
    killRunning = () => {
      if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) process.kill(-child.pid, 'SIGKILL');
    };
    const limit = setTimeout(() => {
      failure = `it did not finish in ${LIMIT_MS / 60_000} minutes`;
      killRunning();
    }, LIMIT_MS);
    child.on('message', (message) => {
      const answer = message as Answer;
      if (answer.kind === 'progress') progress(answer.text);
      else if (answer.kind === 'failed') failure = answer.text;
      else {
        lines = answer.lines;
        failure = undefined;
      }
    });
    child.once('error', (error) => { failure = error.message; });
    child.once('close', (code, signal) => {
      clearTimeout(limit);
      if (failure === undefined && code !== 0) failure = `its process ended with ${signal ?? `code ${code}`}`;
      const seconds = (performance.now() - started) / 1000;
      resolve({ name: benchmark.name, seconds, loadBefore, loadAfter: loadAverage(), stolen: stolenSince(times), lines, ...(failure === undefined ? {} : { failure }) });
    });
    child.send({ ...order, name: benchmark.name } satisfies Order);
  });
}
