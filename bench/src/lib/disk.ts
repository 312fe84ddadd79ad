import { execFileSync } from 'node:child_process';
import { statfsSync } from 'node:fs';
import { memoryFree } from './machine.js';

export const GB = 1e9;

/** Bytes that can be written to the file system of a directory; in shared memory, that the machine has. */
export function freeBytes(directory: string): number {
  const { bavail, bsize, type } = statfsSync(directory);
  const free = bavail * bsize;
  return type === TMPFS_MAGIC ? Math.min(free, memoryFree()) : free;
}

/** linux/magic.h */
const TMPFS_MAGIC = 0x01021994;

/** Has the file system write what it holds back, so that one run does not pay for the one before. */
export function settle(directory: string): void {
  execFileSync('sync', ['-f', directory]);
}

/**
 * How fast `dd` writes zeros to a new file in a directory and has them on the device, bytes/s.
 * @param bytes rounded down to whole MiB
 */
export function ddBytesPerSecond(file: string, bytes: number): number {
  const blocks = Math.max(1, Math.floor(bytes / 2 ** 20));
  const started = performance.now();
  execFileSync('dd', ['if=/dev/zero', `of=${file}`, 'bs=1M', `count=${blocks}`, 'conv=fdatasync'], { stdio: 'ignore' });
  return (blocks * 2 ** 20) / ((performance.now() - started) / 1000);
}
