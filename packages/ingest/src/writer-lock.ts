import { setTimeout as sleep } from 'node:timers/promises';
import { type Access, FileLock } from '@deepwater/core/engine';

const LOCK_ATTEMPTS = 10;
const LOCK_PAUSE_MS = 20;

/**
 * The lock of a feed's writer; undefined where somebody else keeps it. A clean-up that puts away what a dead writer left has it for a moment,
 * which is waited for.
 */
export async function takeWriterLock(file: string, access: Access): Promise<FileLock | undefined> {
  for (let attempt = 1; ; attempt++) {
    const lock = FileLock.tryExclusive(file, access);
    if (lock !== undefined || attempt === LOCK_ATTEMPTS) return lock;
    await sleep(LOCK_PAUSE_MS);
  }
}
