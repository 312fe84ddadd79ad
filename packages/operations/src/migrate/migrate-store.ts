import path from 'node:path';
import {
  DeepwaterError, type FeedFile, FileLock, STORE_FORMAT, describeValue, failpoint, feedPaths, findStore, listFeedFiles, makeDirectory, raiseStoreFormat,
  system, withStoreLock,
} from '@deepwater/core';
import { backUp, bytesToCopy } from './backup.js';
import { migrateFeed, planFeed, verifyFeed } from './feed-migration.js';
import type { MigrateOptions, MigrationReport } from './report.js';

/**
 * Brings a store of an earlier format up to this version's: backs it up, converts feed by feed, holds every feed against what it was,
 * and says so in the manifest last. Interrupted at any step, it is run again and goes on; until the last step the store has its old
 * format, and the backup is what it was.
 *
 * @throws DeepwaterError DW_FEED_IN_USE while a writer lives, DW_FORMAT_VERSION for a newer store, DW_DISK_FULL where there is no room (nothing
 * is changed then), DW_OPTION_INVALID, DW_BASE_PATH_INVALID, DW_FILE_CORRUPT, DW_SYSTEM_CALL
 */
export async function migrateStore(basePath: string, options: MigrateOptions = {}): Promise<MigrationReport> {
  const { dryRun, backup, onProgress } = checked(options);
  const store = findStore(basePath);
  const { format, manifest: { access, storeId } } = store;
  const target = backup === false ? undefined : path.resolve(backup ?? `${store.basePath}.format-${format}`);
  const nothing = { basePath: store.basePath, from: format, to: STORE_FORMAT, dryRun, feeds: [], bytesNeeded: 0, bytesFree: system.diskSpace(store.basePath).freeBytes };
  if (format === STORE_FORMAT) return nothing;
  if (target !== undefined && (target === store.basePath || target.startsWith(`${store.basePath}${path.sep}`))) {
    throw new DeepwaterError('DW_OPTION_INVALID', `The backup ${target} would lie in the store itself. Name a directory outside of it.`, { values: { backup: target } });
  }
  const work = (): MigrationReport => {
    const { feeds, damaged } = listFeedFiles(store.basePath);
    const plans = feeds.map((feed) => planFeed(store, feed));
    const bytesNeeded = Math.ceil(plans.reduce((sum, { bytes }) => sum + bytes, 0) + (target === undefined ? 0 : bytesToCopy(store.basePath)));
    const report: MigrationReport = {
      ...nothing, bytesNeeded, ...(target === undefined ? {} : { backup: target }),
      feeds: [...plans.map((plan) => plan.report), ...damaged.map(({ name, error }) => ({ feed: name, chunks: 0, records: 0, first: 0, next: 0, rewritten: 0, reasons: [], inRing: 0, segments: 0, problems: [error.message] }))],
    };
    if (dryRun) return report;
    if (bytesNeeded > nothing.bytesFree) {
      throw new DeepwaterError('DW_DISK_FULL', `Migrating ${store.basePath} takes about ${bytesNeeded} bytes, and ${nothing.bytesFree} are free; nothing was changed. Free space, or name a directory on another disk with --backup.`, {
        values: { bytesNeeded, bytesFree: nothing.bytesFree },
      });
    }
    if (target !== undefined) backUp(store.basePath, target, storeId, format, access);
    for (const [done, plan] of plans.entries()) {
      migrateFeed(plan, store);
      onProgress?.({ feed: plan.feed.name, feeds: done + 1, of: plans.length });
    }
    for (const plan of plans) verifyFeed(plan);
    failpoint('migrate.verified');
    raiseStoreFormat(store);
    failpoint('migrate.raised');
    return report;
  };
  // Locks are files that are written to: a dry run takes none, and sees the store as it is at the moment.
  if (dryRun) return work();
  const locks = lockFeeds(store.basePath, listFeedFiles(store.basePath).feeds, access);
  try {
    return await withStoreLock(store.basePath, access, work);
  } finally {
    for (const lock of locks) lock.release();
  }
}

/** The locks of all writers: nobody writes meanwhile, in whatever process. @throws DeepwaterError DW_FEED_IN_USE */
function lockFeeds(basePath: string, feeds: readonly FeedFile[], access: 'owner' | 'group'): FileLock[] {
  const locks: FileLock[] = [];
  try {
    for (const { name } of feeds) {
      const { directory, lock: file } = feedPaths(basePath, name);
      makeDirectory(directory, access);
      const lock = FileLock.tryExclusive(file, access);
      if (lock === undefined) {
        const pid = FileLock.holder(file);
        throw new DeepwaterError('DW_FEED_IN_USE', `Feed ${name} is being written by process ${pid ?? 'unknown'}; a store is migrated while nobody writes. Close that writer first.`, { values: { feed: name, pid } });
      }
      locks.push(lock);
    }
    return locks;
  } catch (error) {
    for (const lock of locks) lock.release();
    throw error;
  }
}

function checked(options: MigrateOptions): { dryRun: boolean; backup: string | false | undefined; onProgress: MigrateOptions['onProgress'] } {
  const { dryRun = false, backup, onProgress } = options;
  if (typeof dryRun !== 'boolean') throw wrong('dryRun', dryRun, 'true or false');
  if (backup !== undefined && backup !== false && (typeof backup !== 'string' || backup === '')) throw wrong('backup', backup, 'a directory, or false for none');
  if (onProgress !== undefined && typeof onProgress !== 'function') throw wrong('onProgress', onProgress, 'a function');
  return { dryRun, backup, onProgress };
}

const wrong = (name: string, given: unknown, wanted: string): DeepwaterError =>
  new DeepwaterError('DW_OPTION_INVALID', `${name} is ${describeValue(given)}; give ${wanted}.`, { values: { [name]: given } });
