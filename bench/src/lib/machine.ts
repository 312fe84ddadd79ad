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

/** Processor time since the machine started, in the kernel's ticks: all of it, and what the host gave to other guests. */
export interface ProcessorTimes {
  readonly total: number;
  readonly stolen: number;
}

/** Zeros where the kernel does not say. */
export function processorTimes(): ProcessorTimes {
  try {
    // proc(5): cpu user nice system idle iowait irq softirq steal (then guest time, which user holds already)
    const fields = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0].trim().split(/\s+/).slice(1, 9).map(Number);
    return { total: fields.reduce((sum, ticks) => sum + ticks, 0), stolen: fields[7] };
  } catch {
    return { total: 0, stolen: 0 };
  }
}

/** The part of the processors that the host gave to other guests since then, 0 to 1. */
export function stolenSince(before: ProcessorTimes): number {
  const now = processorTimes();
  return now.total === before.total ? 0 : (now.stolen - before.stolen) / (now.total - before.total);
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

/** Above these the figures are those of a busy machine. */
export const LOAD_WARNING = 1.5;
export const STOLEN_WARNING = 0.02;
