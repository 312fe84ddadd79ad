import { readFileSync } from 'node:fs';
import os from 'node:os';
import type { Sample } from './sample.js';

/** Where and when a run was made: figures without this say nothing. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly node: string;
  readonly v8: string;
  readonly kernel: string;
  readonly memoryBytes: number;
  readonly memoryFreeBytes: number;
  readonly clockCostNs: Sample;
}

export function describeMachine(clockCostNs: Sample): Machine {
  const [cpu] = os.cpus();
  return {
    cpu: cpu?.model.trim() ?? 'unknown',
    cores: os.availableParallelism(),
    node: process.versions.node,
    v8: process.versions.v8,
    kernel: `${os.type()} ${os.release()} ${os.arch()}`,
    memoryBytes: os.totalmem(),
    memoryFreeBytes: memoryFree(),
    clockCostNs,
  };
}

/** The load average of the last minute. */
export function loadAverage(): number {
  return os.loadavg()[0];
}

/** Memory that can be had without swapping, page cache included. */
export function memoryFree(): number {
  try {
    const match = /^MemAvailable:\s+(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8'));
    if (match !== null) return Number(match[1]) * 1024;
  } catch {
    // Not Linux: what follows is less exact and will do.
  }
  return os.freemem();
}

/** Above this the figures are those of a busy machine. */
export const LOAD_WARNING = 1.5;
