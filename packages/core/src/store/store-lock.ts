import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DeepwaterError } from '../errors/index.js';
import type { Access } from '../mapping/files.js';
import { FileLock } from '../mapping/lock.js';
import { system } from '../mapping/system.js';

/** The lock that all changes to the manifest, the registry and the list of feeds are made under. */
export const STORE_LOCK = 'store.lock';
/** The lock of the base path that a clean-up holds from beginning to end: there is one at a time. */
export const CLEANUP_LOCK = 'cleanup.lock';

/** Whoever holds the lock has a few small files to write; longer than this means that something is wrong. */
const WAIT_MS_MAX = 15_000;
const POLL_MS = 5;

/** The same for a thread that exists to wait, and cannot await. @throws DeepwaterError as {@link withFileLock} */
export function withFileLockSync<T>(file: string, access: Access, change: () => T): T {
  const deadline = system.monotonicMs() + WAIT_MS_MAX;
  for (;;) {
    const lock = FileLock.tryExclusive(file, access);
    if (lock !== undefined) {
      try {
        return change();
      } finally {
        lock.release();
      }
    }
    if (system.monotonicMs() > deadline) throw held(file);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, POLL_MS);
  }
}

/**
 * Runs `change` while no other process, and nobody else in this one, changes the store. The lock is the kernel's, so a
 * holder that is killed leaves nothing behind. Must not be nested.
 *
 * @throws DeepwaterError DW_SYSTEM_CALL when the lock stays taken for 15 s; whatever `change` throws
 */
export async function withStoreLock<T>(basePath: string, access: Access, change: () => T | Promise<T>): Promise<T> {
  return withFileLock(path.join(basePath, STORE_LOCK), access, change);
}

/** The same with any lock file. @throws DeepwaterError DW_SYSTEM_CALL when the lock stays taken for 15 s; whatever `change` throws */
export async function withFileLock<T>(file: string, access: Access, change: () => T | Promise<T>): Promise<T> {
  const lock = await waitForLock(file, access);
  try {
    return await change();
  } finally {
    lock.release();
  }
}

/** Takes a lock, waiting for whoever holds it. @throws DeepwaterError DW_SYSTEM_CALL when it stays taken for 15 s */
export async function waitForLock(file: string, access: Access): Promise<FileLock> {
  const deadline = system.monotonicMs() + WAIT_MS_MAX;
  for (;;) {
    const lock = FileLock.tryExclusive(file, access);
    if (lock !== undefined) return lock;
    if (system.monotonicMs() > deadline) throw held(file);
    await sleep(POLL_MS);
  }
}

function held(file: string): DeepwaterError {
  const pid = FileLock.holder(file);
  return new DeepwaterError(
    'DW_SYSTEM_CALL',
    `The lock ${file} has been held for over ${WAIT_MS_MAX / 1000} s by process ${pid ?? 'unknown'}. See what that process does; the lock goes when it ends.`,
    { values: { call: 'fcntl(F_OFD_SETLK)', errno: 'EAGAIN', path: file, pid } },
  );
}
