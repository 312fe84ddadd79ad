import fs from 'node:fs';
import { libc, system } from './system.js';

/**
 * The kernel's id of this boot, 32 hex digits. What a mapped file held when its writer died is trustworthy only while
 * the machine has not gone down since; the id tells.
 */
export function bootId(): string {
  return system.bootId();
}

/** Time since the machine started, time asleep included: nobody sets it. Milliseconds. */
export function uptimeMs(): number {
  return system.uptimeMs();
}

/** The kernel's id of the calling thread. */
export function threadKernelId(): number {
  return libc().gettid();
}

/** Whether a thread of this process still runs: its entry in /proc goes with it, even while nobody has joined it. */
export function threadAlive(kernelId: number): boolean {
  return fs.existsSync(`/proc/self/task/${kernelId}`);
}

/** Whether a process runs that this one can see. */
export function processAlive(pid: number): boolean {
  return fs.existsSync(`/proc/${pid}`);
}
