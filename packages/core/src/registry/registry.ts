/**
 * The registry: every feed of a store in one place, in LMDB. It is a hint: the feed files win, and make it again where
 * it is missing or damaged. What it gives back is the text of a feed file that was lost.
 */
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { DeepwaterError, type ErrorCode } from '../errors/index.js';
import type { EventSink } from '../log/store-event.js';
import { listDirectory, removeTree } from '../mapping/directories.js';
import { type Access, fileExists, fileStat, renameFile, syncDirectory } from '../mapping/files.js';
import { failpoint } from '../mapping/failpoint.js';
import { system } from '../mapping/system.js';
import { type FeedSpec, didYouMean } from '../schema/index.js';
import {
  FEED_FORMAT, type FeedFile, feedDirectories, parseFeedFile, readFeedFile, readFeedText, serializeFeed, writeFeedFile,
} from '../store/feed-file.js';
import { STORE_FILES, feedPaths } from '../store/feed-paths.js';
import { withStoreLock } from '../store/store-lock.js';
import { type RegistryDatabase, inRegistry, refuseWorkerThread, registryHas, registryPaths, registryProblem } from './registry-file.js';

/** Damaged registries that are kept for a look. */
const ASIDE_MAX = 3;
/** What keeps the registry from being used, and the store from nothing but new feeds. */
const HARMLESS = new Set<ErrorCode>(['DW_DISK_FULL', 'DW_REGISTRY_CORRUPT']);
/** Feeds are renamed to this, then removed: a feed is there as a whole or not at all. */
const DELETED = '.deleted-';

/** The registry of a store that is open for writing. Nothing stays open between calls; there is nothing to close. */
export class Registry {
  private constructor(
    private readonly basePath: string,
    private readonly access: Access,
    private readonly onEvent: EventSink,
  ) {}

  /**
   * Opens the registry of a store and brings it up to date with the feed files; a damaged one is put aside first. One
   * that cannot be made again, because the disk is full, say, does not keep the store from being opened: it is a hint.
   * @throws DeepwaterError DW_OPTION_INVALID in a worker thread, DW_SYSTEM_CALL
   */
  static async open(basePath: string, access: Access, onEvent: EventSink = () => {}): Promise<Registry> {
    refuseWorkerThread();
    const registry = new Registry(basePath, access, onEvent);
    // First: it makes room.
    removeLeftovers(basePath, onEvent);
    if (registry.#agrees()) return registry;
    try {
      await withStoreLock(basePath, access, () => registry.#change((database) => registry.#reconcile(database)));
    } catch (error) {
      if (!DeepwaterError.isDeepwaterError(error) || !HARMLESS.has(error.code)) throw error;
      onEvent({ level: 'error', message: error.message, values: error.values });
    }
    return registry;
  }

  /**
   * The feed of that spec's name: made where there is none, else the one that is there, whatever its spec. Processes
   * that ask at once get the same feed. Durable on return.
   */
  async createFeed(spec: FeedSpec): Promise<{ feed: FeedFile; created: boolean }> {
    const there = readFeedFile(this.basePath, spec.name);
    if (there !== undefined) return { feed: there, created: false };
    return this.#locked(spec.name, (database, found) => {
      if (found !== undefined) return { feed: found, created: false };
      const feed: FeedFile = {
        format: FEED_FORMAT,
        name: spec.name,
        uid: randomBytes(8).toString('hex'),
        spec,
        createdAt: new Date().toISOString(),
      };
      this.#store(database, feed);
      return { feed, created: true };
    });
  }

