import { setTimeout as sleep } from 'node:timers/promises';
import { type Access, DeepwaterError, FileLock } from '@deepwater/core/engine';

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

/** Of a feed that somebody else writes. */
export function writerExists(feed: string, file: string): DeepwaterError {
  const pid = FileLock.holder(file);
  return new DeepwaterError('DW_WRITER_EXISTS', `Feed ${feed} is being written by process ${pid ?? 'unknown'}; a feed has one writer. Close that one, or write to another feed.`, {
    values: { feed, pid },
  });
}
