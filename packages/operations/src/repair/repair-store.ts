import path from 'node:path';
import {
  DeepwaterError, type FeedFile, FileLock, Quarantine, Registry, STORE_FILES, compileSchema, describeValue, failpoint, feedDirectories, feedPaths, fileStat, makeDirectory,
  readFeedText, readRegistryTexts, registryHas, registryProblem, remakeManifest, sharedRingDirectory, unknownFeed, withFileLock, withStoreLock, writeFeedFile,
} from '@deepwater/core';
import { type FoundFeed, findFeed } from './find-feed.js';
import { type StoreSubject, findManifest } from './find-manifest.js';
import { type FeedWork, carryOut, planFeed } from './repair-feed.js';
import type { Damage, FeedRepair, RepairOptions, RepairReport } from './report.js';

/**
 * Looks through a store, all of it, says what is damaged, and puts it right: every block of records that holds is kept under its own
 * numbers; what cannot be kept goes into `quarantine/` at the base path; nothing is deleted. While nobody writes the feeds.
 *
 * Ended at any step it can be run again and goes on. A second run finds nothing.
 *
 * @throws DeepwaterError DW_FEED_IN_USE while a writer lives, DW_FEED_UNKNOWN, DW_FORMAT_VERSION for a store of another format, DW_DISK_FULL,
 * DW_OPTION_INVALID (also in a worker thread), DW_BASE_PATH_INVALID, DW_SYSTEM_CALL
 */
export async function repairStore(basePath: string, options: RepairOptions = {}): Promise<RepairReport> {
  checkOptions(options);
  const { dryRun = false, signal, onProgress } = options;
  const store = findManifest(basePath);
  const known = feedDirectories(store.basePath);
  for (const name of options.feeds ?? []) if (!known.includes(name)) throw unknownFeed(store.basePath, name);
  const names = options.feeds === undefined ? known : known.filter((name) => options.feeds?.includes(name));
  const locks = lockFeeds(store, names, dryRun);
  try {
    const registry = await readRegistryTexts(store.basePath);
    const found = new Map(names.map((name) => [name, findFeed(store.basePath, name, registry)]));
    const damages: Damage[] = [...(store.damage === undefined ? [] : [store.damage]), ...registryDamage(store.basePath)];
    const quarantine: string[] = [];
    if (!dryRun) quarantine.push(...await mendStore(store, found));
    const feeds: FeedRepair[] = [];
    let aborted = false;
    for (const [name, { feed, damage }] of found) {
      if (isAborted(signal)) {
        aborted = true;
        break;
      }
      if (feed === undefined) {
        if (damage !== undefined) feeds.push({ feed: name, damages: [damage], chunks: [], keptRecords: 0, lostRecords: 0 });
        continue;
      }
      const work = workOf(store, feed);
      const one = async (): Promise<FeedRepair> => {
        const plan = await planFeed(work, {
          signal, onChunk: (chunks, chunksOf) => { onProgress?.({ feed: name, feeds: feeds.length, feedsOf: names.length, chunks, chunksOf }); },
        });
        if (!dryRun) {
          const { directory } = carryOut(plan);
          if (directory !== undefined) quarantine.push(directory);
        }
        return damage === undefined ? plan.repair : { ...plan.repair, damages: [damage, ...plan.repair.damages] };
      };
      try {
        // Locks are files that are written to: a dry run takes none.
        feeds.push(dryRun ? await one() : await withFileLock(work.paths.chunksLock, store.access, one));
      } catch (error) {
        if (!isAborted(signal) || error !== signal?.reason) throw error;
        aborted = true;
        break;
      }
    }
    if (!dryRun && !aborted) await mendRegistry(store);
    const all = [...damages, ...feeds.flatMap((each) => each.damages)];
    return {
      basePath: store.basePath, dryRun, store: damages, feeds, damaged: all.length > 0, lost: all.some(({ lost }) => lost), aborted,
      quarantine: quarantine.map((directory) => path.relative(store.basePath, directory)),
    };
  } finally {
    for (const lock of locks) lock.release();
  }
}

/** Asked anew each time: it changes while others run. */
const isAborted = (signal: AbortSignal | undefined): boolean => signal?.aborted === true;