  /** Gives a feed another spec. @throws DeepwaterError DW_FEED_UNKNOWN; whatever `change` throws, with nothing changed */
  async updateFeed(feedName: string, change: (feed: FeedFile) => FeedSpec): Promise<FeedFile> {
    return this.#locked(feedName, (database, found) => {
      if (found === undefined) throw unknownFeed(this.basePath, feedName);
      const feed = { ...found, spec: change(found) };
      this.#store(database, feed);
      return feed;
    });
  }

  /**
   * Removes a feed with everything in its directory. The caller holds the feed's writer lock.
   * @param uid of the feed that is meant: one made since under the same name stays
   * @throws DeepwaterError DW_FEED_UNKNOWN
   */
  async removeFeed(feedName: string, uid: string): Promise<void> {
    const { directory } = feedPaths(this.basePath, feedName);
    const doomed = path.join(path.dirname(directory), `${DELETED}${feedName}-${randomBytes(4).toString('hex')}`);
    await this.#locked(feedName, (database, found) => {
      if (found?.uid !== uid) throw unknownFeed(this.basePath, feedName);
      renameFile(directory, doomed);
      failpoint('registry.feed-renamed');
      syncDirectory(path.dirname(directory));
      database.removeSync(feedName);
    });
    removeDirectory(doomed, this.onEvent);
  }

  /** Makes the registry again from the feed files alone; how many feeds it has. */
  async rebuild(): Promise<number> {
    return withStoreLock(this.basePath, this.access, async () => {
      this.#putAside('a rebuild was asked for');
      return this.#change((database) => {
        this.#reconcile(database);
        return database.getCount();
      });
    });
  }

  /** Whether there is nothing to reconcile. Where that cannot be told, there may be. */
  #agrees(): boolean {
    try {
      const files = feedDirectories(this.basePath).flatMap((name) => {
        const text = readFeedText(this.basePath, name);
        return text === undefined ? [] : [[name, text] as const];
      });
      return registryHas(this.basePath, files);
    } catch {
      return false;
    }
  }

  #locked<T>(feedName: string, change: (database: RegistryDatabase, found: FeedFile | undefined) => T): Promise<T> {
    return withStoreLock(this.basePath, this.access, () =>
      this.#change((database) => change(database, readFeedFile(this.basePath, feedName))));
  }

  /** One transaction, over a registry that is sound: a damaged one is put aside and made again within it. */
  async #change<T>(change: (database: RegistryDatabase) => T): Promise<T> {
    const problem = registryProblem(this.basePath);
    if (problem === undefined) return inRegistry(this.basePath, this.access, change);
    this.#putAside(problem);
    try {
      return await inRegistry(this.basePath, this.access, (database) => {
        this.#reconcile(database);
        return change(database);
      });
    } catch (error) {
      // Half of a new registry is of no use, and takes room.
      if (registryProblem(this.basePath) !== undefined) removeDirectory(registryPaths(this.basePath).directory, this.onEvent);
      throw error;
    }
  }

  /** The file first, which is the truth; where it cannot be written, the transaction is not committed. */
  #store(database: RegistryDatabase, feed: FeedFile): void {
    writeFeedFile(this.basePath, feed, this.access);
    failpoint('registry.file-written');
    database.putSync(feed.name, serializeFeed(feed));
  }

  #putAside(problem: string): void {
    const { directory, data } = registryPaths(this.basePath);
    const there = fileStat(data) !== undefined;
    if (there) {
      renameFile(directory, `${directory}.damaged-${system.wallMs()}-${randomBytes(2).toString('hex')}`);
      failpoint('registry.put-aside');
      this.#removeOldAsides();
    }
    // A new store has none; that is nothing to worry about.
    this.onEvent({
      level: there ? 'warn' : 'debug',
      message: `The registry is made again from the feed files: ${problem}.`,
      values: { path: directory, problem },
    });
  }

  #removeOldAsides(): void {
    const start = `${STORE_FILES.REGISTRY}.damaged-`;
    const asides = (listDirectory(this.basePath) ?? []).filter((name) => name.startsWith(start));
    for (const name of asides.slice(0, -ASIDE_MAX)) removeDirectory(path.join(this.basePath, name), this.onEvent);
  }

  /** Has the registry say what the feed files say, and gives back a feed file that only the registry still knows. */
  #reconcile(database: RegistryDatabase): void {
    const known = new Map<string, string>();
    for (const { key, value } of database.getRange()) known.set(key, value);
    for (const name of feedDirectories(this.basePath)) {
      try {
        const text = readFeedText(this.basePath, name);
        if (text === undefined) continue;
        // What the registry has was checked when it was put there.
        if (known.get(name) !== text) {
          parseFeedFile(text, name, feedPaths(this.basePath, name).spec);
          database.putSync(name, text);
        }
        known.delete(name);
      } catch (error) {
        this.onEvent({ level: 'error', message: (error as Error).message, values: { feed: name } });
        // One of a newer format, or that cannot be read just now, is not for us to replace.
        if (!DeepwaterError.isDeepwaterError(error) || error.code !== 'DW_FILE_CORRUPT') known.delete(name);
      }
    }
    for (const [name, text] of known) {
      if (!this.#restore(name, text)) database.removeSync(name);
    }
  }

  /** Whether the feed is still there: its directory is. Its file is written again where it is missing or damaged. */
  #restore(feedName: string, text: string): boolean {
    const { directory, spec: file } = feedPaths(this.basePath, feedName);
    if (fileStat(directory)?.kind !== 'directory') return false;
    try {
      const feed = parseFeedFile(text, feedName, `the registry's entry of ${feedName}`);
      // Something stands there and is no feed file: kept for a look, under another name.
      if (fileStat(file) !== undefined) renameFile(file, `${file}.damaged`);
      writeFeedFile(this.basePath, feed, this.access);
      this.onEvent({ level: 'warn', message: `The feed file ${file} was missing or damaged; the registry had its content.`, values: { feed: feedName, path: file } });
      return true;
    } catch (error) {
      this.onEvent({ level: 'error', message: `The feed file ${file} could not be written again: ${(error as Error).message}`, values: { feed: feedName, path: file } });
      return false;
    }
  }
}

/** DW_FEED_UNKNOWN, with names that may have been meant. */
export function unknownFeed(basePath: string, feedName: string): DeepwaterError {
  // The directory of a feed that was being made is there before the feed is.
  const names = feedDirectories(basePath).filter((name) => fileStat(feedPaths(basePath, name).spec) !== undefined);
  return new DeepwaterError(
    'DW_FEED_UNKNOWN',
    `There is no feed ${feedName} in ${basePath}${didYouMean(feedName, names)}; the store has ${names.length === 0 ? 'no feeds' : names.length === 1 ? 'one feed' : `${names.length} feeds`}. Create it with \`platform.createFeed\`.`,
    { values: { feed: feedName, basePath, feeds: names.slice(0, 100) } },
  );
}

/** Feeds that were deleted by a process that did not live to remove their files. */
function removeLeftovers(basePath: string, onEvent: EventSink): void {
  const directory = path.join(basePath, STORE_FILES.FEEDS);
  if (!fileExists(directory)) return;
  for (const name of listDirectory(directory) ?? []) {
    if (name.startsWith(DELETED)) removeDirectory(path.join(directory, name), onEvent);
  }
}

function removeDirectory(directory: string, onEvent: EventSink): void {
  try {
    removeTree(directory);
  } catch (error) {
    // Somebody else removes it as well, or it stays until the next opening.
    onEvent({ level: 'warn', message: `${directory} could not be removed: ${(error as Error).message}`, values: { path: directory } });
  }
}