function workOf({ basePath, access, storeId, ringDir }: StoreSubject, { name, uid, spec }: FeedFile): FeedWork {
  return {
    name, uid, spec, basePath, access, storeId, schema: compileSchema(spec), paths: feedPaths(basePath, name),
    ringDirectory: ringDir === undefined ? sharedRingDirectory(storeId) : path.resolve(basePath, ringDir, storeId),
  };
}

/** Manifest and feed files, each as a whole. @returns directories of what was put aside */
async function mendStore(store: StoreSubject, found: ReadonlyMap<string, FoundFeed>): Promise<string[]> {
  const { basePath, access } = store;
  const lost = [...found.values()].filter(({ feed, damage }) => feed !== undefined && damage !== undefined);
  if (store.damage === undefined && lost.length === 0) return [];
  return withStoreLock(basePath, access, () => {
    const aside = new Quarantine(basePath, access, undefined);
    if (store.damage !== undefined) {
      const file = path.join(basePath, STORE_FILES.MANIFEST);
      if (fileStat(file) !== undefined) aside.take(file, store.damage.what);
      remakeManifest(basePath, store);
      failpoint('repair.manifest');
    }
    for (const { feed, damage } of lost) {
      const { name } = feed as FeedFile;
      const { spec: file } = feedPaths(basePath, name);
      if (fileStat(file) !== undefined) aside.take(file, damage?.what ?? '');
      writeFeedFile(basePath, feed as FeedFile, access);
      failpoint('repair.feed-file');
    }
    return aside.directory === undefined ? [] : [aside.directory];
  });
}

function registryDamage(basePath: string): Damage[] {
  const files = feedTexts(basePath);
  if (files.length === 0 || registryHas(basePath, files)) return [];
  const what = registryProblem(basePath) ?? 'it does not say what the feed files say';
  return [{ file: STORE_FILES.REGISTRY, what, remedy: 'it is made again from the feed files', lost: false }];
}

function feedTexts(basePath: string): (readonly [string, string])[] {
  return feedDirectories(basePath).flatMap((name) => {
    try {
      const text = readFeedText(basePath, name);
      return text === undefined ? [] : [[name, text] as const];
    } catch {
      return []; // what cannot be read is told of the feed
    }
  });
}

/** Opening it makes it again; what was damaged it puts aside by itself. */
async function mendRegistry({ basePath, access }: StoreSubject): Promise<void> {
  const files = feedTexts(basePath);
  if (files.length === 0 || registryHas(basePath, files)) return;
  await Registry.open(basePath, access);
  failpoint('repair.registry');
}

/** The locks of the feeds' writers: nobody writes meanwhile, in whatever process. A dry run only asks. @throws DeepwaterError DW_FEED_IN_USE */
function lockFeeds({ basePath, access }: StoreSubject, names: readonly string[], dryRun: boolean): FileLock[] {
  const locks: FileLock[] = [];
  try {
    for (const name of names) {
      const { directory, lock: file } = feedPaths(basePath, name);
      if (!dryRun) makeDirectory(directory, access);
      const lock = dryRun ? undefined : FileLock.tryExclusive(file, access);
      if (lock !== undefined) locks.push(lock);
      else if (!dryRun || FileLock.isHeld(file)) {
        const pid = FileLock.holder(file);
        throw new DeepwaterError('DW_FEED_IN_USE', `Feed ${name} is being written by process ${pid ?? 'unknown'}; a feed is repaired while nobody writes it. Close that writer first.`, { values: { feed: name, pid } });
      }
    }
    return locks;
  } catch (error) {
    for (const lock of locks) lock.release();
    throw error;
  }
}

function checkOptions({ feeds, dryRun, signal, onProgress }: RepairOptions): void {
  const wrong = (name: string, given: unknown, wanted: string): DeepwaterError =>
    new DeepwaterError('DW_OPTION_INVALID', `${name} is ${describeValue(given)}; give ${wanted}.`, { values: { [name]: given } });
  if (feeds !== undefined && (!Array.isArray(feeds) || feeds.some((name: unknown) => typeof name !== 'string'))) throw wrong('feeds', feeds, 'names of feeds');
  if (dryRun !== undefined && typeof dryRun !== 'boolean') throw wrong('dryRun', dryRun, 'true or false');
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw wrong('signal', signal, 'an AbortSignal');
  if (onProgress !== undefined && typeof onProgress !== 'function') throw wrong('onProgress', onProgress, 'a function');
}
